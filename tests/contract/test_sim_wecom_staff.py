"""The simulated WeCom obeys the platform's rules: app messages, template cards, and what reps do with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

import pytest
from aiohttp import web

from tests.contract.wecom_world import Json, Wecom, wecom_world


@pytest.fixture
async def wecom() -> AsyncIterator[Wecom]:
    async with wecom_world() as world:
        yield world


def card(task_id: str = "c-1", **more: object) -> Json:
    buttons = [{"text": "认领", "style": 1, "key": "claim"}, {"text": "打开", "type": 1, "url": "https://h.example/c"}]
    return {
        "card_type": "button_interaction", "main_title": {"title": "王敏", "desc": "制造业"}, "task_id": task_id,
        "horizontal_content_list": [{"keyname": "阶段", "value": "MQL"}], "button_list": buttons, **more,
    }  # fmt: skip


def message(msgtype: str, content: object, to: str = "LiLei", **more: object) -> Json:
    return {"touser": to, "agentid": 1000002, "msgtype": msgtype, msgtype: content, **more}


async def chat(wecom: Wecom, userid: str = "LiLei") -> list[Json]:
    return cast("list[Json]", (await wecom.look("/notices", userid=userid))["notices"])


async def send(wecom: Wecom, body: Json) -> Json:
    return await wecom.api("/message/send", body)


async def update(wecom: Wecom, code: object, **what: object) -> Json:
    body: Json = {"agentid": 1000002, "response_code": code, "userids": ["LiLei"], **what}
    return await wecom.api("/message/update_template_card", body)


async def test_unknown_members_are_named_in_lower_case_with_errcode_0(wecom: Wecom) -> None:
    told = await send(wecom, message("text", {"content": "hi"}, to="lilei|Nobody"))
    assert (told["errcode"], told["invaliduser"]) == (0, "nobody")
    assert (await send(wecom, message("text", {"content": "hi"}, to="Nobody")))["errcode"] == 81013
    assert (await send(wecom, {**message("text", {"content": "hi"}), "agentid": 7}))["errcode"] == 301002
    assert (await send(wecom, message("text", {"content": "hi"}, to="@all")))["errcode"] == 0
    assert [n["text"] for n in await chat(wecom)] == ["hi", "hi"]
    assert len(await chat(wecom, "HanMei")) == 1


async def test_sizes_are_cut_or_refused_as_documented(wecom: Wecom) -> None:
    assert (await send(wecom, message("text", {"content": "好" * 700})))["errcode"] == 0
    assert len(str((await chat(wecom))[0]["text"]).encode()) == 2046
    assert (await send(wecom, message("markdown", {"content": "x" * 2049})))["errcode"] == 45002
    textcard = {"title": "t" * 200, "description": "d" * 600, "url": "https://h.example"}
    assert (await send(wecom, message("textcard", textcard)))["errcode"] == 0
    assert len(str((await chat(wecom))[1]["text"])) == 128 + 1 + 512


async def test_the_31st_message_of_a_minute_vanishes_without_an_error(wecom: Wecom) -> None:
    for number in range(31):
        assert (await send(wecom, message("text", {"content": f"n{number}"})))["errcode"] == 0
    assert len(await chat(wecom)) == 30
    assert len(await wecom.logged("notice_dropped")) == 1
    await wecom.pass_time(minutes=1)
    await send(wecom, message("text", {"content": "later"}))
    assert len(await chat(wecom)) == 31


async def test_a_duplicate_within_the_interval_is_not_delivered(wecom: Wecom) -> None:
    body = message("text", {"content": "once"}, enable_duplicate_check=1, duplicate_check_interval=60)
    assert (await send(wecom, body))["errcode"] == 0
    assert (await send(wecom, body))["errcode"] == 0
    assert len(await chat(wecom)) == 1
    await wecom.pass_time(seconds=60)
    await send(wecom, body)
    assert len(await chat(wecom)) == 2


async def test_a_card_is_clicked_and_updated_by_codes_that_work_once_for_72_hours(wecom: Wecom) -> None:
    first = (await send(wecom, message("template_card", card())))["response_code"]
    await wecom.control("/click", status=400, userid="LiLei", task_id="c-1", key="close")
    await wecom.control("/click", userid="LiLei", task_id="c-1", key="claim")
    event = await wecom.hub.next()
    assert (event["Event"], event["EventKey"], event["TaskId"]) == ("template_card_event", "claim", "c-1")
    assert (event["FromUserName"], event["AgentID"]) == ("LiLei", "1000002")
    assert event["CardType"] == "button_interaction"
    second = event["ResponseCode"]
    assert (await update(wecom, "no-such", button={"replace_name": "x"}))["errcode"] == 60140
    told = await update(wecom, second, button={"replace_name": "已认领"}, userids=["LiLei", "Nobody"])
    assert (told["errcode"], told["invaliduser"]) == (0, ["nobody"])
    assert (await update(wecom, second, button={"replace_name": "x"}))["errcode"] == 42022
    assert (await chat(wecom))[0]["replaced"] == "已认领"
    await wecom.control("/click", status=400, userid="LiLei", task_id="c-1", key="claim")
    await wecom.pass_time(hours=72)
    assert (await update(wecom, first, template_card=card(sub_title_text="new")))["errcode"] == 0
    assert "new" in str((await chat(wecom))[0]["text"])
    await wecom.control("/click", userid="LiLei", task_id="c-1", key="claim")
    late = (await wecom.hub.next())["ResponseCode"]
    await wecom.pass_time(hours=72, seconds=1)
    assert (await update(wecom, late, button={"replace_name": "x"}))["errcode"] == 60140


@pytest.mark.parametrize(
    ("wrong", "errcode"),
    [
        ({"card_type": "poem"}, 42031),
        ({"main_title": {}}, 42033),
        ({"task_id": "no spaces"}, 42014),
        ({"button_list": []}, 42038),
        ({"button_list": [{"text": "a", "key": "k" * 1025}]}, 42039),
        ({"horizontal_content_list": [{"keyname": "k"}] * 7}, 42035),
        ({"horizontal_content_list": [{"value": "v"}]}, 42027),
        ({"jump_list": [{"title": "t", "type": 1, "url": "u"}] * 4}, 42042),
        ({"card_type": "text_notice"}, 42045),
        ({"card_type": "news_notice", "card_action": {"type": 1, "url": "u"}}, 42044),
        ({"card_type": "vote_interaction"}, 42046),
        ({"action_menu": {"action_list": []}}, 40058),
    ],
)
async def test_malformed_cards_are_refused(wecom: Wecom, wrong: Json, errcode: int) -> None:
    assert (await send(wecom, message("template_card", {**card(), **wrong})))["errcode"] == errcode


async def test_a_task_id_is_unique_and_choices_come_back(wecom: Wecom) -> None:
    vote = card(
        card_type="vote_interaction", submit_button={"text": "ok", "key": "vote"},
        checkbox={"question_key": "q", "option_list": [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}]},
    )  # fmt: skip
    assert (await send(wecom, message("template_card", vote)))["errcode"] == 0
    assert (await send(wecom, message("template_card", vote)))["errcode"] == 42014
    await wecom.control("/click", userid="LiLei", task_id="c-1", key="vote", selected={"q": ["a", "b"]})
    chosen = cast("Json", cast("Json", (await wecom.hub.next())["SelectedItems"])["SelectedItem"])
    assert chosen == {"QuestionKey": "q", "OptionIds": {"OptionId": ["a", "b"]}}


async def test_what_a_rep_writes_to_the_app_is_said_or_noted(wecom: Wecom) -> None:
    await wecom.control("/message", userid="LiLei", text="queue")
    heard = await wecom.hub.next()
    assert (heard["MsgType"], heard["Content"], heard["FromUserName"]) == ("text", "queue", "LiLei")
    assert str(heard["MsgId"]).isdecimal()
    assert (await wecom.logged("noted"))[0]["text"] == "queue"
    await wecom.control("/message", userid="LiLei", text="回复 报价已发")
    said = (await wecom.logged("said"))[0]
    assert (said["text"], said["toward"]) == ("报价已发", "customer")
    await wecom.hub.next()
    await wecom.control("/enter_agent", userid="LiLei")
    assert (await wecom.hub.next())["Event"] == "enter_agent"


async def test_a_passive_reply_is_opened_and_shown(wecom: Wecom) -> None:
    async def answer(request: web.Request) -> web.Response:
        plain = "<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[3 waiting]]></Content></xml>"
        sealed = wecom.hub.crypto().encrypt_message(plain, request.query["nonce"], request.query["timestamp"])
        return web.Response(text=sealed)

    wecom.hub.answer = answer
    await wecom.control("/message", userid="LiLei", text="queue")
    await wecom.logged("wecom_notice")
    assert (await chat(wecom))[0]["text"] == "3 waiting"

    async def forged(_: web.Request) -> web.Response:
        return web.Response(text="<xml><Encrypt>AAAA</Encrypt><MsgSignature>0</MsgSignature></xml>")

    wecom.hub.answer = forged
    await wecom.control("/message", userid="LiLei", text="queue")
    assert "wrong signature" in str((await wecom.logged("refused"))[0]["rule"])


async def test_a_passive_reply_to_a_click_changes_the_card(wecom: Wecom) -> None:
    fresh = (
        "<MainTitle><Title>已认领</Title></MainTitle><CardType>button_interaction</CardType>"
        "<HorizontalContentList><KeyName>归属</KeyName><Value>Li Lei</Value></HorizontalContentList>"
        "<ButtonList><Text>关闭</Text><Style>2</Style><Key>close</Key></ButtonList>"
    )
    plains = iter(
        [
            f"<xml><MsgType>update_template_card</MsgType><TemplateCard>{fresh}</TemplateCard></xml>",
            "<xml><MsgType>update_button</MsgType><Button><ReplaceName>已关闭</ReplaceName></Button></xml>",
        ]
    )

    async def answer(request: web.Request) -> web.Response:
        q = request.query
        return web.Response(text=wecom.hub.crypto().encrypt_message(next(plains), q["nonce"], q["timestamp"]))

    wecom.hub.answer = answer
    await send(wecom, message("template_card", card()))
    await wecom.control("/click", userid="LiLei", task_id="c-1", key="claim")
    updated = (await wecom.logged("card_updated"))[0]
    assert cast("Json", updated["content"])["button_list"] == [{"text": "关闭", "style": 2, "key": "close"}]
    await wecom.control("/click", userid="LiLei", task_id="c-1", key="close")
    assert (await wecom.logged("card_updated", 2))[1]["replaced"] == "已关闭"
