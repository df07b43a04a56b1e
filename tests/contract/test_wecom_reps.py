"""The WeCom connector and reps: notices with buttons, what a press or a written command brings back, contacts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import cast

import orjson
import pytest

from connectors.contract import (
    CustomerText,
    Delivered,
    Mark,
    NoticeMarks,
    Outcome,
    RepNotice,
    TryLater,
    Undeliverable,
    Welcome,
)
from connectors.wecom.translate import contact_chat, customer
from connectors.wecom.words import ideographs
from rules.card import CardView
from rules.decision import Answer
from rules.events import ContactAdded, ContactRemoved, RepActed, RepSpoke, UnknownPayload
from rules.model import Rep, RepHandle, Words
from simulator.wecom import card_rules
from tests.contract.wecom_hub import Tower, card_view, tower
from tests.contract.wecom_world import START, Json

LILEI = Rep(id="r1", name="Li Lei", userid="LiLei")


@pytest.fixture
async def t() -> AsyncIterator[Tower]:
    async with tower() as made:
        yield made


def notice(t: Tower, *verbs: str, card: CardView | None = None, **more: object) -> RepNotice:
    given: dict[str, object] = {
        "row_id": t.next_row(), "attempt": 1, "rep": LILEI, "reference": None, "conversation_id": "c1",
        "title": Words(zh="新客户待认领", en="New customer"), "text": Words(zh="请认领并回复。", en="Please claim."),
        "card": card, "actions": tuple((verb, Words(zh=f"按{verb}", en=f"Do {verb}")) for verb in verbs),
        "about": "row-7", **more,
    }  # fmt: skip
    return RepNotice(**given)  # type: ignore[arg-type]


async def chat(t: Tower, number: int = 1) -> list[Json]:
    """The rep's app chat, once so many things happened in it."""
    await t.wecom.logged("wecom_notice", number)
    found = await t.wecom.look("/notices", userid="LiLei")
    return cast("list[Json]", found["notices"])


async def press(t: Tower, verb: str) -> None:
    """Press a button of the newest card."""
    shown = next(n for n in reversed(await chat(t)) if n["msgtype"] == "template_card")
    content = cast("Json", shown["content"])
    buttons = cast("list[dict[str, str]]", content["button_list"])
    key = next(b["key"] for b in buttons if orjson.loads(b["key"])[1] == verb)
    await t.wecom.control("/click", userid="LiLei", task_id=content["task_id"], key=key)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_notice_with_acts_is_a_card_within_the_platforms_limits(t: Tower, language: str) -> None:
    view = card_view(name="王" * 300)
    verbs = ("claim", "close", "form", "why", "snooze", "wake_now", "wake_hold")
    outcome = await t.connector.deliver(
        notice(t, *verbs, card=view, language=language, page_url="https://hub.example/sidebar/c1")
    )
    assert isinstance(outcome, Delivered)
    assert outcome.extra["response_code"]
    [shown] = await chat(t)
    content = cast("Json", shown["content"])
    card_rules.check(content)
    title = cast("dict[str, str]", content["main_title"])
    stage = "意向客户" if language == "zh-CN" else "Interested"
    assert title["title"].startswith("王" * 17) and title["title"].endswith(f"… · {stage}")
    assert ideographs(title["title"]) <= 26
    assert title["desc"] == ("新客户待认领" if language == "zh-CN" else "New customer")
    told = (
        "请认领并回复。 下一步：今天回复报价"
        if language == "zh-CN"
        else "Please claim. Next: Answer about the quote today"
    )
    assert content["sub_title_text"] == told
    assert cast("list[Json]", content["jump_list"])[0]["url"] == "https://hub.example/sidebar/c1"
    facts = cast("list[dict[str, str]]", content["horizontal_content_list"])
    assert all(len(f["keyname"]) <= 10 and len(f["value"]) <= 52 for f in facts)
    assert facts[0]["value"] == ("72 · 高活跃" if language == "zh-CN" else "72 · Hot")
    assert facts[2]["value"] == ("首响剩余 18 分钟" if language == "zh-CN" else "18 min left for the first reply")
    assert facts[3]["value"] == ("41 小时 · 3/5 条" if language == "zh-CN" else "41 h · 3 of 5")
    assert [b["style"] for b in cast("list[Json]", content["button_list"])] == [1, 2, 2, 2, 2, 2]


async def test_notices_without_acts_are_text_cards_or_texts(t: Tower) -> None:
    assert isinstance(await t.connector.deliver(notice(t, page_url="https://hub.example/x")), Delivered)
    assert isinstance(await t.connector.deliver(notice(t, marked=True)), Delivered)
    kinds = [(n["msgtype"], n["text"]) for n in await chat(t, 2)]
    assert kinds == [("textcard", "新客户待认领\n请认领并回复。"), ("text", "（可能重复）新客户待认领\n请认领并回复。")]


async def test_the_same_notice_again_is_a_card_of_its_own(t: Tower) -> None:
    job = notice(t, "claim")
    assert isinstance(await t.connector.deliver(job), Delivered)
    again = notice(t, "claim", row_id=job.row_id, attempt=2, marked=True)
    assert isinstance(await t.connector.deliver(again), Delivered)
    assert t.connector.certainty(job) == "again"


async def test_errcode_zero_is_no_promise(t: Tower) -> None:
    ghost = Rep(id="r9", name="Ghost", userid="Ghost")
    assert await t.connector.deliver(notice(t, rep=ghost)) == Undeliverable(
        reason="rep_unreachable", detail="errcode 81013"
    )
    assert t.connector.takes(notice(t))
    assert not t.connector.takes(notice(t, rep=Rep(id="r2", name="No WeCom")))


async def test_thirty_a_minute_are_kept_before_wecom_drops_them(t: Tower) -> None:
    outcomes = [await t.connector.deliver(notice(t)) for _ in range(31)]
    assert all(isinstance(outcome, Delivered) for outcome in outcomes[:30])
    assert outcomes[30] == TryLater(reason="throttled", seconds=60)
    assert not [e for e in t.world.log.entries if e.kind == "notice_dropped"]
    await t.wecom.pass_time(seconds=60)
    assert isinstance(await t.connector.deliver(notice(t)), Delivered)


async def test_a_press_is_an_act_and_its_answer_replaces_the_buttons(t: Tower) -> None:
    t.hub.answers = lambda _: Answer(show="card", words=Words(zh="已认领", en="claimed"))
    t.hub.shown = [replace(card_view(), owner="王芳")]
    await t.connector.deliver(notice(t, "claim", "why", card=card_view()))
    await press(t, "claim")
    [event] = await t.hub.until(RepActed)
    assert isinstance(event, RepActed)
    assert (event.verb, event.conversation_id, event.card_version) == ("claim", "c1", 3)
    assert (event.by, event.inputs["about"]) == (RepHandle(platform="wecom", value="LiLei"), "row-7")
    assert event.response_code
    [updated] = await t.wecom.logged("card_updated")
    assert updated["replaced"] == "王芳 已认领"


async def test_a_card_says_who_took_it_elsewhere_and_only_once(t: Tower) -> None:
    sent = await t.connector.deliver(notice(t, "claim", card=card_view()))
    assert isinstance(sent, Delivered)
    mark = Mark(userid="LiLei", response_code=sent.extra["response_code"], text="王芳 已认领")
    stale = Mark(userid="LiLei", response_code="unknown-code", text="王芳 已认领")
    job = NoticeMarks(row_id="m1", attempt=1, marks=(stale, mark))
    assert t.connector.takes(job) and t.connector.certainty(job) == "again"
    assert await t.connector.deliver(job) == Delivered()
    [updated] = await t.wecom.logged("card_updated")
    assert updated["replaced"] == "王芳 已认领"
    assert await t.connector.deliver(job) == Delivered(), "a code that was used before is no trouble"


async def test_a_refused_act_leaves_the_buttons_and_says_why(t: Tower) -> None:
    words = Words(zh="韩梅3秒前已认领。", en="Han Mei took it 3 s ago.")
    t.hub.answers = lambda _: Answer(show="toast", words=words, refused=True)
    await t.connector.deliver(notice(t, "claim", language="en"))
    await press(t, "claim")
    shown = await chat(t, 2)
    assert [n["text"] for n in shown][1:] == ["Han Mei took it 3 s ago."]
    assert shown[0]["replaced"] == ""


async def test_a_slow_turn_is_answered_later_by_its_response_code(t: Tower) -> None:
    t.hub.slow = True
    t.hub.answers = lambda _: Answer(show="card", words=Words(zh="", en=""))
    await t.connector.deliver(notice(t, "wake_now"))
    await press(t, "wake_now")
    [updated] = await t.wecom.logged("card_updated")
    assert updated["replaced"] == "已安排"
    assert len(t.hub._of(RepActed)) == 1


async def test_what_a_rep_writes_is_answered_in_her_chat(t: Tower) -> None:
    t.hub.shown = [card_view("c1"), card_view("c2", "Ann")]
    t.hub.answers = lambda _: Answer(show="list", words=Words(zh="排队中：", en="Queue:"), query="queue")
    await t.wecom.control("/message", userid="LiLei", text="队列")
    [event] = await t.hub.until(RepSpoke)
    assert isinstance(event, RepSpoke)
    assert (event.text, event.personal, event.mentioned) == ("队列", True, True)
    [shown] = await chat(t)
    assert str(shown["text"]).startswith("排队中：\n1. 王敏 · 华东智造")
    assert "\n2. Ann" in str(shown["text"])


async def test_menus_are_commands_and_opening_the_app_is_nothing(t: Tower) -> None:
    await t.wecom.control("/enter_agent", userid="LiLei")
    await t.wecom.logged("callback")
    t.hub.answers = lambda _: Answer(show="toast", words=Words(zh="你好", en="hello"))
    await t.wecom.control("/app_menu", userid="LiLei", key="help")
    [event] = await t.hub.until(RepSpoke)
    assert isinstance(event, RepSpoke)
    assert event.text == "help"
    assert not t.hub._of(UnknownPayload)


async def test_a_new_contact_brings_source_rep_and_a_welcome_in_time(t: Tower) -> None:
    await t.wecom.control("/add", person="王敏", userid="LiLei", state="q7Kd2")
    [event] = await t.hub.until(ContactAdded)
    assert isinstance(event, ContactAdded)
    assert (event.state, event.rep.value, event.identity) == ("q7Kd2", "LiLei", customer("wm-9"))
    assert event.address == contact_chat("ww-demo", "LiLei", "wm-9")
    assert event.deadline == START + timedelta(seconds=18)
    t.wecom.room.limits.racing_welcomes = 1
    assert await welcome(t, event.welcome_code) == TryLater(reason="welcome_racing", seconds=1.5)
    assert isinstance(await welcome(t, event.welcome_code), Delivered)
    assert await welcome(t, event.welcome_code) == Delivered(extra={"already": "welcomed"})
    assert [e["text"] for e in await t.wecom.logged("shown")] == ["您好"]
    text = CustomerText(
        row_id=t.next_row(), attempt=1, address=event.address, identity=None, reference=None, text="x"
    )  # fmt: skip
    refused = await t.connector.deliver(text)
    assert isinstance(refused, Undeliverable)
    assert refused.reason == "not_allowed"
    await t.wecom.control("/remove", person="王敏", userid="LiLei", by="customer")
    [removed] = await t.hub.until(ContactRemoved)
    assert isinstance(removed, ContactRemoved)
    assert removed.by == "customer"


async def welcome(t: Tower, code: str) -> Outcome:
    job = Welcome(
        row_id=t.next_row(), attempt=1, address=contact_chat("ww-demo", "LiLei", "wm-9"), code=code, text="您好",
        route="contact",
    )  # fmt: skip
    return await t.connector.deliver(job)
