"""Small shared things: tokens and tickets (sealed), how far a platform was pulled, and the managers' switches."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update

from rules.errors import Conflict
from storage import statements
from storage.tables import cursors, notes, switches
from storage.unit import Unit


def note(unit: Unit, key: str) -> tuple[str, float] | None:
    """A note and its expiry (epoch seconds of the wall clock); the caller judges whether it still counts."""
    row = unit.row(select(notes).where(notes.c.key == key))
    return None if row is None else (unit.vault.open("notes.sealed", key, row["sealed"]).decode(), row["expires"])


def kept(unit: Unit, key: str) -> bool:
    """Whether there is a note, whoever can read it."""
    return unit.row(select(notes.c.key).where(notes.c.key == key)) is not None


def keep_note(unit: Unit, key: str, value: str, expires: float) -> None:
    """Keep a note for all nodes, sealed."""
    sealed = unit.vault.seal("notes.sealed", key, value.encode())
    unit.upsert(notes, [{"key": key, "expires": expires, "sealed": sealed}])


def forget_note(unit: Unit, key: str) -> None:
    """Drop a note."""
    unit.run(delete(notes).where(notes.c.key == key))


def cursor(unit: Unit, account: str) -> str:
    """Where pulling of this account stands; empty at the very first."""
    return str(unit.conn.execute(select(cursors.c.value).where(cursors.c.account == account)).scalar() or "")


def move_cursor(unit: Unit, account: str, *, before: str, after: str) -> None:
    """Move a cursor. Raises Conflict when it is not at `before` any more: somebody else pulled."""
    moved = update(cursors).where(cursors.c.account == account, cursors.c.value == before)
    if unit.run(moved.values(value=after)).rowcount == 1:
        return
    if before or not unit.insert_new(cursors, {"account": account, "value": after}):
        raise Conflict("the cursor has moved")


def switched(unit: Unit, key: str) -> bool:
    """Whether a switch is on, e.g. `paused`."""
    row = unit.row(statements.by(switches, "key"), key=key)
    return row is not None and bool(row["on"])


def switch(unit: Unit, key: str, *, on: bool, by: str, now: datetime) -> None:
    """Turn a switch."""
    unit.upsert(switches, [{"key": key, "on": on, "by": by, "at": now}])
