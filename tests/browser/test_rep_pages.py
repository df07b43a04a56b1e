"""The pages for reps in Chromium: with scripts and without; scripts of ours stand in for the clients around them."""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.contract.page_world import Pages, pages
from tests.contract.teams_hub import bench
from tests.contract.teams_world import REP

pytestmark = pytest.mark.browser
WECOM = """
window.ww = {
  register: function (options) { window.registered = options; },
  getCurExternalContact: async function () {
    var own = await registered.getConfigSignature(location.href);
    var app = await registered.getAgentConfigSignature(location.href);
    if (!own.signature || !app.signature || own.signature === app.signature) throw new Error("signature");
    if (window.name === "nobody") throw { errMsg: "getCurExternalContact:fail without context of external contact" };
    return { userId: "wm-9" };
  }
};
"""
TEAMS = """
window.microsoftTeams = {
  app: {
    initialize: async function () { if (window.name === "alone") throw new Error("no parent"); },
    getContext: async function () { return { app: { theme: "dark" }, page: { subPageId: "" } }; },
    registerOnThemeChangeHandler: function (handler) { window.themed = handler; },
    notifySuccess: function () { window.loaded = true; }
  },
  authentication: {
    getAuthToken: async function () { if (window.name === "refused") throw new Error("consent"); return TOKEN; }
  }
};
"""


@dataclass
class Sight:
    """Chromium before the pages."""

    p: Pages
    browser: Browser
    clients: str
    """Where the stand-ins for the platforms' scripts are served."""
    troubles: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    async def context(self, userid: str = "", **options: bool) -> BrowserContext:
        """A browser, signed in as this rep."""
        made = await self.browser.new_context(locale="zh-CN", viewport={"width": 400, "height": 720}, **options)  # type: ignore[arg-type]
        if userid:
            known = self.p.browser(userid)
            await known.get("/sidebar/wecom?list=1")
            await made.add_cookies([{"name": "tower_rep", "value": known.cookie("tower_rep"), "url": self.p.base}])
        made.on("request", lambda r: self.hosts.add("/".join(r.url.split("/")[:3])))
        made.on("console", lambda m: self.troubles.append(m.text) if m.type in ("error", "warning") else None)
        made.on("weberror", lambda e: self.troubles.append(str(e.error)))
        return made

    async def tab(self, name: str = "") -> Page:
        """The Teams tab in a window of this name."""
        page = await (await self.context()).new_page()
        await page.add_init_script(f"window.name = {name!r}")
        await page.goto(f"{self.p.base}/sidebar/tab")
        return page


def integrity(script: str) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(script.encode()).digest()).decode()


@asynccontextmanager
async def clients(**scripts: str) -> AsyncIterator[str]:
    """Serves scripts as the platforms' addresses do."""

    async def serve(request: web.Request) -> web.Response:
        text = scripts[request.match_info["name"]]
        return web.Response(text=text, content_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"})

    app = web.Application()
    app.add_routes([web.get("/{name}.js", serve)])
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def s() -> AsyncIterator[Sight]:
    found = shutil.which("chromium")
    if not found:
        pytest.skip("Chromium is not installed")
    async with bench() as company, async_playwright() as driver:
        token = (await company.company.control("teams/tab_token", rep=REP))["token"]
        teams = TEAMS.replace("TOKEN", orjson.dumps(token).decode())
        async with (
            clients(wecom=WECOM, teams=teams) as served,
            pages(
                tabs=company.teams,
                wecom_sdk=f"{served}/wecom.js",
                wecom_sdk_integrity=integrity(WECOM),
                teams_sdk=f"{served}/teams.js",
                teams_sdk_integrity=integrity(teams),
            ) as p,
        ):
            args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            browser = await driver.chromium.launch(executable_path=found, args=args)
            yield Sight(p=p, browser=browser, clients=served)
            await browser.close()


async def test_the_sidebar_finds_the_customer_of_the_chat(s: Sight) -> None:
    talk = s.p.desk.writes("wm-9", "你好")
    page = await (await s.context("LiLei")).new_page()
    await page.goto(f"{s.p.base}/sidebar/wecom")
    await page.wait_for_url(f"**/sidebar/c/{talk}")
    await page.get_by_role("link", name="我的会话").click()
    await expect(page.get_by_role("heading", name="客户会话")).to_be_visible()
    assert s.hosts == {s.p.base, s.clients} and s.troubles == []


async def test_outside_a_customers_chat_there_is_the_search(s: Sight) -> None:
    s.p.desk.writes("wm-9", "你好")
    page = await (await s.context("LiLei")).new_page()
    await page.add_init_script("window.name = 'nobody'")
    await page.goto(f"{s.p.base}/sidebar/wecom")
    await expect(page.get_by_role("status")).to_contain_text("这里不是客户聊天")
    await page.get_by_role("searchbox").fill("王")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="王敏")).to_be_visible()


async def test_a_script_that_was_changed_does_not_run(s: Sight) -> None:
    s.p.desk.writes("wm-9", "你好")
    page = await (await s.context("LiLei")).new_page()
    await page.route("**/wecom.js", lambda route: route.continue_())
    await page.route(
        f"{s.clients}/wecom.js",
        lambda route: route.fulfill(
            body="document.title = 'owned'",
            headers={"Access-Control-Allow-Origin": "*"},
            content_type="text/javascript",
        ),
    )
    await page.goto(f"{s.p.base}/sidebar/wecom")
    await expect(page.get_by_role("status")).to_contain_text("这里不是客户聊天")
    assert "owned" not in await page.title()


@pytest.mark.parametrize("scripts", [True, False])
async def test_claim_and_answer_by_keyboard_with_and_without_scripts(s: Sight, scripts: bool) -> None:
    talk = s.p.desk.writes("wm-9", "你好")
    page = await (await s.context("LiLei", java_script_enabled=scripts)).new_page()
    await page.goto(f"{s.p.base}/sidebar/c/{talk}")
    await page.get_by_role("button", name="认领").press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("已认领")
    await page.get_by_role("link", name="回复", exact=True).press("Enter")
    await page.keyboard.type("在的，请讲")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("已发送")
    assert [(a.verb, a.inputs.get("text")) for a in s.p.desk.acts] == [("claim", None), ("reply", "在的，请讲")]
    assert s.troubles == []


async def test_the_tab_shows_claims_and_answers(s: Sight) -> None:
    s.p.desk.writes("wm-9", "你好 <img src=x onerror=\"document.title='owned'\">")
    page = await s.tab()
    await page.get_by_role("link", name="王敏").click()
    await expect(page).to_have_title("王敏")
    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
    await page.evaluate("themed('contrast')")
    assert await page.evaluate("document.documentElement.dataset.theme") == "contrast"
    await page.get_by_role("button", name="认领").click()
    await expect(page.locator("#said")).to_contain_text("已认领")
    await expect(page.locator("#said")).to_be_focused()
    await page.get_by_label("回复内容").fill("在的")
    await page.get_by_role("button", name="发送给客户").click()
    await expect(page.locator("#said")).to_contain_text("已发送")
    await page.get_by_role("link", name="我的会话").click()
    await expect(page.get_by_role("heading", name="客户会话")).to_be_visible()
    assert [a.verb for a in s.p.desk.acts] == ["claim", "reply"] and await page.evaluate("loaded")
    assert s.hosts == {s.p.base, s.clients} and s.troubles == []
    assert await page.evaluate("JSON.stringify([localStorage.length, sessionStorage.length, document.cookie])") == (
        '[0,0,""]'
    )


async def test_what_was_typed_in_the_tab_outlives_a_lost_network(s: Sight) -> None:
    s.p.desk.writes("wm-9", "你好")
    page = await s.tab()
    await page.get_by_role("link", name="王敏").click()
    await page.get_by_label("回复内容").fill("写了很久的回复")
    await page.context.set_offline(True)
    await page.get_by_role("button", name="发送给客户").click()
    await expect(page.get_by_role("alert")).to_contain_text("你写的内容还在")
    await page.context.set_offline(False)
    s.p.desk.down = True
    await page.get_by_role("button", name="发送给客户").click()
    await expect(page.get_by_role("alert")).to_contain_text("没有保存任何内容")
    s.p.desk.down = False
    await page.get_by_role("button", name="发送给客户").click()
    await expect(page.locator("#said")).to_contain_text("已发送")
    assert [a.inputs["text"] for a in s.p.desk.acts] == ["写了很久的回复"]


@pytest.mark.parametrize(("name", "words"), [("alone", "请在 Teams 里打开"), ("refused", "没有登录成功")])
async def test_the_tab_says_what_is_wrong(s: Sight, name: str, words: str) -> None:
    page = await s.tab(name)
    await expect(page.get_by_role("heading", name=words)).to_be_visible()
