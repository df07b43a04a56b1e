"""Takes the pictures of the product anew: `python -m docs.pictures` plays the story and looks at each face of it.

A face by its name takes that one alone: `python -m docs.pictures world card`. Every picture is a real page of a running
company, in Chinese and English, in the light, the dark and the high-contrast look where a face has looks of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from pathlib import Path

from playwright.async_api import BrowserContext, Page, async_playwright

from docs import gallery
from docs.studio import FOLDER, LANGUAGES, THEMES, Camera, Company, Theme, running
from tests.browser.clients import open_teams

REP, MANAGER, CUSTOMER, ABROAD = "陈磊", "Julia Weber", "王敏", "Anna Schmidt"
HELLO = "Hello, could you send me your price list?"
AT = {"installed": 1, "unclaimed": 4, "claimed": 6, "form": 8, "over": 13}
"""After how many steps of the story a picture is taken."""
BY_DAY = ("today", "matrix", "funnel", "people", "talks", "rules", "sources")
LATER = ("dormant?days=3", "deliveries", "audit")
"""The manager's pages: those of a busy day, and those that need a history."""
_FLAGS = [
    "--no-sandbox",
    # The tab's frame at Teams' own address holds a page of this machine.
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessChecks",
]


# --- the world page and what is seen on it ----------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def world(camera: Camera, theme: Theme = "light", *, height: int = 740) -> AsyncIterator[Page]:
    """The world page, drawn, with the rep's windows open."""
    address = f"{camera.company.world}/?lang={camera.company.language}&theme={theme}"
    async with camera.page(address, theme, width=1280, height=height) as page:
        await page.locator("#counts dd").first.wait_for()
        await page.locator("#threads .card").first.wait_for()
        for who in ("rep", "member"):
            option = page.locator(f"#{who} option", has_text=REP)
            await page.locator(f"#{who}").select_option(value=await option.get_attribute("value"))
        await page.wait_for_timeout(1500)
        yield page


async def beside(page: Page) -> None:
    """Open the customer's page beside the rep's WeCom, and wait until it is drawn."""
    await page.locator("#open-sidebar").click()
    await page.frame_locator("#sidebar-frame").locator("h1, h2").first.wait_for()


async def whole(camera: Camera) -> None:
    """The world page in every look."""
    for theme in THEMES:
        async with world(camera, theme) as page:
            await beside(page)
            await page.locator("#threads").evaluate("(box) => { box.scrollTop = 0; }")
            await camera.keep(f"world-{theme}", page)


async def ending(camera: Camera) -> None:
    """The world page when the story is over."""
    async with world(camera) as page:
        await camera.keep("story-over-light", page)


async def card(camera: Camera, state: str) -> None:
    """The customer's card in Teams, whole."""
    for theme in THEMES:
        async with world(camera, theme, height=1500) as page:
            await camera.keep(f"card-{state}-{theme}", page.locator("#threads .card").first)


async def template_card(camera: Camera) -> None:
    """The card that the app sent to whoever owns the customer, in her WeCom."""
    for theme in THEMES:
        async with world(camera, theme, height=1500) as page:
            cards = page.locator(".notice-card:has(.buttons)")
            for value in await page.locator("#member option").evaluate_all("(all) => all.map((one) => one.value)"):
                await page.locator("#member").select_option(value=value)
                await page.wait_for_timeout(800)
                if await cards.count():
                    break
            await camera.keep(f"template-card-{theme}", cards.last)


# --- pages of the hub -------------------------------------------------------------------------------------------------


async def sidebar(camera: Camera) -> None:
    """The rep's page beside the chat, at the width WeCom gives it."""
    async with world(camera) as page:
        await beside(page)
        address = str(await page.locator("#sidebar-frame").get_attribute("src"))
        for theme in THEMES:
            await page.emulate_media(
                color_scheme="light" if theme == "light" else "dark",
                contrast="more" if theme == "contrast" else "no-preference",
            )
            await page.goto(address)
            await page.set_viewport_size({"width": 400, "height": 900})
            await page.wait_for_timeout(500)
            await camera.keep(f"sidebar-{theme}", page)


async def tab(camera: Camera) -> None:
    """The tab in Teams, with Teams' own script in it."""
    token = camera.company.ask("/control/teams/tab_token", {"rep": REP})["token"]
    locale = LANGUAGES[camera.company.language].lower()
    for theme in THEMES:
        async with camera.context(theme, width=720, height=760) as context:
            named = {"light": "default"}.get(theme, theme)
            teams = await open_teams(
                context, f"{camera.company.hub}/sidebar/tab", str(token), theme=named, locale=locale
            )
            await teams.tab.get_by_role("link", name=CUSTOMER).first.click()
            await teams.tab.get_by_role("heading", name=CUSTOMER).wait_for()
            await teams.page.wait_for_timeout(500)
            await camera.keep(f"tab-{theme}", teams.page)


async def signed_in(camera: Camera, context: BrowserContext) -> Page:
    """A page whose person has signed in as the manager, through the company's own sign-in."""
    page = await context.new_page()
    await page.goto(f"{camera.company.hub}/manage")
    for _ in range(3):
        if await page.locator("nav.mast").count():
            return page
        picked = page.get_by_role("link", name=re.compile(f"{MANAGER}|Microsoft|Teams|Entra|登录|Sign in"))
        await picked.first.click()
        await page.wait_for_load_state()
    await page.locator("nav.mast").wait_for()
    return page


async def manager(camera: Camera, sheets: Collection[str]) -> None:
    """Pages of the manager's, in every look; among the rules also one by itself."""
    for theme in THEMES:
        async with camera.context(theme, width=1280, height=760) as context:
            page = await signed_in(camera, context)
            await context.add_cookies([{"name": "tower_theme", "value": theme, "url": camera.company.hub}])
            for sheet in sheets:
                await page.goto(f"{camera.company.hub}/manage/{sheet}")
                await camera.keep(f"manage-{sheet.partition('?')[0]}-{theme}", page)
                if sheet == "rules":
                    await page.get_by_role("link", name="asked-price").first.click()
                    await camera.keep(f"manage-rule-{theme}", page)


async def form(camera: Camera) -> None:
    """The page behind the one-time link, on a phone."""
    person = ABROAD if camera.company.language == "en" else CUSTOMER
    lines = camera.company.ask("/control/wecom/chat", person=person)["lines"]
    [*_, link] = [m[0] for line in lines if (m := re.search(r"https?://\S+/f/[\w.-]+", str(line["text"])))]
    for theme in THEMES:
        async with camera.page(link, theme, width=390, height=844) as page:
            await camera.keep(f"form-{theme}", page)


async def letter(camera: Camera) -> None:
    """The wake-up mail as a mail program draws it."""
    person = "anna.schmidt" if camera.company.language == "en" else "wang.min"
    [one, *_] = camera.company.ask("/control/mail/box", address=f"{person}@customer.example")
    async with camera.page(f"{camera.company.world}/page/mail/{one['id']}", width=640, height=570) as page:
        await camera.keep("mail-light", page)


# --- what people do for a picture -------------------------------------------------------------------------------------


def reachable(company: Company) -> None:
    """Everybody wants notices in WeCom too, so that there is a card to see."""
    for employee in company.ask("/control/people")["employees"]:
        company.ask("/control/wecom/message", {"userid": employee["userid"], "text": "settings notices both"})
    company.ask("/control/settle", {})


def abroad(company: Company) -> None:
    """A customer who writes English is asked for her address; only the English pictures need her."""
    if company.language != "en":
        return
    company.ask("/control/wecom/enter", {"person": ABROAD, "scene": "qr", "scene_param": "website"})
    company.ask("/control/wecom/say", {"person": ABROAD, "text": HELLO})
    company.press(REP, HELLO, "claim")
    company.press(REP, HELLO, "form")
    company.until("her link", lambda: "/f/" in str(company.ask("/control/wecom/chat", person=ABROAD)["lines"]))


def consenting(company: Company) -> None:
    """She leaves her address and hears nothing for a while, until the mail comes."""
    if company.language != "en":
        return
    lines = company.ask("/control/wecom/chat", person=ABROAD)["lines"]
    [*_, link] = [m[0] for line in lines if (m := re.search(r"https?://\S+/f/[\w.-]+", str(line["text"])))]
    box = "anna.schmidt@customer.example"
    fields = {"mail": box, "name": ABROAD, "company": "Schmidt Antriebstechnik", "title": "CTO", "consent": "yes"}
    company.ask("/control/mail/form", {"url": link, "fields": fields})
    company.ask("/control/settle", {})
    for _ in range(20):
        company.ask("/control/clock", {"push_seconds": 86400})
        company.ask("/control/settle", {})
        if company.ask("/control/mail/box", address=box):
            return
    raise RuntimeError("her mail never came")


def closed(company: Company) -> None:
    """The rep closes the conversation."""
    thread = company.ask("/control/teams/threads")["channels"]
    root = next(t["root"]["id"] for channel in thread for t in channel["threads"])
    company.ask("/control/teams/card", {"rep": REP, "activity_id": root, "verb": "close", "inputs": {}})
    company.ask("/control/settle", {})


Shot = Callable[[Camera], Awaitable[None]]
Deed = Callable[[Company], None]
PLAN: tuple[tuple[str, tuple[Deed, ...], dict[str, Shot]], ...] = (
    ("installed", (reachable,), {}),
    ("unclaimed", (), {"card": lambda c: card(c, "unclaimed"), "template": template_card}),
    ("claimed", (), {"card": lambda c: card(c, "claimed"), "world": whole, "sidebar": sidebar, "tab": tab}),
    ("form", (abroad,), {"form": form, "manage": lambda c: manager(c, BY_DAY)}),
    ("over", (), {"over": ending}),
    ("over", (consenting,), {"mail": letter, "manage": lambda c: manager(c, LATER)}),
    ("over", (closed,), {"card": lambda c: card(c, "closed")}),
)
"""When, what people do first, and which faces are looked at then."""
FACES = frozenset(name for _, _, shots in PLAN for name in shots)


async def take(language: str, faces: Collection[str]) -> None:
    """All pictures in one language."""
    with tempfile.TemporaryDirectory(prefix="tower-pictures-") as folder, running(Path(folder), language) as company:
        async with async_playwright() as player:
            browser = await player.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
            camera = Camera(browser=browser, company=company)
            for moment, deeds, shots in PLAN:
                await asyncio.to_thread(company.play_to, AT[moment])
                for deed in deeds:
                    await asyncio.to_thread(deed, company)
                for name, shot in shots.items():
                    if name in faces:
                        await shot(camera)
            await browser.close()


def main(asked: Collection[str]) -> int:
    """Take the pictures of these faces, or of all; the exit code."""
    if unknown := set(asked) - FACES:
        print(f"no such face: {', '.join(sorted(unknown))}; there are {', '.join(sorted(FACES))}", file=sys.stderr)
        return 2
    if shutil.which("chromium") is None:
        print("Debian's chromium is not installed", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    for language in LANGUAGES:
        asyncio.run(take(language, asked or FACES))
    (FOLDER / "README.md").write_text(gallery.page(FOLDER), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
