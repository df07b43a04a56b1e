"""What managers are told, on both databases: every count is the length of its list."""

from __future__ import annotations

from datetime import timedelta

from bots.turn import Turns
from rules.decision import Answer
from rules.events import RepActed
from rules.lateness import Due
from rules.model import Address, Identity, Rep, RepHandle, Stage
from sidebar.manage import deliveries, dormant, matrix, people, records, talks, today
from sidebar.manage.ask import Ask
from storage import customers, figures, inbox, notes, orders, places, reports, reps
from storage.database import Database
from storage.reports import Deeds, Which
from storage.unit import Unit
from tests.contract.people import NOW, accept, accepted, message
from tests.unit.builders import LIMITS, playbook

BOSS = Rep(id="boss", name="Wang Fang", role="manager", team="sales", language="en")
LILEI = Rep(id="lilei", name="李雷", team="sales")


def hire(unit: Unit) -> None:
    for rep in (BOSS, LILEI):
        reps.upsert(unit, rep)


def turns(db: Database, minutes: float) -> Turns:
    return Turns(
        db=db,
        node="n1",
        playbook=playbook(),
        now=lambda: NOW + timedelta(minutes=minutes),
        limits=LIMITS,
        lease_s=60,
        batch=64,
        answered=_nobody,
        decided=lambda: None,
    )


def _nobody(_: str, answer: Answer | None) -> None:
    assert answer is None or not answer.refused, answer


async def writes(db: Database, who: str, minutes: float) -> str:
    """A customer writes; her conversation."""
    address = Address(connector="wecom", account="kf-1", wire_id=who)
    identity = Identity(platform="wecom", kind="external_userid", value=who)
    await accept(db, accepted(message(int(minutes * 60), address=address, identity=identity)))
    while await turns(db, minutes).round():
        pass

    def find(unit: Unit) -> str:
        found = customers.load(unit, places.by_identity(unit, identity))
        assert found is not None
        return found.conversations[0].id

    return await db.read(find)


async def acts(db: Database, talk: str, verb: str, minutes: float, **inputs: str) -> None:
    event = RepActed(
        id=f"{verb}/{talk}/{minutes}",
        at=NOW + timedelta(minutes=minutes),
        by=RepHandle(platform="hub", value=BOSS.id),
        verb=verb,
        inputs=inputs,
        conversation_id=talk,
    )
    order = Address(connector="hub", account="page", wire_id=talk)
    await db.join(inbox.accept_many, [inbox.Accepted(event=event, order=order)], label="test")
    while await turns(db, minutes).round():
        pass


async def count(db: Database, **which: object) -> int:
    """How many these are, counted and listed."""
    wanted = Which(**which)  # type: ignore[arg-type]
    listed = await db.read(lambda unit: reports.talks(unit, wanted, 100))
    counted = await db.read(lambda unit: reports.count(unit, wanted))
    assert counted == len(listed)
    return counted


async def test_every_count_is_the_length_of_its_list(db: Database) -> None:
    await db.write(hire, label="test")
    first = await writes(db, "wm-1", 0)
    second = await writes(db, "wm-2", 1)
    await writes(db, "wm-3", 2)
    await acts(db, first, "claim", 3)
    await acts(db, first, "reply", 4, text="您好")
    await acts(db, second, "close", 5)
    assert await count(db) == 3
    assert await count(db, status="open") == 2 and await count(db, status="closed") == 1
    assert await count(db, status="live") == 2 and await count(db, status="snoozed") == 0
    assert await count(db, waiting=True) == 1
    assert await count(db, due=Due(first=NOW, next=NOW)) == 0
    late = Due(first=NOW + timedelta(minutes=2), next=NOW)
    assert await count(db, due=late) == 1 and await count(db, waiting=True, not_due=late) == 0
    assert await count(db, rep=BOSS.id) == 1 and await count(db, rep="-", status="live") == 1
    for rep in await db.read(reps.all_reps):
        assert await count(db, load=rep.id, status="open") == rep.load == 1, "a load leads to its rows"
    assert await count(db, channel="-") == 0 and await count(db, channel="new-leads") == 3
    assert await count(db, stage=Stage.CONNECTED.value) == 3 and await count(db, segment="no-such") == 0
    assert await count(db, since=NOW + timedelta(minutes=1)) == 2
    groups = await db.read(reports.groups)
    assert (sum(g.live for g in groups), sum(g.waiting for g in groups)) == (2, 1)
    [b, _, a] = await db.read(lambda unit: figures.first_replies(unit, (NOW, None), 10))
    assert (a.conversation_id, a.claimed_by) == (first, BOSS.id)
    assert a.first_reply_at == NOW + timedelta(minutes=4) and b.first_reply_at is None


async def test_quiet_ones_and_deeds(db: Database) -> None:
    await db.write(hire, label="test")
    first = await writes(db, "wm-1", 0)
    await writes(db, "wm-2", 60)
    found = await db.read(lambda unit: reports.quiet(unit, NOW + timedelta(minutes=30), 10))
    assert [(who.name, talk) for who, talk in found] == [("王敏", first)]
    assert await db.read(lambda unit: reports.quiet_count(unit, NOW + timedelta(minutes=30))) == 1
    deeds = await db.read(lambda unit: reports.deeds(unit, 10, Deeds()))
    assert [d.trace.event for d in deeds] == ["message_received"] * 2 and deeds[0].seq > deeds[1].seq
    assert await db.read(lambda unit: reports.deeds(unit, 10, Deeds(before=deeds[0].seq))) == deeds[1:]
    now = NOW + timedelta(days=1)
    await db.write(lambda unit: notes.switch(unit, orders.PAUSED, on=True, by=BOSS.id, now=now), label="test")
    assert await db.read(lambda unit: reports.paused_by(unit, orders.PAUSED)) == (BOSS.id, now)


async def test_every_page_is_built(db: Database) -> None:
    await db.write(hire, label="test")
    for number in range(3):
        await writes(db, f"wm-{number}", number)
    for language in ("en", "zh-CN"):
        ask = Ask(
            rep=Rep(id="boss", name="B", role="manager", language=language),
            now=NOW + timedelta(days=4),
            book=playbook(),
            query={"days": "3"},
            reps={BOSS.id: BOSS},
            most=2,
        )
        for build in (today.build, matrix.build, dormant.build, deliveries.build, people.build, records.build):
            sheet = await db.read(lambda unit, build=build, ask=ask: build(unit, ask))  # type: ignore[misc]
            assert all(len(r.cells) == len(t.columns) for t in sheet.tables for r in t.rows), sheet.name
            assert all(len(t.rows) <= max(2, t.all) for t in sheet.tables)
        listed = await db.read(lambda unit, ask=ask: talks.build(unit, ask))  # type: ignore[misc]
        assert (len(listed.tables[0].rows), listed.tables[0].all) == (2, 3)
