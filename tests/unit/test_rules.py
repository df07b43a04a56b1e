"""The practice's rules, each in both directions, and the matrix with its reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rules.effects import AskProfile, NotifyRep, PostRoot, SendText, SendWelcome, SetOwner
from rules.events import ContactAdded, ContactRemoved, LinkClicked, ProfileLearned
from rules.heat import heat_of
from rules.model import Address, Identity, Rep, RepHandle, Stage
from rules.routing import assign, choose
from tests.unit.builders import LI, MA, MONDAY, SHE, WANG, Life, effects, playbook

CONTACT = Address(connector="wecom", account="corp", wire_id="contact:WangFang:wm-1")


def contact_added(life: Life) -> None:
    event = ContactAdded(
        id="added",
        at=life.now,
        address=CONTACT,
        identity=SHE,
        rep=RepHandle(platform="wecom", value="WangFang"),
        state="expo-2026",
        welcome_code="w",
    )
    life.happens(event)


def heat(life: Life) -> str:
    from rules.events import Happened
    from rules.facts import Facts

    facts = Facts(customer=life.customer, conversation=None, event=Happened(id="", at=life.now), now=life.now)
    return heat_of(playbook(), facts)


def test_more_than_three_touches_in_thirty_days_are_high_activity() -> None:
    life = Life()
    for n in range(3):
        life.says(f"第{n}句")
        life.passes(days=1)
    assert not life.customer.has_tag("高活跃") and heat(life) == "warm"
    life.says("第四句")
    assert life.customer.has_tag("高活跃") and life.customer.segment == "active" and heat(life) == "hot"
    assert life.talk.channel == "hot-leads"


def test_high_activity_ends_by_time_alone() -> None:
    life = Life()
    for _ in range(4):
        life.says("你好")
        life.passes(hours=1)
    while life.customer.has_tag("高活跃"):
        assert life.now < MONDAY + timedelta(days=40)
        life.fire("recheck")
    assert life.now >= MONDAY + timedelta(days=30)
    assert life.now < MONDAY + timedelta(days=30, hours=2)
    assert life.customer.segment != "active"


def test_a_score_between_40_and_70_is_nurtured() -> None:
    life = Life()
    life.says("请报价")
    assert not life.customer.has_tag("培育期")
    life.submits(name="王敏")
    assert 40 <= life.customer.score(life.now) < 70
    assert life.customer.has_tag("培育期") and life.customer.segment == "nurture"
    life.at_address().mails("好")
    assert not life.customer.has_tag("培育期")


def test_a_cio_who_looked_at_paas_goes_to_presales() -> None:
    life = Life()
    life.says("你好")
    life.submits(title="CIO")
    assert life.talk.channel != "presales"
    decision = life.visits("/products/paas")
    assert life.customer.has_tag("技术决策者") and life.customer.segment == "tech-decider"
    assert life.talk.channel == "presales" and effects(decision, PostRoot)[0].moved_from
    other = Life()
    other.says("你好")
    other.submits(title="采购经理")
    other.visits("/products/paas")
    assert other.talk.channel != "presales"


def test_the_whitepaper_of_product_a_is_an_interest() -> None:
    life = Life()
    life.says("你好")
    life.visits("/whitepaper-b")
    assert not life.customer.has_tag("A产品-感兴趣")
    life.visits("/whitepaper-a")
    assert life.customer.has_tag("A产品-感兴趣")


def test_manufacturing_and_smart_factory_together_follow_solutions() -> None:
    life = Life()
    life.says("你好")
    life.happens(LinkClicked(id="k", at=life.now, mail_id="m", target="/cases/smart-factory", robot=False))
    assert life.customer.has_tag("智能工厂") and not life.customer.has_tag("行业解决方案关注者")
    life.submits(company="某某制造厂")
    assert life.customer.has_tag("制造业") and life.customer.has_tag("行业解决方案关注者")


def test_more_than_thirty_silent_days_are_marked_until_she_speaks() -> None:
    life = Life()
    life.says("你好")
    for _ in range(20):
        if life.customer.has_tag("沉默30天"):
            break
        life.fire("recheck")
    assert life.customer.has_tag("沉默30天")
    assert timedelta(days=30) < life.now - MONDAY < timedelta(days=30, hours=1)
    life.says("我又来了")
    assert not life.customer.has_tag("沉默30天")


def test_added_and_silent_for_seven_days_gives_the_colleague_a_task() -> None:
    life = Life()
    contact_added(life)
    assert life.customer.owner == WANG.id and life.customer.source == "expo-2026"
    assert effects(life.last, SendWelcome)[0].route == "contact"
    decision = life.fire("silent_add")
    assert life.now == MONDAY + timedelta(days=7)
    assert [t.kind for t in life.customer.tasks] == ["ice-breaker"] and life.customer.tasks[0].rep == WANG.id
    assert effects(decision, NotifyRep)[0].rep == WANG.id
    spoke = Life()
    contact_added(spoke)
    spoke.says("你好")
    spoke.fire("silent_add")
    assert not spoke.customer.tasks


def test_a_removed_contact_loses_nothing_but_the_way() -> None:
    life = Life()
    contact_added(life)
    event = ContactRemoved(
        id="r", at=life.now, address=CONTACT, identity=SHE, rep=RepHandle(platform="wecom", value="x"), by="customer"
    )
    decision = life.happens(event)
    assert effects(decision, NotifyRep) and life.customer.owner == WANG.id
    assert not [t for t in life.customer.timers if t.kind == "silent_add"]


def test_the_stages_go_up_by_what_she_does() -> None:
    life = Life()
    life.enters()
    assert life.stage() is Stage.PROSPECT
    life.says("你好")
    assert life.stage() is Stage.CONNECTED
    life.visits("/pricing")
    assert life.stage() is Stage.INTERESTED


def test_a_high_score_on_the_price_page_tells_the_owner_at_once() -> None:
    life = Life()
    life.says("报价")
    life.submits(mail="a@b.cn", title="总监")
    decision = life.visits("/pricing")
    assert any("价格页" in t.title.zh for t in effects(decision, NotifyRep))


def test_the_platform_is_asked_who_she_is_only_once() -> None:
    life = Life()
    assert effects(life.says("你好"), AskProfile)
    assert not effects(life.says("在吗"), AskProfile)
    known = ProfileLearned(
        id="p",
        at=life.now,
        address=life.talk.address,
        identity=SHE,
        name="王敏",
        also=(Identity(platform="wechat", kind="unionid", value="u"),),
    )
    life.happens(known)
    assert life.customer.name == "王敏"


# --- the matrix -----------------------------------------------------------------------------------------------------


def test_the_trace_names_the_runner_up_and_its_first_failed_condition() -> None:
    life = Life()
    decision = life.says("我们工厂想上系统")
    (step,) = decision.because.about("route")
    assert step.rule == "manufacturing" and step.seen["industry in manufacturing"] == "manufacturing"
    assert step.seen["runner-up"] and "segment" in step.seen["runner-up failed"]
    assert "进入「制造业线索」" in step.words.zh and "未选" in step.words.zh
    assert step.words.en.startswith("Routed to") and "because the segment is" in step.words.en
    (given,) = decision.because.about("assign")
    assert given.seen == {"王芳": "2/50", "李强": "1/50"} and "李强" in given.words.zh


def test_a_replay_of_the_choice_gives_the_same_cell() -> None:
    for stage in Stage:
        for industry in ("", *playbook().industries):
            for segment in playbook().segments:
                c = replace(Life().customer, stage=stage, industry=industry, segment=segment.id)
                choice = choose(c, playbook())
                assert all(k.fits for k in choice.checks)
                assert choice.runner_up is not None and choice.runner_up.id != choice.cell.id
                assert choice == choose(c, playbook())


@pytest.mark.parametrize(
    ("rep", "fits"),
    [
        (replace(WANG, industries=("retail",)), False),
        (replace(WANG, industries=("manufacturing", "retail")), True),
        (replace(WANG, regions=("华北",)), False),
        (replace(WANG, regions=("华东",)), True),
        (replace(WANG, team="other"), False),
        (replace(WANG, active=False), False),
        (replace(WANG, load=50), False),
        (MA, False),
    ],
)
def test_filters_are_hard(rep: Rep, fits: bool) -> None:
    customer = replace(Life().customer, industry="manufacturing", attributes={"region": "华东"})
    assigned = assign(customer, playbook().matrix[0].owner, [rep])
    assert (assigned.rep is not None) is fits
    if not fits:
        assert "Nobody" in assigned.because.words.en


def test_load_is_measured_against_what_each_can_carry() -> None:
    busy, part_time = replace(WANG, load=10, capacity=100), replace(LI, load=5, capacity=10)
    assert assign(Life().customer, playbook().matrix[0].owner, [part_time, busy]).rep == busy


def test_an_owner_stays_until_he_leaves() -> None:
    life = Life()
    life.says("你好")
    assert life.customer.owner == LI.id
    life.reps = (replace(WANG, load=0), replace(LI, load=40), MA)
    assert not effects(life.says("在吗"), SetOwner)
    life.reps = (WANG, replace(LI, active=False), MA)
    (new,) = effects(life.says("有人吗"), SetOwner)
    assert new.rep == WANG.id and new.load_seen == WANG.load


def test_a_colleague_who_left_holds_nothing() -> None:
    life = Life()
    life.says("你好")
    life.acts("claim", WANG)
    life.reps = (replace(WANG, active=False), LI, MA)
    life.says("在吗")
    assert not life.talk.claimed_by and life.customer.owner == LI.id
    life.acts("claim", LI)
    assert life.talk.claimed_by == LI.id


def test_time_alone_moves_no_thread() -> None:
    life = Life()
    for _ in range(4):
        life.says("你好")
    assert life.talk.channel == "hot-leads"
    while any(t.kind == "recheck" for t in life.customer.timers):
        assert not effects(life.fire("recheck"), PostRoot)
    assert life.talk.channel == "hot-leads" and life.customer.segment == "general"


# --- what the hub says itself ---------------------------------------------------------------------------------------


def test_outside_office_hours_she_is_told_once_when_somebody_is_here() -> None:
    life = Life(now=MONDAY + timedelta(hours=12))
    (text,) = effects(life.says("在吗"), SendText)
    assert "明天 09:00" in text.text
    assert not effects(life.says("有人吗"), SendText)
    life.fire("hours")
    assert not effects(life.says("早上好"), SendText), "open now"
    life.passes(hours=11)
    assert effects(life.says("晚上好"), SendText), "another closed time"


def test_the_last_message_of_a_window_is_never_spent_by_the_hub() -> None:
    life = Life(now=MONDAY + timedelta(hours=12))
    life.says("在吗")
    for key in [t.key for t in life.customer.timers if t.kind == "hours"]:
        life.customer = replace(life.customer, timers=tuple(t for t in life.customer.timers if t.key != key))
    talk = replace(life.talk, sent_since_customer=4)
    life.customer = replace(life.customer, conversations=(talk,))
    from rules import talk as talking
    from rules.draft import Draft
    from rules.events import Happened
    from rules.model import Snapshot
    from tests.unit.builders import LIMITS

    draft = Draft(
        snapshot=Snapshot(customer=life.customer, conversation_id=talk.id, limits=LIMITS),
        event=Happened(id="e", at=life.now),
        playbook=playbook(),
        now=life.now,
        customer=life.customer,
        conversation_id=talk.id,
    )
    talking._off_hours(draft)
    assert not draft.effects


def test_a_pause_silences_welcome_and_off_hours() -> None:
    life = Life(now=MONDAY + timedelta(hours=12), paused=True)
    assert not effects(life.enters(), SendWelcome)
    assert not effects(life.says("在吗"), SendText)


def test_a_person_is_reached_at_any_turn() -> None:
    life = Life()
    decision = life.says("人工")
    assert any("人工" in t.title.zh for t in effects(decision, NotifyRep))
    assert "李强" in effects(decision, SendText)[0].text


def test_english_words_get_english_answers() -> None:
    life = Life(now=MONDAY + timedelta(hours=12))
    (text,) = effects(life.says("Hello, is anybody there?"), SendText)
    assert life.customer.language == "en" and "tomorrow 09:00" in text.text
