"""Delivery: outbox rows are claimed, sent through a connector, and their end is recorded, whatever it was.

A row is marked `sending` in a commit of its own before the call, so that a crash in between leaves a trace. What then
holds depends on what the platform offers: repeat under the same key, look whether it arrived, or ask a person.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from bots import filework, metrics
from bots.ends import end_of, lane_of, report_of, unsent
from bots.failpoints import Failpoints
from bots.intake import accepted
from bots.jobs import CHANNEL_MISSING, Bench
from bots.logs import logger
from bots.making import NotNow
from connectors.contract import (
    Connector,
    Delivered,
    FileFetch,
    Job,
    LineEdit,
    LinePost,
    Outcome,
    RepNotice,
    Skipped,
    TryLater,
    Undeliverable,
    Unknown,
)
from rules.effects import SendMail, kind_of
from rules.errors import BadRequest, Conflict, StorageError, Unavailable
from storage import inbox, mails, outbox, references, reps
from storage.database import Database
from storage.inbox import Accepted
from storage.outbox import Claim, End
from storage.references import ChannelRow
from storage.unit import Unit

T = TypeVar("T")
TRIES = 5
"""How often a row is tried whose job cannot even be made, before it is given up as a fault of ours."""
UNCLEAR = "interrupted"
"""Reason of a row that may have arrived and may be repeated."""


@dataclass(kw_only=True)
class Deliveries:
    """The delivery loop of one node."""

    db: Database
    node: str
    bench: Bench
    connectors: Sequence[Connector]
    now: Callable[[], datetime]
    lease_s: float
    senders: int
    """Calls to each platform under way at once."""
    failpoints: Failpoints
    accepted: Callable[[], None]
    """Told that an end came back as an event."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _under_way: dict[asyncio.Task[None], Claim] = field(default_factory=dict)
    _stopping: bool = False

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    @property
    def running(self) -> int:
        """Sendings under way."""
        return len(self._under_way)

    @property
    def sending(self) -> tuple[str, ...]:
        """Rows under way, which the heartbeat keeps ours."""
        return tuple(claim.id for claim in self._under_way.values())

    def stop(self) -> None:
        """Claim nothing more; `run` returns when every claimed row is in the hands of a sender.

        A row that is claimed and then dropped would come back as interrupted, and be unknown although it never went.
        """
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Send until stopped. A database that is away for a while only pauses the loop."""
        while not self._stopping:
            try:
                busy = await self.round()
            except Unavailable:
                logger().warning("deliveries_paused", reason="database")
                busy = False
                await asyncio.sleep(0.5)
            if not busy:
                await self._wake.wait()
                self._wake.clear()

    async def drain(self) -> None:
        """Wait for the sendings under way."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def round(self) -> bool:
        """Claim as many rows as there are free senders and start sending them; whether there were any.

        Each platform has senders of its own: one whose calls hang takes none away from the others.
        """
        busy = Counter(claim.connector for claim in self._under_way.values())
        without = tuple(c.name for c in self.connectors if not c.ready or busy[c.name] >= self.senders)
        free = self.senders - max((n for name, n in busy.items() if name not in without), default=0)
        now = self.now()
        if free <= 0 or not await self.db.read(lambda unit: outbox.any_ready(unit, now, without=without)):
            return False

        def claim(unit: Unit) -> list[Claim]:
            return outbox.claim_outbox(unit, self.node, now, limit=free, lease_s=self.lease_s, without=without)

        claims = await self.db.write(claim, label="delivery_claim")
        for one in claims:
            task = asyncio.create_task(self._take(one))
            self._under_way[task] = one
            task.add_done_callback(self._done)
        return bool(claims)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._wake.set()

    async def _take(self, claim: Claim) -> None:
        started = time.perf_counter()
        try:
            job, outcome = await self._outcome(claim)
            await self._persistently(lambda: self._record(claim, job, outcome))
        except Conflict:
            logger().warning("delivery_taken_over", row=claim.id)
            return
        except (StorageError, BadRequest) as broken:  # what the platform told cannot be stored: at least the end is
            logger().error("facts_not_stored", row=claim.id, job=kind_of(claim.sending), error=type(broken).__name__)
            await self._persistently(lambda: self._record_end(claim, end_of(claim, job, outcome)))
        logger().info(
            "delivery",
            row=claim.id,
            job=kind_of(claim.sending),
            connector=claim.connector,
            attempt=claim.attempt,
            outcome=type(outcome).__name__.lower(),
            reason=getattr(outcome, "reason", ""),
            detail=getattr(outcome, "detail", ""),
            ms=round((time.perf_counter() - started) * 1000, 1),
        )

    async def _persistently(self, step: Callable[[], Awaitable[T]]) -> T:
        """Do a step that needs the database, however long it is away: our heartbeat keeps the row ours meanwhile."""
        while True:
            try:
                return await step()
            except Unavailable:
                logger().warning("delivery_waits", reason="database")
                await asyncio.sleep(0.5)

    async def _outcome(self, claim: Claim) -> tuple[Job | None, Outcome]:
        """Send, and say how it ended. Our own faults end too: before the call the row waits, after it nobody knows."""
        job: Job | None = None
        try:
            now = self.now()
            if claim.sending.deadline is not None and now > claim.sending.deadline:
                return None, unsent(claim, Skipped(reason="deadline"))
            made = await self._persistently(lambda: self.db.read(lambda unit: self.bench.job(unit, claim, now)))
            if isinstance(made, NotNow):
                return None, unsent(claim, made.outcome)
            job = made
            return await self._send(claim, job)
        except Exception as broken:  # the delivery loop's line: record and go on with the others
            logger().error("delivery_broke", row=claim.id, job=kind_of(claim.sending), error=type(broken).__name__)
            if job is not None and not isinstance(job, FileFetch):  # to fetch once more does no harm
                return job, Unknown(reason="hub_error")
            if claim.attempt < TRIES:
                return None, unsent(claim, TryLater(reason="hub_error", seconds=30))
            return None, unsent(claim, Undeliverable(reason="hub_error", detail=type(broken).__name__))

    async def _send(self, claim: Claim, job: Job) -> tuple[Job, Outcome]:
        connector = self._connector(claim, job)
        if connector is None:
            return job, Undeliverable(reason="no_connector", detail=claim.connector)
        if claim.reason == UNCLEAR:
            job = _marked(job)
        if claim.interrupted:
            job, early = await self._resume(connector, job)
            if early is not None:
                return job, early
        outcome = await connector.deliver(job)
        self.failpoints.reach(f"{call_name(job)}.sent")
        if isinstance(outcome, Unknown) and connector.certainty(job) in ("key", "again"):
            outcome = TryLater(reason=UNCLEAR, seconds=5)
        return job, outcome

    async def _resume(self, connector: Connector, job: Job) -> tuple[Job, Outcome | None]:
        """A row whose sender never came back: what may be done with it depends on the platform."""
        match connector.certainty(job):
            case "key":
                return job, None
            case "again":
                return _marked(job), None
            case "read-back":
                found = await connector.read_back(job)
                return job, None if isinstance(found, TryLater) else (found or Unknown(reason="interrupted"))
            case _:
                return job, Unknown(reason="interrupted")

    def _connector(self, claim: Claim, job: Job) -> Connector | None:
        """The connector the row was meant for, or another one that can reach the same person."""
        named = [c for c in self.connectors if c.name == claim.connector]
        others = [c for c in self.connectors if c.name != claim.connector] if isinstance(job, RepNotice) else []
        return next((c for c in (*named, *others) if c.takes(job)), None)

    async def _record(self, claim: Claim, job: Job | None, outcome: Outcome) -> None:
        now = self.now()
        end = end_of(claim, job, outcome)
        metrics.DELIVERIES.labels(claim.connector, end.state).inc()
        if isinstance(outcome, TryLater) and outcome.alarm:
            logger().error("operator_needed", connector=claim.connector, reason=outcome.reason)

        def work(unit: Unit) -> bool:
            outbox.finish_outbox(unit, claim, end, now=now)
            filework.ended(unit, claim, outcome, now)
            facts = self._facts(unit, claim, end, outcome, now)
            if facts:
                inbox.accept_many(unit, [facts])
            return bool(facts)

        if await self.db.write(work, label="delivery"):
            self.accepted()

    async def _record_end(self, claim: Claim, end: End) -> None:
        now = self.now()
        await self.db.write(lambda unit: outbox.finish_outbox(unit, claim, end, now=now), label="delivery")

    def _facts(self, unit: Unit, claim: Claim, end: End, outcome: Outcome, now: datetime) -> list[Accepted]:
        """What an end brings back into the hub: the report, and what the platform told us."""
        facts: list[Accepted] = []
        report = report_of(claim, end, now)
        if report is not None and (lane := lane_of(unit, claim)):
            facts.append(Accepted(event=report, lane=lane))
        if isinstance(outcome, Delivered):
            facts += [accepted(fact) for fact in outcome.facts]
            references.put_channels(
                unit,
                [ChannelRow(key=c.key, team=c.team, name=c.name, wire_id=c.wire_id) for c in outcome.channels],
            )
            if outcome.channels:
                outbox.hurry(unit, CHANNEL_MISSING)
            for rep in outcome.reps:
                reps.learn(unit, rep)
        if isinstance(claim.sending, SendMail):
            mails.mark(unit, claim.id, end.state)
        return facts


def call_name(job: Job) -> str:
    """`CustomerText` -> `customer_text`: the name of a kind of call in failpoints and logs."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(job).__name__).lower()


def _marked(job: Job) -> Job:
    """The same job, saying that it may be there already."""
    match job:
        case RepNotice():
            return replace(job, marked=True)
        case LinePost() | LineEdit():
            return replace(job, line=replace(job.line, marked=True))
        case _:
            return job
