"""Proof that the timeline is the truth: folding it again must give the live tables, row by row."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from rules.effects import AddScore, fold
from rules.model import Customer
from storage import customers, ledger, reps, timeline, workload
from storage.tables import customers as table
from storage.unit import Unit

PAGE = 200
CLOSE = 1e-6


def rebuild(unit: Unit) -> list[str]:
    """Every difference between the folded timeline and the live tables, as `customer <id>: <what>`; empty = equal.

    Names fields and ids only, never values. Compares the customer with tags, score (its ledger, and the sum of it),
    stage, owner, conversations, consents, timers and tasks, and the reps' loads. Reads in bounded pages.
    """
    found: list[str] = []
    shares: Counter[str] = Counter()
    for customer_id, created_at in _everybody(unit):
        live = customers.load_rows(unit, customer_id)
        if live is None:
            continue
        found += [f"customer {customer_id}: {what}" for what in _differences(unit, live, created_at)]
        shares += workload.share(live)
    return found + [f"rep {r.id}: load" for r in reps.all_reps(unit) if r.load != shares[r.id]]


def folded(unit: Unit, customer_id: str, created_at: datetime) -> tuple[Customer, int]:
    """A customer made anew from her timeline, and how many touches that had."""
    customer = Customer(id=customer_id, created_at=created_at)
    for past in timeline.past(unit, customer_id):
        customer = replace(fold(customer, past.changes), version=past.version)
    return customer, timeline.counted(unit, customer_id)


def _differences(unit: Unit, live: Customer, created_at: datetime) -> Iterator[str]:
    again, touched = folded(unit, live.id, created_at)
    for field in fields(Customer):
        yield from _compare(field.name, getattr(live, field.name), getattr(again, field.name))
    if touched != timeline.touch_count(unit, live.id):
        yield "touches"
    yield from _ledger(unit, live)


def _compare(name: str, live: Any, again: Any) -> Iterator[str]:
    """A field, or for what hangs on her the single rows."""
    if live == again:
        return
    if not isinstance(live, tuple) or len(live) != len(again):
        yield name
        return
    for number, (one, other) in enumerate(zip(live, again, strict=True)):
        if one != other:
            yield f"{name}[{number}]"


def _ledger(unit: Unit, live: Customer) -> Iterator[str]:
    written = {e.id: e for e in ledger.entries(unit, live.id)}
    told = {c.entry.id: c.entry for p in timeline.past(unit, live.id) for c in p.changes if isinstance(c, AddScore)}
    if written != told:
        yield "ledger"
    at = max((e.at for e in written.values()), default=live.created_at)
    if not math.isclose(live.score(at), sum(e.now(at) for e in written.values()), rel_tol=CLOSE, abs_tol=CLOSE):
        yield "score"


def _everybody(unit: Unit) -> Iterator[tuple[str, datetime]]:
    last = ""
    while True:
        page = select(table.c.id, table.c.created_at).where(table.c.id > last).order_by(table.c.id).limit(PAGE)
        rows = unit.rows(page)
        for row in rows:
            last = row["id"]
            yield row["id"], row["created_at"]
        if len(rows) < PAGE:
            return
