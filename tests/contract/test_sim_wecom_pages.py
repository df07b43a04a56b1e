"""The simulated WeCom obeys the platform's rules: OAuth, JS-SDK tickets, groups, a rep's browser."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import cast

import pytest
from aiohttp import web
from yarl import URL

from tests.contract.wecom_world import CORP, Json, Wecom, wecom_world


@pytest.fixture
async def wecom() -> AsyncIterator[Wecom]:
    async with wecom_world() as world:
        yield world


def authorize(wecom: Wecom, **other: str) -> URL:
    hub = wecom.world.settings.hub_url
    query = {
        "appid": CORP, "redirect_uri": f"{hub}/sidebar/back?keep=1", "response_type": "code",
        "scope": "snsapi_base", "state": "s1", "agentid": "1000002", **other,
    }  # fmt: skip
    return URL(f"{wecom.world.base_url}/wecom-open/connect/oauth2/authorize").with_query(query)


def put_up_sidebar(wecom: Wecom) -> None:
    """A page that wants to know who comes: to OAuth without a cookie, and back with one."""

    async def sidebar(request: web.Request) -> web.Response:
        if "__Host-rep" not in request.cookies:
            raise web.HTTPFound(str(authorize(wecom)) + "#wechat_redirect")
        rep = request.cookies["__Host-rep"]
        form = '<form method="post" action="answer"><input type="hidden" name="csrf" value="t&amp;1">'
        return web.Response(text=f'{rep}{form}<textarea name="text"></textarea></form>', content_type="text/html")

    async def back(request: web.Request) -> web.Response:
        assert (request.query["state"], request.query["keep"]) == ("s1", "1")
        told = await wecom.api("/auth/getuserinfo", code=request.query["code"])
        answer = web.Response(status=302, headers={"Location": "/sidebar/card"})
        answer.set_cookie("__Host-rep", f"{told['userid']}", secure=True, httponly=True, samesite="Lax")
        return answer

    async def answered(request: web.Request) -> web.Response:
        form = await request.post()
        assert (form["csrf"], request.headers["Origin"]) == ("t&1", wecom.world.settings.hub_url)
        return web.Response(text="sent: " + str(form["text"]))

    wecom.hub.pages.update({"/sidebar/card": sidebar, "/sidebar/back": back, "/sidebar/answer": answered})


async def test_a_rep_opens_a_page_through_oauth_and_stays_signed_in(wecom: Wecom) -> None:
    put_up_sidebar(wecom)
    url = f"{wecom.world.settings.hub_url}/sidebar/card"
    page = await wecom.control("/open", userid="LiLei", url=url)
    assert (page["status"], page["url"], str(page["html"])[:5]) == (200, url, "LiLei")
    await wecom.control("/open", userid="LiLei", url=url)
    assert (await wecom.control("/open", userid="HanMei", url=url))["html"] != page["html"]
    counts = cast("Json", (await wecom.look("/counts"))["calls"])
    assert counts["/auth/getuserinfo"] == 2
    sent = await wecom.control("/submit", userid="LiLei", url=url, fields={"text": "报价如下"}, says="text")
    assert sent["html"] == "sent: 报价如下"
    said = (await wecom.logged("said"))[0]
    assert (said["text"], said["toward"], said["where"]) == ("报价如下", "customer", "wecom.page")
    await wecom.control("/submit", status=400, userid="LiLei", url=url, fields={"no_such": "x"})
    await wecom.control("/open", status=400, userid="LiLei", url="http://other.example/")
    await wecom.control("/open", status=400, userid="LiLei", url="http://[broken")
    await wecom.control("/open", status=400, userid="LiLei", url="no address")


async def test_a_code_works_once_and_for_five_minutes(wecom: Wecom) -> None:
    session = {"Cookie": f"wecom_member={wecom.room.oauth.session('LiLei')}"}

    async def code(**other: str) -> str:
        async with wecom.http.get(authorize(wecom, **other), headers=session, allow_redirects=False) as answer:
            assert answer.status == 302
            return URL(answer.headers["Location"]).query["code"]

    first = await code()
    assert (await wecom.api("/auth/getuserinfo", code=first))["userid"] == "LiLei"
    assert (await wecom.api("/auth/getuserinfo", code=first))["errcode"] == 40029
    private = await wecom.api("/auth/getuserinfo", code=await code(scope="snsapi_privateinfo"))
    assert "user_ticket" in private
    wecom.room.limits.oauth_code_seconds = 0
    assert (await wecom.api("/auth/getuserinfo", code=await code()))["errcode"] == 42003


async def test_authorize_asks_who_it_is_and_trusts_only_the_registered_domain(wecom: Wecom) -> None:
    async with wecom.http.get(authorize(wecom)) as answer:
        page = await answer.text()
        assert 'value="HanMei"' in page
    back = authorize(wecom).path_qs
    login = f"{wecom.world.base_url}/wecom-open/login"
    async with wecom.http.post(login, data={"userid": "HanMei", "back": back}, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, back)
    async with wecom.http.post(login, data={"userid": "HanMei", "back": "//evil.example"}) as answer:
        assert answer.status == 400
    for wrong in (
        {"redirect_uri": "https://evil.example/"}, {"appid": "ww-x"}, {"scope": "all"}, {"state": "<script>"},
        {"redirect_uri": "/sidebar"}, {"redirect_uri": "http://[broken"},
    ):  # fmt: skip
        async with wecom.http.get(authorize(wecom, **wrong), allow_redirects=False) as answer:
            assert answer.status == 400
            assert "<script>" not in await answer.text()


async def test_two_tickets_are_cached_counted_and_not_interchangeable(wecom: Wecom) -> None:
    corp = (await wecom.api("/get_jsapi_ticket"))["ticket"]
    agent = (await wecom.api("/ticket/get", type="agent_config"))["ticket"]
    assert corp != agent
    assert (await wecom.api("/get_jsapi_ticket"))["ticket"] == corp
    assert (await wecom.api("/ticket/get"))["errcode"] == 40058

    async def check(kind: str, ticket: object, url: str) -> Json:
        text = f"jsapi_ticket={ticket}&noncestr=n&timestamp=1&url={url}"
        signature = hashlib.sha1(text.encode()).hexdigest()  # noqa: S324
        shown = "https://h.example/p?a=1#top"
        return await wecom.control("/signature", kind=kind, url=shown, noncestr="n", timestamp=1, signature=signature)

    page = "https://h.example/p?a=1"
    assert (await check("config", corp, page))["ok"] is True
    assert (await check("agent_config", agent, page))["ok"] is True
    assert (await check("agent_config", corp, page))["reason"] == "signed with the other ticket"
    assert (await check("config", corp, page + "#top"))["reason"] == "invalid signature"
    await wecom.control("/limits", limits={"agent_tickets_per_hour": 1})
    assert (await wecom.api("/ticket/get", type="agent_config"))["errcode"] == 45009


async def test_the_app_makes_groups_of_employees_and_writes_into_them(wecom: Wecom) -> None:
    group: Json = {"name": "制造业", "owner": "LiLei", "userlist": ["LiLei", "HanMei"], "chatid": "seg1"}
    assert (await wecom.api("/appchat/create", group))["chatid"] == "seg1"
    assert (await wecom.api("/appchat/create", group))["errcode"] == 86215
    assert (await wecom.api("/appchat/create", {**group, "userlist": ["LiLei"]}))["errcode"] == 86216
    text: Json = {"chatid": "seg1", "msgtype": "text", "text": {"content": "王敏: 请发报价"}}
    assert (await wecom.api("/appchat/send", text))["errcode"] == 0
    assert (await wecom.api("/appchat/send", {**text, "chatid": "seg2"}))["errcode"] == 86003
    card: Json = {"chatid": "seg1", "msgtype": "template_card", "template_card": {}}
    assert (await wecom.api("/appchat/send", card))["errcode"] == 40008
    assert (await wecom.api("/appchat/update", {"chatid": "seg1", "del_user_list": ["LiLei"]}))["errcode"] == 86207
    shown = (await wecom.logged("shown"))[0]
    assert (shown["toward"], shown["where"]) == ("team", "wecom.appchat")
    chats = cast("list[Json]", (await wecom.look("/appchats"))["appchats"])
    assert [line["text"] for line in cast("list[Json]", chats[0]["lines"])] == ["王敏: 请发报价"]
    assert (await wecom.api("/getcallbackip"))["ip_list"] == ["127.0.0.1"]
    assert (await wecom.api("/user/get", userid="lilei"))["name"] == "Li Lei"
    assert (await wecom.api("/user/get", userid="x"))["errcode"] == 60111
