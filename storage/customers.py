"""Customers: loaded whole for a decision, saved as the difference a decision made, in one commit with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest
from typing import Any

from sqlalchemy import RowMapping, Table, bindparam, delete, update

from rules.decision import Trace
from rules.effects import AddScore, Change, CloseTask, Describe, LinkIdentity, Sending, Suppress
from rules.errors import Conflict
from rules.events import ContactAdded, ContactRemoved, Event
from rules.model import Customer
from storage import follows, identities, ledger, moves, names, rows, statements, timeline, traces, workload
from storage.ledger import ledger_top
from storage.places import Place, by_conversation, lane_of, locate
from storage.tables import balances, consents, conversations, customers, tags, tasks, timers
from storage.timeline import touch_count, touches
from storage.traces import trace_of, why
from storage.unit import Unit

__all__ = [
    "Place",
    "by_conversation",
    "lane_of",
    "ledger_top",
    "load",
    "load_rows",
    "locate",
    "save",
    "touch_count",
    "touches",
    "trace_of",
    "why",
]


_PARTS: tuple[tuple[str, Table, Callable[[Unit, Any], Any], str], ...] = (
    ("tags", tags, lambda _, r: rows.tag_of(r), "position"),
    ("balances", balances, lambda _, r: rows.balance_of(r), "half_life_days"),
    ("consents", consents, lambda _, r: rows.consent_of(r), "position"),
    ("timers", timers, lambda _, r: rows.timer_of(r), "key"),
    ("conversations", conversations, rows.conversation_of, "position"),
    ("tasks", tasks, rows.task_of, "position"),
)


def load(unit: Unit, customer_id: str) -> Customer | None:
    """The customer with all a decision may look at; never her history, so the cost does not grow with it."""
    row = unit.row(_ONE, id=customer_id)
    if row is None:
        return None
    known: Customer | None = unit.memory.get(f"customer/{customer_id}", row["sealed"])
    if known is None:
        known = _of_rows(unit, row)
        unit.memory.put(f"customer/{customer_id}", row["sealed"], known)
    return known


def load_rows(unit: Unit, customer_id: str) -> Customer | None:
    """As `load`, but believing nothing that is remembered: every row is read."""
    row = unit.row(_ONE, id=customer_id)
    return None if row is None else _of_rows(unit, row)


_ONE = statements.by(customers, "id")


def _of_rows(unit: Unit, row: RowMapping) -> Customer:
    parts = {
        part: tuple(read(unit, r) for r in _mine(unit, table, row["id"], order)) for part, table, read, order in _PARTS
    }
    return rows.customer_of(unit, row, parts)


def save(
    unit: Unit,
    before: Customer,
    after: Customer,
    *,
    event: Event,
    changes: Sequence[Change],
    trace: Trace,
    now: datetime,
    sendings: Sequence[Sending] = (),
) -> None:
    """Store what one turn made of a customer, with the event, the effects and the reason why.

    `after` is `before` with `changes` folded in. `sendings` are looked at for the words that were said. Raises
    Conflict when she is not as `before` says any more, when the event had its turn, when another new customer took
    her name first, or when a load the choice was made on has moved: load again and decide again.
    """
    version = before.version + 1
    said = timeline.Said.of(event, changes, sendings)
    _compare_and_set(unit, before, after, version, touched=bool(said.side))
    timeline.append(unit, after, version=version, event=event, changes=changes, said=said)
    conversation_id = getattr(event, "conversation_id", "") or _conversation(changes)
    traces.keep(unit, trace, customer_id=after.id, conversation_id=conversation_id, version=version)
    _save_parts(unit, before, after)
    _save_facts(unit, before, after, changes, now)
    moves.record(unit, before, after, event=event, trace=trace, version=version)
    workload.move(unit, before, after, changes)
    if isinstance(event, ContactAdded | ContactRemoved):
        follows.record(unit, after.id, event)


def _compare_and_set(unit: Unit, before: Customer, after: Customer, version: int, *, touched: bool) -> None:
    row = rows.customer_row(unit, after) | {"version": version}
    if before.version == 0:
        done = unit.insert_new(customers, row | {"touches": int(touched)})
    else:
        change = row | {"of_id": before.id, "of_version": before.version, "more": int(touched)}
        done = unit.run(_CHANGE, [change]).rowcount == 1
    if not done:
        raise Conflict("the customer was changed by another turn")
    unit.memory.put(f"customer/{after.id}", row["sealed"], replace(after, version=version))


_CHANGE = (
    update(customers)
    .where(customers.c.id == bindparam("of_id"), customers.c.version == bindparam("of_version"))
    .values({c.name: bindparam(c.name) for c in customers.c if c.name not in ("id", "touches")})
    .values(touches=customers.c.touches + bindparam("more"))
)


def _save_parts(unit: Unit, before: Customer, after: Customer) -> None:
    """Only rows that differ are written; a row whose thing is gone is deleted."""
    plain: tuple[tuple[Table, str, str, Callable[[str, Any, int], rows.Row]], ...] = (
        (tags, "tags", "name", rows.tag_row),
        (balances, "balances", "half_life_days", rows.balance_row),
        (consents, "consents", "", rows.consent_row),
        (timers, "timers", "key", rows.timer_row),
    )
    for table, part, key, make in plain:
        old, new = getattr(before, part), getattr(after, part)
        if old is new or old == new:
            continue
        unit.upsert(table, [make(after.id, thing, i) for i, thing in _changed(old, new)])
        _delete_gone(unit, table, after.id, _gone(key, old, new))
    changed = _changed(before.conversations, after.conversations)
    unit.upsert(conversations, [rows.conversation_row(unit, after.id, c, i) for i, c in changed])
    open_now = _changed(before.tasks, after.tasks)
    unit.upsert(tasks, [rows.task_row(unit, after.id, t, i) for i, t in open_now])


def _changed(old: Sequence[Any], new: Sequence[Any]) -> list[tuple[int, Any]]:
    """Things at a place where something else stood, or nothing."""
    pairs = enumerate(zip_longest(old, new))
    return [(i, n) for i, (o, n) in pairs if n is not None and o is not n and o != n]


def _gone(key: str, old: Iterable[Any], new: Iterable[Any]) -> tuple[str, list[Any]]:
    kept = {getattr(t, key) for t in new} if key else set()
    return key, [getattr(t, key) for t in old if getattr(t, key) not in kept] if key else []


def _delete_gone(unit: Unit, table: Table, customer_id: str, gone: tuple[str, list[Any]]) -> None:
    key, values = gone
    if values:
        unit.run(delete(table).where(table.c.customer_id == customer_id, table.c[key].in_(values)))


def _save_facts(unit: Unit, before: Customer, after: Customer, changes: Sequence[Change], now: datetime) -> None:
    """What is kept beside the customer: ledger, identities, names to find her by, addresses no mail may go to."""
    ledger.append(unit, after.id, [c.entry for c in changes if isinstance(c, AddScore)])
    for change in changes:
        match change:
            case LinkIdentity():
                identities.link(unit, after.id, change.identity, new=before.version == 0, now=now)
            case Suppress():
                identities.suppress(unit, after.attributes.get("mail", ""), change.reason, now)
            case CloseTask():
                unit.run(update(tasks).where(tasks.c.id == change.task_id).values(open=False))
    if after.name != before.name or any(isinstance(c, Describe) for c in changes):
        names.index(unit, after)


def _conversation(changes: Sequence[Change]) -> str:
    return next((getattr(c, "conversation_id", "") for c in changes if hasattr(c, "conversation_id")), "")


def _mine(unit: Unit, table: Table, customer_id: str, order: str) -> Sequence[RowMapping]:
    if table is tasks:
        return unit.rows(_OPEN_TASKS, customer_id=customer_id)
    return unit.rows(statements.by(table, "customer_id", order), customer_id=customer_id)


_OPEN_TASKS = statements.by(tasks, "customer_id", "position").where(tasks.c.open.is_(True))
