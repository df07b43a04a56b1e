"""The running hub: what connectors and pages may ask of it, and the loops that do the work."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bots import collector, metrics
from bots.clock import BusinessClock
from bots.delivery import Deliveries
from bots.desk import Desk
from bots.failpoints import Failpoints
from bots.intake import Intake
from bots.jobs import Bench
from bots.logs import logger
from bots.pagefiles import PageFiles
from bots.publishing import Publishing
from bots.reminding import Reminding
from bots.schedule import Heartbeat
from bots.turn import Turns
from connectors.contract import Connector, Inbound, Reconciles
from rules.book import Playbook
from rules.card import CardView
from rules.decision import Answer
from rules.errors import Conflict, Unavailable
from rules.listrow import ListRow
from rules.masking import Mirror
from rules.model import Identity, Rep, RepHandle
from rules.tokens import Tokens
from storage import follows, nodes, notes, pending, places, reps, timers
from storage.database import Database
from storage.unit import Unit


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the operator decided, as far as the hub itself is concerned."""

    node: str
    public_url: str
    mirror: Mirror
    thread_language: str
    """Set where the configuration says another language than the playbook; else empty."""
    lease_seconds: float
    tick_seconds: float
    reconcile_seconds: float
    batch: int
    senders: int
    file_bytes: int


class Hub:
    """One node. Make it, `connect` it, mount it in the web application, then `run` it."""

    def __init__(
        self,
        *,
        db: Database,
        clock: BusinessClock,
        playbook: Playbook,
        tokens: Tokens,
        options: Options,
        failpoints: Failpoints,
    ) -> None:
        self.db = db
        self.clock = clock
        self.tokens = tokens
        self.options = options
        self._failpoints = failpoints
        self._connectors: Sequence[Connector] = ()
        self._clock_acted = -1
        self._reconciled: datetime | None = None
        self._stopping = False
        self.intake = Intake(db, self._wake_turns)
        self.publishing = Publishing(db=db, now=clock.now, accept=self.intake.accept, book=playbook)
        self.publishing.language = options.thread_language

    @property
    def playbook(self) -> Playbook:
        """The playbook that holds."""
        return self.publishing.book

    def connect(self, connectors: Sequence[Connector]) -> None:
        """Give the hub its connectors and set up the loops."""
        self._connectors = connectors
        limits = {c.name: c.limits for c in connectors}
        self.reminding = Reminding(db=self.db, playbook=self.playbook)
        self.desk = Desk(playbook=self.playbook, limits=limits, now=self.clock.now, db=self.db)
        bench = Bench(
            desk=self.desk,
            mirror=self.options.mirror,
            tokens=self.tokens,
            public_url=self.options.public_url,
            most_bytes=self.options.file_bytes,
        )
        self.files = PageFiles(db=self.db, desk=self.desk, most_bytes=self.options.file_bytes)
        self.turns = Turns(
            db=self.db,
            node=self.options.node,
            playbook=self.playbook,
            now=self.clock.now,
            limits=limits,
            lease_s=self.options.lease_seconds,
            batch=self.options.batch,
            answered=self.intake.answered,
            decided=self._wake_deliveries,
        )
        self.publishing.give(self.desk, self.reminding, self.turns)
        self.deliveries = Deliveries(
            db=self.db,
            node=self.options.node,
            bench=bench,
            connectors=connectors,
            now=self.clock.now,
            lease_s=self.options.lease_seconds,
            senders=self.options.senders,
            failpoints=self._failpoints,
            accepted=self._wake_turns,
        )

    # --- what connectors and pages ask ------------------------------------------------------------------------------

    async def accept(self, inbound: Sequence[Inbound]) -> None:
        """See connectors.contract.Hub."""
        await self.intake.accept(inbound)

    async def accept_page(self, inbound: Sequence[Inbound], *, account: str, before: str, after: str) -> None:
        """See connectors.contract.Hub."""
        await self.intake.accept_page(inbound, account=account, before=before, after=after)

    async def cursor(self, account: str) -> str:
        """See connectors.contract.Hub."""
        return await self.db.read(lambda unit: notes.cursor(unit, account))

    async def act(self, inbound: Inbound, *, limit: float) -> Answer | None:
        """See connectors.contract.Hub."""
        return await self.intake.act(inbound, limit=limit)

    async def card(self, conversation_id: str, by: RepHandle) -> CardView | None:
        """See connectors.contract.Hub."""
        return await self.desk.card(conversation_id, by)

    async def cards(self, query: str, by: RepHandle, *, limit: int = 10) -> Sequence[CardView]:
        """See connectors.contract.Hub."""
        return await self.desk.cards(query, by, limit=limit)

    async def rows(self, query: str, by: RepHandle, *, limit: int) -> Sequence[ListRow]:
        """Rows for `mine`, `queue` or `find:<words>`; only what this rep may see."""
        return await self.desk.rows(query, by, limit=limit)

    async def rep(self, by: RepHandle) -> Rep | None:
        """The person a platform proved; None when the hub does not know them."""
        return await self.db.read(lambda unit: reps.by_handle(unit, by))

    async def conversation_for(self, identity: Identity, by: RepHandle) -> str | None:
        """The newest conversation of a customer, if this rep may see her."""
        return await self.desk.conversation_for(identity, by)

    async def follow_found(self, identity: Identity, by: RepHandle) -> None:
        """The platform counts this customer among this rep's contacts, which the hub may have missed: keep it."""
        now = self.clock.now()

        def work(unit: Unit) -> None:
            rep, customer_id = reps.by_handle(unit, by), places.by_identity(unit, identity)
            if rep is not None and customer_id:
                follows.add(unit, customer_id, rep.id, now)

        await self.db.write(work, label="staff")

    async def employ(self, staff: Sequence[Rep]) -> None:
        """Bring the people the configuration names up to date."""

        def work(unit: Unit) -> None:
            for rep in staff:
                reps.upsert(unit, rep)

        if staff:
            await self.db.write(work, label="staff")

    async def note(self, key: str) -> tuple[str, float] | None:
        """See connectors.contract.Hub."""
        return await self.db.read(lambda unit: notes.note(unit, key))

    async def keep_note(self, key: str, value: str, expires: float) -> None:
        """See connectors.contract.Hub."""
        await self.db.write(lambda unit: notes.keep_note(unit, key, value, expires), label="note")

    async def state(self) -> Mapping[str, object]:
        """How the hub is doing, for `/readyz`: green when every connector is up and the database answers."""
        waiting = [c.name for c in self._connectors if not c.ready]
        try:
            now = self.clock.now()
            work = await self.db.read(lambda unit: pending.pending(unit, now))
            acted = await self._clock_acted_everywhere()
        except Unavailable:
            return {"ready": False, "pending": None, "next_due": None, "clock_version": None, "database": "away"}
        for queue in ("inbox", "outbox", "timers"):
            metrics.PENDING.labels(queue).set(getattr(work, queue))
        busy = self.turns.running + self.deliveries.running
        return {
            "ready": not waiting and not self._stopping and self._clock_acted >= 0 and not self.db.fatal,
            "starting": waiting,
            "pending": work.inbox + work.outbox + work.timers + busy,
            "next_due": work.next_due.isoformat() if work.next_due else None,
            "clock_version": acted,
            "node": self.options.node,
        }

    # --- life -------------------------------------------------------------------------------------------------------

    async def run(self, stopping: asyncio.Event) -> None:
        """Start the connectors, work until `stopping` is set (or the disk failed), then finish what is under way."""
        heart = Heartbeat()
        await self._once(lambda unit: nodes.release_node(unit, self.options.node))
        loops = [
            asyncio.create_task(self._start_connectors()),
            asyncio.create_task(self.turns.run()),
            asyncio.create_task(self.deliveries.run()),
            asyncio.create_task(self._follow_clock()),
        ]
        heart.every(self.options.tick_seconds, self._tick, "tick")
        heart.every(max(0.2, self.options.lease_seconds / 3), self._beat, "beat")
        heart.start()
        with contextlib.suppress(Unavailable):
            await self.publishing.announce()
        logger().info("started", node=self.options.node, playbook=self.playbook.version)
        try:
            await self._until_stopped(stopping, loops)
        finally:
            self._stopping = True
            heart.stop()
            await self._stop(loops)
            logger().info("stopped", node=self.options.node)

    @property
    def broken(self) -> bool:
        """Whether the process must be started anew: the disk failed under a write."""
        return bool(self.db.fatal)

    async def _until_stopped(self, stopping: asyncio.Event, loops: list[asyncio.Task[None]]) -> None:
        """Wait for the signal; a loop that ends by itself is a fault of ours and ends the process."""
        signal = asyncio.create_task(stopping.wait())
        watched = {signal, *loops[1:]}
        done: set[asyncio.Task[Any]] = set()
        while not self.db.fatal:
            done, _ = await asyncio.wait(watched, timeout=1, return_when=asyncio.FIRST_COMPLETED)
            if done:
                break
        signal.cancel()
        for task in done:
            if task is not signal:
                task.result()

    async def _stop(self, loops: list[asyncio.Task[None]]) -> None:
        """Claim nothing more, finish what is under way, then let go of everything."""
        self.turns.stop()
        self.deliveries.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(8):
                await asyncio.wait(loops[1:3])
                await self.deliveries.drain()
        for task in loops:
            task.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await asyncio.gather(*(c.stop() for c in self._connectors), return_exceptions=True)
        with contextlib.suppress(Unavailable, Conflict):
            await self._once(lambda unit: nodes.release_node(unit, self.options.node))

    async def _start_connectors(self) -> None:
        """Bring every connector up; one that fails is tried again, the others work meanwhile. Then memory settles."""

        async def bring_up(connector: Connector) -> None:
            rest = 1.0
            while True:
                try:
                    await connector.start()
                    logger().info("connector_ready", connector=connector.name)
                    self._wake_deliveries()
                    return
                except (OSError, Unavailable, TimeoutError) as away:
                    logger().warning("connector_waits", connector=connector.name, error=type(away).__name__)
                    await asyncio.sleep(rest)
                    rest = min(30.0, rest * 2)

        await asyncio.gather(*(bring_up(c) for c in self._connectors))
        await asyncio.sleep(collector.REST_SECONDS)
        collector.settle()

    async def _follow_clock(self) -> None:
        """Act at once on every push of the clock, and say so."""
        while True:
            version = self.clock.version
            await self._tick()
            self._clock_acted = version
            await self._beat()
            await self.clock.jumped(version)

    async def _tick(self) -> None:
        """Turn due timers into events, look for rows that may go now, and reconcile when it is time."""
        now = self.clock.now()
        try:
            if await self.db.read(lambda unit: timers.any_due(unit, now)):
                await self.db.write(lambda unit: timers.fire_due(unit, now), label="timers")
            await self.publishing.follow()
            await self.reminding.tick(now)
            await self._reconcile(now)
        except Unavailable:
            logger().warning("tick_skipped", reason="database")
            return
        self._wake_turns()
        self._wake_deliveries()

    async def _reconcile(self, now: datetime) -> None:
        """Look for what the platforms may have failed to announce."""
        every = timedelta(seconds=self.options.reconcile_seconds)
        if self._reconciled is not None and now - self._reconciled < every:
            return
        found = [i for c in self._connectors if isinstance(c, Reconciles) and c.ready for i in c.reconcile()]
        await self.intake.accept(found)
        self._reconciled = now

    async def _beat(self) -> None:
        """Say that this node lives, and keep what it works on."""
        held, sending = self.turns.held, self.deliveries.sending

        def work(unit: Unit) -> None:
            nodes.heartbeat(unit, self.options.node, clock=self._clock_acted)
            nodes.extend_leases(unit, self.options.node, self.options.lease_seconds, held=held, sending=sending)

        with contextlib.suppress(Unavailable):
            await self._once(work)

    async def _clock_acted_everywhere(self) -> int:
        """The newest push that every living node has acted on."""
        within = max(2.0, self.options.lease_seconds)
        others = await self.db.read(lambda unit: nodes.alive(unit, within_s=within))
        return min([self._clock_acted, *(v for name, v in others.items() if name != self.options.node)])

    def _once(self, work: Callable[[Any], None]) -> Awaitable[None]:
        return self.db.write(work, label="node")

    def _wake_turns(self) -> None:
        self.turns.wake()

    def _wake_deliveries(self) -> None:
        self.deliveries.wake()
