"""The database's door: one commit for many, success only after it, failure for whom it concerns, one server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from rules.errors import BadRequest, ConfigError, Conflict, Unavailable
from storage import notes
from storage.database import Database
from storage.failures import translate
from storage.unit import Unit, db_now
from tests.contract.backends import Backend, Backends, vault


def keep(key: str, value: str = "v") -> Any:
    return lambda unit: notes.keep_note(unit, key, value, 0.0)


async def kept(db: Database, key: str) -> bool:
    return await db.read(lambda u: notes.note(u, key)) is not None


async def test_a_failed_work_takes_back_only_itself(db: Database) -> None:
    def fails(unit: Unit) -> None:
        notes.keep_note(unit, "bad", "v", 0.0)
        raise LookupError("mine")

    results = await asyncio.gather(
        *(db.write(w, label="w") for w in (keep("a"), fails, keep("b"))), return_exceptions=True
    )
    assert [type(r) for r in results] == [type(None), LookupError, type(None)]
    assert [await kept(db, k) for k in ("a", "bad", "b")] == [True, False, True]


async def test_a_broken_statement_takes_back_only_itself(db: Database) -> None:
    def twice(unit: Unit) -> None:
        for _ in range(2):
            unit.conn.execute(text("INSERT INTO cursors (account, value) VALUES ('x', '')"))

    results = await asyncio.gather(
        *(db.write(w, label="w") for w in (keep("a"), twice, keep("b"))), return_exceptions=True
    )
    assert [type(r) for r in results] == [type(None), Conflict, type(None)]
    assert await kept(db, "a") and await kept(db, "b")


async def test_works_that_queue_during_a_commit_share_the_next_one(database_url: str) -> None:
    passed: list[str] = []
    entered = asyncio.Event()
    loop = asyncio.get_running_loop()
    go_on = __import__("threading").Event()

    def hook(name: str) -> None:
        passed.append(name)
        if name == "first.before_commit":
            loop.call_soon_threadsafe(entered.set)
            assert go_on.wait(10)

    async with Database.open(database_url, vault(), hook=hook) as db:
        first = asyncio.ensure_future(db.write(keep("first"), label="first"))
        await entered.wait()
        rest = [asyncio.ensure_future(db.write(keep(f"k{n}"), label=f"l{n % 2}")) for n in range(10)]
        await asyncio.sleep(0)
        assert not first.done()
        go_on.set()
        await asyncio.gather(first, *rest)
    assert passed[:2] == ["first.before_commit", "first.after_commit"]
    assert passed[2:] == ["l0.before_commit", "l1.before_commit", "l0.after_commit", "l1.after_commit"]


async def test_joined_items_are_done_by_one_call_and_a_bad_one_fails_alone(db: Database) -> None:
    calls: list[int] = []

    def many(unit: Unit, items: Any) -> list[int]:
        calls.append(len(items))
        if 13 in items:
            raise ValueError("unlucky")
        return [item * 2 for item in items]

    results = await asyncio.gather(*(db.join(many, n, label="j") for n in (1, 13, 3)), return_exceptions=True)
    assert results[0] == 2 and results[2] == 6 and isinstance(results[1], ValueError)
    assert max(calls) >= 1


async def test_success_is_told_after_the_commit(database_url: str) -> None:
    order: list[str] = []
    async with Database.open(database_url, vault(), hook=order.append) as db:
        await db.write(keep("a"), label="w")
        order.append("told")
    assert order == ["w.before_commit", "w.after_commit", "told"]


async def test_closing_finishes_what_queued_and_then_refuses(database_url: str) -> None:
    db = Database.open(database_url, vault())
    waiting = [asyncio.ensure_future(db.write(keep(f"k{n}"), label="w")) for n in range(20)]
    await asyncio.sleep(0)
    await db.close()
    await asyncio.gather(*waiting)
    with pytest.raises(Unavailable):
        await db.write(keep("late"), label="w")
    async with Database.open(database_url, vault()) as again:
        assert all([await kept(again, f"k{n}") for n in range(20)])


async def test_readers_cannot_write(db: Database) -> None:
    with pytest.raises(Unavailable):
        await db.read(keep("a"))
    assert not await kept(db, "a")


async def test_an_impossible_value_is_the_callers_fault(db: Database, backend: Backend) -> None:
    broken = "a\ud800b"
    with pytest.raises((BadRequest, UnicodeEncodeError)):
        await db.write(lambda u: notes.move_cursor(u, broken, before="", after="x"), label="w")
    assert backend in ("sqlite", "postgresql")


async def test_the_database_has_a_clock_of_its_own(db: Database) -> None:
    first = await db.read(db_now)
    second = await db.write(db_now, label="w")
    assert 1.7e9 < first <= second + 0.01


async def test_a_cancelled_caller_harms_nobody(db: Database) -> None:
    task = asyncio.ensure_future(db.write(keep("a"), label="w"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await db.write(keep("b"), label="w")
    assert await kept(db, "b")


async def test_how_many_servers_a_database_may_have(database_url: str, backend: Backend) -> None:
    async with Database.open(database_url, vault()) as first:
        if backend == "sqlite":
            with pytest.raises(ConfigError, match="second serve on SQLite"):
                Database.open(database_url, vault())
        else:
            await Database.open(database_url, vault()).close()
        async with Database.open(database_url, vault(), guest=True) as guest:
            await asyncio.gather(first.write(keep("a"), label="w"), guest.write(keep("b"), label="w"))
        assert await kept(first, "a") and await kept(first, "b")
    await Database.open(database_url, vault()).close()


async def test_commits_are_synced(db: Database, backend: Backend) -> None:
    setting = "PRAGMA synchronous" if backend == "sqlite" else "SHOW synchronous_commit"
    found = await db.write(lambda u: u.conn.execute(text(setting)).scalar(), label="w")
    assert found == (2 if backend == "sqlite" else "on")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        Database.open(url, vault())


async def test_after_a_lost_connection_the_next_write_works(db: Database, backend: Backend, database_url: str) -> None:
    """PostgreSQL: the server ends our session in the middle of the work. SQLite: the file's pages cannot be written."""

    def lose(unit: Unit) -> None:
        notes.keep_note(unit, "lost", "v", 0.0)
        if unit.postgres:
            unit.conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        unit.conn.execute(text("PRAGMA max_page_count = 1"))
        for n in range(2000):
            notes.keep_note(unit, f"fill{n}", "v" * 2000, 0.0)

    with pytest.raises(Unavailable):
        await db.write(lose, label="w")
    assert not await kept(db, "lost")
    await db.write(keep("after"), label="w")
    assert await kept(db, "after") and not db.fatal
    assert make_url(database_url).get_backend_name() == backend


KILLED = """
import asyncio, os, sys
from storage import notes
from storage.database import Database
from storage.failures import translate
from tests.contract.backends import vault

def hook(name):
    if name == sys.argv[2]:
        os.kill(os.getpid(), 9)

async def main():
    db = Database.open(sys.argv[1], vault(), hook=hook)
    await db.write(lambda u: notes.keep_note(u, "a", "v", 0.0), label="w")
    print("told", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize(("when", "there"), [("before", False), ("after", True)])
async def test_killed_at_the_commit(database_url: str, when: str, there: bool) -> None:
    command = [sys.executable, "-c", KILLED, database_url, f"w.{when}_commit"]
    ran = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=60, check=False)
    assert ran.returncode == -9 and b"told" not in ran.stdout
    async with Database.open(database_url, vault()) as db:
        assert await kept(db, "a") is there


def test_both_backends_are_real(backends: Backends) -> None:
    assert int(backends.postgres_version.split(".")[0]) >= 14


class _Told(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03"])
def test_a_deadlock_is_a_conflict_for_a_turn_and_a_pause_for_everybody_else(state: str) -> None:
    told = translate(OperationalError("UPDATE", {}, _Told(state)))
    assert isinstance(told, Conflict) and isinstance(told, Unavailable)
    taken = translate(OperationalError("INSERT", {}, _Told("23505")))
    assert isinstance(taken, Conflict) and not isinstance(taken, Unavailable)
