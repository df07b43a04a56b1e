"""The Teams tab: an empty shell, pieces drawn for whoever the sign-on token names, acts by bearer alone."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import ClientResponse

from tests.contract.page_world import HANMEI, LILEI, Browser, Form, Page, Pages, pages
from tests.contract.teams_hub import Bench, bench
from tests.contract.teams_world import REP, REP2


@dataclass
class Tab:
    """The tab as our script speaks for it: one person's token with each request, no cookies."""

    company: Bench
    p: Pages
    browser: Browser

    async def token(self, rep: str) -> str:
        """What Teams gives the page for this person."""
        return str((await self.company.company.control("teams/tab_token", rep=rep))["token"])

    async def get(self, query: str, rep: str = REP) -> tuple[ClientResponse, Page]:
        """A piece of a page."""
        return await self.browser.get(f"/sidebar/tab/data{query}", Authorization=f"Bearer {await self.token(rep)}")

    async def send(self, form: Form, rep: str = REP, **typed: str) -> tuple[ClientResponse, Page]:
        """Submit a form of a piece."""
        return await self.browser.send(form, {"Authorization": f"Bearer {await self.token(rep)}"}, **typed)


@pytest.fixture
async def tab() -> AsyncIterator[Tab]:
    async with bench() as company, pages(tabs=company.teams) as p:
        yield Tab(company=company, p=p, browser=p.browser())


async def test_the_shell_holds_nobodys_data_and_runs_only_ours_and_teams(tab: Tab) -> None:
    tab.p.desk.writes("wm-9", "你好")
    answer, page = await tab.browser.get("/sidebar/tab?locale=en-us")
    assert answer.status == 200 and ("html", {"lang": "en"}) in page.elements and "王敏" not in page.html
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    sdk = "https://res.cdn.office.net/teams-js/2.58.0/js/MicrosoftTeams.min.js"
    assert policy["script-src"] == f"'self' {sdk}" and policy["frame-ancestors"] == "https://teams.microsoft.com"
    scripts = [a for t, a in page.elements if t == "script"]
    ours = ["/sidebar/static/live.js", "/sidebar/static/tab.js"]
    assert [s["src"].partition("?")[0] for s in scripts] == [sdk, *ours]
    assert scripts[0]["integrity"].startswith("sha384-") and "Set-Cookie" not in answer.headers


async def test_claim_and_answer_in_the_tab(tab: Tab) -> None:
    talk = tab.p.desk.writes("wm-9", "你好")
    answer, home = await tab.get("")
    assert answer.status == 200 and talk in [a.get("data-view") for _, a in home.elements]
    assert home.elements[0][0] == "div" and home.elements[0][1]["lang"] == "zh-CN"
    answer, page = await tab.get(f"?c={talk}")
    assert page.elements[0][1]["data-title"] == "王敏" and not page.has("html")
    answer, page = await tab.send(page.form("claim"))
    assert answer.status == 200 and "已认领" in page.text
    answer, page = await tab.send(page.form("reply"), text=" ")
    assert answer.status == 422 and "请先写内容" in page.text
    answer, page = await tab.send(page.form("reply"), text="在的，请讲")
    assert answer.status == 200
    assert [(a.verb, a.by.platform, a.by.value) for a in tab.p.desk.acts] == [
        ("claim", "teams", REP),
        ("reply", "teams", REP),
    ]
    assert "Set-Cookie" not in answer.headers


async def test_small_and_few(tab: Tab) -> None:
    for number in range(8):
        talk = tab.p.desk.writes("wm-9", f"第 {number} 条：" + "你好，" * 60)
    _, shell = await tab.browser.get("/sidebar/tab")
    loaded = [a.get("href") or a.get("src", "") for t, a in shell.elements if t in ("link", "script", "img")]
    ours = [one for one in loaded if one.startswith("/")]
    size = len(gzip.compress(shell.html.encode()))
    for one in ours:
        async with tab.browser.http.get(tab.p.base + one, headers={"Accept-Encoding": "gzip"}) as static:
            size += int(static.headers["Content-Length"])
    for piece in ("", f"?c={talk}"):
        _, page = await tab.get(piece)
        size += len(gzip.compress(page.html.encode()))
    assert len(ours) == 3 and size <= 40_000, size


async def test_a_forged_token_and_a_foreign_customer_get_nothing(tab: Tab) -> None:
    talk = tab.p.desk.writes("wm-9", "你好")
    tab.p.desk.owned_by(LILEI, "wm-9")
    good = await tab.token(REP)
    for token in ("x.y.z", good[:-8] + "AAAAAAAA", good.partition(".")[0]):
        answer, page = await tab.browser.get(f"/sidebar/tab/data?c={talk}", Authorization=f"Bearer {token}")
        assert answer.status == 401 and "王敏" not in page.text
    answer, page = await tab.get(f"?c={talk}", REP2)
    assert answer.status == 404 and "王敏" not in page.text
    _, mine = await tab.get(f"?c={talk}")
    answer, _ = await tab.send(mine.form("claim"), REP2)
    assert answer.status == 404 and not tab.p.desk.acts
    tab.p.desk.reps = (HANMEI,)
    answer, page = await tab.get(f"?c={talk}")
    assert answer.status == 404 and "你还不是塔台的成员" in page.text


async def test_a_platform_that_is_not_connected_says_so() -> None:
    async with pages() as p:
        answer, page = await p.browser().get("/sidebar/tab")
        assert answer.status == 404 and "还没有接通" in page.text
        answer, _ = await p.browser().get("/sidebar/tab/data", Authorization="Bearer x")
        assert answer.status == 404
