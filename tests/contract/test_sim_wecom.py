"""The simulated WeCom obeys the platform's rules: tokens, callbacks and kf."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import cast

import pytest
from aiohttp import FormData, web

from simulator.faults import Fault
from tests.contract.wecom_world import START, Json, Wecom, wecom_world


@pytest.fixture
async def wecom() -> AsyncIterator[Wecom]:
    async with wecom_world() as world:
        yield world


def listed(answer: Json, name: str = "msg_list") -> list[Json]:
    return cast("list[Json]", answer[name])


async def test_a_token_is_cached_dies_early_and_a_wrong_secret_is_not_a_stale_token(wecom: Wecom) -> None:
    first = await wecom.gettoken()
    assert first["errcode"] == 0
    assert cast("int", first["expires_in"]) > 7000
    assert (await wecom.gettoken())["access_token"] == first["access_token"]
    assert (await wecom.gettoken(secret="wrong"))["errcode"] == 40001
    assert (await wecom.gettoken(corp="ww-other"))["errcode"] == 40013
    await wecom.control("/revoke_token")
    answer = await wecom.api("/kf/account/list")
    assert answer["errcode"] == 40014
    assert "hint: [" in str(answer["errmsg"])
    second = await wecom.gettoken()
    assert second["access_token"] != first["access_token"]
    await wecom.control("/expire_token")
    assert (await wecom.api("/kf/account/list"))["errcode"] == 42001
    assert (await wecom.api("/kf/account/list", access_token=""))["errcode"] == 41001
    assert (await wecom.api("/kf/account/list", access_token="x"))["errcode"] == 40014
    counts = await wecom.look("/counts")
    assert counts["gettoken"] == 5


async def test_url_verification_is_answered_plainly_within_a_second(wecom: Wecom) -> None:
    assert (await wecom.control("/verify"))["ok"] is True
    wecom.hub.echo_quotes = '"'
    assert (await wecom.control("/verify"))["ok"] is False


async def test_a_customer_message_is_announced_and_pulled(wecom: Wecom) -> None:
    await wecom.control("/enter", person="王敏", scene="qr", scene_param="src42")
    announced = await wecom.hub.next()
    assert announced["Event"] == "kf_msg_or_event"
    assert announced["OpenKfId"] == "wk-1"
    assert announced["CreateTime"] == str(int(START.timestamp()))
    await wecom.control("/say", person="王敏", text="请发报价 ]]> <b>")
    token = (await wecom.hub.next())["Token"]
    page = await wecom.pull(token=token)
    entered, said = listed(page)
    event = cast("Json", entered["event"])
    assert event["event_type"] == "enter_session"
    assert (event["scene"], event["scene_param"]) == ("qr", "src42")
    assert event["external_userid"] == "wm-9"
    assert "external_userid" not in entered
    assert (said["origin"], said["external_userid"]) == (3, "wm-9")
    assert said["text"] == {"content": "请发报价 ]]> <b>"}
    assert page["has_more"] == 0
    assert listed(await wecom.pull(str(page["next_cursor"]))) == []
    assert (await wecom.logged("said"))[0]["toward"] == "team"


async def test_pages_have_limits_empty_pages_and_three_days_of_history(wecom: Wecom) -> None:
    for number in range(5):
        await wecom.control("/say", person="王敏", text=f"m{number}")
    page = await wecom.pull(limit=2)
    assert (len(listed(page)), page["has_more"]) == (2, 1)
    await wecom.control("/limits", limits={"kf_empty_pages": 1})
    empty = await wecom.pull(str(page["next_cursor"]))
    assert (listed(empty), empty["has_more"]) == ([], 1)
    rest = await wecom.pull(str(empty["next_cursor"]))
    assert [cast("Json", item["text"])["content"] for item in listed(rest)] == ["m2", "m3", "m4"]
    for cursor in ("nonsense", "4gw7wk-1.99", "4gw7wk-1." + "9" * 5000):
        assert (await wecom.pull(cursor))["errcode"] == 40058
    await wecom.pass_time(days=3, seconds=1)
    assert listed(await wecom.pull()) == []


async def test_a_pull_token_lives_ten_virtual_minutes_and_pulls_without_one_are_rationed(wecom: Wecom) -> None:
    await wecom.control("/say", person="王敏", text="hello")
    token = (await wecom.hub.next())["Token"]
    await wecom.pass_time(minutes=10)
    assert (await wecom.pull(token=token))["errcode"] == 0
    await wecom.pass_time(seconds=1)
    assert (await wecom.pull(token=token))["errcode"] == 95007
    await wecom.control("/limits", limits={"kf_pulls_without_token": 1})
    assert (await wecom.pull())["errcode"] == 0
    assert (await wecom.pull())["errcode"] == 45009
    await wecom.pass_time(minutes=1)
    assert (await wecom.pull())["errcode"] == 0


async def test_five_messages_and_48_hours_per_customer_message(wecom: Wecom) -> None:
    assert (await wecom.send("too early"))["errcode"] == 40096
    await wecom.control("/say", person="王敏", text="hello")
    for number in range(5):
        assert (await wecom.send(f"a{number}"))["errcode"] == 0
    assert (await wecom.send("a5"))["errcode"] == 95001
    await wecom.control("/say", person="王敏", text="again")
    assert (await wecom.send("a6"))["errcode"] == 0
    await wecom.pass_time(hours=48)
    assert (await wecom.send("a7"))["errcode"] == 0
    await wecom.pass_time(seconds=1)
    assert (await wecom.send("a8"))["errcode"] == 95002
    shown = [entry["text"] for entry in await wecom.logged("shown", 7)]
    assert shown == ["a0", "a1", "a2", "a3", "a4", "a6", "a7"]
    assert [e["rule"] for e in await wecom.logged("refused", 3)][1:] != []
    assert all(cast("int", item["origin"]) == 3 for item in listed(await wecom.pull()))


async def test_the_same_msgid_is_the_same_message(wecom: Wecom) -> None:
    await wecom.control("/say", person="王敏", text="hello")
    wecom.world.faults.set(Fault(place="wecom.api/cgi-bin/kf/send_msg", kind="lose_answer"))
    with pytest.raises(Exception, match=r"disconnect|reset|closed"):
        await wecom.send("once", msgid="e1-1")
    again = await wecom.send("once", msgid="e1-1")
    assert (again["errcode"], again["msgid"]) == (0, "e1-1")
    assert (await wecom.send("bad", msgid="no spaces"))["errcode"] == 40058
    chat = await wecom.look("/chat", person="王敏")
    assert [line["text"] for line in listed(chat, "lines")] == ["hello", "once"]
    assert chat["sent"] == 1


async def test_text_is_limited_to_2048_bytes_and_types_are_checked(wecom: Wecom) -> None:
    await wecom.control("/say", person="王敏", text="hello")
    assert (await wecom.send("好" * 682))["errcode"] == 0
    assert (await wecom.send("好" * 683))["errcode"] == 45002
    body: Json = {"touser": "wm-9", "open_kfid": "wk-1", "msgtype": "dance", "dance": {}}
    assert (await wecom.api("/kf/send_msg", body))["errcode"] == 40008
    assert (await wecom.api("/kf/send_msg", {**body, "open_kfid": "wk-2"}))["errcode"] == 95004
    url = f"{wecom.world.base_url}/wecom/cgi-bin/kf/send_msg?access_token={wecom.token}"
    async with wecom.http.post(url, data=b"{nope") as answer:
        assert (await answer.json())["errcode"] == 40058


async def test_states_move_as_the_table_says(wecom: Wecom) -> None:
    await wecom.control("/say", person="王敏", text="hello")

    async def trans(state: int, **more: object) -> Json:
        who: Json = {"open_kfid": "wk-1", "external_userid": "wm-9", "service_state": state}
        return await wecom.api("/kf/service_state/trans", {**who, **more})

    assert (await trans(4))["errcode"] == 95016
    assert (await trans(1))["errcode"] == 0
    assert (await wecom.send("by the assistant"))["errcode"] == 0
    assert (await trans(3, servicer_userid="nobody"))["errcode"] == 95014
    await wecom.control("/servicer", userid="HanMei", receiving=False)
    assert (await trans(3, servicer_userid="hanmei"))["errcode"] == 95019
    assert "msg_code" in await trans(3, servicer_userid="lilei")
    state = await wecom.api("/kf/service_state/get", {"open_kfid": "wk-1", "external_userid": "wm-9"})
    assert (state["service_state"], state["servicer_userid"]) == (3, "LiLei")
    assert (await wecom.send("too late"))["errcode"] == 95018
    await wecom.control("/servicer_say", person="王敏", userid="LiLei", text="from the client")
    await wecom.control("/close", person="王敏")
    assert (await wecom.send("ended"))["errcode"] == 95013
    items = listed(await wecom.pull())
    assert [item["origin"] for item in items] == [3, 4, 5, 4]
    change = cast("Json", items[3]["event"])
    assert (change["event_type"], change["change_type"]) == ("session_status_change", 3)
    await wecom.control("/say", person="王敏", text="back")
    assert (await wecom.send("new session"))["errcode"] == 0


async def test_a_welcome_code_is_good_once_for_twenty_seconds(wecom: Wecom) -> None:
    async def welcome(person: str) -> tuple[str, Json]:
        await wecom.control("/enter", person=person)
        event = cast("Json", listed(await wecom.pull())[-1]["event"])
        return str(event.get("welcome_code", "")), event

    async def greet(code: str, msgtype: str = "text") -> object:
        body: Json = {"code": code, "msgtype": msgtype, msgtype: {"content": "您好"}}
        return (await wecom.api("/kf/send_msg_on_event", body))["errcode"]

    code, _ = await welcome("王敏")
    assert await greet(code, "image") == 40008
    await wecom.pass_time(seconds=20)
    assert await greet(code) == 0
    assert await greet(code) == 41051
    late, _ = await welcome("Ann")
    await wecom.pass_time(seconds=21)
    assert await greet(late) == 41050
    assert (await welcome("王敏"))[0] == "", "welcomed less than 48 h ago"


async def test_messages_may_fail_after_they_were_accepted(wecom: Wecom) -> None:
    await wecom.control("/say", person="王敏", text="hello")
    await wecom.control("/reject", person="王敏")
    sent = await wecom.send("unwanted", msgid="m-1")
    assert sent["errcode"] == 0
    event = cast("Json", listed(await wecom.pull())[-1]["event"])
    assert (event["event_type"], event["fail_msgid"], event["fail_type"]) == ("msg_send_fail", "m-1", 10)
    assert not [e for e in wecom.world.log.entries if e.kind == "shown"]


async def test_menus_are_tapped_and_customers_described(wecom: Wecom) -> None:
    await wecom.control("/enter", person="王敏", scene="fair", scene_param="a1")
    await wecom.control("/say", person="王敏", text="hello")
    click = {"type": "click", "click": {"id": "human", "content": "人工"}}
    menu: Json = {"head_content": "?", "list": [click], "tail_content": ""}
    body: Json = {"touser": "wm-9", "open_kfid": "wk-1", "msgtype": "msgmenu", "msgmenu": menu}
    assert (await wecom.api("/kf/send_msg", body))["errcode"] == 0
    await wecom.control("/menu", status=400, person="王敏", id="robot")
    await wecom.control("/menu", person="王敏", id="human")
    assert listed(await wecom.pull())[-1]["text"] == {"content": "人工", "menu_id": "human"}
    asked: Json = {"external_userid_list": ["wm-9", "wm-0"], "need_enter_session_context": 1}
    told = await wecom.api("/kf/customer/batchget", asked)
    assert told["invalid_external_userid"] == ["wm-0"]
    customer = listed(told, "customer_list")[0]
    assert (customer["nickname"], customer["unionid"]) == ("王敏", "u9")
    assert customer["enter_session_context"] == {"scene": "fair", "scene_param": "a1"}


async def test_callbacks_are_resent_identically_and_then_dropped(wecom: Wecom) -> None:
    wecom.world.faults.set(Fault(place="wecom.out", kind="lose_answer"))
    await wecom.control("/say", person="王敏", text="one")
    await wecom.logged("callback", 2)
    assert len(wecom.hub.bodies) == 2
    assert wecom.hub.bodies[0] == wecom.hub.bodies[1]
    wecom.world.faults.set(Fault(place="wecom.out", kind="drop", times=4))
    await wecom.control("/say", person="王敏", text="two")
    assert (await wecom.logged("callback_dropped"))[0]["event"] == "kf_msg_or_event"
    assert [e["attempt"] for e in await wecom.logged("callback")] == [1, 2, 1, 2, 3, 4]
    assert len(listed(await wecom.pull())) == 2, "what was not announced is still there to be pulled"
    assert wecom.world.calls_out == 0


async def test_an_answer_that_is_no_success_is_not_resent_and_a_slow_one_is(wecom: Wecom) -> None:
    async def busy(_: web.Request) -> web.Response:
        return web.Response(status=503)

    wecom.hub.answer = busy
    await wecom.control("/say", person="王敏", text="one")
    assert (await wecom.logged("callback"))[0]["status"] == 503
    wake = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await wake.wait()
        return web.Response(text="")

    wecom.hub.answer = slow
    await wecom.control("/limits", limits={"callback_timeout": 0.05})
    await wecom.control("/say", person="王敏", text="two")
    await wecom.logged("callback_dropped")
    wake.set()
    assert len(wecom.hub.bodies) == 5


async def test_faults_on_the_way_out_double_and_reorder(wecom: Wecom) -> None:
    wecom.world.faults.set(Fault(place="wecom.out", kind="duplicate"))
    await wecom.control("/say", person="王敏", text="one")
    assert (await wecom.hub.next())["Token"] == (await wecom.hub.next())["Token"]
    wecom.world.faults.set(Fault(place="wecom.out", kind="reorder", seconds=10))
    await wecom.control("/say", person="王敏", text="two")
    await wecom.logged("reorder")
    await wecom.control("/say", person="王敏", text="three")
    tokens = list(wecom.room.kf.pull_tokens)
    assert [(await wecom.hub.next())["Token"] for _ in range(2)] == [tokens[2], tokens[1]]


async def test_throttle_error_and_untrusted_address_are_errcodes_in_200(wecom: Wecom) -> None:
    await wecom.gettoken()
    wecom.world.faults.set(Fault(place="wecom.api", kind="throttle"))
    assert (await wecom.api("/kf/account/list"))["errcode"] == 45009
    wecom.world.faults.set(Fault(place="wecom.api/cgi-bin/kf", kind="error"))
    assert (await wecom.api("/kf/account/list"))["errcode"] == -1
    await wecom.control("/limits", limits={"trusted_ip": False})
    assert (await wecom.api("/kf/account/list"))["errcode"] == 60020
    await wecom.control("/limits", limits={"trusted_ip": True, "api_per_minute": 2})
    assert (await wecom.api("/kf/account/list"))["errcode"] == 0
    assert (await wecom.api("/kf/account/list"))["errcode"] == 45009
    await wecom.control("/limits", status=400, limits={"no_such": 1})
    await wecom.control("/say", status=404, person="nobody", text="x")


async def test_media_go_both_ways_and_live_three_days(wecom: Wecom) -> None:
    picture = base64.b64encode(b"\xff\xd8\xff picture").decode()
    await wecom.control("/send_media", person="王敏", kind="image", name="p.jpg", base64=picture)
    item = listed(await wecom.pull())[0]
    assert item["msgtype"] == "image"
    url, token = f"{wecom.world.base_url}/wecom/cgi-bin/media", wecom.token
    query = {"access_token": token, "media_id": str(cast("Json", item["image"])["media_id"])}
    async with wecom.http.get(f"{url}/get", params=query) as answer:
        assert (await answer.read(), answer.content_type) == (b"\xff\xd8\xff picture", "image/jpeg")
        assert 'filename="p.jpg"' in answer.headers["Content-Disposition"]
    form = FormData()
    form.add_field("media", b"%PDF-1.7", filename="quote.pdf", content_type="application/pdf")
    async with wecom.http.post(f"{url}/upload?type=file&access_token={token}", data=form) as answer:
        media: Json = {"media_id": (await answer.json())["media_id"]}
    body: Json = {"touser": "wm-9", "open_kfid": "wk-1", "msgtype": "file", "file": media}
    assert (await wecom.api("/kf/send_msg", body))["errcode"] == 0
    assert (await wecom.api("/kf/send_msg", {**body, "file": {"media_id": "x"}}))["errcode"] == 40007
    async with wecom.http.post(f"{url}/upload?type=image&access_token={token}", data={"media": "no file"}) as answer:
        assert (await answer.json())["errcode"] == 40058
    await wecom.pass_time(days=3, seconds=1)
    async with wecom.http.get(f"{url}/get", params=query) as answer:
        assert (await answer.json())["errcode"] == 40007
