"""Which conversations stand in a rep's lists, by plain and indexed columns only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, CompoundSelect, exists, func, or_, select, true, union

from rules.model import Rep, Task
from storage import names
from storage.customers import load
from storage.rows import task_of
from storage.statements import UNKNOWN
from storage.tables import conversations, customers, follows, outbox, reps, tasks
from storage.unit import Unit

LONGEST = 200


def conversations_for(unit: Unit, query: str, rep: Rep, channels: Collection[str]) -> list[str]:
    """Ids of the conversations in a list: `queue` (unclaimed), `mine` (claimed by or owned by this rep), `unknown`
    (with a sending whose end is unknown), the longest waiting first; `find:<words>`, those last spoken to first.

    `channels`: keys of those of the rep's team. At most LONGEST ids, so what belongs to other teams is left out here
    already; whether the rep may see each is asked by the caller all the same. An unknown query is an empty list.
    """
    kind, _, words = query.partition(":")
    match kind:
        case "queue":
            return _ids(unit, _UNCLAIMED & _hers(rep, channels))
        case "mine":
            return _ids(unit, (conversations.c.status != "closed") & conversations.c.id.in_(_own(rep)))
        case "unknown":
            unclear = select(outbox.c.conversation_id).where(outbox.c.state == UNKNOWN)
            return _ids(unit, conversations.c.id.in_(unclear) & _hers(rep, channels))
        case "find":
            return _newest(unit, names.find(unit, words), rep, channels)
        case _:
            return []


def count(unit: Unit, rep: Rep, channels: Collection[str]) -> int:
    """How many unclaimed conversations with a customer who waits stand with this rep's team."""
    which = _UNCLAIMED & conversations.c.waiting_since.is_not(None) & _hers(rep, channels)
    return int(unit.conn.execute(select(func.count()).select_from(conversations).where(which)).scalar_one())


def due_tasks(unit: Unit, rep_id: str, *, before: datetime, limit: int) -> list[tuple[str, Task]]:
    """A rep's open tasks that are due before a moment, the earliest first, each with the customer's name."""
    due = select(tasks).where(tasks.c.rep == rep_id, tasks.c.open.is_(True), tasks.c.due_at < before)
    found = unit.rows(due.order_by(tasks.c.due_at, tasks.c.id).limit(limit))
    owners = {r["customer_id"]: load(unit, r["customer_id"]) for r in found}
    return [(getattr(owners[r["customer_id"]], "name", ""), task_of(unit, r)) for r in found]


_UNCLAIMED = (conversations.c.claimed_by == "") & conversations.c.status.not_in(("snoozed", "closed"))
"""Open and nobody's, said so that a planner without statistics goes by `claimed_by`: many are open, few nobody's."""


def _hers(rep: Rep, channels: Collection[str]) -> ColumnElement[bool]:
    """What stands with her team: in its channels, or with a customer of a colleague's.

    Her owner is looked up only for a conversation that stands elsewhere: most of a queue needs no second table.
    """
    if rep.role == "manager" or not rep.team:
        return true()
    colleagues = select(reps.c.id).where(reps.c.team == rep.team)
    owned = exists().where(
        customers.c.id == conversations.c.customer_id,
        or_(customers.c.owner.in_(colleagues), customers.c.owner == rep.id),
    )
    return or_(conversations.c.channel.in_(channels), owned.correlate(conversations))


def _own(rep: Rep) -> CompoundSelect[tuple[str]]:
    """Claimed by her, or of a customer she owns: each by its own index, however many others there are."""
    claimed = select(conversations.c.id).where(conversations.c.claimed_by == rep.id)
    hers = select(customers.c.id).where(customers.c.owner == rep.id)
    return union(claimed, select(conversations.c.id).where(conversations.c.customer_id.in_(hers)))


def _ids(unit: Unit, which: ColumnElement[bool]) -> list[str]:
    rows = select(conversations.c.id).where(which).order_by(*_LONGEST_WAITING)
    return [r["id"] for r in unit.rows(rows.limit(LONGEST))]


_LONGEST_WAITING = (
    conversations.c.waiting_since.nulls_last(),
    conversations.c.last_customer_at.nulls_last(),
    conversations.c.id,
)


def _newest(unit: Unit, customer_ids: list[str], rep: Rep, channels: Collection[str]) -> list[str]:
    """Their conversations, in the customers' order, of each the newest first."""
    contacts = select(follows.c.customer_id).where(follows.c.rep_id == rep.id)
    theirs = (
        select(conversations.c.id, conversations.c.customer_id)
        .where(conversations.c.customer_id.in_(customer_ids))
        .where(
            or_(_hers(rep, channels), conversations.c.claimed_by == rep.id, conversations.c.customer_id.in_(contacts))
        )
    )
    place = {customer_id: number for number, customer_id in enumerate(customer_ids)}
    found = unit.rows(theirs.order_by(conversations.c.opened_at.desc()))
    return [r["id"] for r in sorted(found, key=lambda r: place[r["customer_id"]])][:LONGEST]
