"""When each rep is next told something that nobody has just caused; a tick turns what is due into inbox events.

What the next moment is, is decided elsewhere: rows are planned, fire once for one due time, and are planned anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from rules.events import ReminderDue
from storage.inbox import Accepted, accept_many
from storage.tables import reminders
from storage.unit import Unit

_DUE = (
    select(reminders)
    .where(reminders.c.due_at <= bindparam("now", type_=reminders.c.due_at.type))
    .order_by(reminders.c.due_at, reminders.c.rep_id)
)
_DONE = delete(reminders).where(
    reminders.c.rep_id == bindparam("of_rep"),
    reminders.c.about == bindparam("of_about"),
    reminders.c.due_at == bindparam("of_due", type_=reminders.c.due_at.type),
)
DIGEST = "digest"


def planned(unit: Unit) -> dict[str, datetime]:
    """When each rep's digest is due, by rep id."""
    return {r["rep_id"]: r["due_at"] for r in unit.rows(select(reminders).where(reminders.c.about == DIGEST))}


def plan(unit: Unit, wanted: Mapping[str, datetime]) -> None:
    """Make the table say exactly this: moments that changed are moved, reps that are not named get none."""
    known = planned(unit)
    moved = [(rep, due) for rep, due in wanted.items() if known.get(rep) != due]
    unit.upsert(reminders, [{"rep_id": rep, "about": DIGEST, "due_at": due} for rep, due in moved])
    gone = [rep for rep in known if rep not in wanted]
    if gone:
        unit.run(delete(reminders).where(reminders.c.rep_id.in_(gone), reminders.c.about == DIGEST))


def any_due(unit: Unit, now: datetime) -> bool:
    """Whether something is due; a look that takes no lock."""
    return unit.row(_DUE.limit(1), now=now) is not None


def fire_due(unit: Unit, now: datetime, limit: int = 500) -> int:
    """Put an event into the inbox for each rep whose time has come, at most `limit`; how many.

    The event's id is made of rep and due time: two nodes that tick at once, or one whose clock is a little behind and
    plans the same moment again, make one event.
    """
    due = _DUE.limit(limit)
    if unit.postgres:
        due = due.with_for_update(skip_locked=True)
    found = unit.rows(due, now=now)
    if not found:
        return 0
    accept_many(unit, [[_accepted(unit, r["rep_id"], r["due_at"], now) for r in found]])
    unit.run(_DONE, [{"of_rep": r["rep_id"], "of_about": r["about"], "of_due": r["due_at"]} for r in found])
    return len(found)


def _accepted(unit: Unit, rep: str, due: datetime, now: datetime) -> Accepted:
    event = ReminderDue(id=f"digest/{rep}/{due.isoformat()}", at=now, rep=rep, due_at=due)
    return Accepted(event=event, lane=unit.vault.digest("lane", f"rep|{rep}"))
