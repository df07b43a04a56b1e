"""The WeCom connector and kf: what customers write arrives once, what we send arrives once, limits are obeyed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from connectors.contract import (
    CustomerText,
    Delivered,
    Outcome,
    Pull,
    Question,
    SessionMove,
    TryLater,
    Undeliverable,
    Unknown,
    Welcome,
)
from connectors.wecom.translate import customer, kf_account
from rules.events import (
    ColleagueWrote,
    MessageFailed,
    MessageReceived,
    ProfileLearned,
    PullAnnounced,
    SessionChanged,
    SessionEntered,
    UnknownPayload,
)
from rules.model import Address, Identity
from simulator.faults import Fault
from tests.contract.wecom_hub import Tower, tower
from tests.contract.wecom_world import START

HER = Address(connector="wecom", account="wk-1", wire_id="wm-9")
SEND = "wecom.api/cgi-bin/kf/send_msg"


@pytest.fixture
async def t() -> AsyncIterator[Tower]:
    async with tower() as made:
        yield made


async def send(t: Tower, text: str, row: str = "", attempt: int = 1) -> Outcome:
    job = CustomerText(
        row_id=row or t.next_row(), attempt=attempt, address=HER, identity=customer("wm-9"), reference=None, text=text
    )
    return await t.connector.deliver(job)


async def test_a_message_is_announced_pulled_and_stored_with_its_cursor(t: Tower) -> None:
    assert await t.say("请发报价 ]]> <b>") == Delivered()
    [message] = [e for e in t.hub.events if isinstance(e, MessageReceived)]
    assert message.text == "请发报价 ]]> <b>"
    assert (message.address, message.identity) == (
        HER,
        Identity(platform="wecom", kind="external_userid", value="wm-9"),
    )
    assert message.at == START
    assert t.hub.cursors["wecom:wk-1"].startswith("4gw7")
    assert await t.say("noch etwas") == Delivered()
    assert [e.text for e in t.hub.events if isinstance(e, MessageReceived)] == ["请发报价 ]]> <b>", "noch etwas"]


async def test_start_looks_for_what_was_missed(t: Tower) -> None:
    assert [e.token for e in t.hub.events if isinstance(e, PullAnnounced)] == [""]
    [again] = t.connector.reconcile()
    assert again.order == kf_account("ww-demo", "wk-1")
    assert again.event.id == t.connector.reconcile()[0].event.id


async def test_the_first_pull_does_not_answer_what_was_there_before_us(t: Tower) -> None:
    t.wecom.room.limits.kf_page = 2
    t.world.faults.set(Fault(place="wecom.out", kind="drop", times=100))
    for number in range(5):
        await t.wecom.control("/say", person="王敏", text=f"old {number}")
    await t.wecom.pass_time(minutes=11)
    await t.wecom.control("/say", person="王敏", text="new")
    assert await t.pull(token="") == Delivered()
    assert [e.text for e in t.hub.events if isinstance(e, MessageReceived)] == ["new"]
    assert len([e for e in t.hub.events if isinstance(e, UnknownPayload)]) == 5
    await t.wecom.control("/say", person="王敏", text="while we were away")
    await t.wecom.pass_time(hours=5)
    assert await t.pull(token="") == Delivered()
    texts = [e.text for e in t.hub.events if isinstance(e, MessageReceived)]
    assert texts == ["new", "while we were away"]


async def test_a_first_pull_that_breaks_off_still_knows_what_was_old(t: Tower) -> None:
    t.wecom.room.limits.kf_page = 2
    t.world.faults.set(Fault(place="wecom.out", kind="drop", times=100))
    for number in range(4):
        await t.wecom.control("/say", person="王敏", text=f"old {number}")
    await t.wecom.pass_time(minutes=11)

    def break_off() -> None:
        t.hub.down = t.hub.pages == 1

    t.hub.before_page = break_off
    assert await t.pull(token="") == TryLater(reason="storage", seconds=2)
    assert t.hub.cursors["wecom:wk-1"].startswith("first:")
    t.hub.before_page = lambda: None
    t.hub.down = False
    await t.wecom.pass_time(minutes=1)
    assert await t.pull(token="") == Delivered()
    assert not [e for e in t.hub.events if isinstance(e, MessageReceived)]
    assert not t.hub.cursors["wecom:wk-1"].startswith("first:")


async def test_empty_pages_with_more_behind_them_are_passed(t: Tower) -> None:
    t.wecom.room.limits.kf_empty_pages = 3
    await t.say("hello")
    assert [e.text for e in t.hub.events if isinstance(e, MessageReceived)] == ["hello"]


async def test_a_thousand_announcements_are_two_pulls(t: Tower) -> None:
    await t.say("hello")
    before = t.wecom.room.gate.counts["/kf/sync_msg"]
    token = next(e.token for e in t.hub.events if isinstance(e, PullAnnounced) and e.token)
    jobs = [
        Pull(row_id=t.next_row(), attempt=1, address=kf_account("ww-demo", "wk-1"), token=token) for _ in range(1000)
    ]
    outcomes = await asyncio.gather(*(t.connector.deliver(job) for job in jobs))
    assert all(outcome == Delivered() for outcome in outcomes)
    assert t.wecom.room.gate.counts["/kf/sync_msg"] - before <= 2


async def test_another_node_that_moved_the_cursor_costs_nothing(t: Tower) -> None:
    await t.say("one")
    moved = False

    def other_node() -> None:
        nonlocal moved
        if not moved:
            moved = True
            t.hub.cursors["wecom:wk-1"] = "4gw7wk-1.0"

    t.hub.before_page = other_node
    await t.say("two")
    assert [e.text for e in t.hub.events if isinstance(e, MessageReceived)] == ["one", "two"]


async def test_an_old_token_is_replaced_by_a_rationed_blind_pull(t: Tower) -> None:
    await t.wecom.control("/say", person="王敏", text="hello")
    await t.hub.until(PullAnnounced, 2)
    await t.wecom.pass_time(minutes=11)
    assert await t.pull() == Delivered()
    assert [e.what for e in t.hub.events if isinstance(e, UnknownPayload)] == ["kf:before_start:text"]
    later = await t.pull(token="")
    assert isinstance(later, TryLater)
    assert 0 < later.seconds <= 60
    await t.wecom.pass_time(seconds=later.seconds)
    assert await t.pull(token="") == Delivered()


async def test_an_unknown_account_is_not_pulled(t: Tower) -> None:
    job = Pull(row_id="r", attempt=1, address=kf_account("ww-demo", "wk-foreign"), token="")
    assert isinstance(await t.connector.deliver(job), Undeliverable)


async def test_a_text_arrives_once_however_often_it_is_tried(t: Tower) -> None:
    await t.say("hello")
    t.world.faults.set(Fault(place=SEND, kind="lose_answer"))
    row = t.next_row()
    assert isinstance(await send(t, "once", row), Unknown)
    assert await send(t, "once", row, attempt=2) == Delivered(wire_id=row)
    assert await t.shown() == ["once"]
    job = CustomerText(row_id=row, attempt=2, address=HER, identity=None, reference=None, text="once")
    assert t.connector.certainty(job) == "key"


async def test_without_trust_in_msgid_an_unclear_end_is_for_a_person() -> None:
    async with tower(msgid_is_idempotent=False) as t:
        job = CustomerText(row_id="r", attempt=1, address=HER, identity=None, reference=None, text="x")
        assert t.connector.certainty(job) == "none"


async def test_five_messages_and_48_hours(t: Tower) -> None:
    await t.say("hello")
    for number in range(5):
        assert isinstance(await send(t, f"a{number}"), Delivered)
    assert await send(t, "a5") == Undeliverable(reason="window_spent", detail="errcode 95001")
    await t.say("again")
    assert isinstance(await send(t, "a6"), Delivered)
    await t.wecom.pass_time(hours=48, seconds=1)
    assert await send(t, "a7") == Undeliverable(reason="window_closed", detail="errcode 95002")
    assert t.connector.limits.messages == 5


async def test_texts_that_do_not_fit_are_refused_before_the_call(t: Tower) -> None:
    await t.say("hello")
    assert isinstance(await send(t, "好" * 682), Delivered)
    before = t.wecom.room.gate.counts["/kf/send_msg"]
    assert await send(t, "好" * 683) == Undeliverable(reason="text_too_long", detail="2049 bytes")
    assert (await send(t, "")) == Undeliverable(reason="text_empty", detail="0 bytes")
    assert t.wecom.room.gate.counts["/kf/send_msg"] == before


async def test_throttled_busy_and_away_mean_later_and_nothing_was_sent(t: Tower) -> None:
    await t.say("hello")
    t.world.faults.set(Fault(place=SEND, kind="throttle"))
    assert await send(t, "x") == TryLater(reason="throttled", seconds=60, scope="app")
    t.world.faults.set(Fault(place=SEND, kind="error"))
    assert await send(t, "x") == TryLater(reason="throttled", seconds=5)
    assert await send(t, "x") != TryLater(reason="throttled", seconds=5)
    t.wecom.room.limits.trusted_ip = False
    assert await send(t, "y") == TryLater(reason="address_not_trusted", seconds=600, scope="platform", alarm=True)
    assert await t.shown() == ["x"]


async def test_nobody_listening_means_surely_not_sent() -> None:
    async with tower(api_base="http://127.0.0.1:9") as t:
        assert await send(t, "x") == TryLater(reason="unreachable", seconds=2)


async def test_fifty_calls_at_once_fetch_one_token_and_a_voided_one_is_renewed_once(t: Tower) -> None:
    await t.say("hello")
    assert t.wecom.room.tokens.calls == 1
    await t.wecom.control("/revoke_token")
    jobs = [
        Question(row_id=t.next_row(), attempt=1, about="profile", address=HER, identity=customer("wm-9"))
        for _ in range(50)
    ]
    outcomes = await asyncio.gather(*(t.connector.deliver(job) for job in jobs))
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert t.wecom.room.tokens.calls == 2
    await t.wecom.control("/expire_token")
    assert isinstance(await send(t, "x"), Delivered)
    assert t.wecom.room.tokens.calls == 3


async def test_a_second_node_uses_the_first_ones_token(t: Tower) -> None:
    await t.say("hello")
    async with tower() as other:
        other.hub.notes = t.hub.notes
        key = "wecom/token/ww-demo/agent"
        assert key in t.hub.notes
        await send(other, "x")
        assert other.wecom.room.tokens.calls == 1  # another platform: the foreign token was refused and replaced
        assert len(other.hub.notes) == 1


async def test_a_wrong_secret_is_an_alarm_and_not_asked_again_at_once() -> None:
    async with tower() as t:
        t.world.settings = t.world.settings.model_copy(update={"agent_secret": "changed"})
        for _ in range(5):
            outcome = await send(t, "x")
            assert outcome == TryLater(reason="wrong_secret", seconds=600, scope="app", alarm=True)
        assert t.wecom.room.tokens.calls == 1


async def test_a_token_call_that_breaks_leaves_nothing_unclear(t: Tower) -> None:
    t.world.faults.set(Fault(place="wecom.api/cgi-bin/gettoken", kind="lose_answer", times=2))
    assert await send(t, "x") == TryLater(reason="unreachable", seconds=2)


async def test_a_look_at_the_state_that_breaks_leaves_nothing_unclear(t: Tower) -> None:
    await t.say("hello")
    assert await move(t, "human", "LiLei") == "human"
    t.world.faults.set(Fault(place="wecom.api/cgi-bin/kf/service_state/get", kind="lose_answer"))
    assert await send(t, "x") == TryLater(reason="interrupted", seconds=2)


async def test_entering_gives_a_welcome_that_is_sent_once_within_its_time(t: Tower) -> None:
    await t.wecom.control("/enter", person="王敏", scene="qr", scene_param="src42")
    await t.hub.until(PullAnnounced, 2)
    await t.pull()
    [entered] = [one for one in t.hub.inbox if isinstance(one.event, SessionEntered)]
    event = entered.event
    assert isinstance(event, SessionEntered)
    assert (event.scene, event.scene_param) == ("qr", "src42")
    assert event.deadline == entered.deadline == START + timedelta(seconds=18)
    job = Welcome(row_id=t.next_row(), attempt=1, address=HER, code=event.welcome_code, text="您好", route="session")
    assert t.connector.certainty(job) == "key"
    t.world.faults.set(Fault(place="wecom.api/cgi-bin/kf/send_msg_on_event", kind="lose_answer"))
    assert isinstance(await t.connector.deliver(job), Unknown)
    assert await t.connector.deliver(job) == Delivered(extra={"already": "welcomed"})
    assert await t.shown() == ["您好"]
    late = Welcome(row_id=t.next_row(), attempt=1, address=HER, code="never-issued", text="x", route="session")
    assert await t.connector.deliver(late) == Undeliverable(reason="code_expired", detail="errcode 41050")


async def test_a_profile_brings_name_and_unionid(t: Tower) -> None:
    await t.say("hello")
    job = Question(row_id="r1", attempt=1, about="profile", address=HER, identity=customer("wm-9"))
    outcome = await t.connector.deliver(job)
    assert isinstance(outcome, Delivered)
    event = outcome.facts[0].event
    assert isinstance(event, ProfileLearned)
    assert (event.name, event.also) == ("王敏", (Identity(platform="wecom", kind="unionid", value="u9"),))
    stranger = Question(row_id="r2", attempt=1, about="profile", address=HER, identity=customer("wm-none"))
    assert await t.connector.deliver(stranger) == Undeliverable(reason="no_address")


async def test_sessions_are_asked_moved_and_watched(t: Tower) -> None:
    await t.say("hello")
    assert await state(t) == "new"
    assert await move(t, "hub") == "hub"
    assert await move(t, "human", "LiLei") == "human"
    assert await state(t) == "human"
    outcome = await send(t, "from the hub")
    assert outcome == Undeliverable(reason="taken_over")
    [told] = [e for e in t.hub.events if isinstance(e, SessionChanged)]
    assert (told.state, told.rep and told.rep.value) == ("human", "LiLei")
    before = sum(isinstance(e, PullAnnounced) for e in t.hub.events)
    await t.wecom.control("/servicer_say", person="王敏", userid="LiLei", text="我来")
    await t.wecom.control("/close", person="王敏")
    await t.hub.until(PullAnnounced, before + 2)
    await t.pull()
    [wrote] = [e for e in t.hub.events if isinstance(e, ColleagueWrote)]
    assert (wrote.text, wrote.rep.value) == ("我来", "LiLei")
    ended = [e for e in t.hub.events if isinstance(e, SessionChanged)][-1]
    assert ended.state == "ended"
    assert await send(t, "too late") == Undeliverable(reason="session_ended")
    assert await t.shown() == []


async def test_a_colleague_who_does_not_receive_cannot_take_over(t: Tower) -> None:
    await t.say("hello")
    await t.wecom.control("/servicer", userid="LiLei", receiving=False)
    job = SessionMove(row_id="m", attempt=1, address=HER, identity=customer("wm-9"), to="human", userid="LiLei")
    assert await t.connector.deliver(job) == Undeliverable(reason="colleague_away", detail="errcode 95019")


async def test_a_message_that_fails_later_is_reported_under_our_id(t: Tower) -> None:
    await t.say("hello")
    before = sum(isinstance(e, PullAnnounced) for e in t.hub.events)
    await t.wecom.control("/reject", person="王敏")
    row = t.next_row()
    assert isinstance(await send(t, "x", row), Delivered)
    await t.hub.until(PullAnnounced, before + 1)
    await t.pull()
    [failed] = [e for e in t.hub.events if isinstance(e, MessageFailed)]
    assert (failed.wire_id, failed.reason, failed.address) == (row, "blocked", HER)


async def state(t: Tower) -> str:
    job = Question(row_id=t.next_row(), attempt=1, about="session", address=HER, identity=customer("wm-9"))
    return fact(await t.connector.deliver(job))


async def move(t: Tower, to: str, userid: str = "") -> str:
    job = SessionMove(
        row_id=t.next_row(), attempt=1, address=HER, identity=customer("wm-9"),
        to="human" if to == "human" else "hub", userid=userid,
    )  # fmt: skip
    return fact(await t.connector.deliver(job))


def fact(outcome: Outcome) -> str:
    assert isinstance(outcome, Delivered), outcome
    event = outcome.facts[0].event
    assert isinstance(event, SessionChanged)
    return event.state
