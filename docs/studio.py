"""A running company to take pictures of, and the camera: Chromium, and pictures small enough for a repository."""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

from PIL import Image
from playwright.async_api import Browser, BrowserContext, Locator, Page

from simulator.company import Places, found, free_places

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(__file__).with_name("pictures")
LARGEST = 150_000
"""Bytes a picture may have."""
PATIENCE = 180
"""Wall seconds that a program, or a step of the story, may take."""
LANGUAGES = {"zh": "zh-CN", "en": "en"}
Theme = Literal["light", "dark", "contrast"]
THEMES: tuple[Theme, ...] = ("light", "dark", "contrast")


@dataclass(kw_only=True)
class Company:
    """A running company: where its world and its hub are, and the language everybody in it reads."""

    places: Places
    language: str

    @property
    def world(self) -> str:
        return f"http://127.0.0.1:{self.places.world}"

    @property
    def hub(self) -> str:
        return f"http://127.0.0.1:{self.places.hub}"

    def ask(self, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        """Ask or tell the world's control API."""
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.world}{path}?{urlencode(query)}" if query else self.world + path
        wish = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310
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

    def until(self, what: str, look: Any) -> Any:
        """Look until something is there. Raises TimeoutError."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if seen := look():
                return seen
            self.ask("/control/settle", {})
        raise TimeoutError(f"{what} never came")

    def thread_of(self, words: str) -> dict[str, Any] | None:
        """The thread in Teams that somebody's words stand in."""
        channels = self.ask("/control/teams/threads")["channels"]
        threads = [thread for channel in channels for thread in channel["threads"]]
        return next((t for t in threads if any(words in json.dumps(r, ensure_ascii=False) for r in t["replies"])), None)

    def press(self, rep: str, words: str, verb: str) -> None:
        """A rep presses a button on the card above somebody's words."""
        thread = self.until("a thread", lambda: self.thread_of(words))
        wish = {"rep": rep, "activity_id": thread["root"]["id"], "verb": verb, "inputs": {}}
        self.ask("/control/teams/card", wish)
        self.ask("/control/settle", {})


@contextlib.contextmanager
def running(folder: Path, language: str) -> Iterator[Company]:
    """A company in a folder, its world and its hub; both are stopped at the end."""
    places = free_places()
    found(folder, places)
    tongue = LANGUAGES[language]
    hub, world = folder / "hub.toml", folder / "world.json"
    told = re.sub(r'^language = ".*"$', f'language = "{tongue}"', hub.read_text(encoding="utf-8"), flags=re.MULTILINE)
    told = told.replace("[rules]\n", f'[rules]\nthread_language = "{tongue}"\n')
    # Teams' own window frames the tab here, beside the world page.
    told = told.replace("frame_ancestors_tab = [", 'frame_ancestors_tab = ["https://teams.microsoft.com", ')
    hub.write_text(told, encoding="utf-8")
    people = json.loads(world.read_text(encoding="utf-8"))
    for employee in people["employees"]:
        employee["language"] = tongue
    world.write_text(json.dumps(people, ensure_ascii=False), encoding="utf-8")
    company = Company(places=places, language=language)
    with contextlib.ExitStack() as programs:
        start(programs, folder / "world.log", "-m", "simulator", "--config", str(world))
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


@dataclass(kw_only=True)
class Camera:
    """Chromium before one company."""

    browser: Browser
    company: Company

    async def keep(self, name: str, what: Page | Locator, *, tall: int = 0) -> None:
        """Write one picture, of at most 256 colours. Raises RuntimeError when it is still too large.

        `tall` cuts off what is below so many pixels.
        """
        raw = await what.screenshot(animations="disabled", scale="css")
        image = Image.open(io.BytesIO(raw)).convert("RGB")
        if tall and image.height > tall:
            image = image.crop((0, 0, image.width, tall))
        small = image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        path = FOLDER / f"{name}-{self.company.language}.png"
        small.save(path, optimize=True)
        size = path.stat().st_size
        print(f"{path.name}  {size // 1000} kB", flush=True)
        if size > LARGEST:
            raise RuntimeError(f"{path.name} has {size} bytes, more than {LARGEST}")

    @contextlib.asynccontextmanager
    async def context(self, theme: Theme = "light", *, width: int, height: int) -> AsyncIterator[BrowserContext]:
        """A browser whose person has chosen this look on her machine."""
        made = await self.browser.new_context(
            viewport={"width": width, "height": height},
            locale=LANGUAGES[self.company.language],
            color_scheme="light" if theme == "light" else "dark",
            contrast="more" if theme == "contrast" else "no-preference",
            reduced_motion="reduce",
        )
        yield made
        await made.close()

    @contextlib.asynccontextmanager
    async def page(
        self, address: str, theme: Theme = "light", *, width: int, height: int, cookies: dict[str, str] | None = None
    ) -> AsyncIterator[Page]:
        """A page by itself."""
        async with self.context(theme, width=width, height=height) as context:
            for name, value in (cookies or {}).items():
                await context.add_cookies([{"name": name, "value": value, "url": self.company.hub}])
            page = await context.new_page()
            await page.goto(address)
            yield page
