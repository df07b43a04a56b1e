"""Pages opened inside WeCom: who opened them, whether she follows the customer, and both signatures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientSession, CookieJar
from yarl import URL

from connectors.contract import StaffPages
from connectors.wecom.translate import customer
from rules.errors import BadSignature, PlatformAway
from rules.model import Identity, RepHandle
from simulator.wecom.oauth import COOKIE
from tests.contract.wecom_hub import Tower, tower

LILEI = RepHandle(platform="wecom", value="LiLei")


@pytest.fixture
async def t() -> AsyncIterator[Tower]:
    async with tower() as made:
        yield made


async def code(t: Tower, url: str) -> str:
    """Her client opens the address and comes back with a code."""
    jar = CookieJar(unsafe=True)
    jar.update_cookies({COOKIE: t.wecom.room.oauth.session("LiLei")}, URL(t.world.base_url))
    async with ClientSession(cookie_jar=jar) as browser, browser.get(url, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert back["state"] == ["abc123"]
    return back["code"][0]


async def test_a_code_names_the_employee_once(t: Tower) -> None:
    staff: StaffPages = t.connector.staff
    back = f"{t.world.settings.hub_url}/sidebar/back?x=1"
    for url in (staff.sign_in_url(back, "abc123"), staff.scan_url(back, "abc123")):
        once = await code(t, url)
        assert await staff.signed_in(once) == LILEI
        with pytest.raises(BadSignature):
            await staff.signed_in(once)
    for forged in ("", "x" * 600, "a b", "never-issued"):
        with pytest.raises(BadSignature):
            await staff.signed_in(forged)


async def test_only_followers_follow(t: Tower) -> None:
    staff = t.connector.staff
    await t.wecom.control("/add", person="王敏", userid="LiLei")
    await t.wecom.control("/add", person="王敏", userid="HanMei")
    t.wecom.room.limits.follow_page = 1
    assert await staff.follows(LILEI, customer("wm-9"))
    assert await staff.follows(RepHandle(platform="wecom", value="hanmei"), customer("wm-9"))
    assert not await staff.follows(LILEI, customer("wm-8"))
    assert not await staff.follows(LILEI, customer("nobody"))
    assert not await staff.follows(RepHandle(platform="teams", value="LiLei"), customer("wm-9"))
    assert not await staff.follows(LILEI, Identity(platform="mail", kind="address", value="wm-9"))
    before = t.wecom.room.gate.counts["/externalcontact/get"]
    assert await staff.follows(LILEI, customer("wm-9"))
    assert t.wecom.room.gate.counts["/externalcontact/get"] == before


async def test_a_platform_that_is_away_is_no_no(t: Tower) -> None:
    t.wecom.room.limits.trusted_ip = False
    with pytest.raises(PlatformAway):
        await t.connector.staff.follows(LILEI, customer("wm-9"))


async def test_both_signatures_are_accepted_and_tickets_fetched_once(t: Tower) -> None:
    for page in ("https://hub.example/sidebar/c?x=1#top", "https://hub.example/sidebar/c?x=1"):
        config = await t.connector.staff.page_config(page)
        for kind, name in (("config", "signature"), ("agent_config", "agent_signature")):
            told = await t.wecom.control(
                "/signature", kind=kind, url=page, noncestr=config["nonce"], timestamp=int(config["timestamp"]),
                signature=config[name],
            )  # fmt: skip
            assert told == {"ok": True}
    assert t.wecom.room.gate.counts["/get_jsapi_ticket"] == 1
    assert t.wecom.room.gate.counts["/ticket/get"] == 1
    assert sorted(t.hub.notes) == [
        "wecom/ticket/ww-demo/agent/agent",
        "wecom/ticket/ww-demo/agent/corp",
        "wecom/token/ww-demo/agent",
    ]
