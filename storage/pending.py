"""Whether anything is left to do now, and when something will be: what `/readyz` and a pushed clock ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, Table, bindparam, func, select

from storage import waiting
from storage.statements import NEW, SET, UNDER_WAY
from storage.tables import inbox, outbox, reminders, timers
from storage.unit import Unit


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """Work that could be done at this moment, and the earliest moment at which there is more."""

    inbox: int
    outbox: int
    """Ready now or being sent. Unknown ends wait for a person and do not count."""
    timers: int
    next_due: datetime | None

    @property
    def idle(self) -> bool:
        """Whether nothing is to be done now."""
        return not (self.inbox or self.outbox or self.timers)


def pending(unit: Unit, now: datetime) -> Pending:
    """What is waiting at `now`."""
    counts = unit.conn.execute(_COUNTS, {"now": now}).mappings().one()
    coming = (counts["coming"], counts["reminds"], *waiting.next_moments(unit, now))
    return Pending(
        inbox=counts["inbox"],
        outbox=counts["sending"] + waiting.ready_count(unit, now),
        timers=counts["due"] + counts["reminding"],
        next_due=min((m for m in coming if m is not None), default=None),
    )


_NOW = bindparam("now", type_=timers.c.due_at.type)


def _count(table: Table, *which: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(table).where(*which).scalar_subquery()


_COUNTS = select(
    _count(inbox, inbox.c.state == NEW).label("inbox"),
    _count(outbox, outbox.c.state == UNDER_WAY).label("sending"),
    _count(timers, timers.c.state == SET, timers.c.due_at <= _NOW).label("due"),
    _count(reminders, reminders.c.due_at <= _NOW).label("reminding"),
    select(func.min(reminders.c.due_at)).where(reminders.c.due_at > _NOW).scalar_subquery().label("reminds"),
    select(func.min(timers.c.due_at))
    .where(timers.c.state == SET, timers.c.due_at > _NOW)
    .scalar_subquery()
    .label("coming"),
)
