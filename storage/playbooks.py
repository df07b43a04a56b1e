"""Every version of the playbook that was in force, and which one holds: traces name it, so it can be read again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Integer, bindparam, func, select

from storage.tables import playbooks, publications
from storage.unit import Unit

Origin = Literal["file", "page", "back"]
"""The file of the configuration, the page of the rules, or back to an older version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaybookRow:
    """One version."""

    version: str
    """Hash of its content."""
    name: str
    text: str
    at: datetime
    """When it first came into force."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """A version came into force."""

    seq: int
    version: str
    at: datetime
    by: str
    """Rep id; empty for the file."""
    comment: str
    origin: Origin


def keep(unit: Unit, *, version: str, name: str, text: str, now: datetime) -> bool:
    """Keep a version; whether it is a new one."""
    return unit.insert_new(playbooks, {"version": version, "name": name, "text": text, "at": now})


def version(unit: Unit, version_id: str) -> PlaybookRow | None:
    """One version."""
    row = unit.row(select(playbooks).where(playbooks.c.version == version_id))
    return None if row is None else PlaybookRow(**row)


def newest(unit: Unit) -> PlaybookRow | None:
    """The version that was first seen last."""
    row = unit.row(select(playbooks).order_by(playbooks.c.at.desc(), playbooks.c.version).limit(1))
    return None if row is None else PlaybookRow(**row)


# --- which one holds ------------------------------------------------------------------------------------------------


def publish(unit: Unit, *, version: str, at: datetime, by: str, comment: str, origin: Origin) -> int:
    """Bring a kept version into force; its number."""
    row = {"version": version, "at": at, "by": by, "comment": comment, "origin": origin}
    made = unit.run(publications.insert().returning(publications.c.seq), [row])
    return int(made.scalar_one())


def in_force(unit: Unit) -> Publication | None:
    """What holds now; None before the first start."""
    row = unit.row(_HOLDS)
    return None if row is None else Publication(**row)


_HOLDS = select(publications).order_by(publications.c.seq.desc()).limit(1)


def number_in_force(unit: Unit) -> int:
    """The number of what holds now; 0 before the first start."""
    return int(unit.conn.execute(_NUMBER).scalar() or 0)


_NUMBER = select(func.max(publications.c.seq))


def newest_of(unit: Unit, origin: Origin) -> Publication | None:
    """The last publication of this origin."""
    row = unit.row(_HOLDS.where(publications.c.origin == origin))
    return None if row is None else Publication(**row)


def publications_of(unit: Unit, limit: int) -> list[Publication]:
    """What came into force, newest first."""
    found = select(publications).order_by(publications.c.seq.desc()).limit(bindparam("most", type_=Integer()))
    return [Publication(**r) for r in unit.rows(found, most=limit)]


def published(unit: Unit, seq: int) -> Publication | None:
    """One publication."""
    row = unit.row(select(publications).where(publications.c.seq == seq))
    return None if row is None else Publication(**row)
