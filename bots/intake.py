"""The one door in: an event is accepted when it is committed and synced, and not before.

An act that somebody waits for (a pressed button) enters by the same door; its turn is then taken at once and the
committed answer is what the person sees.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from bots import metrics
from connectors.contract import Inbound
from rules.decision import Answer
from rules.errors import Unavailable
from storage import inbox, notes
from storage.database import Database
from storage.files import Brought
from storage.inbox import Accepted
from storage.unit import Unit

ANSWER_POLL = 0.1
"""Wall seconds between looks for an answer that another node may give."""


class Intake:
    """Accepts events for the whole hub."""

    def __init__(self, db: Database, wake: Callable[[], None]) -> None:
        self._db = db
        self._wake = wake
        self._asked: dict[str, asyncio.Future[Answer | None]] = {}

    async def accept(self, inbound: Sequence[Inbound]) -> None:
        """Store events; returns when they are committed. Raises Unavailable."""
        if inbound:
            await self._db.join(inbox.accept_many, [accepted(i) for i in inbound], label="intake")
            self._count(inbound)
            self._wake()

    async def accept_page(self, inbound: Sequence[Inbound], *, account: str, before: str, after: str) -> None:
        """Store one pulled page and its cursor in one commit. Raises Conflict, Unavailable."""
        page = [accepted(i) for i in inbound]

        def work(unit: Unit) -> None:
            notes.move_cursor(unit, account, before=before, after=after)
            inbox.accept_many(unit, [page])

        await self._db.write(work, label="page")
        self._count(inbound)
        self._wake()

    async def act(self, inbound: Inbound, *, limit: float) -> Answer | None:
        """Store an act, have its turn taken, and return its answer; None when `limit` wall seconds were not enough.

        Raises Unavailable when it was not even stored by then: nobody may be told that it was taken.
        """
        stored = False
        event_id = inbound.event.id
        keys = (event_id, *inbound.keys)
        future = self._asked.setdefault(event_id, asyncio.get_running_loop().create_future())
        try:
            async with asyncio.timeout(limit):
                [new] = await self._db.join(inbox.accept_many, [accepted(inbound)], label="act")
                stored = True
                self._wake()
                return await (self._told(future, keys) if new else self._looked_up(keys))
        except TimeoutError:
            if not stored:
                raise Unavailable("an act was not stored in time") from None
            return None
        finally:
            self._asked.pop(event_id, None)

    def answered(self, event_id: str, answer: Answer | None) -> None:
        """A turn of this process ended with this answer: tell whoever waits for it."""
        future = self._asked.get(event_id)
        if future is not None and not future.done():
            future.set_result(answer)

    async def _told(self, future: asyncio.Future[Answer | None], keys: tuple[str, ...]) -> Answer | None:
        """The answer of our own turn, or of another node's."""
        while True:
            done, _ = await asyncio.wait([future], timeout=ANSWER_POLL)
            if done:
                return future.result()
            found, answer = await self._db.read(lambda unit: inbox.answer_of(unit, keys))
            if found:
                return answer

    async def _looked_up(self, keys: tuple[str, ...]) -> Answer | None:
        """The answer that the same act got the first time."""
        while True:
            found, answer = await self._db.read(lambda unit: inbox.answer_of(unit, keys))
            if found:
                return answer
            await asyncio.sleep(ANSWER_POLL)

    @staticmethod
    def _count(inbound: Sequence[Inbound]) -> None:
        for one in inbound:
            metrics.ACCEPTED.labels(one.order.connector).inc()


def accepted(inbound: Inbound) -> Accepted:
    """The inbox row of an inbound event."""
    return Accepted(
        event=inbound.event,
        order=inbound.order,
        keys=inbound.keys,
        raw=inbound.raw,
        deadline=inbound.deadline,
        files=tuple(
            Brought(id=f.id, form=f.form, name=f.name, type=f.type, content=f.content, size=f.size)
            for f in inbound.files
        ),
    )
