"""Who looked and who changed, append-only: each row's hash covers the row before it, so a changed one shows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import RowMapping, select, text

from storage.tables import audit
from storage.unit import Unit, dumps, loads

_LOCK = text("SELECT pg_advisory_xact_lock(7203114906)")
_START = b"\x00" * 32
PAGE = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditRow:
    """One thing somebody did."""

    seq: int
    at: datetime
    who: str
    """Rep id, or the hub's own part that acted."""
    action: str
    about: str
    """Id of what it was done to; never a name or an address."""
    details: Mapping[str, str]


def append(
    unit: Unit, *, at: datetime, who: str, action: str, about: str, details: Mapping[str, str] | None = None
) -> None:
    """Write one row at the end of the chain; writers take turns."""
    if unit.postgres:
        unit.run(_LOCK)
    last = unit.row(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1))
    seq, before = (1, _START) if last is None else (last["seq"] + 1, last["hash"])
    row = {"seq": seq, "at": at, "who": who, "action": action, "about": about, "details": dumps(dict(details or {}))}
    unit.run(audit.insert(), [row | {"hash": _hash(before, row)}])


def newest(unit: Unit, limit: int = 100, *, skip: int = 0) -> list[AuditRow]:
    """The newest rows, newest first."""
    rows = unit.rows(select(audit).order_by(audit.c.seq.desc()).limit(limit).offset(skip))
    return [_row(r) for r in rows]


def head(unit: Unit) -> tuple[int, str]:
    """How long the chain is and its last hash, to be kept outside: without it a cut-off end does not show."""
    last = unit.row(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1))
    return (0, "") if last is None else (last["seq"], last["hash"].hex())


def verify(unit: Unit) -> list[str]:
    """Where the chain is broken, as `row <seq>: <what>`; empty = whole."""
    found: list[str] = []
    seq, before = 0, _START
    while rows := unit.rows(select(audit).where(audit.c.seq > seq).order_by(audit.c.seq).limit(PAGE)):
        for row in rows:
            if row["seq"] != seq + 1:
                found.append(f"row {seq + 1}: missing")
            if row["hash"] != _hash(before, row):
                found.append(f"row {row['seq']}: changed")
            seq, before = row["seq"], row["hash"]
    return found


def _hash(before: bytes, row: Mapping[str, object] | RowMapping) -> bytes:
    at = row["at"]
    assert isinstance(at, datetime)  # noqa: S101  # the column's type says so
    canonical = [row["seq"], at.isoformat(), row["who"], row["action"], row["about"], row["details"]]
    return hashlib.sha256(before + orjson.dumps(canonical)).digest()


def _row(row: RowMapping) -> AuditRow:
    names = ("seq", "at", "who", "action", "about")
    return AuditRow(**{name: row[name] for name in names}, details=loads(row["details"]))
