"""Chromium before the pages for reps: the real rules behind them, the platforms' real scripts in the clients around."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.browser.clients import AGENT, TeamsClient, WeComClient, open_teams, wecom_settings
from tests.contract.page_world import Pages, pages
from tests.contract.teams_hub import Bench, bench
from tests.contract.teams_world import REP

WIDE, HIGH = 400, 720
# Pages of an https address may frame one of this machine only while this check is off; nothing leaves the machine.
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessChecks",
]


@dataclass
class Sight:
    """Chromium before the pages."""

    p: Pages
    company: Bench
    browser: Browser
    troubles: list[str] = field(default_factory=list)
    """What browsers complained about on their consoles."""
    hosts: set[str] = field(default_factory=set)
    """Whom the pages asked."""

    async def context(self, userid: str = "", **options: Any) -> BrowserContext:
        """A browser, signed in as this rep."""
        options.setdefault("locale", "zh-CN")
        options.setdefault("viewport", {"width": WIDE, "height": HIGH})
        made = await self.browser.new_context(**options)
        if userid:
            await self.sign_in(made, userid)
        made.on("request", lambda r: self.hosts.add("/".join(r.url.split("/")[:3])))
        made.on("console", lambda m: self.troubles.append(m.text) if m.type in ("error", "warning") else None)
        made.on("weberror", lambda e: self.troubles.append(str(e.error)))
        return made

    async def sign_in(self, context: BrowserContext, userid: str) -> None:
        """The cookies of a sign-in."""
        known = self.p.browser(userid)
        await known.get("/sidebar/wecom?list=1")
        await context.add_cookies([{"name": "tower_rep", "value": known.cookie("tower_rep"), "url": self.p.base}])

    async def wecom(self, userid: str = "LiLei", **options: Any) -> tuple[WeComClient, BrowserContext]:
        """A WeCom client, signed in as this rep."""
        context = await self.context(userid, user_agent=AGENT, **options)
        client = WeComClient(control=self.p.wecom.wecom.control)
        await client.put_around(context)
        return client, context

    async def teams(self, rep: str = REP, **answers: Any) -> TeamsClient:
        """The tab in Teams, opened by this rep; an empty id: Teams gives no token."""
        token = (await self.company.company.control("teams/tab_token", rep=rep))["token"] if rep else ""
        context = await self.context(**answers.pop("options", {}))
        return await open_teams(context, f"{self.p.base}/sidebar/tab", str(token), **answers)


@asynccontextmanager
async def sight(**settings: Any) -> AsyncIterator[Sight]:
    """Everything up; skipped where there is no Chromium."""
    found = shutil.which("chromium")
    if not found:
        pytest.skip("Chromium is not installed")
    async with (
        async_playwright() as driver,
        bench() as company,
        pages(tabs=company.teams, **wecom_settings(), **settings) as p,
    ):
        browser = await driver.chromium.launch(executable_path=found, args=_FLAGS)
        yield Sight(p=p, company=company, browser=browser)
        await browser.close()
