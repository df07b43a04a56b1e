"""Which conversations stand in a rep's lists, by plain and indexed columns only."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select

from rules.model import Rep
from storage import names
from storage.tables import conversations, customers, outbox
from storage.unit import Unit

LONGEST = 200


def conversations_for(unit: Unit, query: str, rep: Rep) -> list[str]:
    """Ids of the conversations in a list: `queue` (unclaimed, oldest first), `mine` (claimed by or owned by this rep,
    the longest waiting first), `unknown` (with a sending whose end is unknown), `find:<words>` (newest first).

    Whether the rep may see each is asked by the caller. An unknown query is an empty list.
    """
    kind, _, words = query.partition(":")
    match kind:
        case "queue":
            return _ids(unit, (conversations.c.status == "open") & (conversations.c.claimed_by == ""))
        case "mine":
            own = or_(conversations.c.claimed_by == rep.id, customers.c.owner == rep.id)
            return _ids(unit, (conversations.c.status != "closed") & own)
        case "unknown":
            unclear = select(outbox.c.conversation_id).where(outbox.c.state == "unknown")
            return _ids(unit, conversations.c.id.in_(unclear))
        case "find":
            return _newest(unit, names.find(unit, words))
        case _:
            return []


def _ids(unit: Unit, which: ColumnElement[bool]) -> list[str]:
    joined = conversations.join(customers, customers.c.id == conversations.c.customer_id)
    rows = select(conversations.c.id).select_from(joined).where(which)
    return [
        r["id"] for r in unit.rows(rows.order_by(conversations.c.last_customer_at, conversations.c.id).limit(LONGEST))
    ]


def _newest(unit: Unit, customer_ids: list[str]) -> list[str]:
    mine = select(conversations.c.id).where(conversations.c.customer_id.in_(customer_ids))
    return [r["id"] for r in unit.rows(mine.order_by(conversations.c.opened_at.desc()).limit(LONGEST))]
