"""After a restore nothing goes out by itself: what may have been done since the backup was made waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update

from rules.errors import ConfigError, Mistake
from storage import audit, notes, orders
from storage.nodes import alive
from storage.statements import FIRED, OPEN, SET
from storage.tables import inbox, lanes, nodes, outbox, timers
from storage.unit import Unit

REASON = "restored"
HARMLESS = ("refresh_card", "edit_line", "mark_notices", "ask_profile", "ask_session", "pull_messages", "provision")
"""Doing these again tells nobody anything; a message may have been read already."""
STILL_WANTED = "fetch_file"
"""Reads a content from its platform, which forgets it soon: it goes on where it was."""
_ALIVE_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What waits for a person now."""

    newest: datetime | None
    """Business time of the newest event this database knows."""
    unknown: int
    """Messages that may or may not have gone out."""
    parked: int
    """Events that may or may not have been acted upon."""
    timers: int
    """Timers whose moment came while the database was not in use."""


def hold_unused(unit: Unit, now: datetime) -> Held:
    """As `hold`, for a database that hubs may be working with. Raises ConfigError if one was alive a minute ago."""
    if running := alive(unit, within_s=_ALIVE_SECONDS):
        expected = "none for a minute: stop them first"
        raise ConfigError([Mistake(where="database", found=f"{len(running)} running hub(s)", expected=expected)])
    return hold(unit, now)


def hold(unit: Unit, now: datetime) -> Held:
    """Hold everything that is under way, and pause automatic sends. The signs of life in a copy are the original's."""
    waiting = update(inbox).where(inbox.c.state == "new").values(state="parked", error=REASON)
    due = update(timers).where(timers.c.state == SET, timers.c.due_at <= now).values(state=FIRED)
    held = Held(
        newest=unit.conn.execute(select(func.max(inbox.c.at))).scalar(),
        unknown=_sendings(unit, now),
        parked=unit.run(waiting).rowcount,
        timers=unit.run(due).rowcount,
    )
    unit.run(update(lanes).values(owner="", until=0.0))
    unit.run(delete(nodes))
    notes.switch(unit, orders.PAUSED, on=True, by=REASON, now=now)
    counts = {"unknown": str(held.unknown), "parked": str(held.parked), "timers": str(held.timers)}
    audit.append(unit, who="operator", action="restore", about="database", details=counts, at=now)
    return held


def _sendings(unit: Unit, now: datetime) -> int:
    unit.run(update(outbox).where(OPEN, outbox.c.kind == STILL_WANTED).values(owner="", until=0.0))
    messages = update(outbox).where(OPEN, outbox.c.kind.not_in((*HARMLESS, STILL_WANTED)))
    values = {"state": "unknown", "hold": "", "reason": REASON, "owner": "", "until": 0.0, "ended_at": now}
    unit.run(update(outbox).where(OPEN, outbox.c.kind.in_(HARMLESS)).values(state="skipped", hold="", reason=REASON))
    return unit.run(messages.values(values)).rowcount
