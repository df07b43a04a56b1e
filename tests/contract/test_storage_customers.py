"""Customers: what a turn decided comes back whole; a second writer, a second birth and a stale choice are refused."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from rules import effects, events
from rules.effects import Change, fold
from rules.errors import Conflict
from rules.model import (
    Address,
    Balance,
    Consent,
    Conversation,
    Customer,
    Entry,
    Identity,
    Rep,
    RepHandle,
    Stage,
    Tag,
    Task,
    Timer,
    Wakeup,
    Words,
)
from storage import customers, follows, identities, names, reps
from storage.database import Database
from storage.timeline import Touch
from storage.unit import Unit
from tests.contract.people import KF, NOW, WANG, first_words, loaded, message, newcomer, save, trace

LATER = NOW + timedelta(days=1)
REP = Rep(id="rep-zhang", name="张伟", aad_id="AAD-1", userid="ZhangWei", mail="zhang.wei@example.cn", team="presales")


def everything(conversation_id: str) -> list[Change]:
    """At least one change of every kind, so that every field of every noun is filled."""
    wakeup = Wakeup(mail_id="m1", episode="e1", template="quiet", state="proposed", at=NOW)
    consent = Consent(purpose="wakeup", medium="mail", given=True, at=NOW, source="form", text_version="2")
    task = Task(id="t1", kind="handover", title=Words(zh="联系王敏", en="Call Wang Min"), rep="r1", due_at=LATER)
    return [
        effects.Classify(
            segment="key",
            industry="制造业",
            source="expo",
            language="zh-TW",
            language_by="choice",
            zone="Europe/Berlin",
        ),
        effects.AddTag(tag=Tag(name="PaaS", by="rep", rule="r1", at=NOW)),
        effects.DropTag(name="制造业", by="rep", rule="r1", at=NOW),
        effects.AddScore(entry=Entry(id="s2", signal="form", weight=-3.5, half_life_days=7, at=LATER)),
        effects.SetStage(stage=Stage.INTERESTED),
        effects.SetQualified(qualified=True),
        effects.SetOwner(rep="r1"),
        effects.RecordConsent(consent=consent),
        effects.Suppress(reason="hard_bounce"),
        effects.RecordTouch(conversation_id=conversation_id, side="customer", at=LATER, page="/paas"),
        effects.RecordTouch(conversation_id=conversation_id, side="us", at=LATER),
        effects.RecordTouch(conversation_id=conversation_id, side="us", at=LATER, answer="o2"),
        effects.LoseAnswer(conversation_id=conversation_id, answer="o2"),
        effects.RecordTouch(conversation_id=conversation_id, side="us", at=LATER, automatic=True),
        effects.SetClaim(conversation_id=conversation_id, rep="r1", at=LATER),
        effects.SetStatus(conversation_id=conversation_id, status="snoozed"),
        effects.SetTakenOver(conversation_id=conversation_id, taken_over=True),
        effects.SetRoot(conversation_id=conversation_id, root="o1"),
        effects.RaiseCard(conversation_id=conversation_id),
        effects.SetWakeup(conversation_id=conversation_id, wakeup=wakeup),
        effects.RecordWake(at=LATER),
        effects.SetTimer(timer=Timer(key="a/hold", kind="hold", due_at=LATER, episode="e1")),
        effects.OpenTask(task=task),
    ]


async def test_every_field_comes_back_as_the_fold_left_it(db: Database) -> None:
    before = await newcomer(db)
    changes = everything(before.conversations[0].id)
    event = message(2)
    after = await db.write(lambda u: save(u, event, before, changes), label="turn")
    found = await loaded(db, before.id)
    assert found == replace(after, version=2)
    for noun in (found, found.conversations[0], found.tags[1], found.consents[0], found.timers[0], found.tasks[0]):
        blank = {f.name for f in fields(noun) if getattr(noun, f.name) in ("", (), None)}
        assert blank <= {"conversation_id"}, f"{type(noun).__name__} leaves {blank} untested"


async def test_what_goes_away_is_gone(db: Database) -> None:
    before = await newcomer(db)
    conversation = before.conversations[0].id
    middle = await db.write(lambda u: save(u, message(2), before, everything(conversation)), label="turn")
    middle = replace(middle, version=2)
    changes: list[Change] = [
        effects.DropTag(name="PaaS", by="rule", at=NOW),
        effects.CancelTimer(key="a/hold"),
        effects.CloseTask(task_id="t1"),
        effects.SetWakeup(conversation_id=conversation, wakeup=None),
        effects.SetClaim(conversation_id=conversation, rep=""),
        effects.Suppress(reason=""),
    ]
    after = await db.write(lambda u: save(u, message(3), middle, changes), label="turn")
    assert await loaded(db, before.id) == replace(after, version=3)


async def test_a_second_writer_is_refused(db: Database) -> None:
    before = await newcomer(db)
    calm: list[Change] = [effects.SetStage(stage=Stage.CLIENT)]
    await db.write(lambda u: save(u, message(2), before, calm), label="turn")
    with pytest.raises(Conflict):
        await db.write(lambda u: save(u, message(3), before, calm), label="turn")
    assert (await loaded(db, before.id)).version == 2


async def test_a_customer_is_born_once(db: Database) -> None:
    event, elsewhere = message(1), message(2, address=replace(KF, account="other"))

    def born(unit: Unit, said: events.MessageReceived) -> None:
        new = Customer(id=effects.new_id(said.id, "customer"), created_at=NOW)
        save(unit, said, new, first_words(said))

    results = await asyncio.gather(
        db.write(lambda u: born(u, event), label="turn"),
        db.write(lambda u: born(u, elsewhere), label="turn"),
        return_exceptions=True,
    )
    assert [type(r) for r in results] == [type(None), Conflict]
    place = await db.read(lambda u: customers.locate(u, elsewhere))
    assert (place.customer_id, place.conversation_id, place.new) == (effects.new_id(event.id, "customer"), "", False)


async def test_one_event_has_one_turn(db: Database) -> None:
    customer = await newcomer(db)
    with pytest.raises(Conflict):
        await db.write(lambda u: save(u, message(1), customer, []), label="turn")


async def test_a_name_two_customers_share_is_noted_and_leads_to_the_first(db: Database) -> None:
    first = await newcomer(db)
    lin = Identity(platform="wecom", kind="external_userid", value="wmLin")
    second = await newcomer(db, message(5, address=replace(KF, wire_id="wmLin"), identity=lin))
    union = Identity(platform="wechat", kind="unionid", value="oUnion")
    link: list[Change] = [effects.LinkIdentity(identity=union)]
    await db.write(lambda u: save(u, message(6), first, link), label="turn")
    await db.write(lambda u: save(u, message(7), second, link), label="turn")
    assert union in await db.read(lambda u: identities.of_customer(u, second.id))
    learned = events.ProfileLearned(id="p", at=NOW, address=replace(KF, wire_id="unheard"), identity=union)
    assert (await db.read(lambda u: customers.locate(u, learned))).customer_id == first.id


async def test_an_unverified_name_finds_nobody(db: Database) -> None:
    customer = await newcomer(db)
    said = Identity(platform="mail", kind="mail", value="boss@example.cn", verified=False)
    await db.write(lambda u: save(u, message(2), customer, [effects.LinkIdentity(identity=said)]), label="turn")
    stranger = message(3, address=replace(KF, wire_id="x"), identity=replace(said, verified=True))
    assert (await db.read(lambda u: customers.locate(u, stranger))).new
    assert await db.read(lambda u: identities.identity_on(u, customer.id, "mail")) == said
    assert await db.read(lambda u: identities.identity_on(u, customer.id, "wecom")) == WANG


async def test_mail_addresses_are_suppressed_whoever_has_them(db: Database) -> None:
    customer = await newcomer(db)
    changes: list[Change] = [effects.Suppress(reason="complaint")]
    await db.write(lambda u: save(u, message(2), customer, changes), label="turn")
    assert await db.read(lambda u: identities.suppressed(u, "WANG.min@EXAMPLE.cn")) == "complaint"
    after = await loaded(db, customer.id)
    await db.write(lambda u: save(u, message(3), after, [effects.Suppress(reason="")]), label="turn")
    assert await db.read(lambda u: identities.suppressed(u, "wang.min@example.cn")) == ""


async def test_loads_follow_claims_and_a_stale_choice_is_refused(db: Database) -> None:
    await db.write(lambda u: reps.upsert(u, REP), label="provision")
    customer = await newcomer(db)
    conversation = customer.conversations[0].id
    own: list[Change] = [effects.SetOwner(rep=REP.id, load_seen=0)]
    await db.write(lambda u: save(u, message(2), customer, own), label="turn")
    assert await load_of(db) == 1
    owned = await loaded(db, customer.id)
    stale: list[Change] = [effects.SetClaim(conversation_id=conversation, rep=REP.id, load_seen=0)]
    with pytest.raises(Conflict):
        await db.write(lambda u: save(u, message(3), owned, stale), label="turn")
    claim: list[Change] = [effects.SetClaim(conversation_id=conversation, rep=REP.id, load_seen=1)]
    await db.write(lambda u: save(u, message(3), owned, claim), label="turn")
    assert await load_of(db) == 1
    closed: list[Change] = [effects.SetStatus(conversation_id=conversation, status="closed")]
    claimed = await loaded(db, customer.id)
    await db.write(lambda u: save(u, message(4), claimed, closed), label="turn")
    assert await load_of(db) == 0


async def test_an_owner_who_is_no_rep_of_ours_stops_nothing(db: Database) -> None:
    customer = await newcomer(db)
    own: list[Change] = [effects.SetOwner(rep="gone", load_seen=4)]
    await db.write(lambda u: save(u, message(2), customer, own), label="turn")


async def test_touches_are_the_newest_words_on_either_side(db: Database) -> None:
    customer = await newcomer(db)
    conversation = customer.conversations[0].id
    answer = effects.SendText(id="o1", conversation_id=conversation, text="您好，马上发", by="rep-zhang")
    act = events.RepActed(
        id="act", at=LATER, by=RepHandle(platform="teams", value="AAD-1"), verb="reply", conversation_id=conversation
    )
    changes: list[Change] = [effects.RecordTouch(conversation_id=conversation, side="us", at=LATER)]
    after = fold(customer, changes)
    await db.write(
        lambda u: customers.save(
            u, customer, after, event=act, changes=changes, trace=trace(act, about="act"), now=NOW, sendings=[answer]
        ),
        label="turn",
    )
    found = await db.read(lambda u: customers.touches(u, customer.id, 5))
    assert [(t.side, t.connector, t.text) for t in found] == [
        ("us", "wecom", "您好，马上发"),
        ("customer", "wecom", "请发报价"),
    ]
    assert isinstance(found[0], Touch) and found[0].conversation_id == conversation
    assert await db.read(lambda u: customers.touch_count(u, customer.id)) == 2


async def test_what_was_no_touch_is_not_shown_as_one(db: Database) -> None:
    customer = await newcomer(db)
    await db.write(lambda u: save(u, message(2), customer, []), label="turn")
    assert len(await db.read(lambda u: customers.touches(u, customer.id, 5))) == 1


async def test_the_heaviest_entries_of_the_ledger(db: Database) -> None:
    customer = await newcomer(db)
    weights = [(1.0, 30, 0), (8.0, 30, -60), (-20.0, 30, -1), (3.0, 7, 0), (90.0, 7, -90), (0.0, 30, 0)]
    entries = [
        Entry(id=f"e{i}", signal=f"s{i}", weight=w, half_life_days=h, at=NOW + timedelta(days=d))
        for i, (w, h, d) in enumerate(weights)
    ]
    changes: list[Change] = [effects.AddScore(entry=e) for e in entries]
    await db.write(lambda u: save(u, message(2), customer, changes), label="turn")
    everything_now = [*entries, Entry(id="", signal="message", weight=10, half_life_days=30, at=message().at)]
    wanted = sorted(everything_now, key=lambda e: abs(e.now(LATER)), reverse=True)[:4]
    found = await db.read(lambda u: customers.ledger_top(u, customer.id, LATER, 4))
    assert [e.signal for e in found] == [e.signal for e in wanted]
    score = (await loaded(db, customer.id)).score(LATER)
    assert score == pytest.approx(sum(e.now(LATER) for e in everything_now))


async def test_the_why_is_kept(db: Database) -> None:
    customer = await newcomer(db)
    conversation = customer.conversations[0].id
    later = message(2)
    after = await loaded(db, customer.id)
    await db.write(
        lambda u: customers.save(u, after, after, event=later, changes=[], trace=trace(later, about="skip"), now=NOW),
        label="turn",
    )
    assert await db.read(lambda u: customers.trace_of(u, conversation)) == trace(message(1))
    assert await db.read(lambda u: customers.why(u, later.id)) == trace(later, about="skip")
    assert await db.read(lambda u: customers.why(u, "never")) is None


async def test_followers_come_and_go_with_contacts(db: Database) -> None:
    await db.write(lambda u: reps.upsert(u, REP), label="provision")
    customer = await newcomer(db)
    handle = RepHandle(platform="wecom", value="zhangwei")
    added = events.ContactAdded(id="add", at=NOW, address=KF, identity=WANG, rep=handle)
    await db.write(lambda u: save(u, added, customer, []), label="turn")
    assert await db.read(lambda u: follows.followers(u, customer.id)) == [REP.id]
    removed = events.ContactRemoved(id="del", at=NOW, address=KF, identity=WANG, rep=handle, by="customer")
    after = await loaded(db, customer.id)
    await db.write(lambda u: save(u, removed, after, []), label="turn")
    assert await db.read(lambda u: follows.followers(u, customer.id)) == []


@pytest.mark.parametrize("words", ["王敏", "沈阳", "阳机床", "王敏 沈阳机床", "wang.min@example.cn", " 王敏 "])
async def test_she_is_found_by_name_company_and_mail(db: Database, words: str) -> None:
    customer = await newcomer(db)
    mail = Identity(platform="mail", kind="mail", value="Wang.Min@Example.CN")
    await db.write(lambda u: save(u, message(2), customer, [effects.LinkIdentity(identity=mail)]), label="turn")
    assert await db.read(lambda u: names.find(u, words)) == [customer.id]


@pytest.mark.parametrize("words", ["敏王", "李", "", "other@example.cn", "王敏 上海"])
async def test_other_words_find_nobody(db: Database, words: str) -> None:
    await newcomer(db)
    assert await db.read(lambda u: names.find(u, words)) == []


async def test_latin_names_are_found_by_each_word(db: Database) -> None:
    customer = await newcomer(db)
    rename: list[Change] = [effects.Describe(name="Anna-Lena Meyer")]
    await db.write(lambda u: save(u, message(2), customer, rename), label="turn")
    assert await db.read(lambda u: names.find(u, "MEYER")) == [customer.id]
    assert await db.read(lambda u: names.find(u, "王敏")) == []


async def load_of(db: Database) -> int:
    [rep] = await db.read(reps.all_reps)
    return rep.load


def test_the_models_are_the_ones_we_store() -> None:
    """A new field needs a column; this list is what rows.py knows."""
    assert {f.name for f in fields(Conversation)} == {
        *("id", "address", "status", "channel", "cell", "claimed_by", "claimed_at", "opened_at", "last_customer_at"),
        *("last_our_at", "waiting_since", "waited_since", "answer", "sent_since_customer", "taken_over"),
        *("card_version", "root", "wakeup"),
    }
    assert {f.name for f in fields(Balance)} == {"half_life_days", "value", "at"}
    assert {f.name for f in fields(Address)} == {"connector", "account", "wire_id"}
