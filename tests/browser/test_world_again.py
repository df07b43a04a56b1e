"""Start again: the visitor's demo becomes a new company at the same address, and the page begins afresh with it."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.async_api import async_playwright, expect

from tests.company import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]


@pytest.fixture
def address() -> Iterator[str]:
    """Where the page of a running demo is; at the end the demo stops in good order."""
    words = [sys.executable, "app.py", "demo", "--port", "0"]
    demo = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    assert demo.stdout is not None
    try:
        lines = iter(demo.stdout.readline, "")
        yield next(found[0] for line in lines if (found := re.search(r"http://[\d.:]+/", line)))
    finally:
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0
        demo.stdout.close()


async def test_a_new_company_takes_the_place_of_the_old_one(address: str) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Debian's chromium is not installed")
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(f"{address}?lang=en")
        again = page.get_by_role("button", name="Start again")
        before = await page.evaluate("fetch('/page/world').then((told) => told.json())")
        await page.get_by_role("button", name="One step").click()
        await expect(page.locator("#story")).to_have_attribute("data-state", "paused", timeout=60_000)
        await again.click()
        await expect(page.locator("#story")).to_have_attribute("data-state", "ready", timeout=60_000)
        after = await page.evaluate("fetch('/page/world').then((told) => told.json())")
        assert after["company"] != before["company"]
        assert page.url.startswith(address)
        await page.get_by_role("button", name="One step").click()
        await expect(page.locator("#story-count")).to_have_text("1/13", timeout=60_000)
        await expect(page.locator("#story")).to_have_attribute("data-state", "paused", timeout=60_000)
        await browser.close()
