"""The timeline is the truth: folded again it gives the live tables, and any row that was tampered with is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from rules import effects
from rules.effects import Change
from rules.errors import Unreadable
from rules.model import Rep
from storage import reps
from storage.database import Database
from storage.rebuild import rebuild
from storage.tables import balances, conversations, customers, ledger, tags, timeline, timers
from storage.tables import reps as rep_table
from tests.contract.people import NOW, loaded, message, newcomer, save
from tests.contract.test_storage_customers import everything

REP = Rep(id="r1", name="张伟", aad_id="AAD-1")


async def story(db: Database) -> str:
    """A customer with a long enough life, owned by a rep."""
    await db.write(lambda u: reps.upsert(u, REP), label="provision")
    customer = await newcomer(db)
    await db.write(lambda u: save(u, message(2), customer, everything(customer.conversations[0].id)), label="turn")
    middle = await loaded(db, customer.id)
    more: list[Change] = [effects.CancelTimer(key="a/hold"), effects.CloseTask(task_id="t1")]
    more.append(effects.SetStatus(conversation_id=customer.conversations[0].id, status="open"))
    await db.write(lambda u: save(u, message(3), middle, more), label="turn")
    return customer.id


async def test_the_folded_timeline_equals_the_live_tables(db: Database) -> None:
    assert await db.read(rebuild) == []
    await story(db)
    second = message(
        9, address=replace(message().address, wire_id="wm2"), identity=replace(message().identity, value="2")
    )
    await newcomer(db, second)
    assert await db.read(rebuild) == []


TAMPERED: list[tuple[Any, str]] = [
    (update(customers).values(stage="client"), "stage"),
    (update(customers).values(owner=""), "owner"),
    (update(customers).values(touches=9), "touches"),
    (update(tags).where(tags.c.name == "PaaS").values(active=False), "tags[0]"),
    (delete(tags).where(tags.c.name == "PaaS"), "tags"),
    (update(balances).values(value=1.0), "score"),
    (delete(ledger), "ledger"),
    (delete(timers), "timers"),
    (update(conversations).values(claimed_by="r2"), "conversations[0]"),
    (update(rep_table).values(load=7), "load"),
]


@pytest.mark.parametrize(("statement", "named"), TAMPERED, ids=[named for _, named in TAMPERED])
async def test_a_row_that_differs_is_named(db: Database, statement: Any, named: str) -> None:
    await story(db)
    await db.write(lambda u: u.run(statement).rowcount, label="tamper")
    found = await db.read(rebuild)
    assert any(difference.endswith(f": {named}") for difference in found), found


async def test_a_timeline_row_copied_to_another_event_cannot_be_read(db: Database) -> None:
    customer_id = await story(db)
    await db.write(
        lambda u: u.run(update(timeline).where(timeline.c.version == 3).values(event_id="x")).rowcount, label="t"
    )
    with pytest.raises(Unreadable):
        await db.read(rebuild)
    assert customer_id


async def test_an_entry_nobody_wrote_is_noticed(db: Database) -> None:
    customer_id = await story(db)
    extra = {
        "id": "z",
        "customer_id": customer_id,
        "signal": "x",
        "weight": 1.0,
        "half_life_days": 30,
        "rank": 0,
        "at": NOW,
    }
    await db.write(lambda u: u.run(insert(ledger), [extra]).rowcount, label="tamper")
    assert await db.read(rebuild) == [f"customer {customer_id}: ledger", f"customer {customer_id}: score"]
