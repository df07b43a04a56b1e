"""What a manager asks of the whole house: counts, lists and response times, by plain columns; names only where shown.

Every count has a `Which`, and `talks` with the same `Which` are the rows behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, and_, case, func, literal, null, or_, select, true

from rules.decision import TRACE, Trace
from rules.lateness import Due
from rules.model import Customer
from storage import customers as people
from storage.columns import Moment
from storage.statements import UNKNOWN
from storage.tables import conversations, customers, inbox, outbox, switches, traces
from storage.unit import Unit

_TALKS = conversations.join(customers, customers.c.id == conversations.c.customer_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Which:
    """Which conversations are meant. An empty field means any; `-` means those where it is empty."""

    status: str = ""
    """open, snoozed, closed; `live` = not closed."""
    waiting: bool = False
    """No colleague has answered her last word."""
    due: Due | None = None
    """Her wait is over, by office hours."""
    not_due: Due | None = None
    """Her wait is not over yet."""
    first: bool | None = None
    """No colleague has answered in this conversation yet, or one has."""
    since: datetime | None = None
    """Begun at or after this moment."""
    channel: str = ""
    cell: str = ""
    rep: str = ""
    """Claimed by this rep; `-` = unclaimed."""
    load: str = ""
    """Counted in this rep's load: claimed by them, or unclaimed and owned by them."""
    segment: str = ""
    industry: str = ""
    stage: str = ""
    source: str = ""
    qualified: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Talk:
    """One conversation in a list."""

    id: str
    customer_id: str
    name: str
    status: str
    connector: str
    channel: str
    cell: str
    claimed_by: str
    card_version: int
    opened_at: datetime
    last_customer_at: datetime | None
    last_our_at: datetime | None
    waiting_since: datetime | None
    """Since when she waits for a colleague's word; automatic ones are none."""
    owner: str
    segment: str
    industry: str
    stage: str


_COLUMNS = (
    *(conversations.c[name] for name in "id customer_id status connector channel cell claimed_by card_version".split()),
    *(conversations.c[name] for name in "opened_at last_customer_at last_our_at".split()),
    *(customers.c[name] for name in "owner segment industry stage".split()),
)


def talks(unit: Unit, which: Which, limit: int, *, skip: int = 0) -> list[Talk]:
    """The conversations, those who have waited longest first; `skip` so many, for the pages after the first."""
    c = conversations.c
    since = c.waiting_since if which.waiting or which.due or which.not_due else c.last_customer_at
    picked = select(c.id).select_from(_TALKS).where(condition(which)).order_by(since, c.id).limit(limit).offset(skip)
    place = {r["id"]: number for number, r in enumerate(unit.rows(picked))}
    waiting = case((_waiting(), c.waiting_since), else_=null()).label("waiting_since")
    found = select(*_COLUMNS, waiting).select_from(_TALKS).where(c.id.in_(list(place)))
    rows = sorted(unit.rows(found), key=lambda r: place[r["id"]])
    called = names(unit, {r["customer_id"] for r in rows})
    return [Talk(**r, name=called.get(r["customer_id"], "")) for r in rows]


def count(unit: Unit, which: Which) -> int:
    """How many conversations these are."""
    found = select(func.count()).select_from(_TALKS).where(condition(which))
    return int(unit.conn.execute(found).scalar_one())


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Live conversations that are alike in where they stand."""

    channel: str
    cell: str
    segment: str
    industry: str
    stage: str
    live: int
    unclaimed: int
    waiting: int


def groups(unit: Unit) -> list[Group]:
    """All live conversations, counted by cell, segment, industry and stage."""
    keys = (
        conversations.c.channel,
        conversations.c.cell,
        customers.c.segment,
        customers.c.industry,
        customers.c.stage,
    )
    found = select(
        *keys,
        func.count().label("live"),
        func.sum(case((_unclaimed(), 1), else_=0)).label("unclaimed"),
        func.sum(case((_waiting(), 1), else_=0)).label("waiting"),
    )
    rows = unit.rows(found.select_from(_TALKS).where(_status("live")).group_by(*keys))
    return [Group(**r) for r in rows]


def quiet(unit: Unit, before: datetime, limit: int, *, skip: int = 0) -> list[tuple[Customer, str]]:
    """(customer, conversation id) of live conversations without a word since `before`, the quietest first."""
    c = conversations.c
    silent = and_(
        _status("live"),
        func.coalesce(c.last_customer_at, c.opened_at) < before,
        func.coalesce(c.last_our_at, c.opened_at) < before,
    )
    found = select(c.id, c.customer_id).where(silent).order_by(func.coalesce(c.last_customer_at, c.opened_at), c.id)
    rows = unit.rows(found.limit(limit).offset(skip))
    loaded = {i: people.load(unit, i) for i in {r["customer_id"] for r in rows}}
    return [(who, r["id"]) for r in rows if (who := loaded[r["customer_id"]]) is not None]


def quiet_count(unit: Unit, before: datetime) -> int:
    """How many live conversations there are without a word since `before`."""
    c = conversations.c
    first = (func.coalesce(c.last_customer_at, c.opened_at) < before) & _status("live")
    found = select(func.count()).where(first, func.coalesce(c.last_our_at, c.opened_at) < before)
    return int(unit.conn.execute(found).scalar_one())


@dataclass(frozen=True, kw_only=True, slots=True)
class Unclear:
    """A sending whose end nobody knows, or that could not be delivered."""

    id: str
    kind: str
    connector: str
    customer_id: str
    conversation_id: str
    reason: str
    attempts: int
    ended_at: datetime | None


def unclear(unit: Unit, limit: int) -> list[Unclear]:
    """Sendings whose end is unknown, oldest first."""
    names_ = "id kind connector customer_id conversation_id reason attempts ended_at".split()
    found = select(*(outbox.c[n] for n in names_)).where(outbox.c.state == UNKNOWN).order_by(outbox.c.seq).limit(limit)
    return [Unclear(**r) for r in unit.rows(found)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parked:
    """An event that was given up: what it says was not done."""

    id: str
    kind: str
    at: datetime
    attempts: int
    error: str


def parked(unit: Unit, limit: int) -> list[Parked]:
    """Parked events, oldest first."""
    kept = [inbox.c[n] for n in ("id", "kind", "at", "attempts", "error")]
    found = select(*kept).where(inbox.c.state == "parked").order_by(inbox.c.seq).limit(limit)
    return [Parked(**r) for r in unit.rows(found)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Deed:
    """One turn of the hub with its reasons."""

    seq: int
    customer_id: str
    conversation_id: str
    trace: Trace


@dataclass(frozen=True, kw_only=True, slots=True)
class Deeds:
    """Which turns are meant."""

    before: int = 0
    """Before the one with this number; 0 = from the newest."""
    mark: str = ""
    """Those that met one rule, cell or signal, `rule:asked-price`; `cell:` means any cell but `by-hand`."""
    since: datetime | None = None
    until: datetime | None = None


def deeds(unit: Unit, limit: int, which: Deeds) -> list[Deed]:
    """What the hub did about customers, newest first."""
    found = (
        select(inbox.c.seq, traces.c.event_id, traces.c.customer_id, traces.c.conversation_id, traces.c.sealed)
        .select_from(inbox.join(traces, traces.c.event_id == inbox.c.id))
        .where(_meant(which))
        .order_by(inbox.c.seq.desc())
        .limit(limit)
    )
    return [_deed(unit, r) for r in unit.rows(found)]


def _meant(which: Deeds) -> ColumnElement[bool]:
    parts = [inbox.c.seq < which.before if which.before else true()]
    if which.mark:
        marks = literal(" ") + traces.c.marks + " "
        end = "" if which.mark.endswith(":") else " "
        parts += [traces.c.marks != "", marks.contains(f" {which.mark}{end}", autoescape=True)]
        parts += [~marks.contains(" cell:by-hand ")] if which.mark == "cell:" else []
    if which.since is not None:
        parts.append(traces.c.at >= which.since)
    if which.until is not None:
        parts.append(traces.c.at < which.until)
    return and_(*parts)


def names(unit: Unit, ids: Collection[str]) -> Mapping[str, str]:
    """What customers are called, by id."""
    if not ids:
        return {}
    rows = unit.rows(select(customers.c.id, customers.c.sealed).where(customers.c.id.in_(list(ids))))
    return {r["id"]: unit.open("customers.sealed", r["id"], r["sealed"])["name"] for r in rows}


def versions(unit: Unit, ids: Collection[str]) -> Mapping[str, int]:
    """The card versions of conversations, by id."""
    found = select(conversations.c.id, conversations.c.card_version).where(conversations.c.id.in_(list(ids)))
    return {r["id"]: r["card_version"] for r in unit.rows(found)} if ids else {}


def paused_by(unit: Unit, key: str) -> tuple[str, datetime] | None:
    """Who turned a switch on, and when; None while it is off."""
    row = unit.row(select(switches).where(switches.c.key == key))
    return (row["by"], row["at"]) if row is not None and row["on"] else None


def _deed(unit: Unit, row: RowMapping) -> Deed:
    trace = TRACE.validate_json(unit.vault.open("traces.sealed", row["event_id"], row["sealed"]))
    return Deed(seq=row["seq"], customer_id=row["customer_id"], conversation_id=row["conversation_id"], trace=trace)


def condition(which: Which) -> ColumnElement[bool]:
    """The conversations as a condition; those that ask for a customer's columns need the join with customers."""
    c, parts = conversations.c, [_status(which.status)]
    plain = {
        c.channel: which.channel,
        c.cell: which.cell,
        c.claimed_by: which.rep,
        customers.c.segment: which.segment,
        customers.c.industry: which.industry,
        customers.c.stage: which.stage,
        customers.c.source: which.source,
    }
    parts += [column == ("" if value == "-" else value) for column, value in plain.items() if value]
    if which.waiting:
        parts.append(_waiting())
    if which.load:
        owned = (c.claimed_by == "") & (customers.c.owner == which.load)
        parts.append(or_(c.claimed_by == which.load, owned))
    if which.due is not None:
        parts += [_waiting(), _over(which.due)]
    if which.not_due is not None:
        parts += [_waiting(), ~_over(which.not_due)]
    if which.first is not None:
        parts.append(c.last_our_at.is_(None) if which.first else c.last_our_at.is_not(None))
    if which.qualified:
        parts.append(customers.c.qualified.is_(True))
    if which.since is not None:
        parts.append(c.opened_at >= which.since)
    return and_(true(), *parts)


def _status(status: str) -> ColumnElement[bool]:
    if not status:
        return true()
    return conversations.c.status != "closed" if status == "live" else conversations.c.status == status


def _unclaimed() -> ColumnElement[bool]:
    return conversations.c.claimed_by == ""


def _over(due: Due) -> ColumnElement[bool]:
    """Her wait is over; how long it may be depends on whether a colleague has answered before."""
    c = conversations.c
    return c.waiting_since <= case((c.last_our_at.is_(None), bind(due.first)), else_=bind(due.next))


def _waiting() -> ColumnElement[bool]:
    """She waits for a colleague. What the hub said by itself, about closed hours say, is no answer."""
    c = conversations.c
    return and_(c.status == "open", c.waiting_since.is_not(None))


def bind(at: datetime) -> ColumnElement[datetime]:
    """A moment inside an expression that does not know it compares moments."""
    return literal(at, Moment())
