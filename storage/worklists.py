"""Which conversations stand in a rep's lists, by plain and indexed columns only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, true

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
            unclaimed = (conversations.c.status == "open") & (conversations.c.claimed_by == "")
            return _ids(unit, unclaimed & _hers(rep, channels))
        case "mine":
            own = or_(conversations.c.claimed_by == rep.id, customers.c.owner == rep.id)
            return _ids(unit, (conversations.c.status != "closed") & own)
        case "unknown":
            unclear = select(outbox.c.conversation_id).where(outbox.c.state == UNKNOWN)
            return _ids(unit, conversations.c.id.in_(unclear) & _hers(rep, channels))
        case "find":
            return _newest(unit, names.find(unit, words), rep, channels)
        case _:
            return []


def count(unit: Unit, rep: Rep, channels: Collection[str]) -> int:
    """How many unclaimed conversations with a customer who waits stand with this rep's team."""
    joined = conversations.join(customers, customers.c.id == conversations.c.customer_id)
    waits = (conversations.c.status == "open") & (conversations.c.claimed_by == "")
    which = waits & conversations.c.waiting_since.is_not(None) & _hers(rep, channels)
    return int(unit.conn.execute(select(func.count()).select_from(joined).where(which)).scalar_one())


def due_tasks(unit: Unit, rep_id: str, *, before: datetime, limit: int) -> list[tuple[str, Task]]:
    """A rep's open tasks that are due before a moment, the earliest first, each with the customer's name."""
    due = select(tasks).where(tasks.c.rep == rep_id, tasks.c.open.is_(True), tasks.c.due_at < before)
    found = unit.rows(due.order_by(tasks.c.due_at, tasks.c.id).limit(limit))
    owners = {r["customer_id"]: load(unit, r["customer_id"]) for r in found}
    return [(getattr(owners[r["customer_id"]], "name", ""), task_of(unit, r)) for r in found]


def _hers(rep: Rep, channels: Collection[str]) -> ColumnElement[bool]:
    """What stands with her team: in its channels, or with a customer of a colleague's."""
    if rep.role == "manager" or not rep.team:
        return true()
    colleagues = select(reps.c.id).where(reps.c.team == rep.team)
    return or_(conversations.c.channel.in_(channels), customers.c.owner.in_(colleagues), customers.c.owner == rep.id)


def _ids(unit: Unit, which: ColumnElement[bool]) -> list[str]:
    joined = conversations.join(customers, customers.c.id == conversations.c.customer_id)
    rows = select(conversations.c.id).select_from(joined).where(which).order_by(*_LONGEST_WAITING)
    return [r["id"] for r in unit.rows(rows.limit(LONGEST))]


_LONGEST_WAITING = (
    conversations.c.waiting_since.nulls_last(),
    conversations.c.last_customer_at.nulls_last(),
    conversations.c.id,
)


def _newest(unit: Unit, customer_ids: list[str], rep: Rep, channels: Collection[str]) -> list[str]:
    """Their conversations, in the customers' order, of each the newest first."""
    joined = conversations.join(customers, customers.c.id == conversations.c.customer_id)
    contacts = select(follows.c.customer_id).where(follows.c.rep_id == rep.id)
    theirs = (
        select(conversations.c.id, conversations.c.customer_id)
        .select_from(joined)
        .where(conversations.c.customer_id.in_(customer_ids))
        .where(or_(_hers(rep, channels), conversations.c.claimed_by == rep.id, customers.c.id.in_(contacts)))
    )
    place = {customer_id: number for number, customer_id in enumerate(customer_ids)}
    found = unit.rows(theirs.order_by(conversations.c.opened_at.desc()))
    return [r["id"] for r in sorted(found, key=lambda r: place[r["customer_id"]])][:LONGEST]
