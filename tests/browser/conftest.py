"""In CI a missing browser is a failure, not a skip."""

from __future__ import annotations

import os
import shutil

import pytest


@pytest.fixture(scope="session", autouse=True)
def _chromium_in_ci() -> None:
    if os.environ.get("CI") and shutil.which("chromium") is None:
        pytest.fail("CI has no chromium: .ci/run installs it")
