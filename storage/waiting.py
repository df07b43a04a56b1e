"""Which outbox rows may be claimed now, and when the next one can be: one definition for claim and `pending`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal, or_, select, text

from storage.statements import EMPTY, NEW, UNDER_WAY, UNKNOWN
from storage.tables import outbox, rests
from storage.unit import Unit

_NOW = bindparam("now", type_=rests.c.until.type)
_CLOCK = bindparam("clock", type_=outbox.c.until.type)
_first = outbox.alias("first")
_in_the_way = and_(
    _first.c.lane == outbox.c.lane,
    _first.c.seq < outbox.c.seq,
    text("first.state IN ('new', 'sending')"),
    _first.c.hold != UNKNOWN,
    or_(_first.c.not_before.is_(None), _first.c.not_before <= _NOW),
)
_lane_rests = and_(rests.c.scope == literal("lane|") + outbox.c.lane, rests.c.until > _NOW)
_FREE = and_(
    outbox.c.state == NEW,
    outbox.c.hold == EMPTY,
    or_(outbox.c.not_before.is_(None), outbox.c.not_before <= _NOW),
    or_(outbox.c.retry_at.is_(None), outbox.c.retry_at <= _NOW),
    ~select(literal(1)).select_from(_first).where(_in_the_way).exists(),
    ~select(literal(1)).select_from(rests).where(_lane_rests).exists(),
)
"""Not planned for later, not behind another row of its lane, its lane not resting. A row planned for later, or behind
an unknown end, is in nobody's way."""

PRESSING = select(outbox).where(_FREE, outbox.c.deadline.is_not(None)).order_by(outbox.c.deadline, outbox.c.seq)
OLDEST = select(outbox).where(_FREE).order_by(outbox.c.seq)
INTERRUPTED = select(outbox).where(outbox.c.state == UNDER_WAY, outbox.c.until <= _CLOCK).order_by(outbox.c.seq)
"""Rows whose sender never came back, by the database's clock."""
_WIDE = select(rests.c.scope).where(
    rests.c.until > _NOW, or_(rests.c.scope.startswith("app|"), rests.c.scope.startswith("platform|"))
)


def awake(unit: Unit, now: datetime, *ready: Select[Any]) -> list[Select[Any]]:
    """The queries without what rests as a whole: a platform, or one kind of call of it."""
    wide = [r.scope for r in unit.conn.execute(_WIDE, {"now": now})]
    return [query.where(~_at_rest(wide)) for query in ready] if wide else list(ready)


def ready_count(unit: Unit, now: datetime) -> int:
    """How many rows could be claimed now, interrupted ones not counted."""
    [rows] = awake(unit, now, select(outbox.c.id).where(_FREE))
    return int(unit.conn.execute(select(func.count()).select_from(rows.subquery()), {"now": now}).scalar_one())


def next_moments(unit: Unit, now: datetime) -> list[datetime | None]:
    """The earliest planned, retry, deadline and rest moments still to come among unsent rows."""
    row = unit.conn.execute(_NEXT, {"now": now}).mappings().one()
    return [row[name] for name in row]


def _at_rest(wide: Sequence[str]) -> ColumnElement[bool]:
    found: list[ColumnElement[bool]] = []
    for scope in wide:
        what, connector, *kind = scope.split("|")
        same = outbox.c.connector == connector
        found.append(same if what == "platform" else and_(same, outbox.c.kind == kind[0]))
    return or_(*found)


def _earliest(column: Any) -> Any:
    return select(func.min(column)).where(outbox.c.state == NEW, column > _NOW).scalar_subquery()


_NEXT = select(
    _earliest(outbox.c.not_before).label("not_before"),
    _earliest(outbox.c.retry_at).label("retry_at"),
    _earliest(outbox.c.deadline).label("deadline"),
    select(func.min(rests.c.until)).where(rests.c.until > _NOW).scalar_subquery().label("rest"),
)
