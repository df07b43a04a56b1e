"""The manager's pages in Chromium: narrow and wide, light and dark, in both languages, by keyboard alone."""

from __future__ import annotations

import re
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
from tests.browser.axe import LANGUAGES, THEMES, WIDTHS, narrowed, violations
from tests.contract.manage_world import BOSS, Office, office, park
from tests.contract.people import message
from tests.contract.test_manage import SHEETS

pytestmark = pytest.mark.browser
LONG = "赵钱孙李" * 20
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
    quiet: str
    troubles: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    @property
    def addresses(self) -> list[str]:
        """Every page, with rows in its tables."""
        more = ("dormant?days=3", f"dormant?days=3&never={self.quiet}", f"mail/{self.talk}", f"c/{self.talk}")
        rules = ("rules/interested", "rules/added-and-silent", "rules/new", "rules/v/1")
        return [*(f"/manage/{name}" for name in (*SHEETS, *more, *rules))]

    async def page(self, *, theme: str = "", **options: Any) -> Page:
        """A window of the manager's."""
        made = await self.browser.new_context(**options)
        known, _ = await self.o.signed_in()
        cookie = known.cookie("tower_manager")
        await made.add_cookies([{"name": "tower_manager", "value": cookie, "url": self.o.base}])
        if theme:
            await made.add_cookies([{"name": "tower_theme", "value": theme, "url": self.o.base}])
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
        quiet = await o.writes("wm-0", name="安静的人")
        o.later(days=4)
        talk = await o.writes("wm-1", "请问报价多少" * 20, name=LONG)
        await o.writes("wm-2", MARKUP, name=MARKUP)
        o.later(minutes=45)
        await park(o.hub.db, message(7, address=Address(connector="wecom", account="wk-1", wire_id="wm-7")))
        args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = await driver.chromium.launch(executable_path=found, args=args)
        yield Sight(o=o, browser=browser, talk=talk, quiet=quiet)
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
        assert len(answers) <= 4, address
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
    number = page.get_by_role("link", name="Breached")
    for _ in range(24):
        await page.keyboard.press("Tab")
        if await number.evaluate("e => e === document.activeElement"):
            break
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/manage/talks?late=1")
    await page.get_by_role("link", name="安静的人").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name=re.compile("^Claim")).focus()
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


CUT = """() => [...document.querySelectorAll('svg text, button, th, .tiles strong, .mast a')].filter(e => {
  if (!e.getClientRects().length || e.matches('.hide')) return false;
  if (e.tagName !== 'text') return e.scrollWidth > e.clientWidth + 1;
  const one = e.getBoundingClientRect(), all = e.ownerSVGElement.getBoundingClientRect();
  return one.left < all.left - 1 || one.right > all.right + 1;
}).map(e => e.textContent.slice(0, 40))"""
"""Labels of which a part cannot be seen."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
async def test_axe_finds_nothing_in_any_look(s: Sight, language: str, theme: str) -> None:
    await s.speak(language)
    page = await s.page(reduced_motion="reduce", theme=theme)
    found = []
    for address in s.addresses:
        await page.set_viewport_size({"width": 1280, "height": 800})
        await page.goto(s.o.base + address)
        assert await page.locator("html").get_attribute("data-theme") == theme
        for width in WIDTHS:
            found += [f"{address} {width}: {line}" for line in await narrowed(page, width)]
            if width == WIDTHS[-1]:
                found += [f"{address}: cut {line}" for line in await page.evaluate(CUT)]
    assert found == []
    assert s.hosts == {s.o.base} and s.troubles == []


async def test_forced_colours_leave_every_edge(s: Sight) -> None:
    page = await s.page(forced_colors="active")
    for address in ("/manage", "/manage/rules/asked-price", "/manage/funnel"):
        await page.goto(s.o.base + address)
        assert await violations(page) == []
        edge = "getComputedStyle(document.querySelector('main section, main fieldset')).borderTopStyle"
        assert await page.evaluate(edge) == "solid"


async def test_the_mail_shows_and_runs_nothing(s: Sight) -> None:
    page = await s.page()
    await page.goto(f"{s.o.base}/manage/mail/{s.talk}")
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_text("塔台").or_(frame.locator("body")).first).to_be_visible()
    link = frame.locator("a").first
    await link.click()
    assert page.url.endswith(f"/manage/mail/{s.talk}")
    assert s.hosts == {s.o.base}


async def test_a_rule_is_changed_by_keyboard_and_without_scripts(s: Sight) -> None:
    page = await s.page(java_script_enabled=False)
    await page.goto(f"{s.o.base}/manage/rules/asked-price")
    await page.get_by_label("English").last.focus()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("She asked what it costs")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("ins")).to_contain_text("She asked what it costs")
    await page.get_by_label("Why?").focus()
    await page.keyboard.type("plainer")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Published")
    await page.get_by_role("button", name="Go back to it").last.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("in force again")


async def test_a_theme_is_one_press(s: Sight) -> None:
    page = await s.page()
    await page.goto(f"{s.o.base}/manage/funnel")
    await page.get_by_role("button", name="High contrast").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "contrast")
    assert page.url.endswith("/manage/funnel")
