"""The one thread that writes: whatever queued during the last commit goes into the next one; nobody is waited for.

Each piece of work has its own savepoint, so a failed one takes nothing but itself back; nobody is told of success
before the common commit is synced.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from rules.errors import Unavailable
from storage import failures
from storage.memory import Memory
from storage.unit import Unit
from storage.vault import Vault

GROUP = 256
"""At most so many pieces of work in one commit."""

Many = Callable[[Unit, Sequence[Any]], Sequence[Any]]


@dataclass(kw_only=True, slots=True, eq=False)
class Job:
    """One caller's work and where its result is awaited."""

    label: str
    work: Callable[[Unit], Any] | None = None
    many: Many | None = None
    """Joined with every other job of the group that has the same function; called once with all their items."""
    item: Any = None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None

    def alone(self, unit: Unit) -> Any:
        """Do this job by itself."""
        if self.many is not None:
            return self.many(unit, [self.item])[0]
        assert self.work is not None  # noqa: S101  # one of the two is always given
        return self.work(unit)


@dataclass(kw_only=True, slots=True)
class Writer:
    """Commits queued work in groups. `hook` is told `<label>.before_commit` and `<label>.after_commit`."""

    engine: Engine
    vault: Vault
    memory: Memory
    hook: Callable[[str], None]
    fatal: str = ""
    """Why nothing is written any more: the disk failed under a commit. Empty while all is well."""
    _queue: deque[Job] = field(default_factory=deque)
    _wake: threading.Condition = field(default_factory=threading.Condition)
    _closing: bool = False
    _connection: Connection | None = None
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to write."""
        self._thread = threading.Thread(target=self._run, name="storage-writer", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        """Queue a job. Raises Unavailable once closed."""
        with self._wake:
            if self._closing:
                raise Unavailable("the database is closed")
            self._queue.append(job)
            self._wake.notify()

    def stop(self) -> None:
        """Finish what queued, then end. Blocks."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while group := self._next_group():
            try:
                self._commit(group)
            except BaseException as e:  # the thread must outlive it; the callers are told that nothing is certain
                self._failed(group, e)
            _resolve(group)
        self._drop()

    def _next_group(self) -> list[Job]:
        with self._wake:
            while not self._queue and not self._closing:
                self._wake.wait()
            return [self._queue.popleft() for _ in range(min(GROUP, len(self._queue)))]

    def _commit(self, group: list[Job]) -> None:
        if self.fatal:
            raise Unavailable(self.fatal)
        if self._connection is None:
            self._connection = self.engine.connect()
        connection = self._connection
        unit = Unit(conn=connection, vault=self.vault, memory=self.memory)
        with connection.begin():
            for jobs in _joined(group):
                _perform(unit, jobs)
            labels = dict.fromkeys(j.label for j in group if j.error is None)
            for label in labels:
                self.hook(f"{label}.before_commit")
        for label in labels:
            self.hook(f"{label}.after_commit")

    def _failed(self, group: list[Job], error: BaseException) -> None:
        why = type(error).__name__
        if isinstance(error, SQLAlchemyError):
            why = str(failures.translate(error))
            if failures.broken_disk(error):
                self.fatal = "the disk failed under a write; restart after repairing it"
        self._drop()
        for job in group:
            job.error = Unavailable(why)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


def _joined(group: list[Job]) -> list[list[Job]]:
    """Jobs in order; those with the same `many` stand together where the first of them stood."""
    places: dict[Many, list[Job]] = {}
    ordered: list[list[Job]] = []
    for job in group:
        if job.many is None:
            ordered.append([job])
        elif job.many in places:
            places[job.many].append(job)
        else:
            ordered.append(places.setdefault(job.many, [job]))
    return ordered


def _perform(unit: Unit, jobs: list[Job]) -> None:
    """Do joined jobs in one call; when that fails, each by itself, so that only the culprit fails."""
    if len(jobs) == 1:
        jobs[0].result, jobs[0].error = _guarded(unit, jobs[0].alone)
        return
    many = jobs[0].many
    assert many is not None  # noqa: S101  # only such jobs are joined
    results, error = _guarded(unit, lambda u: many(u, [j.item for j in jobs]))
    if error is not None:
        for job in jobs:
            _perform(unit, [job])
        return
    for job, result in zip(jobs, results, strict=True):
        job.result = result


def _guarded(unit: Unit, work: Callable[[Unit], Any]) -> tuple[Any, BaseException | None]:
    connection = unit.conn
    connection.exec_driver_sql("SAVEPOINT work")
    try:
        result = work(unit)
    except SQLAlchemyError as e:
        if failures.lost(e) or failures.broken_disk(e):
            raise
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT work")
        return None, failures.translate(e)
    except BaseException as e:  # as an executor does: whatever the caller's work raises is the caller's, not ours
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT work")
        return None, e
    connection.exec_driver_sql("RELEASE SAVEPOINT work")
    return result, None


def _resolve(group: list[Job]) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in group:
        loops.setdefault(job.loop, []).append(job)
    for loop, jobs in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_tell, jobs)


def _tell(jobs: list[Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
