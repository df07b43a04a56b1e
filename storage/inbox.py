"""The inbox: events accepted and not yet decided, taken lane by lane, each lane by one node at a time and in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import takewhile
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError
from sqlalchemy import Executable, RowMapping, bindparam, func, or_, select, update

from rules.decision import ANSWER, Answer
from rules.errors import BadRequest, Conflict, Unreadable
from rules.events import EVENT, Event
from rules.model import Address
from storage import files, statements
from storage.statements import NEW
from storage.tables import dedupe, inbox, lanes
from storage.unit import Unit, db_now

MAX_ATTEMPTS = 5
ROWS_PER_LANE = 32
ID_CHARS = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """One event on its way into the inbox."""

    event: Event
    order: Address | None = None
    """The unit of order, known from the wire alone."""
    lane: str = ""
    """Instead of `order`: a lane key as storage gave it (`lane_of`, `LaneClaim.lane`)."""
    keys: tuple[str, ...] = ()
    """More dedupe keys besides the event's id; any one seen before makes it a duplicate."""
    raw: bytes = field(default=b"", repr=False)
    deadline: datetime | None = None
    files: tuple[files.Brought, ...] = ()
    """What came with the event, kept in the same commit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """One event whose turn is to be taken."""

    id: str
    event: Event = field(repr=False)
    attempts: int
    """1 for the first try."""
    deadline: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneClaim:
    """A lane held by a node, with its waiting events in order."""

    lane: str
    fence: int
    rows: tuple[Claimed, ...]


def lane_key(unit: Unit, order: Address) -> str:
    """The lane of an order key: a digest, because wire ids of people are personal."""
    return unit.vault.digest("lane", order.key)


def accept_many(unit: Unit, items: Sequence[Sequence[Accepted]]) -> list[list[bool]]:
    """Store many callers' events in one go; for each event whether it is new. Duplicates are no error.

    Raises BadRequest for an event that cannot be stored (an id that is empty, too long or not text).
    """
    flat = [a for item in items for a in item]
    fresh = _without_seen_keys(unit, flat)
    new = _insert(unit, fresh)
    for one in new.values():
        for brought in one.files:
            files.bring(unit, brought, now=one.event.at)
    return [[new.get(a.event.id) is a for a in item] for item in items]


def claim_inbox(unit: Unit, node: str, *, limit: int, lease_s: float) -> list[LaneClaim]:
    """Take up to `limit` free lanes with waiting events: those with a deadline first, then the oldest.

    Attempts are counted here, before anything runs; an event taken more than MAX_ATTEMPTS times is parked. An event
    that failed before comes alone, so that it can take none of its neighbours down.
    """
    now = db_now(unit)
    return _claim(unit, node, _ready_lanes(unit, now, limit), now, lease_s)


def any_ready(unit: Unit) -> bool:
    """Whether there is an event whose lane is free: asked before a claim, which costs a commit."""
    return bool(_ready_lanes(unit, db_now(unit), 1))


def claim_lane(unit: Unit, node: str, lane: str, *, lease_s: float) -> LaneClaim | None:
    """Take one lane by name, for a turn that somebody waits for; None while another node or turn holds it."""
    return next(iter(_claim(unit, node, [lane], db_now(unit), lease_s)), None)


def finish_inbox(unit: Unit, row_id: str, lane: str, fence: int, answer: Answer | None = None) -> None:
    """The event is decided and done. Raises Conflict when the lane went to somebody else in the meantime."""
    hold_fence(unit, lane, fence)
    sealed = None if answer is None else unit.vault.seal("inbox.answer", row_id, ANSWER.dump_json(answer))
    done = unit.run(_FINISH, [{"row": row_id, "answer": sealed}])
    if done.rowcount != 1:
        raise Conflict("the event is done already")


def fail_inbox(unit: Unit, row_id: str, lane: str, fence: int, *, error: str, rest_s: float) -> bool:
    """The turn failed: give the lane back and let it rest; after MAX_ATTEMPTS the event is parked (then True).

    `error` is a class name or code, never text from the wire. Raises Conflict as `finish_inbox`.
    """
    hold_fence(unit, lane, fence)
    row = unit.row(select(inbox.c.attempts).where(inbox.c.id == row_id))
    parked = row is not None and row["attempts"] >= MAX_ATTEMPTS
    state = "parked" if parked else "new"
    unit.run(update(inbox).where(inbox.c.id == row_id).values(state=state, error=error[:200]))
    until = 0.0 if parked else db_now(unit) + rest_s
    unit.run(update(lanes).where(lanes.c.key == lane).values(owner="", until=until))
    return parked


def release_lane(unit: Unit, lane: str, fence: int) -> None:
    """Give a lane back; one that went to somebody else stays theirs."""
    unit.run(_RELEASE, [{"lane": lane, "held": fence}])


def give_back(unit: Unit, claim: LaneClaim) -> None:
    """Give a lane back whose turns could not be stored: the try is not the events' fault and does not count."""
    if unit.run(_HOLD, [{"lane": claim.lane, "held": claim.fence}]).rowcount == 1:
        unit.run(_LOWER, [{"row": row.id} for row in claim.rows])
        release_lane(unit, claim.lane, claim.fence)


def hold_fence(unit: Unit, lane: str, fence: int) -> None:
    """Make sure that the lane is still ours until this commit. Raises Conflict."""
    if unit.run(_HOLD, [{"lane": lane, "held": fence}]).rowcount != 1:
        raise Conflict("the lane was taken over")


def answer_of(unit: Unit, keys: Iterable[str]) -> tuple[bool, Answer | None]:
    """For an act under any of its keys (the event's id among them): whether it is done, and the answer it got."""
    names = list(keys)
    digests = [unit.vault.digest("dedupe", k) for k in names]
    others = select(dedupe.c.event_id).where(dedupe.c.key.in_(digests))
    row = unit.row(
        select(inbox.c.id, inbox.c.state, inbox.c.answer)
        .where(or_(inbox.c.id.in_(names), inbox.c.id.in_(others)))
        .order_by(inbox.c.seq)
        .limit(1)
    )
    if row is None or row["state"] == "new":
        return False, None
    if row["answer"] is None:
        return True, None
    return True, ANSWER.validate_json(unit.vault.open("inbox.answer", row["id"], row["answer"]))


def parked(unit: Unit, *, limit: int = 100) -> list[tuple[str, str]]:
    """(event id, error) of events that were given up, oldest first."""
    found = select(inbox.c.id, inbox.c.error).where(inbox.c.state == "parked").order_by(inbox.c.seq).limit(limit)
    return [(r["id"], r["error"]) for r in unit.rows(found)]


def replay(unit: Unit, row_id: str) -> bool:
    """Put a parked event back with its attempts forgotten; False when it is not parked."""
    again = update(inbox).where(inbox.c.id == row_id, inbox.c.state == "parked")
    return unit.run(again.values(state="new", attempts=0, error="")).rowcount == 1


def known(unit: Unit, event_id: str) -> bool:
    """Whether an event with this id was ever accepted."""
    return unit.row(select(inbox.c.seq).where(inbox.c.id == event_id)) is not None


def raw_of(unit: Unit, row_id: str) -> bytes:
    """The payload an event came in, or empty."""
    row = unit.row(select(inbox.c.raw).where(inbox.c.id == row_id))
    return b"" if row is None or row["raw"] is None else unit.vault.open("inbox.raw", row_id, row["raw"])


_HOLD = (
    update(lanes)
    .where(lanes.c.key == bindparam("lane"), lanes.c.fence == bindparam("held"))
    .values(fence=lanes.c.fence)
)
_RELEASE = (
    update(lanes)
    .where(lanes.c.key == bindparam("lane"), lanes.c.fence == bindparam("held"))
    .values(owner="", until=0.0)
)
_FINISH = (
    update(inbox)
    .where(inbox.c.id == bindparam("row"), inbox.c.state == NEW)
    .values(state="done", answer=bindparam("answer"))
)


def _without_seen_keys(unit: Unit, flat: list[Accepted]) -> list[Accepted]:
    """Those none of whose extra keys was seen before, here or by anybody else."""
    wanted: dict[str, Accepted] = {}
    mine: list[tuple[Accepted, list[str]]] = []
    for a in flat:
        digests = [unit.vault.digest("dedupe", k) for k in a.keys]
        mine.append((a, digests))
        for d in digests:
            wanted.setdefault(d, a)
    if not wanted:
        return flat
    rows = [{"key": d, "event_id": a.event.id} for d, a in wanted.items()]
    insert = unit.insert(dedupe).on_conflict_do_nothing(index_elements=["key"]).returning(dedupe.c.key)
    new = {r.key for r in unit.run(insert, rows)}
    return [a for a, digests in mine if all(d in new and wanted[d] is a for d in digests)]


def _insert(unit: Unit, fresh: list[Accepted]) -> dict[str, Accepted]:
    """Insert what is not there yet; the inserted ones by id."""
    first: dict[str, Accepted] = {}
    for a in fresh:
        first.setdefault(a.event.id, a)
    if not first:
        return {}
    rows = [_row(unit, a) for a in first.values()]
    return {r.id: first[r.id] for r in unit.run(_add(postgres=unit.postgres), rows)}


@cache
def _add(*, postgres: bool) -> Executable:
    return (
        statements.insert(inbox, postgres=postgres).on_conflict_do_nothing(index_elements=["id"]).returning(inbox.c.id)
    )


def _row(unit: Unit, a: Accepted) -> dict[str, Any]:
    row_id = a.event.id
    if not (0 < len(row_id) <= ID_CHARS) or not row_id.isprintable():
        raise BadRequest("the event has no usable id")
    lane = a.lane if a.order is None else lane_key(unit, a.order)
    if not lane:
        raise ValueError("an event needs an order key or a lane")
    try:
        event = EVENT.dump_json(a.event)
    except PydanticSerializationError:
        raise BadRequest("the event holds what is not text") from None
    return {
        "id": row_id,
        "lane": lane,
        "kind": a.event.kind,
        "at": a.event.at,
        "deadline": a.deadline,
        "sealed": unit.vault.seal("inbox.sealed", row_id, event),
        "raw": unit.vault.seal("inbox.raw", row_id, a.raw) if a.raw else None,
    }


_LANE_HELD = select(lanes.c.key).where(lanes.c.key == inbox.c.lane, lanes.c.until > bindparam("clock")).exists()
_READY = select(inbox.c.lane).where(inbox.c.state == NEW, ~_LANE_HELD)
_PRESSING = _READY.where(inbox.c.deadline.is_not(None)).order_by(inbox.c.deadline)
_OLDEST = _READY.order_by(inbox.c.seq)


def _ready_lanes(unit: Unit, now: float, limit: int) -> list[str]:
    """Free lanes with waiting events: pressing ones, then by age."""
    found: dict[str, None] = {}
    for query, most in ((_PRESSING, limit), (_OLDEST, limit * 8)):
        found |= dict.fromkeys(r[0] for r in unit.conn.execute(query.limit(most), {"clock": now}))
    return list(found)[:limit]


def _claim(unit: Unit, node: str, wanted: list[str], now: float, lease_s: float) -> list[LaneClaim]:
    if not wanted:
        return []
    taken = [{"key": lane, "owner": node, "until": now + lease_s, "clock": now} for lane in wanted]
    fences = {r.key: r.fence for r in unit.run(_take_lanes(postgres=unit.postgres), taken)}
    rows = _take_rows(unit, list(fences))
    idle = [{"lane": lane, "held": fence} for lane, fence in fences.items() if not rows.get(lane)]
    if idle:
        unit.run(_RELEASE, idle)
    held = (lane for lane in wanted if rows.get(lane))
    return [LaneClaim(lane=lane, fence=fences[lane], rows=tuple(rows[lane])) for lane in held]


@cache
def _take_lanes(*, postgres: bool) -> Executable:
    take = statements.insert(lanes, postgres=postgres).values(fence=1)
    fresh = {"owner": take.excluded.owner, "until": take.excluded.until, "fence": lanes.c.fence + 1}
    free = lanes.c.until <= bindparam("clock")
    return take.on_conflict_do_update(index_elements=["key"], set_=fresh, where=free).returning(
        lanes.c.key, lanes.c.fence
    )


_PLACE = func.row_number().over(partition_by=inbox.c.lane, order_by=inbox.c.seq).label("place")
_IN_LANES = (
    select(inbox.c.id, inbox.c.lane, inbox.c.seq, inbox.c.attempts, inbox.c.deadline, inbox.c.sealed, _PLACE)
    .where(inbox.c.lane.in_(bindparam("lanes", expanding=True)), inbox.c.state == NEW)
    .subquery()
)
_WAITING = select(_IN_LANES).where(_IN_LANES.c.place <= ROWS_PER_LANE).order_by(_IN_LANES.c.seq)
_RAISE = update(inbox).where(inbox.c.id == bindparam("row")).values(attempts=inbox.c.attempts + 1)
_LOWER = (
    update(inbox)
    .where(inbox.c.id == bindparam("row"), inbox.c.state == NEW, inbox.c.attempts > 0)
    .values(attempts=inbox.c.attempts - 1)
)


def _take_rows(unit: Unit, held: list[str]) -> dict[str, list[Claimed]]:
    by_lane: dict[str, list[RowMapping]] = {lane: [] for lane in held}
    for row in unit.rows(_WAITING, lanes=held) if held else ():
        by_lane[row["lane"]].append(row)
    chosen = {lane: _together(unit, waiting) for lane, waiting in by_lane.items()}
    raised = [{"row": r["id"]} for waiting in chosen.values() for r in waiting]
    if raised:
        unit.run(_RAISE, raised)
    return {lane: [c for c in (_claimed(unit, r) for r in rows) if c is not None] for lane, rows in chosen.items()}


def _together(unit: Unit, waiting: list[RowMapping]) -> list[RowMapping]:
    """The rows of a lane that are taken at once: fresh ones in order, or the first alone if it failed before."""
    while waiting and waiting[0]["attempts"] >= MAX_ATTEMPTS:
        _park(unit, waiting.pop(0)["id"], "never came back")
    fresh = list(takewhile(lambda r: not r["attempts"], waiting))
    return fresh or waiting[:1]


def _claimed(unit: Unit, row: Any) -> Claimed | None:
    """The event to be decided; one that cannot be read any more is parked, or it would stop its lane for ever."""
    try:
        event = EVENT.validate_json(unit.vault.open("inbox.sealed", row["id"], row["sealed"]))
    except (Unreadable, ValidationError) as e:
        _park(unit, row["id"], type(e).__name__)
        return None
    return Claimed(id=row["id"], event=event, attempts=row["attempts"] + 1, deadline=row["deadline"])


def _park(unit: Unit, row_id: str, error: str) -> None:
    unit.run(update(inbox).where(inbox.c.id == row_id).values(state="parked", error=error))
