"""Which outbox rows may be claimed now, and when the next one can be: one definition for claim and `pending`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select

from storage.tables import outbox, rests


def ready(now: datetime, clock: float) -> Select[Any]:
    """Rows to be sent now, in the order they are to be taken; `clock` is the database's, for leases."""
    interrupted = and_(outbox.c.state == "sending", outbox.c.until <= clock)
    urgent = case((outbox.c.deadline.is_(None), 1), else_=0)
    which = or_(and_(outbox.c.state == "new", _free(now)), interrupted)
    return select(outbox).where(which).order_by(urgent, outbox.c.deadline, outbox.c.seq)


def _free(now: datetime) -> ColumnElement[bool]:
    return and_(
        outbox.c.hold == "",
        or_(outbox.c.not_before.is_(None), outbox.c.not_before <= now),
        or_(outbox.c.retry_at.is_(None), outbox.c.retry_at <= now),
        ~_behind(now),
        ~_resting(now),
    )


def _behind(now: datetime) -> ColumnElement[bool]:
    """Another row of the lane must go first. One planned for later, or behind an unknown end, blocks nobody."""
    first = outbox.alias("first")
    blocks = and_(
        first.c.lane == outbox.c.lane,
        first.c.seq < outbox.c.seq,
        first.c.state.in_(("new", "sending")),
        first.c.hold != "unknown",
        or_(first.c.not_before.is_(None), first.c.not_before <= now),
    )
    return select(literal(1)).select_from(first).where(blocks).exists()


def _resting(now: datetime) -> ColumnElement[bool]:
    scopes = (
        "lane|" + outbox.c.lane,
        "app|" + outbox.c.connector + "|" + outbox.c.kind,
        "platform|" + outbox.c.connector,
    )
    return select(literal(1)).select_from(rests).where(rests.c.scope.in_(scopes), rests.c.until > now).exists()


def next_moments(now: datetime) -> Select[Any]:
    """The earliest planned, retry and deadline moments still to come among unsent rows."""
    unsent = outbox.c.state == "new"

    def earliest(column: Any) -> Any:
        return select(func.min(column)).where(unsent, column > now).scalar_subquery()

    resting = select(func.min(rests.c.until)).where(rests.c.until > now).scalar_subquery()
    return select(
        earliest(outbox.c.not_before).label("not_before"),
        earliest(outbox.c.retry_at).label("retry_at"),
        earliest(outbox.c.deadline).label("deadline"),
        resting.label("rest"),
    )
