"""How messages to customers fared, for every face: delivered, waiting, failed or unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from sqlalchemy import bindparam, select

from rules.effects import EditLine, new_id
from storage.outbox import opened
from storage.tables import outbox
from storage.unit import Unit

Fate = Literal["", "waiting", "delivered", "failed", "unknown"]
_FILES = ("send/file", *(f"send/file/{number}" for number in range(10)))
SAYINGS = ("send/reply", "send/form", "send/human", "send/off-hours", "send/unsubscribed", "welcome", *_FILES)
"""What the outbox ids of words to a customer are made of, beside the id of the event that caused them."""
_GRAVE: tuple[Fate, ...] = ("", "delivered", "waiting", "unknown", "failed")
_FATES: Mapping[str, Fate] = {
    "new": "waiting",
    "sending": "waiting",
    "delivered": "delivered",
    "undeliverable": "failed",
    "skipped": "failed",
    "unknown": "unknown",
}


def fates(unit: Unit, events: Sequence[str]) -> dict[str, Fate]:
    """How what each of these events sent her fared, by event id: the worst of it. Events that sent nothing are left
    out."""
    rows = {new_id(event, saying): event for event in events for saying in SAYINGS}
    found = {r["id"]: _FATES[r["state"]] for r in unit.rows(_STATES, ids=list(rows))} if rows else {}
    # What a platform takes and reports as lost later stays delivered in the outbox: its line in the thread knows.
    for row_id, fate in _told(unit, [i for i, f in found.items() if f == "delivered"]).items():
        found[row_id] = fate
    worst = sorted(found.items(), key=lambda one: _GRAVE.index(one[1]))
    return {rows[row_id]: fate for row_id, fate in worst}


_STATES = select(outbox.c.id, outbox.c.state).where(outbox.c.id.in_(bindparam("ids", expanding=True)))
_EDITS = (
    select(outbox.c.id, outbox.c.about, outbox.c.sealed)
    .where(outbox.c.about.in_(bindparam("ids", expanding=True)), outbox.c.about != "", outbox.c.kind == "edit_line")
    .order_by(outbox.c.seq)
)


def _told(unit: Unit, ids: Sequence[str]) -> dict[str, Fate]:
    if not ids:
        return {}
    newest = {r["about"]: r for r in unit.rows(_EDITS, ids=list(ids))}
    told = {about: opened(unit, row) for about, row in newest.items()}
    return {about: e.state for about, e in told.items() if isinstance(e, EditLine) and e.state == "failed"}
