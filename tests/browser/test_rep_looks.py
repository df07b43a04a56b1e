"""Every page for reps in every look: languages, themes, widths. Nothing for axe to find, nothing cut or too small.

The contrast theme of the tab is Teams' own; inside WeCom it is the forced colours of the system.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

import pytest
from playwright.async_api import BrowserContext, Frame, Page, expect

from rules.model import Tag, Task, Wakeup, Words
from tests.attack.test_pages import MARKUP
from tests.browser import axe
from tests.browser.axe import LANGUAGES, THEMES, WIDTHS, Theme, narrowed
from tests.browser.rep_window import Sight, sight
from tests.contract.page_world import HANMEI, LILEI
from tests.contract.teams_world import REP, REP2

pytestmark = pytest.mark.browser
SMALL = """() => [...document.querySelectorAll('a, button, summary, select, input')]
  .filter((e) => e.checkVisibility({visibilityProperty: true}) && !e.closest('.hide, p, dd, li > p'))
  .map((e) => [e.textContent.trim().slice(0, 30) || e.name || e.id, e.getBoundingClientRect()])
  .filter(([, r]) => r.width && (r.width < 24 || r.height < 23.5)).map(([t]) => t)"""
"""What is too small for a finger (WCAG 2.2, 2.5.8); links inside a sentence may be."""
CUT = """() => [...document.querySelectorAll('#view *')]
  .filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === 'hidden'
    && !e.classList.contains('hide')).map((e) => e.outerHTML.slice(0, 80))"""
"""What is cut without a word."""
BEYOND = """() => [...document.querySelectorAll('body *')]
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(-2).map((e) => e.outerHTML.slice(0, 120))"""
"""What stands out on the right, to be told beside what is wrong."""
OPEN = "document.querySelectorAll('details').forEach((e) => { e.open = true; })"
EMOJI, RTL = "😀" * 2000, "شركة الأمل للتجارة (ش.م.م) ABC"


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """A reader."""

    userid: str
    rep: str


READERS = {"zh-CN": Somebody(userid="LiLei", rep=REP), "en": Somebody(userid="HanMei", rep=REP2)}


@pytest.fixture
async def s() -> AsyncIterator[Sight]:
    async with sight(reps=(replace(LILEI, team="sales", role="manager"), replace(HANMEI, role="manager"))) as made:
        yield made


def filled(s: Sight) -> str:
    """A customer with everything a card can have."""
    for number in range(12):
        talk = s.p.desk.writes("wm-9", f"第 {number} 条：能报价吗？ How much is it?")
    life = s.p.desk.lives["wm-9"]
    now = life.now
    tags = (Tag(name="价格敏感", by="rule", rule="r", at=now), Tag(name="展会", by="rep", rule="lilei", at=now))
    title = Words(zh="发案例", en="Send the case")
    late = Task(id="t1", kind="by-hand", title=title, rep="lilei", due_at=now - timedelta(hours=3))
    attributes = {"title": "信息技术总监", "company": "沈阳机床", "mail": "wang@example.com", "budget": "80 万"}
    wakeup = Wakeup(mail_id="m1", template="wakeup", episode="e", state="proposed", at=now)
    s.p.desk.lives["wm-9"].customer = replace(
        life.customer,
        tags=tags,
        tasks=(late,),
        attributes=attributes,
        conversations=(replace(life.talk, wakeup=wakeup), *life.customer.conversations[1:]),
    )
    return talk


async def look(s: Sight, userid: str, language: str, theme: Theme) -> BrowserContext:
    """A browser in this look."""
    forced = "active" if theme == "contrast" else "none"
    scheme = "light" if theme == "light" else "dark"
    return await s.context(userid, locale=language, color_scheme=scheme, forced_colors=forced)


async def wrong(page: Page, what: str) -> list[str]:
    """What is wrong with a page, at every width."""
    await page.evaluate(OPEN)
    found = []
    for width in WIDTHS:
        at = [*await narrowed(page, width), *await page.evaluate(CUT)]
        if at:
            at.append(str(await page.evaluate(BEYOND)))
        at += [f"too small: {one}" for one in await page.evaluate(SMALL)]
        found += [f"{what} {width}: {one}" for one in at]
    return found


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_inside_wecom_in_every_look(s: Sight, language: str, theme: Theme) -> None:
    talk = filled(s)
    who = READERS[language]
    await s.p.wecom.wecom.control("/add", person="Ann", userid=who.userid)
    page = await (await look(s, who.userid, language, theme)).new_page()
    found = []
    card = f"/sidebar/c/{talk}"
    for path in (card, f"{card}/all", "/sidebar/wecom?list=1", "/sidebar/layout", "/sidebar/c/none"):
        await page.goto(s.p.base + path)
        found += await wrong(page, path.replace(talk, "ID"))
    await page.goto(f"{s.p.base}/sidebar/wecom/customer?id=wm-8")
    found += await wrong(page, "contact")
    await page.goto(s.p.base + card)
    await page.evaluate(OPEN)
    await page.locator("form[action$='/names'] button").click()
    await expect(page.locator(".names")).to_be_visible()
    found += await wrong(page, "names")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_piece_of_the_tab_in_every_look(s: Sight, language: str, theme: Theme) -> None:
    talk = filled(s)
    who = READERS[language]
    answers = {"theme": "default" if theme == "light" else theme, "locale": language.lower()}
    teams = await s.teams(who.rep, sub=talk, **answers)
    await expect(teams.tab.locator("main.card")).to_be_visible()
    frame = teams.page.frames[1]
    found = []
    for width in WIDTHS:
        await teams.page.set_viewport_size({"width": width, "height": 800})
        for at in (f"?c={talk}", f"?c={talk}&all=1", "", "?layout=1"):
            await frame.evaluate("(path) => window.Tower.load(path)", f"/sidebar/tab/data{at}")
            await frame.evaluate(OPEN)
            found += [f"{at} {width}: {one}" for one in await looked(frame)]
    assert not found, "\n".join(found)


async def looked(frame: Frame) -> list[str]:
    """What axe and we find in a frame as it stands."""
    page = cast(Page, frame)  # all that is asked of it is to evaluate, which both can
    small = [f"too small: {one}" for one in await page.evaluate(SMALL)]
    return [*await axe.violations(page), *await axe.sideways(page), *await page.evaluate(CUT), *small]


@pytest.mark.parametrize("name", [EMOJI, RTL, MARKUP, "王" * 300, "Wolfeschlegelsteinhausenbergerdorff" * 3])
async def test_whatever_she_calls_herself_the_page_holds_it(s: Sight, name: str) -> None:
    talk = s.p.desk.writes("wm-9", name, name=name)
    life = s.p.desk.lives["wm-9"]
    attributes = {"title": name[:200], "company": name[:200], "need": name[:200]}
    life.customer = replace(life.customer, name=name, attributes=attributes)
    page = await (await s.context("LiLei", viewport={"width": 280, "height": 720})).new_page()
    await page.goto(f"{s.p.base}/sidebar/c/{talk}")
    assert not (found := await wrong(page, "card")), "\n".join(found)
    whole = await page.locator(".who").text_content()
    assert whole is not None and name in whole.replace("\n", ""), "nothing is cut silently"
    assert await page.evaluate("document.querySelectorAll('script:not([src]), img, b').length") == 0
    if name == RTL:
        assert await page.evaluate("getComputedStyle(document.querySelector('h1')).direction") == "rtl"
    await page.goto(f"{s.p.base}/sidebar/wecom?list=1")
    assert not (found := await wrong(page, "list")), "\n".join(found)


async def test_at_four_times_the_size_and_with_wider_letters_all_of_it_is_there(s: Sight) -> None:
    talk = filled(s)
    page = await (await s.context("LiLei", viewport={"width": 320, "height": 256})).new_page()
    await page.goto(f"{s.p.base}/sidebar/c/{talk}")
    await page.evaluate(OPEN)
    # WCAG 1.4.12: text spacing that a reader may set.
    await page.evaluate(
        "document.querySelectorAll('*').forEach((e) => { e.style.lineHeight = '1.5'; e.style.letterSpacing = '0.12em';"
        " e.style.wordSpacing = '0.16em'; })"
    )
    assert not (found := await wrong(page, "spaced")), "\n".join(found)
