"""Turns: one event at a time is taken through load, decide, save; lanes run side by side, a lane runs in order.

Everything a turn decides is stored in one commit, together with the mark that its event is done. If somebody else
changed the customer meanwhile, nothing is stored and the turn is taken again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bots import filework, metrics
from bots.logs import logger
from bots.outgoing import destination
from rules.book import Playbook
from rules.decision import Answer, Decision
from rules.effects import Sending, SendMail, SendText, fold
from rules.engine import decide
from rules.errors import Conflict, Unavailable
from rules.events import Event, FormSubmitted, MessageReceived, RepActed, RepSpoke
from rules.model import Conversation, Customer, Entry, Rep, ReplyLimits, Snapshot
from storage import customers, inbox, ledger, mails, notes, orders, outbox, places, reps
from storage.database import Database
from storage.inbox import Claimed, LaneClaim
from storage.outbox import OutRow
from storage.unit import Unit

RETAKES = 5
"""How often one turn is taken again inside the writer because another node was faster, before the lane is left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """What a turn starts from."""

    place: places.Place
    before: Customer
    snapshot: Snapshot


@dataclass(kw_only=True)
class Turns:
    """The turn loop of one node."""

    db: Database
    node: str
    playbook: Playbook
    now: Callable[[], datetime]
    limits: Mapping[str, ReplyLimits]
    lease_s: float
    batch: int
    answered: Callable[[str, Answer | None], None]
    """Told the answer of every committed turn."""
    decided: Callable[[], None]
    """Told that there may be something to send."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _lost: list[LaneClaim] = field(default_factory=list)
    """Lanes given up, to be given back before the next claim."""
    _spared: list[LaneClaim] = field(default_factory=list)
    """The same, but only because the database was away: these tries count for nothing."""
    _held: set[str] = field(default_factory=set)
    _stopping: bool = False

    @property
    def running(self) -> int:
        """Lanes under way."""
        return len(self._held)

    @property
    def held(self) -> tuple[str, ...]:
        """Lanes under way, which the heartbeat keeps ours."""
        return tuple(self._held)

    def wake(self) -> None:
        """There may be events."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what is under way is done."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Take turns until stopped. A database that is away for a while only pauses the loop."""
        while not self._stopping:
            try:
                busy = await self.round()
            except Unavailable:
                logger().warning("turns_paused", reason="database")
                busy = False
                await asyncio.sleep(0.5)
            if not busy:
                await self._wake.wait()
                self._wake.clear()

    async def round(self) -> bool:
        """Claim what is ready and take its turns; whether there was anything."""

        def claim(unit: Unit) -> list[LaneClaim]:
            return inbox.claim_inbox(unit, self.node, limit=self.batch, lease_s=self.lease_s)

        await self._let_go()
        if not await self.db.read(inbox.any_ready):
            return False
        claims = await self.db.write(claim, label="turn_claim")
        self._held |= {c.lane for c in claims}
        try:
            with metrics.TURN_SECONDS.time():
                ends = await asyncio.gather(*(self._lane(c) for c in claims), return_exceptions=True)
        finally:
            self._held -= {c.lane for c in claims}
        broken = {c.lane: end for c, end in zip(claims, ends, strict=True) if isinstance(end, BaseException)}
        self._spared += [c for c in claims if c.lane in broken]
        for end in broken.values():
            raise end
        return bool(claims)

    async def _let_go(self) -> None:
        """Give back lanes whose turns could not be stored; the node's heartbeat would hold them for ever."""
        lost, spared = tuple(self._lost), tuple(self._spared)
        if lost or spared:

            def work(unit: Unit) -> None:
                for claim in lost:
                    inbox.release_lane(unit, claim.lane, claim.fence)
                for claim in spared:
                    inbox.give_back(unit, claim)

            await self.db.write(work, label="node")
            del self._lost[: len(lost)], self._spared[: len(spared)]

    async def _lane(self, claim: LaneClaim) -> None:
        for row in claim.rows:
            if self._stopping or not await self._row(claim, row, last=row is claim.rows[-1]):
                return

    async def _row(self, claim: LaneClaim, row: Claimed, *, last: bool) -> bool:
        """Take one event's turn; whether the lane may go on."""
        started = time.perf_counter()
        try:
            decision = await self._turn(claim, row, release=last)
        except Conflict:  # the event stays in the inbox: whoever holds the lane now, or next, takes its turn
            metrics.TURNS.labels("lost").inc()
            logger().warning("turn_lost", turn=row.id[:64], event_kind=row.event.kind)
            self._lost.append(claim)
            return False
        except Unavailable:
            raise
        except Exception as broken:  # the turn loop's line: record, let the lane rest, go on with the others
            await self._failed(claim, row, broken)
            return False
        self.answered(row.id, decision.answer)
        self.decided()
        metrics.TURNS.labels("done").inc()
        logger().info(
            "turn",
            turn=row.id[:64],
            event_kind=row.event.kind,
            effects=len(decision.effects),
            ms=round((time.perf_counter() - started) * 1000, 1),
        )
        return True

    async def _turn(self, claim: LaneClaim, row: Claimed, *, release: bool) -> Decision:
        """Decide beside the writer; when somebody was faster, decide again inside it, where few can be.

        A new customer's turn is taken inside at once: new customers who come together all go to the rep with the least
        to do, so all but one of them would be too late. Raises Conflict when the lane is lost.
        """
        now = self.now()
        loaded = await self.db.read(lambda unit: self._load(unit, row.event, now))
        if not loaded.place.new:
            with contextlib.suppress(Conflict):
                return await self._decided(claim, row, loaded, now, release=release)
        for _ in range(RETAKES):
            with contextlib.suppress(Conflict):
                return await self.db.write(
                    lambda unit: self._at_once(unit, claim, row, self.now(), release=release), label="turn"
                )
        raise Conflict("the customer never stood still, or the lane is lost")

    async def _decided(self, claim: LaneClaim, row: Claimed, got: Loaded, now: datetime, *, release: bool) -> Decision:
        """Decide and save, once. Raises Conflict when somebody was faster."""
        decision = decide(got.snapshot, row.event, self.playbook, now)
        await self.db.write(lambda unit: self._save(unit, claim, row, got, decision, release=release), label="turn")
        return decision

    def _at_once(self, unit: Unit, claim: LaneClaim, row: Claimed, now: datetime, *, release: bool) -> Decision:
        """Load, decide and save in one place of the writer's queue. Raises Conflict: another node was faster."""
        loaded = self._load(unit, row.event, now)
        decision = decide(loaded.snapshot, row.event, self.playbook, now)
        self._save(unit, claim, row, loaded, decision, release=release)
        return decision

    async def _failed(self, claim: LaneClaim, row: Claimed, broken: Exception) -> None:
        error = type(broken).__name__
        metrics.TURNS.labels("failed").inc()
        trace = broken.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        where = f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else ""
        logger().error("turn_failed", turn=row.id[:64], event_kind=row.event.kind, error=error, where=where)
        rest = min(60.0, 0.5 * 2**row.attempts)
        try:
            parked = await self.db.write(
                lambda unit: inbox.fail_inbox(unit, row.id, claim.lane, claim.fence, error=error, rest_s=rest),
                label="turn",
            )
        except Conflict:  # the lane went to somebody else, who will meet the same fault and note it
            self._lost.append(claim)
            parked = False
        if parked:
            logger().error("event_parked", turn=row.id[:64], event_kind=row.event.kind, error=error)
        self.answered(row.id, None)

    def _load(self, unit: Unit, event: Event, now: datetime) -> Loaded:
        """Find out whom the event is about and everything a decision may look at, in one read."""
        place = places.locate(unit, event)
        before = customers.load(unit, place.customer_id) if place.customer_id else None
        customer = before or Customer(id=place.customer_id, created_at=now)
        people = reps.all_reps(unit)
        return Loaded(
            place=place,
            before=customer,
            snapshot=Snapshot(
                customer=customer,
                conversation_id=place.conversation_id,
                actor=_actor(event, people),
                reps=people,
                limits=self.limits,
                paused=notes.switched(unit, orders.PAUSED),
                heaviest=_heaviest(unit, event, customer, now),
                unknown=tuple(outbox.unknown_ids(unit, customer.id)) if customer.id else (),
                on_way=_on_way(unit, event, customer.conversation(place.conversation_id)),
            ),
        )

    def _save(self, unit: Unit, claim: LaneClaim, row: Claimed, got: Loaded, made: Decision, *, release: bool) -> None:
        """Store everything the turn decided. Raises Conflict."""
        now = made.because.at
        after = fold(got.before, made.changes)
        if after.id:
            customers.save(
                unit,
                got.before,
                after,
                event=row.event,
                changes=made.changes,
                trace=made.because,
                now=now,
                sendings=made.sendings,
            )
            _track(unit, row.event, made.sendings, after.id, now)
            actor = got.snapshot.actor.id if got.snapshot.actor else ""
            filework.noted(unit, row.event, made.sendings, customer_id=after.id, actor=actor, now=now)
        by_id = {r.id: r for r in got.snapshot.reps}
        orders.carry_out(unit, made.orders, now=now)
        outbox.put(unit, [_out_row(s, after, by_id) for s in made.sendings], now=now)
        inbox.finish_inbox(unit, row.id, claim.lane, claim.fence, made.answer)
        if release:
            inbox.release_lane(unit, claim.lane, claim.fence)


def _heaviest(unit: Unit, event: Event, customer: Customer, now: datetime) -> tuple[Entry, ...]:
    """What made her score, when a colleague acts and may ask."""
    return tuple(ledger.ledger_top(unit, customer.id, now)) if isinstance(event, RepActed | RepSpoke) else ()


def _track(unit: Unit, event: Event, sendings: Sequence[Sending], customer_id: str, now: datetime) -> None:
    """Keep what a later answer is recognised by: mails of ours, and forms that can be used once."""
    for s in sendings:
        talk = s.conversation_id
        if isinstance(s, SendMail):
            mail = mails.TrackedMail(
                id=s.id, customer_id=customer_id, conversation_id=talk, template=s.template, purpose=s.purpose, at=now
            )
            mails.track(unit, mail)
        elif isinstance(s, SendText) and s.form_id:
            mails.offer_form(unit, mails.Form(id=s.form_id, customer_id=customer_id, conversation_id=talk, at=now))
    if isinstance(event, FormSubmitted):
        mails.use_form(unit, event.form_id, now)


def _out_row(sending: Sending, after: Customer, by_id: Mapping[str, Rep]) -> OutRow:
    to = destination(sending, after, by_id)
    return OutRow(sending=sending, connector=to.connector, lane=to.lane, customer_id=after.id)


def _on_way(unit: Unit, event: Event, talk: Conversation | None) -> int:
    """What we had said and she had not got when she wrote: it goes out into the window that her words open."""
    if not isinstance(event, MessageReceived) or talk is None or not talk.sent_since_customer:
        return 0
    return outbox.on_way(unit, talk.id, event.at)


def _actor(event: Event, people: tuple[Rep, ...]) -> Rep | None:
    if not isinstance(event, RepActed | RepSpoke):
        return None
    field_of = {"teams": "aad_id", "wecom": "userid", "hub": "id"}[event.by.platform]
    return next((r for r in people if getattr(r, field_of).lower() == event.by.value.lower()), None)
