"""The page of promises names tests that exist: a promise whose test was renamed away is one nobody keeps."""

from __future__ import annotations

import re

import pytest

from tests.house.tree import ROOT, text

_PAGE = text(ROOT / "docs" / "acceptance.md")
_TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", _PAGE)))


def test_every_promise_stands_there_once() -> None:
    numbers = [int(n) for n in re.findall(r"^\| (\d+) \|", _PAGE, re.MULTILINE)]
    assert numbers == list(range(1, 21))


@pytest.mark.parametrize(("path", "name"), _TESTS)
def test_the_test_of_a_promise_exists(path: str, name: str) -> None:
    source = text(ROOT / path)
    assert re.search(rf"^(?:async )?def {name}\(", source, re.MULTILINE) if name else source
