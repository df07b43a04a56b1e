"""Takes the pictures of the product anew: `python -m docs.pictures` plays the story and looks at each face of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page, async_playwright

from simulator.company import Places, found, free_places

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(__file__).with_name("pictures")
LARGEST = 200_000
"""Bytes a picture may have."""
PATIENCE = 120
"""Wall seconds that a program, or a step of the story, may take."""
LANGUAGES = {"zh": "zh-CN", "en": "en"}
READERS = {"zh": "陈磊", "en": "Julia Weber"}
"""Through whose eyes a picture is taken: cards and pages speak their reader's language."""
AT = {"unclaimed": 4, "claimed": 6, "form": 8, "mail": 11, "over": 13}
"""After how many steps of the story a picture is taken."""


@dataclass(kw_only=True)
class Company:
    """A running company: where its world and its hub are."""

    places: Places
    language: str

    @property
    def world(self) -> str:
        return f"http://127.0.0.1:{self.places.world}"

    @property
    def hub(self) -> str:
        return f"http://127.0.0.1:{self.places.hub}"

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask or tell the world's control API."""
        data = None if body is None else json.dumps(body).encode()
        wish = urllib.request.Request(self.world + path, data=data, headers={"Content-Type": "application/json"})  # noqa: S310
        with urllib.request.urlopen(wish, timeout=PATIENCE) as answer:  # noqa: S310
            return json.loads(answer.read())

    def play_to(self, steps: int) -> None:
        """Let the people play until this many steps have happened. Raises RuntimeError when the story halts."""
        while (told := self.ask("/control/story"))["done"] < steps:
            if told["state"] == "halted":
                raise RuntimeError(f"the story halted: {told['trouble']}")
            if told["state"] in ("ready", "paused"):
                self.ask("/control/story", {"do": "step"})
            time.sleep(0.2)


@contextlib.contextmanager
def running(folder: Path, language: str) -> Iterator[Company]:
    """A company in a folder, its world and its hub; both are stopped at the end."""
    places = free_places()
    found(folder, places)
    hub = folder / "hub.toml"
    told = hub.read_text(encoding="utf-8").replace("[rules]\n", f'[rules]\nthread_language = "{LANGUAGES[language]}"\n')
    hub.write_text(told, encoding="utf-8")
    company = Company(places=places, language=language)
    with contextlib.ExitStack() as programs:
        start(programs, folder / "world.log", "-m", "simulator", "--config", str(folder / "world.json"))
        wait_for(f"{company.world}/control/counts")
        start(programs, folder / "hub.log", "app.py", "serve", "--config", str(hub))
        wait_for(f"{company.hub}/readyz")
        yield company


def start(programs: contextlib.ExitStack, log: Path, *words: str) -> None:
    """Start one of our programs; it ends with `programs`."""
    out = programs.enter_context(log.open("wb"))
    process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=out, stderr=out)  # noqa: S603
    programs.callback(process.wait)
    programs.callback(process.terminate)


def wait_for(url: str) -> None:
    """Wait until an address answers. Raises TimeoutError."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=3):  # noqa: S310
            return
        time.sleep(0.1)
    raise TimeoutError(f"{url} never answered")


async def beside(page: Page) -> None:
    """Open the customer's page beside the rep's WeCom, and wait until it is drawn."""
    await page.locator("#open-sidebar").click()
    await page.frame_locator("#sidebar-frame").locator("h1, h2").first.wait_for()


@dataclass(kw_only=True)
class Camera:
    """Chromium before one company."""

    browser: Browser
    company: Company

    async def keep(self, name: str, what: Page | Locator) -> None:
        """Write one picture. Raises RuntimeError when it is too large to live in the repository."""
        path = FOLDER / f"{name}-{self.company.language}.png"
        await what.screenshot(path=path, animations="disabled")
        size = path.stat().st_size
        print(f"{path.name}  {size // 1000} kB")
        if size > LARGEST:
            raise RuntimeError(f"{path.name} has {size} bytes, more than {LARGEST}")

    @contextlib.asynccontextmanager
    async def world(self, *, theme: str = "light", width: int = 1280, height: int = 740) -> AsyncIterator[Page]:
        """The world page, drawn."""
        page = await self.browser.new_page(
            viewport={"width": width, "height": height}, locale=LANGUAGES[self.company.language]
        )
        await page.goto(f"{self.company.world}/?lang={self.company.language}&theme={theme}")
        await page.locator("#counts dd").first.wait_for()
        await page.locator("#threads .card").first.wait_for()
        for who in ("rep", "member"):
            option = page.locator(f"#{who} option", has_text=READERS[self.company.language])
            await page.locator(f"#{who}").select_option(value=await option.get_attribute("value"))
        await page.wait_for_timeout(1500)
        yield page
        await page.close()

    async def whole_world(self, name: str) -> None:
        """The world page in both themes."""
        for theme in ("light", "dark"):
            async with self.world(theme=theme) as page:
                await beside(page)
                await page.locator("#threads").evaluate("(box) => { box.scrollTop = 0; }")
                await self.keep(f"{name}-{theme}", page)

    async def ending(self) -> None:
        """The world page when the story is over."""
        async with self.world() as page:
            await self.keep("story-over", page)

    async def card(self, name: str) -> None:
        """The customer's card in Teams, whole."""
        async with self.world(height=1500) as page:
            await self.keep(name, page.locator("#threads .card").first)

    async def form(self) -> None:
        """The page behind the one-time link, on a phone."""
        async with self.world() as page:
            link = await page.locator("#chat .bubble a[href*='/f/']").last.get_attribute("href")
        await self.page("form", str(link), width=390, height=1040)

    async def sidebar(self) -> None:
        """The rep's page beside the chat, at the width WeCom gives it."""
        async with self.world(height=1500) as page:
            await beside(page)
            address = await page.locator("#sidebar-frame").get_attribute("src")
            await page.goto(str(address))
            await page.set_viewport_size({"width": 400, "height": 900})
            await page.wait_for_timeout(500)
            await self.keep("sidebar", page)

    async def mail(self) -> None:
        """The wake-up mail as her mail program draws it."""
        [letter] = self.company.ask("/control/mail/box?address=wang.min@customer.example")
        await self.page("mail", f"{self.company.world}/page/mail/{letter['id']}", width=640, height=570)

    async def page(self, name: str, address: str, *, width: int, height: int) -> None:
        """A page by itself."""
        page = await self.browser.new_page(
            viewport={"width": width, "height": height}, locale=LANGUAGES[self.company.language]
        )
        await page.goto(address)
        await self.keep(name, page)
        await page.close()

    async def everything(self) -> None:
        """Play the story and take each picture at its moment."""
        plan: dict[str, list[Callable[[], Awaitable[None]]]] = {
            "unclaimed": [lambda: self.card("card-unclaimed")],
            "claimed": [lambda: self.card("card-claimed"), lambda: self.whole_world("world")],
            "form": [self.form] if self.company.language == "zh" else [],
            "mail": [self.mail, self.sidebar] if self.company.language == "zh" else [self.sidebar],
            "over": [self.ending],
        }
        for moment, shots in plan.items():
            await asyncio.to_thread(self.company.play_to, AT[moment])
            for shot in shots:
                await shot()


async def take(language: str) -> None:
    """All pictures in one language."""
    with tempfile.TemporaryDirectory(prefix="tower-pictures-") as folder, running(Path(folder), language) as company:
        async with async_playwright() as player:
            browser = await player.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            await Camera(browser=browser, company=company).everything()
            await browser.close()


def main() -> int:
    """Take all pictures; the exit code."""
    if shutil.which("chromium") is None:
        print("Debian's chromium is not installed", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    for language in LANGUAGES:
        asyncio.run(take(language))
    return 0


if __name__ == "__main__":
    sys.exit(main())
