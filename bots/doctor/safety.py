"""The S checks: what an outsider or a colleague could make use of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from bots.origins import Value
from bots.settings import Keys, Person
from connectors.contract import Finding
from storage import audit, health
from storage.database import Database

CHECKS = {
    "S01": "The keys of sessions, links and data are strong, and each serves one purpose",
    "S02": "There is a manager",
    "S03": "Nothing made for tests is on, and nothing is said in the clear",
    "S04": "The audit trail is whole",
    "S05": "How long customers' data are kept is decided",
    "S06": "Only we can read the files with secrets",
}
"""What each check looks at."""
FEWEST = 8
"""Different bytes in a key of 32: one that was made by chance has fewer once in a million million times."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checker:
    """One look at the configuration, and at the audit trail in the database. `db` is None when D01 is wrong."""

    public_url: str
    keys: Keys
    people: Mapping[str, Person]
    secret_files: Sequence[Path]
    values: Sequence[Value] = field(repr=False)
    """Every setting in force."""
    failpoint: bool
    """Whether this process was told to die somewhere, as a hub started from the same environment would be."""
    db: Database | None

    async def all(self) -> Sequence[Finding]:
        """The findings, in order of their ids."""
        trail = await _audit(self.db) if self.db else Finding(id="S04", state="skipped", found="needs D01")
        return [self._strong(), self._manager(), self._no_test(), trail, self._kept(), self._files()]

    def _strong(self) -> Finding:
        keys = (self.keys.master, self.keys.index, self.keys.tokens, *self.keys.old.values())
        plain = [k.get_secret_value().lower() for k in keys]
        mend = "make another one (openssl rand -hex 32); master and index only before anything is stored"
        if len(set(plain)) != len(plain):
            return Finding(id="S01", state="wrong", found="one key serves two purposes", do=mend)
        if any(len(set(bytes.fromhex(key))) < FEWEST for key in plain):
            return Finding(id="S01", state="wrong", found="a key that somebody typed", do=mend)
        return Finding(id="S01", state="fine", found=f"{len(keys)} keys")

    def _manager(self) -> Finding:
        found = sum(1 for p in self.people.values() if p.role == "manager" and p.active)
        if not found:
            mend = 'give somebody role = "manager" in [staff.people]: who else settles what nobody owns?'
            return Finding(id="S02", state="wrong", found="none among the active", do=mend)
        return Finding(id="S02", state="fine", found=str(found))

    def _no_test(self) -> Finding:
        if self.failpoint:
            mend = "take TOWER_FAILPOINT out of the environment: the hub dies where it says"
            return Finding(id="S03", state="wrong", found="a failpoint is armed", do=mend)
        if _is_here(urlsplit(self.public_url).hostname or ""):
            return Finding(id="S03", state="fine", found=f"{self.public_url}, which is this machine only")
        clear = [v.key for v in self.values if '"http://' in v.shown]
        if clear:
            mend = "https everywhere (a reverse proxy in front of the hub), and business time by the system's clock"
            return Finding(id="S03", state="wrong", found=f"plain http: {', '.join(clear)}", do=mend)
        return Finding(id="S03", state="fine", found=self.public_url)

    def _kept(self) -> Finding:
        mend = "agree on it with whoever answers for data protection, and write it down"
        return Finding(id="S05", state="by hand", found="Tower deletes nothing by itself", do=mend)

    def _files(self) -> Finding:
        open_ones = [p.name for p in self.secret_files if health.readable_by_others(p)]
        if open_ones:
            return Finding(id="S06", state="wrong", found=", ".join(open_ones), do="chmod 600 these files")
        return Finding(id="S06", state="fine", found=f"{len(self.secret_files)} files")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _audit(db: Database) -> Finding:
    broken = await db.read(audit.verify)
    if broken:
        mend = "somebody changed the database beside the hub: restore a backup, keep this one"
        return Finding(id="S04", state="wrong", found="; ".join(broken[:3]), do=mend)
    length, _ = await db.read(audit.head)
    return Finding(id="S04", state="fine", found=f"{length} rows")
