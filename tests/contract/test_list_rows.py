"""The rows of a list say what the cards say, of the same conversations in the same order, and for far fewer queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, insert, update

from bots.desk import Desk
from rules.listrow import ListRow
from rules.model import Customer, Rep, RepHandle, Task, Wakeup, Words
from storage import follows, reps, rows, tables
from storage.database import Database
from storage.unit import Unit
from tests.contract.people import NOW
from tests.contract.test_find import ASKED, OUTSIDER, TWO_TEAMS, handle, known, people
from tests.unit.builders import LI, LIMITS, MA, WANG

__all__ = ["people"]

LATER = NOW + timedelta(hours=3)
QUERIES = (*ASKED, "find:赵", "nonsense")
CONVERSATION: Mapping[str, Mapping[str, object]] = {
    "t-11": {"claimed_by": WANG.id},
    "t-12": {"status": "closed", "claimed_by": WANG.id},
    "t-13": {"status": "snoozed", "waiting_since": None},
    "t-14": {"taken_over": True},
    "t-15": {"waiting_since": None, "last_our_at": NOW},
    "t-16": {"waiting_since": None, "claimed_by": "somebody-who-left"},
    "t-18": {"waiting_since": None},
    "t-19": {
        "wakeup": rows.WAKEUP.dump_json(
            Wakeup(mail_id="m", episode="e", template="t", state="proposed", at=LATER)
        ).decode()
    },
    "t-20": {"channel": "a channel that is gone"},
}
"""What makes one customer's next step unlike the next one's."""


def many_ways(unit: Unit) -> None:
    """Customers who stand in every way a list can show."""
    reps.upsert(unit, OUTSIDER)
    for number in range(11, 22):
        known(unit, number, f"赵{number}")
    for talk, change in CONVERSATION.items():
        unit.run(update(tables.conversations).where(tables.conversations.c.id == talk).values(**change))
    for number, days in ((15, 30), (15, 7), (17, 30)):
        score = {"customer_id": f"c-{number}", "half_life_days": float(days), "value": 40.0, "at": NOW}
        unit.run(insert(tables.balances).values(**score))
    for number, owner in ((15, WANG.id), (16, OUTSIDER.id), (18, "gone")):
        unit.run(update(tables.customers).where(tables.customers.c.id == f"c-{number}").values(owner=owner))
    for number, hours, is_open in ((1, 5, True), (2, 2, True), (3, 1, False)):
        task = Task(id=f"k-{number}", kind="call", rep=WANG.id, due_at=NOW + timedelta(hours=hours), title=said(number))
        unit.run(insert(tables.tasks).values(rows.task_row(unit, "c-15", task, number) | {"open": is_open}))
    for number in range(11, 22):
        sealed_anew(unit, number)
    her_mail = update(tables.timeline).where(tables.timeline.c.customer_id == "c-13")
    unit.run(her_mail.values(connector="mail"))
    follows.add(unit, "c-17", OUTSIDER.id, NOW)


def said(number: int) -> Words:
    return Words(zh=f"任务 {number}", en=f"task {number}")


def sealed_anew(unit: Unit, number: int) -> None:
    """As a turn would have: what was written past it is then read, not remembered."""
    attributes = {"company": "华东智造"} if number % 2 else {"mail": "zhao@customer.example"}
    customer = Customer(id=f"c-{number}", created_at=NOW, name=f"赵{number}", attributes=attributes)
    sealed = rows.customer_row(unit, customer)["sealed"]
    unit.run(update(tables.customers).where(tables.customers.c.id == customer.id).values(sealed=sealed))


@pytest.fixture
async def desk(people: Database) -> Desk:
    await people.write(many_ways, label="turn")
    return Desk(playbook=TWO_TEAMS, limits=LIMITS, now=lambda: LATER, db=people)


@pytest.mark.parametrize("rep", [WANG, LI, MA, OUTSIDER], ids=lambda rep: rep.id)
async def test_a_row_says_what_the_card_says(desk: Desk, rep: Rep) -> None:
    for query in QUERIES:
        cards = await desk.cards(query, handle(rep), limit=50)
        assert await desk.rows(query, handle(rep), limit=50) == [ListRow.of_card(c) for c in cards], query
        few = await desk.rows(query, handle(rep), limit=2)
        assert few == [ListRow.of_card(c) for c in cards[:2]], query
    assert await desk.rows("find:赵", handle(WANG), limit=50), "or nothing was compared"


async def test_every_way_is_really_there(desk: Desk) -> None:
    found = await desk.rows("find:赵", handle(MA), limit=50)
    assert {r.state for r in found} == {"claimed", "closed", "snoozed", "unclaimed"}
    assert len({r.next_step.zh for r in found}) >= 7 and any(r.score for r in found) and any(r.sla for r in found)


async def test_what_is_not_hers_is_not_listed(desk: Desk, people: Database) -> None:
    """A follower finds her contact, her owner her own; somebody who left, or nobody knows, finds nothing."""
    hers = {r.conversation_id for r in await desk.rows("find:赵", handle(OUTSIDER), limit=50)}
    assert hers == {"t-16", "t-17"}
    await people.write(lambda u: reps.upsert(u, replace(OUTSIDER, active=False)), label="staff")
    await people.write(lambda u: u.run(update(tables.reps).values(active=False)), label="staff")
    assert not await desk.rows("find:赵", handle(OUTSIDER), limit=50)
    assert not await desk.rows("queue", RepHandle(platform="teams", value="nobody"), limit=50)


async def test_a_longer_list_asks_no_more(desk: Desk, people: Database) -> None:
    """The number of queries does not grow with the number of rows."""

    def work(unit: Unit) -> list[int]:
        asked: list[str] = []
        event.listen(unit.conn, "before_cursor_execute", lambda _conn, _cursor, statement, *_: asked.append(statement))
        counts = []
        for limit in (2, 10):
            asked.clear()
            found = desk.rows_of(unit, "queue", MA, limit, LATER)
            assert len(found) == limit
            counts.append(len(asked))
        return counts

    few, many = await people.read(work)
    assert few == many <= 7, (few, many)
