"""Every version of the playbook that was ever in force: traces name it, so it can be read again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage.tables import playbooks
from storage.unit import Unit


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaybookRow:
    """One version."""

    version: str
    """Hash of its content."""
    name: str
    text: str
    at: datetime
    """When it first came into force."""


def keep(unit: Unit, *, version: str, name: str, text: str, now: datetime) -> bool:
    """Keep a version; whether it is a new one."""
    return unit.insert_new(playbooks, {"version": version, "name": name, "text": text, "at": now})


def version(unit: Unit, version_id: str) -> PlaybookRow | None:
    """One version."""
    row = unit.row(select(playbooks).where(playbooks.c.version == version_id))
    return None if row is None else PlaybookRow(**row)


def newest(unit: Unit) -> PlaybookRow | None:
    """The version that came into force last."""
    row = unit.row(select(playbooks).order_by(playbooks.c.at.desc(), playbooks.c.version).limit(1))
    return None if row is None else PlaybookRow(**row)
