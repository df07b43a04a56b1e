"""The manager's pages in Chromium: narrow and wide, light and dark, in both languages, by keyboard alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Response, async_playwright, expect

from rules.model import Address
from storage import reps
from tests.attack.test_pages import MARKUP
from tests.contract.manage_world import BOSS, Office, office, park
from tests.contract.people import message
from tests.contract.test_manage import SHEETS

pytestmark = pytest.mark.browser
LONG = "赵钱孙李" * 20
WIDTHS = (280, 320, 400, 720, 1280)
SMALL = """() => [...document.querySelectorAll('a, button, summary')]
  .filter(e => e.getClientRects().length && !e.closest('.skip'))
  .map(e => [e.textContent.trim().slice(0, 30), e.getBoundingClientRect()])
  .filter(([, r]) => r.width < 24 || r.height < 24).map(([t]) => t)"""
"""What is too small for a finger (WCAG 2.2, 2.5.8)."""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Sight:
    """Chromium before the pages."""

    o: Office
    browser: Browser
    talk: str
    troubles: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    @property
    def addresses(self) -> list[str]:
        """Every page, with rows in its tables."""
        return [*(f"/manage/{name}" for name in SHEETS), "/manage/dormant?days=3", f"/manage/c/{self.talk}"]

    async def page(self, **options: Any) -> Page:
        """A window of the manager's."""
        made = await self.browser.new_context(**options)
        known, _ = await self.o.signed_in()
        cookie = known.cookie("tower_manager")
        await made.add_cookies([{"name": "tower_manager", "value": cookie, "url": self.o.base}])
        made.on("request", lambda r: self.hosts.add("/".join(r.url.split("/")[:3])))
        made.on("console", lambda m: self.troubles.append(m.text) if m.type in ("error", "warning") else None)
        return await made.new_page()

    async def speak(self, language: str) -> None:
        """Let the manager read another language."""
        await self.o.hub.db.write(lambda unit: reps.upsert(unit, replace(BOSS, language=language)), label="staff")


@pytest.fixture
async def s(tmp_path: Path) -> AsyncIterator[Sight]:
    found = shutil.which("chromium")
    if not found:
        pytest.skip("Chromium is not installed")
    async with office(tmp_path) as o, async_playwright() as driver:
        await o.writes("wm-0", name="安静的人")
        o.later(days=4)
        talk = await o.writes("wm-1", "请问报价多少" * 20, name=LONG)
        await o.writes("wm-2", MARKUP, name=MARKUP)
        o.later(minutes=45)
        await park(o.hub.db, message(7, address=Address(connector="wecom", account="wk-1", wire_id="wm-7")))
        args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = await driver.chromium.launch(executable_path=found, args=args)
        yield Sight(o=o, browser=browser, talk=talk)
        await browser.close()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_page_fits_every_width_and_finger(s: Sight, language: str) -> None:
    await s.speak(language)
    page = await s.page()
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        for address in s.addresses:
            await page.goto(s.o.base + address)
            assert await page.evaluate(WIDER) <= 0, (address, width)
            assert await page.evaluate(SMALL) == [], (address, width)
    assert s.hosts == {s.o.base} and s.troubles == []


async def test_a_page_is_small_and_asks_for_little(s: Sight) -> None:
    page = await s.page(java_script_enabled=False)
    for address in s.addresses:
        answers = await opened(await page.context.new_page(), s.o.base + address)
        told = [await answer.request.sizes() for answer in answers]
        assert len(answers) <= 3, address
        assert sum(t["responseBodySize"] + t["responseHeadersSize"] for t in told) <= 120 * 1024, address


async def opened(page: Page, url: str) -> list[Response]:
    """Everything that one page asked for."""
    answers: list[Response] = []

    def answered(answer: Response) -> None:
        answers.append(answer)

    page.on("response", answered)
    await page.goto(url)
    return answers


async def test_by_keyboard_alone_from_the_number_to_the_answer(s: Sight) -> None:
    page = await s.page(java_script_enabled=False)
    await page.goto(f"{s.o.base}/manage")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    number = page.get_by_role("link", name="Waiting over 30 min")
    for _ in range(10):
        await page.keyboard.press("Tab")
        if await number.evaluate("e => e === document.activeElement"):
            break
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/manage/talks?late=1")
    await page.get_by_role("link", name="安静的人").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Claim", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#said")).to_contain_text("It is yours")


async def test_the_switch_is_one_press_and_shows_everywhere(s: Sight) -> None:
    page = await s.page()
    await page.goto(f"{s.o.base}/manage/people")
    await page.get_by_role("button", name="Pause automatic sends").click()
    await expect(page.get_by_role("complementary", name="Automatic sends")).to_contain_text("Wang Fang")
    assert page.url.endswith("/manage/people"), "one stays where one was"
    await page.get_by_role("button", name="Resume automatic sends").click()
    await expect(page.get_by_role("complementary", name="Automatic sends")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_axe_finds_nothing(s: Sight, language: str) -> None:
    script = os.environ.get("TOWER_AXE", "")
    if not script:
        pytest.skip("TOWER_AXE names no axe.min.js")
    await s.speak(language)
    wanted = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    for scheme in ("light", "dark"):
        page = await s.page(color_scheme=scheme, bypass_csp=True)
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 800})
            for address in s.addresses:
                await page.goto(s.o.base + address)
                await page.add_script_tag(path=script)
                told = await page.evaluate("wanted => axe.run(document, wanted)", wanted)
                found = [(v["id"], v["nodes"][0]["html"][:200]) for v in told["violations"]]
                assert found == [], (address, width, scheme)
