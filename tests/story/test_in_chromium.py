"""Each family of pages once in Debian's Chromium, over a running company: it is drawn, nothing fails, no other host is
asked, nothing scrolls sideways. The whole matrix of looks is `make browser`."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, async_playwright

from tests.story.cast import MANAGER, REP, Json
from tests.story.town import Town

WORDS = "想看看样册，可以寄一份吗？"
WIDTHS = (400, 1280)
LINK = re.compile(r"https?://[\w.:/-]+/f/[\w.-]+")
SIDEWAYS = "document.documentElement.scrollWidth - innerWidth"


def chromium() -> str:
    """Debian's browser. Without it these tests are skipped and counted."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is not installed (Debian: chromium)")
    return found


@dataclass
class Window:
    """One browser window before the company."""

    town: Town
    person: str
    root: Json
    page: Page
    troubles: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def watch(self) -> None:
        """Remember what goes wrong and who is asked."""
        self.page.on("request", lambda r: self.hosts.add(urlsplit(r.url).netloc))
        self.page.on("console", lambda m: self.troubles.append(f"{m.text} {m.location}") if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.troubles.append(str(e)))

    async def world(self) -> None:
        """The world page."""
        await self.page.goto(f"{self.town.made.world}/?lang=zh")
        await self.page.locator("#threads .card").first.wait_for()

    async def sidebar(self) -> None:
        """The card beside the chat, as the rep's client opens it."""
        made = self.town.made
        reps = {e["name"]: e["userid"] for e in made.ask("/control/people")["employees"]}
        # the world knows by a cookie whose client this browser is
        await self.page.context.request.post(f"{made.world}/control/member", data={"userid": reps[REP]})
        people = {p["name"]: p["external_userid"] for p in made.ask("/control/people")["people"]}
        await self.page.goto(f"{made.hub}/sidebar/wecom/customer?id={people[self.person]}")
        assert self.person in await self.page.locator("h1").inner_text()

    async def manager(self) -> None:
        """The manager's day, signed in at the company's directory."""
        await self.page.goto(f"{self.town.made.hub}/manage")
        if await self.page.locator('a[href="/manage/sign-in/entra"]').count():
            await self.page.locator('a[href="/manage/sign-in/entra"]').click()
        if not self.page.url.startswith(self.town.made.hub):
            await self.page.get_by_role("link", name=MANAGER).click()
        await self.page.locator("h1").wait_for()
        assert self.page.url.startswith(f"{self.town.made.hub}/manage"), self.page.url

    async def form(self) -> None:
        """What she opens from her chat."""
        if not any("/f/" in line for line in self.town.chat(self.person)):
            self.town.press(REP, self.root, "form")
        [link] = LINK.findall("\n".join(self.town.chat(self.person)))
        await self.page.goto(link)
        await self.page.locator("h1").wait_for()


@pytest.fixture
async def window(town: Town) -> AsyncIterator[Window]:
    path = chromium()
    town.at_work()
    person = town.guest()
    root = town.talk(person, f"{WORDS}（{person}）")["root"]
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=path, args=["--no-sandbox"])
        made = Window(town=town, person=person, root=root, page=await browser.new_page(locale="zh-CN"))
        made.watch()
        yield made
        await browser.close()


Opening = Callable[[Window], Awaitable[None]]


@pytest.mark.parametrize("opening", [Window.world, Window.sidebar, Window.manager, Window.form])
async def test_pages_are_drawn(window: Window, opening: Opening) -> None:
    made = window.town.made
    for width in WIDTHS:
        await window.page.set_viewport_size({"width": width, "height": 800})
        await opening(window)
        assert await window.page.evaluate(SIDEWAYS) <= 1, f"scrolls sideways at {width} px"
    assert window.troubles == []
    assert window.hosts <= {urlsplit(made.hub).netloc, urlsplit(made.world).netloc}
