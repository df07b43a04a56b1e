"""What is made when it is sent: digests, notices held over night, threads that come back, channels that are gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bots.desk import Desk
from bots.jobs import Bench
from bots.making import NotNow
from bots.reminding import Reminding
from connectors.contract import CardEdit, Job, RepNotice, Skipped, ThreadPost
from rules.decision import Decision
from rules.effects import NotifyRep, PostRoot, SaveReference, Sending, fold
from rules.engine import decide
from rules.events import Event, MessageReceived, ReminderDue, RepActed, RepSpoke
from rules.model import Address, Customer, Identity, Preferences, Rep, RepHandle, Snapshot
from rules.tokens import Tokens
from storage import customers, outbox, pending, places, references, reminders, reps
from storage.database import Database
from storage.outbox import Claim, End, OutRow
from storage.references import ChannelRow
from storage.tables import conversations
from storage.unit import Unit
from tests.unit.builders import LI, LIMITS, MA, MONDAY, WANG, playbook

BOOK = playbook()
TEAM = Address(connector="teams", account="msteams:t", wire_id="19:general")


def desk(db: Database, now: datetime = MONDAY) -> Desk:
    return Desk(playbook=BOOK, limits=LIMITS, now=lambda: now, db=db)


def bench(db: Database) -> Bench:
    return Bench(
        desk=desk(db), mirror="full", tokens=Tokens(key=b"t" * 32),
        public_url="http://hub.test",
    )  # fmt: skip


def turn(unit: Unit, event: Event, now: datetime, actor: Rep | None = None) -> Decision:
    """One turn as the hub takes it: decided on what is stored, stored in one go."""
    place = places.locate(unit, event)
    before = customers.load(unit, place.customer_id) or Customer(id=place.customer_id, created_at=now)
    people = reps.all_reps(unit)
    snapshot = Snapshot(customer=before, conversation_id=place.conversation_id, actor=actor, reps=people, limits=LIMITS)
    decision = decide(snapshot, event, BOOK, now)
    after = fold(before, decision.changes)
    if after.id:
        customers.save(
            unit, before, after, event=event, changes=decision.changes, trace=decision.because, now=now,
            sendings=decision.sendings,
        )  # fmt: skip
    rows = [OutRow(sending=s, connector="teams", lane=s.id, customer_id=after.id) for s in decision.sendings]
    outbox.put(unit, rows, now=now)
    return decision


def says(number: int, text: str, *, name: str = "张伟", at: datetime = MONDAY) -> MessageReceived:
    address = Address(connector="wecom", account="kf", wire_id=f"wm-{number}")
    who = Identity(platform="wecom", kind="external_userid", value=f"wm-{number}")
    return MessageReceived(
        id=f"m/{number}/{text}/{at.isoformat()}", at=at, address=address, identity=who, text=text, name=name
    )


@pytest.fixture
async def staffed(db: Database) -> Database:
    def work(unit: Unit) -> None:
        for rep in (WANG, LI, MA):
            reps.upsert(unit, rep)
        references.save_reference(
            unit, SaveReference(address=TEAM, scope="team", service_url="https://smba.test", team_id="19:general")
        )
        references.put_channels(
            unit, [ChannelRow(key=k, team=c.team, name=c.name, wire_id=f"19:{k}") for k, c in BOOK.channels.items()]
        )

    await db.write(work, label="staff")
    return db


async def taken(db: Database, event: Event, now: datetime = MONDAY, actor: Rep | None = None) -> Decision:
    return await db.write(lambda u: turn(u, event, now, actor), label="turn")


async def made(db: Database, sending: Sending, now: datetime = MONDAY) -> Job | NotNow:
    claim = Claim(id=sending.id, lane="l", connector="teams", customer_id="", sending=sending, attempt=1)

    def work(unit: Unit) -> Job | NotNow:
        owner = places.by_conversation(unit, sending.conversation_id).customer_id
        return bench(db).job(unit, replace(claim, customer_id=owner), now)

    return await db.read(work)


async def digest(db: Database, rep: Rep, now: datetime = MONDAY) -> Job | NotNow:
    due = ReminderDue(id=f"digest/{rep.id}/{now.isoformat()}", at=now, rep=rep.id, due_at=now)
    [asked] = (await taken(db, due, now)).sendings
    return await made(db, asked, now)


async def test_an_answer_has_no_twin_and_goes_wherever_she_can_be_reached(staffed: Database) -> None:
    """She reads notices in both places, asks in a channel of Teams, and has no chat with the bot there."""
    both = Preferences(notices="both")
    await staffed.write(lambda u: reps.prefer(u, LI.id, both), label="staff")
    asked = RepSpoke(
        id="asked", at=MONDAY, by=RepHandle(platform="teams", value=LI.aad_id), by_name=LI.name, thread=TEAM,
        text="settings", mentioned=True,
    )  # fmt: skip
    [answer] = (await taken(staffed, asked, actor=replace(LI, wishes=both))).sendings
    assert isinstance(await made(staffed, answer), RepNotice)


# --- digests --------------------------------------------------------------------------------------------------------


async def test_a_digest_says_what_waits_and_what_is_due(staffed: Database) -> None:
    await taken(staffed, says(1, "你好，想了解方案"))
    owner = await staffed.read(lambda u: next(r for r in reps.all_reps(u) if r.load > LI.load or r.load > WANG.load))
    job = await digest(staffed, owner, MONDAY + timedelta(minutes=5))
    assert isinstance(job, RepNotice)
    assert "张伟 · 首响剩余 25 分钟" in job.text.zh and "They wait for you:" in job.text.en
    assert "设置 摘要 关" in job.text.zh


async def test_nothing_to_say_is_not_said(staffed: Database) -> None:
    assert await digest(staffed, WANG) == NotNow(outcome=Skipped(reason="nothing_to_say"))


async def test_two_nodes_that_tick_at_once_make_one_digest(staffed: Database) -> None:
    nodes = [Reminding(db=staffed, playbook=BOOK) for _ in range(2)]
    for node in nodes:
        await node.tick(MONDAY)
    planned = await staffed.read(reminders.planned)
    assert set(planned) == {WANG.id, LI.id, MA.id}
    assert set(planned.values()) == {datetime(2026, 11, 23, 8, 30, tzinfo=UTC)}
    work = await staffed.read(lambda u: pending.pending(u, MONDAY))
    assert work.next_due == datetime(2026, 11, 23, 8, 30, tzinfo=UTC), "a pushed clock stops there"
    later = MONDAY + timedelta(hours=7)
    before = (await staffed.read(lambda u: pending.pending(u, later))).inbox
    for node in nodes:
        await node.tick(later)
    # a node whose clock is behind plans the same moment once more, and fires it again
    await staffed.write(lambda u: reminders.plan(u, planned), label="timers")
    await nodes[0].tick(later)
    assert (await staffed.read(lambda u: pending.pending(u, later))).inbox - before == 3
    again = await staffed.read(reminders.planned)
    assert set(again.values()) == {datetime(2026, 11, 24, 1, 0, tzinfo=UTC)}


async def test_who_wants_no_digest_has_none_planned(staffed: Database) -> None:
    await staffed.write(lambda u: reps.prefer(u, LI.id, Preferences(digest=False)), label="turn")
    await Reminding(db=staffed, playbook=BOOK).tick(MONDAY)
    assert set(await staffed.read(reminders.planned)) == {WANG.id, MA.id}


async def test_what_she_chose_outlives_the_configuration(staffed: Database) -> None:
    wishes = Preferences(language="en", quiet="21:00-08:00", digest=False, notices="both")

    def work(unit: Unit) -> Sequence[Rep | None]:
        reps.prefer(unit, LI.id, wishes)
        reps.upsert(unit, LI)
        reps.learn(unit, replace(LI, id="", name="李强强"))
        return reps.by_id(unit, LI.id), reps.by_handle(unit, RepHandle(platform="wecom", value="liqiang"))

    for found in await staffed.write(work, label="staff"):
        assert found is not None and (found.language, found.wishes, found.name) == ("en", wishes, "李强强")


# --- held over night ------------------------------------------------------------------------------------------------


async def test_what_was_held_is_told_as_one_and_as_it_stands(staffed: Database) -> None:
    wishes = Preferences(quiet="21:00-08:00")

    def sleep(unit: Unit) -> None:
        for rep in (WANG, LI):
            reps.prefer(unit, rep.id, wishes)

    await staffed.write(sleep, label="turn")
    night = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
    for number, name in enumerate(("张伟", "王敏", "赵雷"), 1):
        await taken(staffed, says(number, "你好", name=name, at=night), night)
    morning = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)

    def ready(unit: Unit) -> list[Claim]:
        found = outbox.claim_outbox(unit, "n", morning, limit=50, lease_s=60)
        return [c for c in found if isinstance(c.sending, NotifyRep)]

    claims = await staffed.write(ready, label="delivery_claim")
    assert len(claims) == len({c.sending.supersedes for c in claims}), "one notice a rep"
    texts = []
    for claim in claims:
        job = await made(staffed, claim.sending, morning)
        assert isinstance(job, RepNotice)
        texts.append(f"{job.title.zh} {job.text.zh} {job.card.name if job.card else ''}")
    told = "\n".join(texts)
    assert all(name in told for name in ("张伟", "王敏", "赵雷"))
    assert "安静时段里的提醒" in told


# --- threads --------------------------------------------------------------------------------------------------------


async def test_a_thread_that_comes_back_goes_on_where_it_stood(staffed: Database) -> None:
    [root] = [s for s in (await taken(staffed, says(1, "你好"))).sendings if isinstance(s, PostRoot)]
    assert isinstance(await made(staffed, root), ThreadPost)
    await _ended(staffed, root.id, wire_id="19:a;messageid=1", part_id="1")
    away, back = ("service", root.channel) if root.channel != "service" else ("nurture", root.channel)
    moved = await _moved(staffed, root.conversation_id, away)
    assert isinstance(await made(staffed, moved), ThreadPost)
    await _ended(staffed, moved.id, wire_id="19:b;messageid=2", part_id="2")
    again = await made(staffed, await _moved(staffed, root.conversation_id, back))
    assert isinstance(again, CardEdit) and (again.thread, again.activity) == ("19:a;messageid=1", "1")


async def _moved(db: Database, conversation_id: str, channel: str) -> PostRoot:
    act = RepActed(
        id=f"move/{channel}", at=MONDAY, by=RepHandle(platform="teams", value=MA.aad_id), verb="reroute",
        inputs={"channel": channel}, conversation_id=conversation_id,
    )  # fmt: skip
    [root] = [s for s in (await taken(db, act, actor=MA)).sendings if isinstance(s, PostRoot)]
    return root


async def _ended(db: Database, row_id: str, wire_id: str, part_id: str) -> None:
    def work(unit: Unit) -> None:
        claims = outbox.claim_outbox(unit, "n", MONDAY, limit=50, lease_s=60)
        claim = next(c for c in claims if c.id == row_id)
        outbox.finish_outbox(unit, claim, End(state="delivered", wire_id=wire_id, part_id=part_id), now=MONDAY)

    await db.write(work, label="delivery")


async def test_a_channel_that_left_the_playbook_keeps_its_last_name_and_says_so(staffed: Database) -> None:
    await taken(staffed, says(1, "你好"))

    def look(unit: Unit) -> tuple[str, str]:
        references.put_channels(unit, [ChannelRow(key="old", team="销售部", name="旧频道", wire_id="19:old")])
        talk_id = outbox_conversation(unit)
        customer = customers.load(unit, places.by_conversation(unit, talk_id).customer_id)
        assert customer is not None
        talk = replace(customer.conversations[0], channel="old", claimed_by=WANG.id)
        view = desk(staffed).view(unit, customer, talk, MONDAY)
        assert view.risk is not None
        return view.channel, view.risk.en

    name, risk = await staffed.write(look, label="staff")
    assert name == "旧频道" and "move it" in risk
    root = PostRoot(id="r-old", conversation_id=await staffed.read(outbox_conversation), channel="old")
    job = await made(staffed, root)
    assert isinstance(job, ThreadPost) and job.channel.name == "旧频道"
    nowhere = await made(staffed, replace(root, channel="never-stood"))
    assert isinstance(nowhere, NotNow) and getattr(nowhere.outcome, "reason", "") == "channel_gone"


def outbox_conversation(unit: Unit) -> str:
    """The only conversation there is."""
    row = unit.row(conversations.select())
    assert row is not None
    return str(row["id"])
