"""Numbers of the manager's pages, each group of them in one query over plain columns.

Whatever is counted here leads to a list of storage/reports.py that shows the same rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, func, or_, select, true, type_coerce

from rules.lateness import Due
from storage.reports import Which, condition
from storage.tables import conversations, customers, stage_moves, traces
from storage.unit import Unit

MICRO = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
Span = tuple[datetime | None, datetime | None]
"""From a moment, up to but not including another; None = open at that end."""


def _sum(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((which, 1), else_=0)), 0)


def within(column: Any, span: Span) -> ColumnElement[bool]:
    """Whether a moment lies in the span."""
    since, until = span
    return and_(true(), *((column >= since,) if since else ()), *((column < until,) if until else ()))


# --- now ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Now:
    """How the house stands at this moment."""

    open: int
    waiting: int
    risk: int
    breached: int
    unclaimed: int
    unrouted: int


def now(unit: Unit, late: Due, risk: Due) -> Now:
    """Counts of conversations, all from one look."""
    wanted = {
        "open": Which(status="open"),
        "waiting": Which(waiting=True),
        "risk": Which(due=risk, not_due=late),
        "breached": Which(due=late),
        "unclaimed": Which(status="open", rep="-"),
        "unrouted": Which(status="live", channel="-"),
    }
    found = select(*(_sum(condition(which)).label(name) for name, which in wanted.items()))
    row = unit.row(found.select_from(conversations).where(conversations.c.status != "closed"))
    return Now(**{name: int(row[name]) for name in wanted}) if row else Now(**dict.fromkeys(wanted, 0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What one colleague holds at this moment."""

    live: int
    waiting: int
    breached: int


def held(unit: Unit, late: Due) -> Mapping[str, Held]:
    """What each colleague has claimed, by id; the empty id holds what nobody has claimed."""
    who = conversations.c.claimed_by
    found = (
        select(
            who,
            func.count().label("live"),
            _sum(condition(Which(waiting=True))).label("waiting"),
            _sum(condition(Which(due=late))).label("breached"),
        )
        .where(conversations.c.status != "closed")
        .group_by(who)
    )
    return {r[0]: Held(live=r[1], waiting=int(r[2]), breached=int(r[3])) for r in unit.conn.execute(found)}


# --- first answers --------------------------------------------------------------------------------------------------

Begun = tuple[str, float, float | None]
"""Who has claimed it; when it began; when a colleague first answered: epoch seconds."""


def begun(unit: Unit, span: Span, *, answered: bool = False) -> list[Begun]:
    """Conversations begun in a span in which she wrote, oldest first; `answered`: only those with an answer."""
    c = conversations.c
    opened, replied = (type_coerce(x, BigInteger) for x in (c.opened_at, c.first_reply_at))
    wrote = c.first_reply_at.is_not(None) if answered else c.last_customer_at.is_not(None)
    found = select(c.claimed_by, opened, replied).where(within(c.opened_at, span), wrote)
    rows = unit.conn.execute(found.order_by(c.opened_at))
    return [(who, a / MICRO, None if b is None else b / MICRO) for who, a, b in rows]


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstReply:
    """How a new conversation began."""

    conversation_id: str
    customer_id: str
    claimed_by: str
    opened_at: datetime
    first_reply_at: datetime | None


def first_replies(unit: Unit, span: Span, limit: int, *, skip: int = 0) -> list[FirstReply]:
    """The conversations of `begun`, newest first."""
    c = conversations.c
    keys = (c.id.label("conversation_id"), c.customer_id, c.claimed_by, c.opened_at, c.first_reply_at)
    found = select(*keys).where(within(c.opened_at, span), c.last_customer_at.is_not(None))
    rows = unit.rows(found.order_by(c.opened_at.desc(), c.id).limit(limit).offset(skip))
    return [FirstReply(**r) for r in rows]


# --- hits -----------------------------------------------------------------------------------------------------------


def hits(unit: Unit, span: Span) -> Counter[str]:
    """How often each rule, cell and signal was met by a turn: `rule:...`, `cell:...`, `score:...`."""
    t = traces.c
    found = select(t.marks, func.count()).where(t.marks != "", within(t.at, span)).group_by(t.marks)
    counted: Counter[str] = Counter()
    for marks, n in unit.conn.execute(found):
        for mark in marks.split():
            counted[mark] += n
    return counted


# --- stages ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """How many went from one stage to another, and how."""

    came: str
    went: str
    by: Literal["rule", "rep"]
    rule: str
    count: int


def moves(unit: Unit, span: Span) -> list[Move]:
    """Every kind of move between stages in a span, the most frequent first."""
    m = stage_moves.c
    keys = (m.came, m.went, m.by, m.rule)
    found = select(*keys, func.count().label("count")).where(within(m.at, span)).group_by(*keys)
    return [Move(**r) for r in unit.rows(found.order_by(func.count().desc(), m.came, m.went, m.by, m.rule))]


def standing(unit: Unit, known: Span) -> Mapping[str, int]:
    """How many customers, first met in a span, stand in each stage now."""
    found = select(customers.c.stage, func.count()).where(within(customers.c.created_at, known))
    return {r[0]: int(r[1]) for r in unit.conn.execute(found.group_by(customers.c.stage))}


@dataclass(frozen=True, kw_only=True, slots=True)
class Days:
    """How long something took for so many."""

    count: int
    median: float
    """Days; the middle one by nearest rank."""


def reached(unit: Unit, known: Span) -> Mapping[str, Days]:
    """For each stage, how many customers of a span ever came there, and how soon after they were first met."""
    m = stage_moves.c
    met = type_coerce(m.at, BigInteger) - m.known_for
    since, until = (None if t is None else (t - _EPOCH) // _TICK for t in known)
    inside = and_(m.again.is_(False), *((met >= since,) if since else ()), *((met < until,) if until else ()))
    return _middle(unit, select(m.went, m.known_for).where(inside))


def stayed(unit: Unit, span: Span) -> Mapping[str, Days]:
    """For each stage, how many times it was left in a span, and how long those customers had been in it."""
    m = stage_moves.c
    return _middle(unit, select(m.came, m.stayed_for).where(within(m.at, span)))


def _middle(unit: Unit, spans: Select[Any]) -> Mapping[str, Days]:
    """Count and median of spans in microseconds, by stage."""
    found: dict[str, list[int]] = {}
    for stage, micros in unit.conn.execute(spans):
        found.setdefault(stage, []).append(micros)
    return {
        stage: Days(count=len(took), median=sorted(took)[(len(took) - 1) // 2] / MICRO / 86400)
        for stage, took in found.items()
    }


# --- sources --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What came from one live QR code or page."""

    source: str
    people: int
    talked: int
    """Who has written."""
    qualified: int
    won: int
    """Who is or was a client."""


def origins(unit: Unit, known: Span) -> list[Origin]:
    """Customers first met in a span, by where they came from, the largest first."""
    cu = customers.c
    wrote = select(conversations.c.id).where(
        conversations.c.customer_id == cu.id, conversations.c.last_customer_at.is_not(None)
    )
    won = select(stage_moves.c.at).where(stage_moves.c.customer_id == cu.id, stage_moves.c.went == "client")
    found = select(
        cu.source,
        func.count().label("people"),
        _sum(wrote.correlate(customers).exists()).label("talked"),
        _sum(cu.qualified.is_(True)).label("qualified"),
        _sum(or_(cu.stage == "client", won.correlate(customers).exists())).label("won"),
    )
    rows = unit.rows(found.where(within(cu.created_at, known)).group_by(cu.source).order_by(func.count().desc()))
    names = ("people", "talked", "qualified", "won")
    return [Origin(source=r["source"], **{name: int(r[name]) for name in names}) for r in rows]


def share(values: Sequence[float], part: float) -> float | None:
    """The smallest value that `part` of them do not exceed (nearest rank); None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, -int(-part * len(ordered) // 1) - 1)]
