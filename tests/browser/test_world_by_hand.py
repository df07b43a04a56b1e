"""A visitor plays everybody by hand, with mouse and keyboard alone: the whole story, a rep in WeCom, and bad days."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from simulator.story import ANSWER, CUSTOMER, FIRST, REP, SECOND, WAKE_REPLY
from tests.company import ROOT, Company, company

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
SOON = 30_000
"""Milliseconds the world may take for one answer."""
MANY_DAYS = 10


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Company]:
    """A company whose bot is in the team, as the demo leaves it to a visitor."""
    with company(tmp_path) as made:
        made.start_world()
        made.start_hub()
        doors = [sys.executable, "-m", "simulator.story", "--world", made.world, "--open-doors"]
        subprocess.run(doors, cwd=ROOT, check=True)
        made.ask("/control/clock", {"running": True})
        yield made


@pytest.fixture
async def page(made: Company) -> AsyncIterator[Page]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Debian's chromium is not installed")
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1500, "height": 950})
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        await page.goto(f"{made.world}/?lang=zh")
        await page.locator("#counts dd").first.wait_for()
        yield page
        assert troubles == []
        await browser.close()


async def says(page: Page, text: str) -> None:
    """The customer types and presses Enter."""
    await page.locator("#say-form textarea").fill(text)
    await page.keyboard.press("Enter")
    await expect(page.locator("#chat .bubble.mine").last).to_contain_text(text, timeout=SOON)


async def choose(page: Page, select: str, name: str) -> None:
    """Choose somebody by name."""
    option = page.locator(f"{select} option", has_text=name)
    await page.locator(select).select_option(value=await option.get_attribute("value"))


async def press(card: Locator, name: str) -> None:
    """Press a button of a card, in its menu if it stands there."""
    button = card.get_by_role("button", name=name, exact=True)
    if not await button.is_visible():
        await card.get_by_text("更多", exact=True).click()
    await button.click()


async def quiet_days(page: Page, until: Locator) -> None:
    """Push the clock day by day until something shows."""
    for _ in range(MANY_DAYS):
        before = await page.locator("#now").get_attribute("datetime")
        await page.get_by_role("button", name="+1 天").click()
        await expect(page.locator("#now")).not_to_have_attribute("datetime", before or "", timeout=SOON)
        await expect(page.locator("[data-push][aria-busy=true]")).to_have_count(0, timeout=SOON)
        if await until.count():
            return
    raise AssertionError("nothing showed for many days")


async def numbers(page: Page) -> list[str]:
    """What the page counts: said, delivered, lost, doubled."""
    await expect(page.locator("#counts")).not_to_contain_text("在路上", timeout=SOON)
    return (await page.locator("#counts dd").all_inner_texts())[:4]


async def test_the_whole_story_by_hand(page: Page) -> None:
    began = time.monotonic()
    thread = page.locator(".thread").first
    card = thread.locator(".card").first
    await choose(page, "#rep", REP)

    await page.get_by_role("button", name="扫展台的码").click()
    await expect(page.locator("#chat .bubble.theirs")).to_have_count(1, timeout=SOON)
    await says(page, FIRST)
    await says(page, SECOND)
    await expect(card).to_contain_text(CUSTOMER, timeout=SOON)
    await expect(thread).to_contain_text(SECOND, timeout=SOON)

    await press(card, "认领")
    await expect(card).to_contain_text(f"{REP} 已认领", timeout=SOON)
    await press(card, "回复客户")
    await card.locator("textarea").first.fill(ANSWER)
    await card.locator(".inner:not([hidden])").get_by_role("button").first.click()
    await expect(page.locator("#chat .bubble.theirs").last).to_contain_text(ANSWER, timeout=SOON)
    await expect(thread.locator(".post", has_text=ANSWER).last).to_contain_text("已送达", timeout=SOON)

    await choose(page, "#member", REP)
    await page.get_by_role("button", name="看客户").click()
    await expect(page.frame_locator("#sidebar-frame").get_by_role("heading", name=CUSTOMER)).to_be_visible(timeout=SOON)

    await leaves_her_mail(page, card)
    await answers_the_mail(page, thread)

    await expect(thread).to_contain_text(WAKE_REPLY, timeout=SOON)
    await expect(thread).to_contain_text("MQL", timeout=SOON)
    await expect(card).to_contain_text("已达标", timeout=SOON)
    await expect(card).to_contain_text(REP)
    said, delivered, lost, doubled = await numbers(page)
    assert (said, lost, doubled) == (delivered, "0", "0")
    print(f"by hand in {time.monotonic() - began:.0f} s")


async def leaves_her_mail(page: Page, card: Locator) -> None:
    """The rep asks; she opens the link in her phone, and gives address and consent."""
    await press(card, "请客户留邮箱")
    link = page.locator("#chat .bubble a[href*='/f/']")
    await link.click(timeout=SOON)
    form = page.frame_locator("#sheet-frame")
    await expect(page.locator("#sheet-close")).to_be_focused()
    for name, value in (("mail", "wang.min@customer.example"), ("company", "华锐汽车零部件"), ("title", "CIO")):
        await form.locator(f"#{name}").fill(value)
    await form.locator("#consent").check()
    await form.get_by_role("button", name="提交").click()
    await expect(form.get_by_role("heading", name="收到，谢谢！")).to_be_visible(timeout=SOON)
    await page.get_by_role("button", name="返回聊天").click()
    await expect(page.locator("#sheet")).to_be_hidden()
    await expect(link).to_be_focused()


async def answers_the_mail(page: Page, thread: Locator) -> None:
    """Days pass; the owner sends the wake-up at once; it arrives, and she answers it in her mailbox."""
    now = thread.get_by_role("button", name="现在发送")
    await quiet_days(page, now)
    await expect(page.locator("#letters .letter")).to_have_count(0)
    await now.click()
    letter = page.locator("#letters .letter")
    if not await letter.count():
        await expect(letter).to_have_count(1, timeout=SOON)
    await letter.locator("summary").first.click()
    await letter.locator("textarea").fill(WAKE_REPLY)
    await letter.get_by_role("button", name="回信").click()


async def test_a_rep_in_wecom_claims_on_her_card_which_then_says_so(page: Page) -> None:
    await choose(page, "#person", "李强")
    await choose(page, "#member", "赵静")
    await page.get_by_text("扫码、加好友").click()
    await page.get_by_role("button", name="加销售为好友").click()
    await expect(page.locator("#chat .bubble").first).to_be_visible(timeout=SOON)
    await page.get_by_role("button", name="扫码进入").click()
    await says(page, "你好，想要一份智能工厂报价")
    notice = page.locator(".notice-card").last
    await expect(notice).to_contain_text("李强", timeout=SOON)
    claim = notice.get_by_role("button", name="认领")
    await claim.click()
    await expect(page.locator(".notice-card", has_text="已认领").first).to_be_visible(timeout=SOON)
    await expect(page.locator(".thread .card").first).to_contain_text("赵静 已认领", timeout=SOON)
    await page.get_by_role("button", name="看客户").click()
    sidebar = page.frame_locator("#sidebar-frame")
    await expect(sidebar.get_by_role("heading", name="李强")).to_be_visible(timeout=SOON)


async def test_bad_days_lose_nothing_and_double_nothing(page: Page) -> None:
    await page.get_by_role("button", name="扫展台的码").click()
    await expect(page.locator("#chat .bubble.theirs")).to_have_count(1, timeout=SOON)
    await page.locator("#faults > summary").click()
    for bad in ("企业微信把通知发两遍", "企业微信的通知乱序", "Teams 说太快了"):
        await page.locator("#presets").get_by_role("button", name=bad).click()
    await expect(page.locator("#active-faults li")).to_have_count(3)
    await page.keyboard.press("Escape")
    for text in ("第一句", "第二句", "第三句"):
        await says(page, text)
    for _ in range(3):
        before = await page.locator("#now").get_attribute("datetime")
        await page.get_by_role("button", name="+1 小时").click()
        await expect(page.locator("#now")).not_to_have_attribute("datetime", before or "", timeout=SOON)
    for text in ("第一句", "第二句", "第三句"):
        line = page.locator(".thread").first.locator(".post > .text", has_text=text)
        await expect(line).to_have_count(1, timeout=SOON)
    assert await numbers(page) == ["3", "3", "0", "0"]
