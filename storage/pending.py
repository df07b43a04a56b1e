"""Whether anything is left to do now, and when something will be: what `/readyz` and a pushed clock ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from storage import waiting
from storage.tables import inbox, outbox, timers
from storage.unit import Unit, db_now


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
    claimable = waiting.ready(now, db_now(unit)).where(outbox.c.state == "new")
    ready = claimable.order_by(None).with_only_columns(outbox.c.id).subquery()
    sending = select(func.count()).select_from(outbox).where(outbox.c.state == "sending").scalar_subquery()
    due = select(func.count()).select_from(timers).where(timers.c.state == "set", timers.c.due_at <= now)
    counts = unit.row(
        select(
            select(func.count()).select_from(inbox).where(inbox.c.state == "new").scalar_subquery().label("inbox"),
            (select(func.count()).select_from(ready).scalar_subquery() + sending).label("outbox"),
            due.scalar_subquery().label("timers"),
        )
    )
    assert counts is not None  # noqa: S101  # a query of counts always has its one row
    return Pending(**counts, next_due=_next(unit, now))


def _next(unit: Unit, now: datetime) -> datetime | None:
    row = unit.row(waiting.next_moments(now))
    moments: list[datetime | None] = [] if row is None else [row[name] for name in row]
    coming = select(func.min(timers.c.due_at)).where(timers.c.state == "set", timers.c.due_at > now)
    moments.append(unit.conn.execute(coming).scalar())
    return min((m for m in moments if m is not None), default=None)
