"""The score ledger, append-only: the score shown is the sum of its entries, each faded by its half-life."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Integer, RowMapping, bindparam, select

from rules.model import Entry
from storage.tables import balances, ledger
from storage.unit import Unit

_NOTHING = -1e18


def append(unit: Unit, customer_id: str, entries: Sequence[Entry]) -> None:
    """Write entries."""
    rows = [
        {
            "id": e.id,
            "customer_id": customer_id,
            "signal": e.signal,
            "weight": e.weight,
            "half_life_days": e.half_life_days,
            "rank": _rank(e),
            "at": e.at,
        }
        for e in entries
    ]
    if rows:
        unit.run(_APPEND, rows)


_APPEND = ledger.insert()


def ledger_top(unit: Unit, customer_id: str, now: datetime, limit: int = 5) -> list[Entry]:
    """The entries that weigh most at `now`, heaviest first; reads a few rows however long the ledger is."""
    found: list[Entry] = []
    for life in unit.rows(_LIVES, of=customer_id):
        top = unit.rows(_HEAVIEST, of=customer_id, life=life["half_life_days"], most=limit)
        found += [_entry(r) for r in top]
    return sorted(found, key=lambda e: abs(e.now(now)), reverse=True)[:limit]


_LIVES = select(balances.c.half_life_days).where(balances.c.customer_id == bindparam("of"))
_HEAVIEST = (
    select(ledger)
    .where(ledger.c.customer_id == bindparam("of"), ledger.c.half_life_days == bindparam("life"))
    .order_by(ledger.c.rank.desc())
    .limit(bindparam("most", type_=Integer()))
)


def entries(unit: Unit, customer_id: str) -> list[Entry]:
    """Her whole ledger, oldest first."""
    mine = select(ledger).where(ledger.c.customer_id == customer_id).order_by(ledger.c.at, ledger.c.id)
    return [_entry(r) for r in unit.rows(mine)]


def _rank(entry: Entry) -> float:
    """Entries of one half-life keep their order for ever, so it can be stored: days plus what the weight is worth in
    half-lives."""
    if entry.weight == 0:
        return _NOTHING
    return entry.at.timestamp() / 86400 + entry.half_life_days * math.log2(abs(entry.weight))


def _entry(row: RowMapping) -> Entry:
    return Entry(**{name: row[name] for name in ("id", "signal", "weight", "half_life_days", "at")})
