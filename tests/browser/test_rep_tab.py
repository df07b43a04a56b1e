"""The Teams tab and the meeting side panel in Chromium, with the real TeamsJS in a page that speaks for Teams."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.browser.clients import TEAMS, TEAMS_CDN, serve_teams
from tests.browser.rep_window import Sight, sight
from tests.contract.page_world import HANMEI
from tests.contract.teams_world import REP

pytestmark = pytest.mark.browser
THEME = "document.documentElement.dataset.theme"


@pytest.fixture
async def s() -> AsyncIterator[Sight]:
    async with sight() as made:
        yield made


async def test_the_tab_shows_claims_and_answers(s: Sight) -> None:
    s.p.desk.writes("wm-9", "你好 <img src=x onerror=\"document.title='owned'\">")
    teams = await s.teams()
    tab = teams.tab
    await tab.get_by_role("link", name="王敏").click()
    await expect(tab.get_by_role("heading", name="王敏")).to_be_focused()
    await tab.get_by_role("button", name="认领 王敏").click()
    await expect(tab.locator("#said")).to_contain_text("已认领")
    await expect(tab.locator("#said")).to_be_focused()
    await tab.get_by_label("回复内容").fill("在的")
    await tab.get_by_role("button", name="发送给客户").click()
    await expect(tab.locator("#said")).to_contain_text("已发送")
    await tab.get_by_role("link", name="我的会话").click()
    await expect(tab.get_by_role("heading", name="客户会话")).to_be_visible()
    assert [a.verb for a in s.p.desk.acts] == ["claim", "reply"]
    asked = [one["func"] for one in await teams.said()]
    assert asked[0] == "initialize" and asked.index("appInitialization.appLoaded") < asked.index(
        "appInitialization.success"
    )
    assert s.hosts == {s.p.base, TEAMS, TEAMS_CDN} and s.troubles == []
    kept = await tab.locator("html").evaluate("() => [localStorage.length, sessionStorage.length, document.cookie]")
    assert kept == [0, 0, ""]


async def test_the_tab_follows_every_theme_of_teams(s: Sight) -> None:
    s.p.desk.writes("wm-9", "你好")
    teams = await s.teams(theme="dark")
    html = teams.tab.locator("html")
    await expect(teams.tab.get_by_role("link", name="王敏")).to_be_visible()
    await expect(html).to_have_attribute("data-theme", "dark")
    seen = []
    for name, wanted in (("contrast", "contrast"), ("default", "light"), ("dark", "dark"), ("glass", "light")):
        await teams.theme(name)
        await expect(html).to_have_attribute("data-theme", wanted)
        seen.append(await teams.tab.locator("body").evaluate("e => getComputedStyle(e).backgroundColor"))
    assert seen[0] == "rgb(0, 0, 0)" and seen[1] == seen[3] and len(set(seen)) == 3


async def test_a_card_leads_straight_to_its_conversation_also_beside_a_meeting(s: Sight) -> None:
    talk = s.p.desk.writes("wm-9", "你好")
    s.p.desk.writes("wm-8", "hello", name="Ann")
    options = {"viewport": {"width": 280, "height": 720}}
    teams = await s.teams(sub=talk, frame="sidePanel", options=options)
    await expect(teams.tab.get_by_role("heading", name="王敏")).to_be_visible()
    assert await teams.tab.locator("html").evaluate("e => e.scrollWidth <= innerWidth")
    link = teams.tab.get_by_role("link", name="打开频道会话")
    await link.click()
    opened = [one for one in await teams.said() if one["func"] in ("executeDeepLink", "app.openLink")]
    assert opened and opened[0]["args"][0].startswith("https://teams.microsoft.com/l/message/")


async def test_what_was_typed_outlives_a_lost_network(s: Sight) -> None:
    s.p.desk.writes("wm-9", "你好")
    teams = await s.teams()
    tab = teams.tab
    await tab.get_by_role("link", name="王敏").click()
    await tab.get_by_label("回复内容").fill("写了很久的回复")
    await teams.page.context.set_offline(True)
    await tab.get_by_role("button", name="发送给客户").click()
    await expect(tab.get_by_role("alert")).to_contain_text("你写的内容还在")
    await teams.page.context.set_offline(False)
    s.p.desk.down = True
    await tab.get_by_role("button", name="发送给客户").click()
    await expect(tab.get_by_role("alert")).to_contain_text("没有保存任何内容")
    s.p.desk.down = False
    await tab.get_by_role("button", name="发送给客户").click()
    await expect(tab.locator("#said")).to_contain_text("已发送")
    assert [a.inputs["text"] for a in s.p.desk.acts] == ["写了很久的回复"]


async def test_a_token_that_teams_gives_no_more_is_told_and_can_be_tried_again(s: Sight) -> None:
    s.p.desk.writes("wm-9", "你好")
    teams = await s.teams(rep="")
    await expect(teams.tab.get_by_role("heading", name="没有登录成功")).to_be_visible()
    await teams.host(token=(await s.company.company.control("teams/tab_token", rep=REP))["token"])
    s.p.desk.reps = (HANMEI,)
    await teams.tab.get_by_role("button", name="重试").click()
    await expect(teams.tab.locator("main")).to_contain_text("你还不是塔台的成员")


async def test_outside_teams_the_tab_says_where_it_belongs(s: Sight) -> None:
    context = await s.context()
    await serve_teams(context)
    page = await context.new_page()
    await page.goto(f"{s.p.base}/sidebar/tab")
    await expect(page.get_by_role("heading", name="请在 Teams 里打开")).to_be_visible(timeout=15_000)
    silent = await s.teams(silent=True)
    await expect(silent.tab.get_by_role("heading", name="请在 Teams 里打开")).to_be_visible(timeout=15_000)


async def test_the_last_copy_is_shown_with_its_age_while_the_hub_is_away(s: Sight) -> None:
    s.p.desk.writes("wm-9", "你好")
    teams = await s.teams()
    tab = teams.tab
    await tab.get_by_role("link", name="王敏").click()
    await expect(tab.get_by_role("button", name="认领 王敏")).to_be_visible()
    await tab.get_by_role("link", name="我的会话").click()
    await expect(tab.get_by_role("heading", name="客户会话")).to_be_visible()
    s.p.desk.down = True
    await tab.get_by_role("link", name="王敏").click()
    await expect(tab.locator("#banner")).to_contain_text("刚才")
    await expect(tab.get_by_role("button", name="认领 王敏")).to_be_visible()
    s.p.desk.down = False
    await tab.get_by_role("button", name="重试").click()
    await expect(tab.locator("#banner")).to_have_count(0)
