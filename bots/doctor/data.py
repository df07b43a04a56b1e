"""The D checks: the database, its disk, its clock, and the keys."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bots.settings import DoctorSettings
from connectors.contract import Finding
from rules.errors import ConfigError, StorageError, Unreadable
from storage import health, notes
from storage.database import Database
from storage.unit import Unit, db_now
from storage.vault import Vault

CHECKS = {
    "D01": "The database answers, and its schema is this version's",
    "D02": "A commit is quick",
    "D03": "There is room on the disk",
    "D04": "There is a backup, and it is not old",
    "D05": "The database's clock and ours agree",
    "D06": "The keys open and find what is stored",
    "D07": "Nothing was given up, nothing is unclear",
}
"""What each check looks at."""
_TRIES = 5
_GUEST = "doctor/commit"


def opened(url: str, vault: Vault) -> tuple[Finding, Database | None]:
    """D01, and the database as a guest opens it if it is fine. Blocks."""
    try:
        schema = health.schema(url)
        if schema.found != schema.head:
            mend = "python app.py db upgrade" if schema.found else "start the hub once, or python app.py db upgrade"
            found = f"schema {schema.found or 'none'}, needed {schema.head}"
            return Finding(id="D01", state="wrong", found=found, do=mend), None
        db = Database.open(url, vault, guest=True)
    except (StorageError, ConfigError) as away:
        mend = "database.url; is the server up, may we sign in, is the file ours to write?"
        return Finding(id="D01", state="wrong", found=f"no database ({type(away).__name__})", do=mend), None
    return Finding(id="D01", state="fine", found=f"schema {schema.head}"), db


@dataclass(frozen=True, kw_only=True, slots=True)
class Checker:
    """The other D checks. `db` is None when D01 is wrong."""

    url: str
    db: Database | None
    limits: DoctorSettings

    async def all(self) -> Sequence[Finding]:
        """The findings, in order of their ids."""
        if self.db is None:
            return [Finding(id=i, state="skipped", found="needs D01") for i in CHECKS if i != "D01"]
        return [
            await self._commit(self.db),
            self._disk(),
            await self._backup(self.db),
            await self._clock(self.db),
            await self._keys(self.db),
            await self._stuck(self.db),
        ]

    async def _commit(self, db: Database) -> Finding:
        """The best of a few small commits of our own: what the database can do, not who else is writing."""
        best = float("inf")
        try:
            for _ in range(_TRIES):
                began = time.perf_counter()
                await db.write(_scribble, label="note")
                best = min(best, time.perf_counter() - began)
        except StorageError as away:
            mend = "make room; the file and its folder must be ours to write"
            return Finding(id="D02", state="wrong", found=f"nothing is stored ({away})", do=mend)
        found = f"{best * 1000:.1f} ms"
        if best * 1000 > self.limits.commit_ms:
            return Finding(id="D02", state="wrong", found=found, do="a faster disk, or PostgreSQL nearer by")
        return Finding(id="D02", state="fine", found=found)

    def _disk(self) -> Finding:
        room = health.room(self.url)
        if room is None:
            return Finding(id="D03", state="by hand", found="a server of its own", do="look at the server's disk")
        found = f"{room.free / 1024**3:.1f} of {room.total / 1024**3:.1f} GiB free"
        if room.free < self.limits.free_mib * 1024**2:
            return Finding(id="D03", state="wrong", found=found, do="make room before webhooks answer 503")
        return Finding(id="D03", state="fine", found=found)

    async def _backup(self, db: Database) -> Finding:
        """By what `app.py backup` kept in the database; a database that was just begun has time to get one."""
        try:
            taken, begun = await db.read(health.last_backup)
        except Unreadable:
            return Finding(id="D04", state="skipped", found="needs D06")
        since = taken or begun
        if since is None:
            return Finding(id="D04", state="skipped", found="no hub has served this database yet")
        hours = (time.time() - since) / 3600
        found = f"the newest is {hours:.1f} h old" if taken else f"none yet; the first start was {hours:.1f} h ago"
        if hours > self.limits.backup_hours:
            mend = "python app.py backup OUT.zip, every day, and keep it elsewhere"
            return Finding(id="D04", state="wrong", found=found, do=mend)
        return Finding(id="D04", state="fine", found=found)

    async def _clock(self, db: Database) -> Finding:
        theirs = await db.read(db_now)
        apart = abs(theirs - time.time())
        if apart > self.limits.skew_seconds:
            mend = "synchronise both machines (NTP): leases and tokens go by these clocks"
            return Finding(id="D05", state="wrong", found=f"{apart:.1f} s apart", do=mend)
        return Finding(id="D05", state="fine", found=f"{apart:.2f} s apart")

    async def _keys(self, db: Database) -> Finding:
        opens, finds = await db.read(health.keys_fit)
        if not opens:
            mend = "keys.master must be the key this data was sealed with; former ones belong under [keys.old]"
            return Finding(id="D06", state="wrong", found="keys.master does not open what is stored", do=mend)
        if not finds:
            mend = "keys.index must be the key of the first day; it cannot be changed"
            return Finding(id="D06", state="wrong", found="keys.index does not find what is stored", do=mend)
        return Finding(id="D06", state="fine", found="they do")

    async def _stuck(self, db: Database) -> Finding:
        parked, unknown = await db.read(health.stuck)
        if parked or unknown:
            found = f"{parked} parked events, {unknown} unknown sendings"
            mend = "python app.py replay lists the events; `unknown` in Tower's chat lists the sendings"
            return Finding(id="D07", state="wrong", found=found, do=mend)
        return Finding(id="D07", state="fine", found="neither")


def _scribble(unit: Unit) -> None:
    notes.keep_note(unit, _GUEST, "", 0.0)
