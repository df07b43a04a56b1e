"""What all tests share: databases to run storage tests on, and the count that shows that no backend was left out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator, Generator, Iterator

import pytest

from storage.database import Database
from tests.contract.backends import BACKENDS, Backend, Backends, vault

_ran: Counter[str] = Counter()
_made: list[Backends] = []


@pytest.fixture(scope="session")
def backends() -> Iterator[Backends]:
    made = Backends()
    _made.append(made)
    yield made
    made.stop()


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    found: Backend = request.param
    return found


@pytest.fixture
def database_url(backends: Backends, backend: Backend) -> Iterator[str]:
    url = backends.fresh(backend)
    if backend == "postgresql":
        assert backends.postgres_version
    yield url
    backends.drop(url)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url, vault()) as opened:
        yield opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI everything a test needs is there: a skip is a failure."""
    report = yield
    if report.skipped and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


def pytest_runtest_call(item: pytest.Item) -> None:
    callspec = getattr(item, "callspec", None)
    if callspec is not None and "backend" in callspec.params and item.path.name.startswith("test_storage"):
        _ran[callspec.params["backend"]] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _ran:
        return
    version = next((m.__dict__["postgres_version"] for m in _made if "postgres_version" in m.__dict__), "not started")
    counts = ", ".join(f"{backend} {_ran[backend]}" for backend in BACKENDS)
    terminalreporter.write_line(f"PostgreSQL {version}; storage tests run per backend: {counts}")
    if _uneven():
        terminalreporter.write_line("UNEQUAL: a storage test ran on one backend only", red=True)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == 0 and _uneven() and not session.config.getoption("keyword"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _uneven() -> bool:
    return len({_ran[backend] for backend in BACKENDS}) > 1
