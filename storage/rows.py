"""A customer as rows and back: one place that knows which field of the model stands in which column."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import RowMapping

from rules.model import Address, Balance, Consent, Conversation, Customer, Stage, Tag, Task, Timer, Wakeup, Words
from storage.inbox import lane_key
from storage.unit import Unit, dumps, loads

Row = dict[str, Any]

WAKEUP: TypeAdapter[Wakeup] = TypeAdapter(Wakeup)
_PLAIN = ("id", "created_at", "language", "zone", "segment", "industry", "source", "owner", "qualified", "suppressed")
_CONVERSATION = (
    "id status channel cell claimed_by claimed_at opened_at last_customer_at last_our_at waiting_since "
    "waited_since answer sent_since_customer taken_over card_version root"
).split()


def customer_row(unit: Unit, customer: Customer) -> Row:
    """The customer's own row, without version and touches."""
    return {name: getattr(customer, name) for name in _PLAIN} | {
        "stage": customer.stage.value,
        "recent": dumps([t.isoformat() for t in customer.recent]),
        "pages": dumps(list(customer.seen_pages)),
        "woken": dumps([t.isoformat() for t in customer.woken]),
        "sealed": unit.seal(
            "customers.sealed",
            customer.id,
            {
                "name": customer.name,
                "attributes": dict(customer.attributes),
                # Here and not in a column of its own: nothing selects on it.
                "language_by": customer.language_by,
            },
        ),
    }


def customer_of(unit: Unit, row: RowMapping, parts: Mapping[str, Any]) -> Customer:
    """The customer from her own row and the parts that hang on her, by field name."""
    sealed = unit.open("customers.sealed", row["id"], row["sealed"])
    return Customer(
        **{name: row[name] for name in _PLAIN},
        **sealed,
        stage=Stage(row["stage"]),
        recent=_moments(row["recent"]),
        seen_pages=tuple(loads(row["pages"])),
        woken=_moments(row["woken"]),
        version=row["version"],
        **parts,
    )


def conversation_row(unit: Unit, customer_id: str, c: Conversation, position: int) -> Row:
    """One conversation's row."""
    return {name: getattr(c, name) for name in _CONVERSATION} | {
        "customer_id": customer_id,
        "position": position,
        "lane": lane_key(unit, c.address),
        "connector": c.address.connector,
        "account": c.address.account,
        "wakeup": None if c.wakeup is None else WAKEUP.dump_json(c.wakeup).decode(),
        "sealed": unit.seal("conversations.sealed", c.id, {"wire_id": c.address.wire_id}),
    }


def conversation_of(unit: Unit, row: RowMapping) -> Conversation:
    """One conversation."""
    sealed = unit.open("conversations.sealed", row["id"], row["sealed"])
    return Conversation(
        **{name: row[name] for name in _CONVERSATION},
        address=Address(connector=row["connector"], account=row["account"], wire_id=sealed["wire_id"]),
        wakeup=None if row["wakeup"] is None else WAKEUP.validate_json(row["wakeup"]),
    )


def tag_row(customer_id: str, tag: Tag, position: int) -> Row:
    """One tag's row."""
    return _fields(tag) | {"customer_id": customer_id, "position": position}


def tag_of(row: RowMapping) -> Tag:
    """One tag."""
    return Tag(**_named(row, "name", "by", "rule", "at", "active"))


def balance_row(customer_id: str, balance: Balance, position: int) -> Row:
    """One balance's row; balances are in order of their half-life."""
    return _fields(balance) | {"customer_id": customer_id}


def balance_of(row: RowMapping) -> Balance:
    """One balance."""
    return Balance(**_named(row, "half_life_days", "value", "at"))


def consent_row(customer_id: str, consent: Consent, position: int) -> Row:
    """One consent's row."""
    return _fields(consent) | {"customer_id": customer_id, "position": position}


def consent_of(row: RowMapping) -> Consent:
    """One consent."""
    return Consent(**_named(row, "purpose", "medium", "given", "at", "source", "text_version"))


def timer_row(customer_id: str, timer: Timer, position: int) -> Row:
    """One timer's row, set; timers are in order of their keys."""
    return _fields(timer) | {"customer_id": customer_id, "state": "set"}


def timer_of(row: RowMapping) -> Timer:
    """One timer."""
    return Timer(**_named(row, "key", "kind", "conversation_id", "due_at", "episode"))


def task_row(unit: Unit, customer_id: str, task: Task, position: int) -> Row:
    """One open task's row."""
    title = {"zh": task.title.zh, "en": task.title.en}
    return {
        "id": task.id,
        "customer_id": customer_id,
        "kind": task.kind,
        "rep": task.rep,
        "due_at": task.due_at,
        "open": True,
        "position": position,
        "sealed": unit.seal("tasks.sealed", task.id, title),
    }


def task_of(unit: Unit, row: RowMapping) -> Task:
    """One task."""
    title = unit.open("tasks.sealed", row["id"], row["sealed"])
    return Task(**_named(row, "id", "kind", "rep", "due_at"), title=Words(**title))


def _fields(thing: Any) -> Row:
    return {name: getattr(thing, name) for name in thing.__dataclass_fields__}


def _named(row: RowMapping, *names: str) -> Mapping[str, Any]:
    return {name: row[name] for name in names}


def _moments(text: str) -> tuple[datetime, ...]:
    return tuple(datetime.fromisoformat(t) for t in loads(text))
