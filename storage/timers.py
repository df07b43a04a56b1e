"""Business timers are rows; a tick turns the due ones into inbox events, each exactly once, whoever ticks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, bindparam, or_, select, update

from rules.events import ChannelWentQuiet, Event, TimerFired
from storage.inbox import Accepted, accept_many
from storage.statements import FIRED, SET
from storage.tables import conversations, timers
from storage.unit import Unit

_DUE = (
    select(timers)
    .where(timers.c.state == SET, timers.c.due_at <= bindparam("now", type_=timers.c.due_at.type))
    .order_by(timers.c.due_at)
)
_FIRE = (
    update(timers)
    .where(timers.c.customer_id == bindparam("of_customer"), timers.c.key == bindparam("of_key"))
    .values(state=FIRED)
)


def any_due(unit: Unit, now: datetime) -> bool:
    """Whether a timer is due; a look that takes no lock."""
    return unit.row(_DUE.limit(1), now=now) is not None


def fire_due(unit: Unit, now: datetime, limit: int = 500) -> int:
    """Put an event into the inbox for each due timer, oldest first, at most `limit`; how many fired.

    A timer fires once for one due time, also when two nodes tick at once; set again for later it fires again.
    """
    due = _DUE.limit(limit)
    if unit.postgres:
        due = due.with_for_update(skip_locked=True)
    found = unit.rows(due, now=now)
    if not found:
        return 0
    lanes = _lanes(unit, found)
    accept_many(unit, [[_accepted(unit, t, lanes, now) for t in found]])
    unit.run(_FIRE, [{"of_customer": t["customer_id"], "of_key": t["key"]} for t in found])
    return len(found)


def bring_forward(unit: Unit, conversation_id: str, now: datetime) -> bool:
    """Let the quiet timer of a conversation be due now, also one that was held after a restore; False without one."""
    quiet = (timers.c.conversation_id == conversation_id) & (timers.c.kind == "quiet")
    return unit.run(update(timers).where(quiet).values(due_at=now, state="set")).rowcount > 0


def _accepted(unit: Unit, timer: RowMapping, lanes: dict[str, str], now: datetime) -> Accepted:
    lane = lanes.get(timer["conversation_id"]) or lanes.get(timer["customer_id"])
    return Accepted(
        event=_event(timer, now),
        lane=lane or unit.vault.digest("lane", f"customer|{timer['customer_id']}"),
    )


def _event(timer: RowMapping, now: datetime) -> Event:
    about = timer["conversation_id"] or timer["customer_id"]
    due: datetime = timer["due_at"]
    if timer["kind"] == "quiet":
        event_id = f"quiet/{about}/{timer['episode']}/{due.isoformat()}"
        return ChannelWentQuiet(id=event_id, at=now, conversation_id=about, episode=timer["episode"])
    return TimerFired(
        id=f"{timer['kind']}/{about}/{timer['key']}/{due.isoformat()}"[:255],
        at=now,
        customer_id=timer["customer_id"],
        conversation_id=timer["conversation_id"],
        key=timer["key"],
        timer=timer["kind"],
        episode=timer["episode"],
    )


def _lanes(unit: Unit, found: Sequence[RowMapping]) -> dict[str, str]:
    """The lane of each timer's conversation; for timers of a customer, of her newest conversation."""
    rows = unit.rows(
        select(conversations.c.id, conversations.c.customer_id, conversations.c.lane)
        .where(
            or_(
                conversations.c.id.in_({t["conversation_id"] for t in found}),
                conversations.c.customer_id.in_({t["customer_id"] for t in found}),
            )
        )
        .order_by(conversations.c.position)
    )
    return {r["customer_id"]: r["lane"] for r in rows} | {r["id"]: r["lane"] for r in rows}
