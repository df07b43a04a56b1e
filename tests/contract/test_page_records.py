"""What the pages ask beyond the card, over real databases: all that was said, names in clear, layouts, whom to ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

from bots.desk import Desk
from bots.records import PageRecords
from rules import effects, events
from rules.layout import Layout
from rules.model import Customer, Rep, RepHandle
from storage import audit, notes, reps
from storage.database import Database
from storage.unit import Unit
from tests.contract.people import NOW, WANG, loaded, message, newcomer, save
from tests.unit.builders import LI, MA, playbook
from tests.unit.builders import WANG as FANG

HER = RepHandle(platform="wecom", value="WangFang")
OTHER = RepHandle(platform="wecom", value="LiQiang")
BOSS = RepHandle(platform="wecom", value="MaJing")


async def staffed(db: Database) -> PageRecords:
    """The pages' records, with two reps and a manager."""

    def work(unit: Unit) -> None:
        for rep in (FANG, LI, MA, Rep(id="gone", name="离职", role="manager", active=False, userid="Gone")):
            reps.upsert(unit, rep)

    await db.write(work, label="staff")
    return PageRecords(db=db, desk=Desk(playbook=playbook(), limits={}, now=lambda: NOW, db=db))


async def owned(db: Database, customer: Customer, rep: str) -> Customer:
    """Hers from now on."""
    event = events.Happened(id=f"owned/{rep}", at=NOW + timedelta(minutes=1))
    talk = customer.conversations[0].id
    mine: list[effects.Change] = [
        effects.SetOwner(rep=rep),
        effects.SetClaim(conversation_id=talk, rep=rep, at=NOW),
    ]
    acted = events.RepActed(id=event.id, at=event.at, by=HER, by_name="", verb="claim", conversation_id=talk)
    await db.write(lambda unit: save(unit, acted, customer, mine), label="turn")
    return await loaded(db, customer.id)


async def said(db: Database, customer: Customer, count: int) -> str:
    """She writes so many times more; her conversation."""
    talk = customer.conversations[0].id
    for number in range(2, count + 2):
        event = message(number, text=f"第 {number} 条")
        touch: list[effects.Change] = [effects.RecordTouch(conversation_id=talk, side="customer", at=event.at)]
        await db.write(partial(save, event=event, before=customer, changes=touch), label="turn")
        customer = await loaded(db, customer.id)
    return talk


async def test_all_that_was_said_comes_page_by_page(db: Database) -> None:
    records = await staffed(db)
    talk = await said(db, await newcomer(db), 6)
    seen, before, pages = [], 0, 0
    while True:
        past = await records.past(talk, HER, before=before, limit=3)
        assert past is not None and len(past.touches) <= 3
        seen += [t.text for t in past.touches]
        before, pages = past.older, pages + 1
        if not before:
            break
    assert seen == [*(f"第 {n} 条" for n in range(7, 1, -1)), "请发报价"] and pages == 3
    assert await records.past("0" * 32, HER, before=0, limit=3) is None


async def test_names_in_clear_are_written_down_before_they_are_told(db: Database) -> None:
    records = await staffed(db)
    customer = await owned(db, await newcomer(db), FANG.id)
    talk = customer.conversations[0].id
    names = await records.reveal(talk, HER)
    assert names is not None
    assert {(n.kind, n.value) for n in names} >= {
        ("external_userid", WANG.value),
        ("mail", customer.attributes["mail"]),
    }
    [row] = await db.read(audit.newest)
    assert (row.who, row.action, row.about) == (FANG.id, "reveal", customer.id)
    assert WANG.value not in str(row) and customer.attributes["mail"] not in str(row)


async def test_what_is_not_hers_looks_like_what_is_not_there_and_is_not_audited(db: Database) -> None:
    records = await staffed(db)
    await db.write(lambda unit: reps.upsert(unit, replace(LI, team="elsewhere")), label="staff")
    customer = await owned(db, await newcomer(db), FANG.id)
    talk = customer.conversations[0].id
    for of in (talk, "0" * 32):
        assert await records.reveal(of, OTHER) is None
        assert await records.past(of, OTHER, before=0, limit=5) is None
        assert await records.thread(of, OTHER) == ""
    assert await db.read(audit.newest) == []


async def test_a_layout_is_hers_and_the_default_is_the_managers(db: Database) -> None:
    records = await staffed(db)
    mine, everybodys = Layout(order=("tags", "who")), Layout(hidden=("channel",))
    assert (await records.layouts(HER)).used == Layout()
    assert not await records.keep_layout(HER, everybodys, everybody=True), "a rep sets nobody else's"
    assert await records.keep_layout(BOSS, everybodys, everybody=True)
    assert (await records.layouts(HER)).used == everybodys
    assert await records.keep_layout(HER, mine, everybody=False)
    assert (await records.layouts(HER)).used == mine and (await records.layouts(OTHER)).used == everybodys
    assert await records.keep_layout(HER, None, everybody=False)
    assert (await records.layouts(HER)).used == everybodys
    assert [r.action for r in await db.read(audit.newest)] == ["layout"]


async def test_a_layout_of_a_later_release_does_no_harm(db: Database) -> None:
    records = await staffed(db)
    kept = '{"order": ["who"], "columns": 2}'
    await db.write(lambda unit: notes.keep_note(unit, f"layout|{FANG.id}", kept, 9e11), label="note")
    assert (await records.layouts(HER)).used in (Layout(), Layout(order=("who",)))


async def test_whom_to_ask_are_the_managers_who_are_still_here(db: Database) -> None:
    assert list(await (await staffed(db)).managers()) == [MA.name]
