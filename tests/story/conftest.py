"""One running company for all tests that need no company of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.company import company
from tests.story.cast import more_people
from tests.story.town import GUESTS, Town


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with company(tmp_path_factory.mktemp("town")) as made:
        addresses = more_people(made.folder, *GUESTS)
        made.start_world()
        made.start_hub()
        town = Town(made=made)
        town.addresses = addresses
        town.open_office()
        yield town
