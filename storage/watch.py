"""What goes through the queues, for somebody who looks on: ids, kinds and ends, nothing that is sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select

from storage.tables import inbox, outbox
from storage.unit import Unit


@dataclass(frozen=True, kw_only=True, slots=True)
class Passing:
    """One event or one sending, as it stands."""

    queue: Literal["turn", "delivery"]
    seq: int
    """Rises within its queue."""
    id: str
    kind: str
    state: str
    """Of a turn: new, done, parked. Of a delivery: new, sending, delivered, undeliverable, unknown, skipped."""
    attempts: int
    reason: str
    at: datetime | None = None
    """Business time: when it happened, or ended."""
    connector: str = ""
    conversation_id: str = ""


def recent(unit: Unit, limit: int) -> list[Passing]:
    """The newest rows of both queues, each queue oldest first."""
    events = unit.rows(_EVENTS.limit(limit))
    sendings = unit.rows(_SENDINGS.limit(limit))
    return [
        *(Passing(queue="turn", **row) for row in reversed(events)),
        *(Passing(queue="delivery", **row) for row in reversed(sendings)),
    ]


_EVENTS = select(
    inbox.c.seq,
    inbox.c.id,
    inbox.c.kind,
    inbox.c.state,
    inbox.c.attempts,
    inbox.c.error.label("reason"),
    inbox.c.at,
).order_by(inbox.c.seq.desc())
_SENDINGS = select(
    outbox.c.seq,
    outbox.c.id,
    outbox.c.kind,
    outbox.c.state,
    outbox.c.attempts,
    outbox.c.reason,
    outbox.c.ended_at.label("at"),
    outbox.c.connector,
    outbox.c.conversation_id,
).order_by(outbox.c.seq.desc())
