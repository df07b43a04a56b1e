"""The Teams connector against the simulated company: threads, cards, buttons, notices, web chat, provisioning."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.contract import (
    CardEdit,
    CustomerText,
    Delivered,
    Line,
    LineEdit,
    LinePost,
    Reference,
    RepNotice,
    TryLater,
    Undeliverable,
    Unknown,
)
from rules.decision import Answer
from rules.events import BotInstalled, MessageReceived, RepActed, RepSpoke, UnknownPayload
from rules.model import Address, Rep, Words
from tests.contract.teams_hub import Bench, bench, channel, provision, view
from tests.contract.teams_world import GENERAL, REP, REP2, TENANT

Json = dict[str, Any]


@pytest.fixture
async def here() -> AsyncIterator[Bench]:
    async with bench() as made:
        yield made


async def posts(here: Bench, thread: str) -> list[Json]:
    """Every post of a thread, as Teams shows it now."""
    found = await here.company.read("/control/teams/threads")
    for one in (t for c in found["channels"] for t in c["threads"]):
        if one["id"] == thread:
            return [one["root"], *one["replies"]]
    raise AssertionError("no such thread")


def line(**changes: Any) -> Line:
    given: Json = {"who": "customer", "author": "王敏", "text": "请发报价", "conversation_id": "c1"}
    return Line(**{**given, **changes})


async def test_the_story_of_one_thread(here: Bench) -> None:
    where, thread, root = await here.thread()
    assert thread.startswith(f"{GENERAL};messageid=") and root == thread.rpartition("=")[2]
    reference = where.reference
    assert reference is not None
    posted = await here.teams.deliver(LinePost(row_id="l1", attempt=1, thread=thread, reference=reference, line=line()))
    assert isinstance(posted, Delivered) and posted.part_id
    # she claims on the card: the answer is the card for her, the edit is the card for everybody
    here.hub.answers["claim"] = Answer(show="card", words=Words(zh="已认领", en="claimed"))
    here.hub.shown = view(state="claimed", owner="Wang Fang", version=4)
    answer = await here.company.control("teams/card", rep=REP, activity_id=root, verb="claim", inputs={})
    assert "Wang Fang" in str(answer)
    [act] = here.hub.of(RepActed)
    assert (act.verb, act.conversation_id, act.card_version, act.by.value) == ("claim", "c1", 3, REP)
    assert act.thread == Address(connector="teams", account=f"msteams:{TENANT}", wire_id=thread)
    assert act.activity_id == root
    edited = await here.teams.deliver(
        CardEdit(row_id="e1", attempt=1, thread=thread, activity=root, reference=reference, card=here.hub.shown)
    )
    assert edited == Delivered(wire_id=thread, part_id=root)
    # and answers by the card
    here.hub.answers["reply"] = Answer(show="card", words=Words(zh="", en=""))
    await here.company.control(
        "teams/card", rep=REP, activity_id=root, verb="reply", inputs={"text": "报价 <b>今天</b> 到 *"}
    )
    reply = here.hub.of(RepActed)[-1]
    assert reply.inputs == {"text": "报价 <b>今天</b> 到 *"} and reply.card_version == 4
    shown = await posts(here, thread)
    assert [p["text"] for p in shown[1:]] == ["王敏：请发报价"]
    assert shown[0]["edited"] and not shown[1]["edited"]


async def test_her_words_are_not_in_the_card_that_begins_a_thread(here: Bench) -> None:
    _, thread, root = await here.thread()
    [first] = await posts(here, thread)
    assert first["id"] == root and "请发报价" not in str(first["cards"]) and "王敏" in str(first["cards"])


async def test_rep_lines_show_how_they_fared(here: Bench) -> None:
    where, thread, _ = await here.thread()
    assert where.reference is not None
    sent = line(who="rep", author="Wang Fang", text="好的", state="waiting")
    posted = await here.teams.deliver(
        LinePost(row_id="l1", attempt=1, thread=thread, reference=where.reference, line=sent)
    )
    assert isinstance(posted, Delivered)
    done = line(who="rep", author="Wang Fang", text="好的", state="failed", reason="window")
    await here.teams.deliver(
        LineEdit(
            row_id="l2",
            attempt=1,
            thread=thread,
            activity=posted.part_id,
            reference=where.reference,
            line=done,
            language="en",
        )
    )
    assert (await posts(here, thread))[1]["text"] == "Wang Fang → Customer: 好的\n✗ failed · window"


async def test_a_line_with_buttons_is_a_card_whose_buttons_say_what_they_are_about(here: Bench) -> None:
    where, thread, _ = await here.thread()
    assert where.reference is not None
    owner = Rep(id="r1", name="Wang Fang", aad_id=REP, teams_id="29:wang")
    wake = line(
        who="wakeup",
        author="",
        text="主题\n*第一行*",
        about="mail-1",
        mention=owner,
        actions=(("wake_now", Words(zh="马上发送", en="Send now")), ("wake_hold", Words(zh="先等等", en="Hold"))),
    )
    posted = await here.teams.deliver(
        LinePost(row_id="l1", attempt=1, thread=thread, reference=where.reference, line=wake)
    )
    assert isinstance(posted, Delivered)
    [card] = (await posts(here, thread))[1]["cards"]
    assert card["msteams"]["entities"] == [
        {"type": "mention", "text": "<at>Wang Fang</at>", "mentioned": {"id": "29:wang", "name": "Wang Fang"}}
    ]
    await here.company.control("teams/card", rep=REP, activity_id=posted.part_id, verb="wake_hold", inputs={})
    [act] = here.hub.of(RepActed)
    assert (act.verb, act.inputs, act.conversation_id) == ("wake_hold", {"about": "mail-1"}, "c1")


async def test_an_offer_to_send_brings_its_words_along(here: Bench) -> None:
    where, thread, _ = await here.thread()
    assert where.reference is not None
    offer = line(
        who="notice",
        author="Wang Fang",
        text="明天给您报价",
        actions=(("send_to_customer", Words(zh="发给客户", en="Send to customer")),),
    )
    posted = await here.teams.deliver(
        LinePost(row_id="l1", attempt=1, thread=thread, reference=where.reference, line=offer)
    )
    assert isinstance(posted, Delivered)
    await here.company.control("teams/card", rep=REP, activity_id=posted.part_id, verb="send_to_customer", inputs={})
    [act] = here.hub.of(RepActed)
    assert (act.verb, act.inputs) == ("send_to_customer", {"text": "明天给您报价"})


async def test_who_was_slower_gets_a_word(here: Bench) -> None:
    _, _, root = await here.thread()
    lost = Words(zh="王芳 3 秒前已认领", en="Wang Fang took it 3 s ago")
    here.hub.answers["claim"] = Answer(show="card", words=lost, refused=True)
    answer = await here.company.control("teams/card", rep=REP2, activity_id=root, verb="claim", inputs={})
    assert lost.zh in str(answer)


async def test_an_act_that_takes_too_long_is_answered_in_time() -> None:
    async with bench(act_seconds=0.2) as here:
        _, _, root = await here.thread()
        here.hub.slow = asyncio.Event()
        answer = await here.company.control("teams/card", rep=REP, activity_id=root, verb="claim", inputs={})
        assert "正在处理" in str(answer)
        assert len(here.hub.of(RepActed)) == 1


async def test_refresh_reads_and_stores_nothing(here: Bench) -> None:
    _, _, root = await here.thread()
    before = len(here.hub.stored)
    here.hub.shown = view(state="closed", version=9)
    answer = await here.company.control("teams/refresh", rep=REP, activity_id=root)
    assert "已关闭" in str(answer) and len(here.hub.stored) == before
    here.hub.shown = None
    assert "NotFound" in str(await here.company.control("teams/refresh", rep=REP, activity_id=root))


async def test_at_most_sixty_clients_keep_a_card_fresh_by_themselves(here: Bench) -> None:
    people = tuple(f"29:{number}" for number in range(70))
    where, thread, root = await here.thread()
    assert where.reference is not None
    edit = CardEdit(
        row_id="e9", attempt=1, thread=thread, activity=root, reference=where.reference, card=view(), readers=people
    )
    assert await here.teams.deliver(edit) == Delivered(wire_id=thread, part_id=root)
    [shown] = (await posts(here, thread))[0]["cards"]
    assert shown["refresh"]["userIds"] == list(people[:60])
    answer = await here.company.control("teams/refresh", rep=REP, activity_id=root)
    assert len(answer["body"]["value"]["refresh"]["userIds"]) == 1, "who asked goes on asking"


async def test_a_dialog_opens_and_sends(here: Bench) -> None:
    _, _, root = await here.thread()
    data = {"conversation_id": "c1"}
    answer = await here.company.control("teams/task", rep=REP, activity_id=root, data=data)
    assert "continue" in str(answer) and "41 小时" in str(answer)
    said = {**data, "verb": "reply", "card_version": 3, "nonce": "d1", "text": "从对话框回复"}
    sent = await here.company.control("teams/task", rep=REP, activity_id=root, data=said, submit=True)
    assert "好" in str(sent)
    assert here.hub.of(RepActed)[-1].inputs == {"text": "从对话框回复"}


async def test_a_search_gives_cards_without_buttons(here: Bench) -> None:
    await here.company.control("teams/install", rep=REP)
    found = await here.company.control("teams/search", rep=REP, query="王敏")
    assert here.hub.queries == ["find:王敏"]
    [result] = found["body"]["composeExtension"]["attachments"]
    assert result["contentType"].endswith("adaptive") and "actions" not in result["content"]
    assert result["preview"]["content"]["title"] == "王敏" and "请发报价" not in str(result)
    here.hub.shown = None
    nothing = await here.company.control("teams/search", rep=REP, query="x")
    assert nothing["body"]["composeExtension"]["type"] == "message"


async def test_lists_are_shown_in_place(here: Bench) -> None:
    _, _, root = await here.thread()
    here.hub.answers["claim"] = Answer(show="list", words=Words(zh="待认领", en="Unclaimed"), query="queue")
    answer = await here.company.control("teams/card", rep=REP, activity_id=root, verb="claim", inputs={})
    assert "待认领\n• 王敏 · 华东智造" in answer["body"]["value"] and here.hub.queries == ["queue"]


async def test_words_in_a_thread(here: Bench) -> None:
    _, thread, _ = await here.thread()
    say = here.company.control
    await say("teams/say", rep=REP, conversation=thread, text="先不报价", mention=False)
    await say("teams/say", rep=REP, conversation=thread, text="reply 你好 <at>x</at>", mention=True)
    await here.hub.until(lambda: len(here.hub.of(RepSpoke)) == 2)
    note, command = here.hub.of(RepSpoke)
    assert (note.text, note.mentioned, note.personal) == ("先不报价", False, False)
    assert (command.text, command.mentioned) == ("reply 你好 <at>x</at>", True)
    assert {note.thread.wire_id, command.thread.wire_id} == {thread}
    assert command.by.value == REP


async def test_a_chat_with_the_bot_is_learned_and_used_for_notices(here: Bench) -> None:
    await here.company.control("teams/install", rep=REP)
    await here.hub.until(lambda: len(here.hub.of(BotInstalled)) >= 2)
    event = here.hub.of(BotInstalled)[0]
    assert (event.scope, event.member.value, event.member_wire_id) == ("personal", REP, "29:wang")
    notice = RepNotice(
        row_id="n1",
        attempt=1,
        rep=Rep(id="r1", name="Wang Fang", aad_id=REP),
        reference=Reference(wire_id=event.address.wire_id, service_url=event.service_url),
        title=Words(zh="一条消息结果未知", en="One unknown"),
        text=Words(zh="请确认", en="Please settle"),
        card=view(),
        conversation_id="c1",
        actions=(("settle_arrived", Words(zh="已送达", en="It arrived")),),
        about="row-9",
    )
    told = await here.teams.deliver(notice)
    assert isinstance(told, Delivered)
    await here.company.control("teams/card", rep=REP, activity_id=told.part_id, verb="settle_arrived", inputs={})
    [act] = here.hub.of(RepActed)
    assert (act.inputs, act.thread) == ({"about": "row-9"}, None)
    await here.company.control("teams/say", rep=REP, personal=True, text="queue", mention=False)
    await here.hub.until(lambda: len(here.hub.of(RepSpoke)) == 1)
    assert here.hub.of(RepSpoke)[0].personal and here.hub.of(RepSpoke)[0].mentioned


async def test_a_chat_not_known_yet_is_opened(here: Bench) -> None:
    reference = await here.install()
    await here.company.control("teams/install", rep=REP2)
    opened = RepNotice(
        row_id="n1",
        attempt=1,
        rep=Rep(id="r2", name="Li Lei", aad_id=REP2, teams_id="29:li"),
        reference=Reference(wire_id="", service_url=reference.service_url),
        title=Words(zh="a", en="a"),
        text=Words(zh="b", en="b"),
        card=None,
        conversation_id="",
        actions=(),
        about="",
    )
    assert isinstance(await here.teams.deliver(opened), Delivered)


async def test_a_visitor_of_the_website_is_a_customer(here: Bench) -> None:
    headers = {"Authorization": "Bearer dl-secret"}
    url = here.company.url("/directline/v3/directline")
    http = here.company.http
    async with http.post(f"{url}/tokens/generate", json={"user": {"id": "dl_42", "name": "Ann"}}, headers=headers) as r:
        token = (await r.json())["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    async with http.post(f"{url}/conversations", headers=bearer) as r:
        visit = (await r.json())["conversationId"]
    said = {"type": "message", "from": {"id": "dl_42"}, "text": "Hello, a price please"}
    async with http.post(f"{url}/conversations/{visit}/activities", json=said, headers=bearer) as r:
        assert r.status in (200, 201), await r.text()
    await here.hub.until(lambda: bool(here.hub.of(MessageReceived)))
    [event] = here.hub.of(MessageReceived)
    assert event.address == Address(connector="teams", account="directline", wire_id=visit)
    assert (event.identity.platform, event.identity.kind, event.identity.value) == ("webchat", "user", "dl_42")
    place = next(e for e in here.hub.of(BotInstalled) if e.address == event.address)
    job = CustomerText(
        row_id="t1",
        attempt=1,
        address=event.address,
        identity=event.identity,
        reference=Reference(wire_id=visit, service_url=place.service_url),
        text="Here <it> is",
    )
    assert here.teams.takes(job) and here.teams.certainty(job) == "none"
    assert isinstance(await here.teams.deliver(job), Delivered)
    async with http.get(f"{url}/conversations/{visit}/activities", headers=bearer) as r:
        activities = (await r.json())["activities"]
    assert [a["text"] for a in activities if a.get("text")] == ["Hello, a price please", "Here <it> is"]


async def test_channels_are_made_once_and_people_are_learned(here: Bench) -> None:
    reference = await here.install()
    names = ["制造业-意向", "智能工厂", "presales", "general", "sink"]
    first = await here.teams.deliver(provision(*(channel(name, reference) for name in names)))
    assert isinstance(first, Delivered), first
    assert [c.name for c in first.channels] == names and all(c.wire_id for c in first.channels)
    assert next(c for c in first.channels if c.name == "general").wire_id == GENERAL
    assert {(r.aad_id, r.teams_id, r.mail) for r in first.reps} == {
        (REP, "29:wang", "wang@corp.example"),
        (REP2, "29:li", "li@corp.example"),
    }
    again = await here.teams.deliver(provision(*(channel(name, reference) for name in names)))
    assert isinstance(again, Delivered) and again.channels == first.channels
    assert len(here.company.logged("channel_created")) == 4
    await here.hub.until(lambda: len(here.hub.of(UnknownPayload)) >= 4)


async def test_a_channel_that_cannot_be_made_does_not_hold_up_the_others(here: Bench) -> None:
    reference = await here.install()
    outcome = await here.teams.deliver(provision(channel("bad/name?", reference), channel("good", reference)))
    assert isinstance(outcome, Delivered)
    assert [c.name for c in outcome.channels] == ["good"] and outcome.extra == {"missing": "bad/name?"}


async def test_a_team_without_the_bot_waits(here: Bench) -> None:
    outcome = await here.teams.deliver(provision(channel("a", None)))
    assert outcome == type(outcome)(reason="no_reference")  # type: ignore[call-arg]


async def test_tokens_are_fetched_once(here: Bench) -> None:
    where, thread, _ = await here.thread()
    assert where.reference is not None
    jobs = [
        LinePost(row_id=f"l{n}", attempt=1, thread=thread, reference=where.reference, line=line(text=str(n)))
        for n in range(6)
    ]
    outcomes = await asyncio.gather(*(here.teams.deliver(job) for job in jobs))
    assert all(isinstance(o, Delivered) for o in outcomes)
    bot = [e for e in here.company.logged("token_issued") if "botframework" in str(e["audience"])]
    assert len(bot) == 1


async def test_limits_are_kept_before_the_call(here: Bench) -> None:
    where, thread, _ = await here.thread()
    assert where.reference is not None
    outcomes = [
        await here.teams.deliver(
            LinePost(row_id=f"l{n}", attempt=1, thread=thread, reference=where.reference, line=line(text=f"no {n}"))
        )
        for n in range(61)
    ]
    assert [type(o) for o in outcomes[:59]] == [Delivered] * 59
    late = outcomes[-1]
    assert isinstance(late, TryLater) and late.reason == "throttled" and 2 < late.seconds <= 30 and late.scope == "lane"
    assert not [e for e in here.company.logged("refused") if e.get("rule") == "TooManyRequests"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "throttle", "seconds": 7}, TryLater(reason="throttled", seconds=7.0)),
        ({"kind": "error", "status": 502}, Unknown(reason="interrupted")),
        ({"kind": "error", "status": 412}, Unknown(reason="interrupted")),
        ({"kind": "drop"}, Unknown(reason="interrupted")),
        ({"kind": "lose_answer"}, Unknown(reason="interrupted")),
    ],
)
async def test_bad_days(here: Bench, fault: Json, expected: object) -> None:
    where, thread, _ = await here.thread()
    assert where.reference is not None
    await here.company.control("faults", place="teams.service/send", times=1, **fault)
    outcome = await here.teams.deliver(
        LinePost(row_id="l1", attempt=1, thread=thread, reference=where.reference, line=line())
    )
    assert outcome == expected


async def test_a_slow_answer_is_unknown() -> None:
    async with bench(call_seconds=0.3) as here:
        where, thread, _ = await here.thread()
        assert where.reference is not None
        await here.company.control("faults", place="teams.service/send", kind="delay", seconds=1.0)
        outcome = await here.teams.deliver(
            LinePost(row_id="l1", attempt=1, thread=thread, reference=where.reference, line=line())
        )
        assert outcome == Unknown(reason="interrupted")


async def test_nobody_there_is_surely_not_sent(here: Bench) -> None:
    where, thread, _ = await here.thread()
    assert where.reference is not None
    async with bench(service_hosts=["127.0.0.1:1"]) as other:
        away = Reference(wire_id=thread, service_url="http://127.0.0.1:1/smba/")
        outcome = await other.teams.deliver(
            LinePost(row_id="l1", attempt=1, thread=thread, reference=away, line=line())
        )
        assert outcome == TryLater(reason="unreachable", seconds=2.0, scope="platform")


async def test_our_token_goes_to_no_stranger(here: Bench) -> None:
    evil = Reference(wire_id="x", service_url="https://evil.example/")
    outcome = await here.teams.deliver(LinePost(row_id="l1", attempt=1, thread="x", reference=evil, line=line()))
    assert outcome == Undeliverable(reason="service_host")
    assert not here.company.logged("token_issued")


async def test_what_is_gone_is_undeliverable(here: Bench) -> None:
    reference = await here.install()
    outcome = await here.teams.deliver(
        LinePost(row_id="l1", attempt=1, thread=f"{GENERAL};messageid=1", reference=reference, line=line())
    )
    assert isinstance(outcome, Undeliverable) and outcome.reason == "root_gone"


async def test_tab_tokens_name_the_employee(here: Bench) -> None:
    token = (await here.company.control("teams/tab_token", rep=REP))["token"]
    assert (await here.teams.verify_tab_token(token)).value == REP


async def test_mail_and_presence_through_graph(here: Bench) -> None:
    graph = await here.teams.graph()
    assert set(await graph.presence([REP, REP2])) == {REP, REP2}
    assert {m.aad_id for m in await graph.members("cccccccc-0000-0000-0000-000000000001")} == {REP, REP2}
