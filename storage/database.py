"""The door to the database: `write` joins the next common commit, `read` sees one moment; both never block the loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from rules.errors import ConfigError, Mistake
from storage import engines, failures, migrations
from storage.memory import Memory
from storage.unit import Unit
from storage.vault import Vault
from storage.writer import Job, Writer

T = TypeVar("T")
A = TypeVar("A")

READERS = 4


def _nothing(name: str) -> None:
    """No failpoint."""


class Database:
    """An opened database; make it with `open`."""

    def __init__(self, *, writing: Engine, reading: Engine, writer: Writer, lock: int | None) -> None:
        self._writing = writing
        self._reading = reading
        self._writer = writer
        self._lock = lock
        self._readers = ThreadPoolExecutor(max_workers=READERS, thread_name_prefix="storage-reader")

    @classmethod
    def open(cls, url: str, vault: Vault, *, hook: Callable[[str], None] = _nothing, guest: bool = False) -> Database:
        """Open a database whose schema stands at the newest revision.

        A `guest` (a command beside a running server) does not hold the SQLite file's one server place. Raises
        ConfigError when another server holds it, when the schema is not at its head, or for an unknown kind of URL;
        Unavailable when the database does not answer.
        """
        parsed = engines.parse(url)
        sqlite = parsed.get_backend_name() == "sqlite"
        lock = engines.take_file(parsed) if sqlite and not guest else None
        writing, reading = engines.engine(parsed, size=1), engines.read_engine(parsed, size=READERS)
        try:
            _require_head(writing)
        except BaseException:
            writing.dispose()
            _release(lock)
            raise
        writer = Writer(engine=writing, vault=vault, memory=Memory(), hook=hook)
        writer.start()
        return cls(writing=writing, reading=reading, writer=writer, lock=lock)

    @property
    def fatal(self) -> str:
        """Why this process must stop and be started again, or empty: the disk failed under a write."""
        return self._writer.fatal

    async def write(self, work: Callable[[Unit], T], *, label: str) -> T:
        """Do the work in its own savepoint of the next common commit; returns when that commit is synced.

        Raises what the work raises; Conflict when somebody else was faster; Unavailable when nothing was stored.
        """
        loop = asyncio.get_running_loop()
        job = Job(label=label, work=work, loop=loop, future=loop.create_future())
        self._writer.put(job)
        result: T = await job.future
        return result

    async def join(self, many: Callable[[Unit, Sequence[A]], Sequence[T]], item: A, *, label: str) -> T:
        """As `write`, but all queued items of the same `many` are done by one call, which returns their results."""
        loop = asyncio.get_running_loop()
        job = Job(label=label, many=many, item=item, loop=loop, future=loop.create_future())
        self._writer.put(job)
        result: T = await job.future
        return result

    async def read(self, work: Callable[[Unit], T]) -> T:
        """Do reading work in a read-only transaction that sees one moment. Raises Unavailable."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    async def close(self) -> None:
        """Finish what queued, then let go of everything."""
        await asyncio.get_running_loop().run_in_executor(None, self.close_now)

    def close_now(self) -> None:
        """As `close`, for callers without a loop. Blocks."""
        self._writer.stop()
        self._readers.shutdown(wait=True)
        self._writing.dispose()
        self._reading.dispose()
        lock, self._lock = self._lock, None
        _release(lock)

    def _read(self, work: Callable[[Unit], T]) -> T:
        try:
            with self._reading.begin() as connection:
                return work(Unit(conn=connection, vault=self._writer.vault, memory=self._writer.memory))
        except SQLAlchemyError as e:
            raise failures.translate(e) from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()


def _require_head(engine: Engine) -> None:
    found, head = migrations.revision_of(engine), migrations.head()
    if found != head:
        where, expected = "database.url", f"{head}; run `python app.py db upgrade`"
        raise ConfigError([Mistake(where=where, found=f"a schema at revision {found or 'none'}", expected=expected)])


def _release(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)
