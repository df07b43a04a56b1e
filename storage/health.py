"""How the database is doing: what the doctor asks of it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from rules.errors import Unreadable
from storage import engines, migrations, notes
from storage.tables import inbox, outbox, reps
from storage.unit import Unit


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """Which revision a database stands at, and which one this code needs."""

    found: str
    """Empty: a database without our tables."""
    head: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """Room on the disk the database is on, in bytes."""

    free: int
    total: int


def schema(url: str) -> Schema:
    """Where the schema stands. A SQLite file that is not there is not made. Raises Unavailable, ConfigError."""
    found = file_of(url)
    there = found is None or found.exists()
    return Schema(found=migrations.revision(url) if there else "", head=migrations.head())


def file_of(url: str) -> Path | None:
    """The file of a SQLite database; None for a server. Raises ConfigError."""
    parsed = engines.parse(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


def room(url: str) -> Room | None:
    """Room for a SQLite database; None for a server, whose disk is not ours to see. Raises OSError."""
    found = file_of(url)
    if found is None:
        return None
    usage = shutil.disk_usage(found.resolve().parent)
    return Room(free=usage.free, total=usage.total)


def readable_by_others(path: Path) -> bool:
    """Whether more people than a file's owner may read it."""
    return os.name == "posix" and bool(path.stat().st_mode & 0o077)


def keys_fit(unit: Unit) -> tuple[bool, bool]:
    """Whether our keys open what is sealed here, and find what is indexed here; a new database fits any key."""
    return _opens(unit), _finds(unit)


def pulled_at(unit: Unit, connector: str) -> datetime | None:
    """When a platform was last pulled to the end."""
    done = select(func.max(outbox.c.ended_at)).where(
        outbox.c.kind == "pull_messages", outbox.c.connector == connector, outbox.c.state == "delivered"
    )
    found: datetime | None = unit.conn.execute(done).scalar()
    return found


def mailed_since(unit: Unit, moment: datetime) -> int:
    """How many mails have gone out since a moment of business time."""
    gone = outbox.c.kind == "send_mail", outbox.c.state.in_(("delivered", "unknown")), outbox.c.ended_at > moment
    return int(unit.conn.execute(select(func.count()).select_from(outbox).where(*gone)).scalar_one())


def begin(unit: Unit, now: float) -> None:
    """Keep when this database was first served (wall seconds): from then on there is something to back up."""
    if not notes.kept(unit, _BEGUN):
        notes.keep_note(unit, _BEGUN, str(now), _FAR)


def backed_up(unit: Unit, taken: float) -> None:
    """Keep when the newest backup was taken (wall seconds)."""
    notes.keep_note(unit, _BACKUP, str(taken), _FAR)


def last_backup(unit: Unit) -> tuple[float | None, float | None]:
    """When the newest backup was taken, and when this database was first served (wall seconds); None = never.

    Raises Unreadable with another key than that of the time.
    """
    found = [notes.note(unit, key) for key in (_BACKUP, _BEGUN)]
    taken, begun = (float(note[0]) if note else None for note in found)
    return taken, begun


_BACKUP, _BEGUN = "backup/newest", "backup/begun"
_FAR = 4102444800.0
"""These notes never run out (2100)."""


def stuck(unit: Unit) -> tuple[int, int]:
    """How many events were given up, and how many sendings have an end nobody knows."""
    parked = select(func.count()).select_from(inbox).where(inbox.c.state == "parked")
    unknown = select(func.count()).select_from(outbox).where(outbox.c.state == "unknown")
    return unit.conn.execute(parked).scalar_one(), unit.conn.execute(unknown).scalar_one()


def _opens(unit: Unit) -> bool:
    for table, place in ((inbox, "inbox.sealed"), (reps, "reps.sealed")):
        row = unit.row(select(table.c.id, table.c.sealed).order_by(table.c.id).limit(1))
        if row is not None:
            try:
                unit.vault.open(place, row["id"], row["sealed"])
            except Unreadable:
                return False
    return True


def _finds(unit: Unit) -> bool:
    """Compare one index with what it was made from, if that can be opened."""
    row = unit.row(select(reps.c.id, reps.c.mail, reps.c.sealed).where(reps.c.mail.is_not(None)).limit(1))
    if row is None:
        return True
    try:
        sealed = unit.open("reps.sealed", row["id"], row["sealed"])
    except Unreadable:
        return True
    return bool(unit.vault.index("mail", str(sealed["mail"]).lower()) == row["mail"])
