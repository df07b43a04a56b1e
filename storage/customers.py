"""Customers: loaded whole for a decision, saved as the difference a decision made, in one commit with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any

from sqlalchemy import Select, Table, and_, delete, select, update

from rules.decision import Trace
from rules.effects import AddScore, Change, CloseTask, Describe, LinkIdentity, Sending, Suppress
from rules.errors import Conflict
from rules.events import ContactAdded, ContactRemoved, Event
from rules.model import Customer
from storage import follows, identities, ledger, names, rows, timeline, traces, workload
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
    "locate",
    "save",
    "touch_count",
    "touches",
    "trace_of",
    "why",
]


_PARTS: tuple[tuple[str, Table, Callable[[Any], Any], Any], ...] = (
    ("tags", tags, rows.tag_of, tags.c.position),
    ("balances", balances, rows.balance_of, balances.c.half_life_days),
    ("consents", consents, rows.consent_of, consents.c.position),
    ("timers", timers, rows.timer_of, timers.c.key),
)


def load(unit: Unit, customer_id: str) -> Customer | None:
    """The customer with all a decision may look at; never her history, so the cost does not grow with it."""
    row = unit.row(select(customers).where(customers.c.id == customer_id))
    if row is None:
        return None
    parts = {part: _parts(unit, table, customer_id, read, order) for part, table, read, order in _PARTS}
    parts["conversations"] = tuple(
        rows.conversation_of(unit, r) for r in unit.rows(_mine(conversations, customer_id, conversations.c.position))
    )
    open_tasks = _mine(tasks, customer_id, tasks.c.position).where(tasks.c.open.is_(True))
    parts["tasks"] = tuple(rows.task_of(unit, r) for r in unit.rows(open_tasks))
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
    _compare_and_set(unit, before, after, version)
    touched = timeline.append(unit, after, version=version, event=event, changes=changes, sendings=sendings)
    if touched:
        counted = update(customers).where(customers.c.id == after.id)
        unit.run(counted.values(touches=customers.c.touches + 1))
    conversation_id = getattr(event, "conversation_id", "") or _conversation(changes)
    traces.keep(unit, trace, customer_id=after.id, conversation_id=conversation_id, version=version)
    _save_parts(unit, before, after)
    _save_facts(unit, before, after, changes, now)
    workload.move(unit, before, after, changes)
    if isinstance(event, ContactAdded | ContactRemoved):
        follows.record(unit, after.id, event)


def _compare_and_set(unit: Unit, before: Customer, after: Customer, version: int) -> None:
    row = rows.customer_row(unit, after) | {"version": version}
    if before.version == 0:
        done = unit.insert_new(customers, row)
    else:
        same = and_(customers.c.id == before.id, customers.c.version == before.version)
        done = unit.run(update(customers).where(same).values(**row)).rowcount == 1
    if not done:
        raise Conflict("the customer was changed by another turn")


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


def _parts(unit: Unit, table: Table, customer_id: str, read: Callable[[Any], Any], order: Any) -> tuple[Any, ...]:
    return tuple(read(r) for r in unit.rows(_mine(table, customer_id, order)))


def _mine(table: Table, customer_id: str, order: Any) -> Select[Any]:
    return select(table).where(table.c.customer_id == customer_id).order_by(order)
