"""The rows behind the manager's numbers about people: customers, and their moves between stages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true

from storage.figures import Span, within
from storage.reports import names
from storage.tables import conversations, customers, stage_moves
from storage.unit import Unit


@dataclass(frozen=True, kw_only=True, slots=True)
class Whom:
    """Which customers are meant. An empty field means any; `-` means those where it is empty."""

    known: Span = (None, None)
    """First met in this span."""
    stage: str = ""
    reached: str = ""
    """Was once in this stage."""
    source: str = ""
    qualified: bool = False
    talked: bool = False
    """Has written to us."""
    won: bool = False
    """Is or was a client."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """One customer in a list."""

    id: str
    name: str
    stage: str
    source: str
    owner: str
    qualified: bool
    created_at: datetime
    conversation_id: str
    """Her newest conversation; empty when she has none."""


def people(unit: Unit, whom: Whom, limit: int, *, skip: int = 0) -> list[Known]:
    """The customers, those met last first."""
    c = customers.c
    newest = (
        select(conversations.c.id)
        .where(conversations.c.customer_id == c.id)
        .order_by(conversations.c.opened_at.desc(), conversations.c.id)
        .limit(1)
        .correlate(customers)
        .scalar_subquery()
    )
    keys = (c.id, c.stage, c.source, c.owner, c.qualified, c.created_at)
    found = select(*keys, func.coalesce(newest, "").label("conversation_id")).where(_whom(whom))
    rows = unit.rows(found.order_by(c.created_at.desc(), c.id).limit(limit).offset(skip))
    called = names(unit, {r["id"] for r in rows})
    return [Known(**r, name=called.get(r["id"], "")) for r in rows]


def people_count(unit: Unit, whom: Whom) -> int:
    """How many customers these are."""
    return int(unit.conn.execute(select(func.count()).select_from(customers).where(_whom(whom))).scalar_one())


def _whom(whom: Whom) -> ColumnElement[bool]:
    c, parts = customers.c, [within(customers.c.created_at, whom.known)]
    for column, value in ((c.stage, whom.stage), (c.source, whom.source)):
        if value:
            parts.append(column == ("" if value == "-" else value))
    if whom.qualified:
        parts.append(c.qualified.is_(True))
    if whom.talked:
        mine = select(conversations.c.id).where(conversations.c.customer_id == c.id)
        parts.append(mine.where(conversations.c.last_customer_at.is_not(None)).correlate(customers).exists())
    if whom.won:
        parts.append(or_(c.stage == "client", _was_in("client")))
    if whom.reached:
        parts.append(_was_in(whom.reached))
    return and_(true(), *parts)


def _was_in(stage: str) -> ColumnElement[bool]:
    moved = select(stage_moves.c.at).where(stage_moves.c.customer_id == customers.c.id, stage_moves.c.went == stage)
    return moved.correlate(customers).exists()


@dataclass(frozen=True, kw_only=True, slots=True)
class Moves:
    """Which moves between stages are meant; an empty field means any."""

    span: Span = (None, None)
    came: str = ""
    went: str = ""
    by: str = ""
    rule: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """One move."""

    at: datetime
    customer_id: str
    name: str
    conversation_id: str
    came: str
    went: str
    by: str
    rule: str


def moves(unit: Unit, which: Moves, limit: int, *, skip: int = 0) -> list[Moved]:
    """The moves, newest first."""
    m = stage_moves.c
    newest = select(func.max(conversations.c.id)).where(conversations.c.customer_id == m.customer_id)
    keys = (m.at, m.customer_id, m.came, m.went, m.by, m.rule)
    talk = func.coalesce(newest.correlate(stage_moves).scalar_subquery(), "").label("conversation_id")
    found: Select[Any] = select(*keys, talk).where(_moves(which)).order_by(m.at.desc(), m.customer_id)
    rows = unit.rows(found.limit(limit).offset(skip))
    called = names(unit, {r["customer_id"] for r in rows})
    return [Moved(**r, name=called.get(r["customer_id"], "")) for r in rows]


def moves_count(unit: Unit, which: Moves) -> int:
    """How many moves these are."""
    return int(unit.conn.execute(select(func.count()).select_from(stage_moves).where(_moves(which))).scalar_one())


def _moves(which: Moves) -> ColumnElement[bool]:
    m = stage_moves.c
    plain = {m.came: which.came, m.went: which.went, m.by: which.by, m.rule: which.rule}
    return and_(within(m.at, which.span), *(column == value for column, value in plain.items() if value))
