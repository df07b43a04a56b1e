"""The world page plays the story by itself, before a real hub; and a visitor of a web site writes to it by hand."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from simulator.narrator import TELLINGS
from simulator.story import ANSWER, FIRST, STEPS, WAKE_REPLY
from tests.company import Company, company

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]
LIMIT = 60
"""Wall seconds from the first click to the reopened thread."""


@dataclass
class Stage:
    """A running company with its hub, and Chromium before it."""

    made: Company
    browser: Browser
    troubles: list[str] = field(default_factory=list)

    async def open(self, query: str) -> Page:
        page = await self.browser.new_page(viewport={"width": 1500, "height": 950})
        page.on("console", lambda m: self.troubles.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        await page.goto(f"{self.made.world}/?{query}")
        await page.locator("#counts dd").first.wait_for()
        return page


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Company]:
    with company(tmp_path) as made:
        made.start_world()
        made.start_hub()
        made.ask("/control/clock", {"running": True})
        yield made


@pytest.fixture
async def stage(made: Company) -> AsyncIterator[Stage]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Debian's chromium is not installed")
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield Stage(made, browser)
        await browser.close()


async def test_one_click_tells_the_whole_story_within_a_minute(stage: Stage) -> None:
    page = await stage.open("lang=zh")
    began = time.monotonic()
    await page.get_by_role("button", name="播放故事").click()
    for step in STEPS:
        await expect(page.locator("#narrator")).to_have_text(TELLINGS[step.name].zh, timeout=LIMIT * 1000)
    await expect(page.locator("#story")).to_have_attribute("data-state", "over", timeout=LIMIT * 1000)
    took = time.monotonic() - began
    print(f"from one click to MQL: {took:.0f} s of {LIMIT}")
    assert took <= LIMIT, f"{took:.0f} s"
    await expect(page.locator(".thread").first).to_contain_text(WAKE_REPLY)
    await expect(page.locator(".thread").first).to_contain_text("MQL")
    await expect(page.locator(".thread .card").first).to_contain_text("已达标")
    await expect(page.locator(".bubble").last).to_contain_text("/f/")
    await expect(page.locator("#letters .letter")).to_have_count(1)
    await expect(page.locator("#log .told")).to_have_count(len(STEPS))
    routed = page.locator("#log .told", has_text="为什么进了这个频道")
    await expect(routed).to_contain_text("制造业客户进入制造业频道")
    await expect(page.locator("#log .entry:not(.told)").first).to_be_hidden()
    await page.locator("#story-only").uncheck()
    await expect(page.locator("#log .entry:not(.told)").first).to_be_visible()
    claimed = page.locator("#log .told", has_text="陈磊认领这个会话")
    await expect(claimed.locator(".seen")).to_contain_text("陈磊已认领")
    ending = page.locator("#log .told .seen", has_text="已达标").first
    await expect(ending).to_be_visible()
    assert stage.made.ask("/clock")["running"] is True, "the clock goes on when the story is over"
    counts = stage.made.ask("/control/counts")
    assert (counts["lost"], counts["doubled"], counts["wakeups"]) == (0, 0, 1)
    assert stage.troubles == []


async def test_step_by_step_in_english_with_a_visitor_in_between(stage: Stage) -> None:
    page = await stage.open("lang=en")
    await page.get_by_label("Speed").select_option("fast")
    for number, step in enumerate(STEPS[:3], 1):
        await page.get_by_role("button", name="One step").click()
        await expect(page.locator("#narrator")).to_have_text(TELLINGS[step.name].en, timeout=30_000)
        await expect(page.locator("#story")).to_have_attribute("data-state", "paused", timeout=30_000)
        await expect(page.locator("#story-count")).to_have_text(f"{number}/{len(STEPS)}")
    assert stage.made.ask("/clock")["running"] is True
    await page.locator("#say-form textarea").fill("还有一个问题：交期多久？")
    await page.keyboard.press("Enter")
    await expect(page.locator(".thread").first).to_contain_text("交期多久")
    await page.get_by_role("button", name="+1 hour").click()
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator("#narrator")).to_have_text(TELLINGS["rep_answered"].en, timeout=40_000)
    await page.get_by_role("button", name="Pause").click()
    await expect(page.locator("#story")).to_have_attribute("data-state", "paused", timeout=30_000)
    await expect(page.locator(".thread").first).to_contain_text(ANSWER)
    await expect(page.locator(".bubble.mine").first).to_contain_text(FIRST)
    assert stage.troubles == []


async def test_anna_writes_from_a_web_site_and_reads_the_answer(stage: Stage) -> None:
    stage.made.ask("/control/teams/install", {"team": True})
    page = await stage.open("lang=en")
    await page.locator("#person").select_option("Anna Schmidt")
    await page.get_by_role("radio", name="Web chat").check()
    await expect(page.get_by_role("button", name="Scan the code on the stand")).to_be_hidden()
    await page.locator("#say-form textarea").fill("Hello, what does a smart factory cost?")
    await page.keyboard.press("Enter")
    await expect(page.locator(".bubble.mine")).to_contain_text("smart factory", timeout=20_000)
    thread = page.locator(".thread").first
    await expect(thread).to_contain_text("smart factory", timeout=20_000)
    await thread.get_by_label("Send as").select_option("reply")
    await thread.locator("textarea[name=text]").fill("Hi Anna, a quote takes me a day.")
    await thread.locator("textarea[name=text]").press("Enter")
    await expect(page.locator(".bubble.theirs").last).to_contain_text("a quote takes me a day", timeout=20_000)
    assert stage.troubles == []
