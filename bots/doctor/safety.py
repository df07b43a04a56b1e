"""The S checks: what an outsider or a colleague could make use of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from bots.settings import Keys, Person, Server
from connectors.contract import Finding
from storage import health

CHECKS = {
    "S01": "People's links are HTTPS",
    "S02": "There is a manager",
    "S03": "Only we can read the files with secrets",
    "S04": "The three keys are three",
}
"""What each check looks at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checker:
    """One look at the configuration."""

    server: Server
    keys: Keys
    people: Mapping[str, Person]
    secret_files: Sequence[Path]

    def all(self) -> Sequence[Finding]:
        """The findings, in order of their ids."""
        return [self._https(), self._manager(), self._files(), self._three()]

    def _https(self) -> Finding:
        parts = urlsplit(self.server.public_url)
        if parts.scheme == "https":
            return Finding(id="S01", state="fine", found=self.server.public_url)
        if _is_here(parts.hostname or ""):
            return Finding(id="S01", state="fine", found=f"{self.server.public_url}, which is this machine only")
        mend = "put a reverse proxy with HTTPS in front, and set server.public_url to what the world sees"
        return Finding(id="S01", state="wrong", found=self.server.public_url, do=mend)

    def _manager(self) -> Finding:
        found = sum(1 for p in self.people.values() if p.role == "manager" and p.active)
        if not found:
            mend = 'give somebody role = "manager" in [staff.people]: who else settles what nobody owns?'
            return Finding(id="S02", state="wrong", found="none among the active", do=mend)
        return Finding(id="S02", state="fine", found=str(found))

    def _files(self) -> Finding:
        open_ones = [p.name for p in self.secret_files if health.readable_by_others(p)]
        if open_ones:
            return Finding(id="S03", state="wrong", found=", ".join(open_ones), do="chmod 600 these files")
        return Finding(id="S03", state="fine", found=f"{len(self.secret_files)} files")

    def _three(self) -> Finding:
        keys = (self.keys.master, self.keys.index, self.keys.tokens, *self.keys.old.values())
        if len({k.get_secret_value().lower() for k in keys}) != len(keys):
            mend = "make another one (openssl rand -hex 32); master and index only before anything is stored"
            return Finding(id="S04", state="wrong", found="one key serves two purposes", do=mend)
        return Finding(id="S04", state="fine", found=f"{len(keys)} keys")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
