"""The pages customers open, in every look: the form, what it answers, the way out, links that are over."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.axe import WIDTHS, Theme, narrowed
from tests.contract.test_mail_pages import FORM, LEAVE, Site, path_of, site

__all__ = ["site"]
pytestmark = pytest.mark.browser
LOOKS: dict[Theme, dict[str, str]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "contrast": {"color_scheme": "dark", "contrast": "more"},
}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Debian's chromium is not installed")
    async with async_playwright() as player:
        made = await player.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield made
        await made.close()


@pytest.mark.parametrize("theme", list(LOOKS))
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_page_for_customers_in_every_look(
    site: Site,
    browser: Browser,
    language: str,
    theme: Theme,
) -> None:
    site.facts.language = language
    base = str(site.client.make_url("")).rstrip("/")
    page = await browser.new_page(locale=language, **LOOKS[theme])  # type: ignore[arg-type]
    form = FORM if language == "zh-CN" else path_of("form", "f2")
    found: list[str] = []

    async def look(what: str) -> None:
        for width in WIDTHS:
            found.extend(f"{what} {width}: {line}" for line in await narrowed(page, width))

    await page.goto(base + form)
    await look("form")
    await page.locator("form").evaluate("(form) => { form.noValidate = true; }")
    await page.locator("input[name=mail]").fill("not an address")
    await page.locator("form button").click()
    await page.locator(".summary").wait_for()
    await look("form with a mistake")
    await page.locator("input[name=mail]").fill("wang.min@customer.test")
    await page.locator("form button").click()
    await page.locator(".summary").wait_for(state="detached")
    await look("thanks")
    await page.goto(base + LEAVE)
    await look("leave")
    await page.locator("form button").click()
    await page.locator("form").wait_for(state="detached")
    await look("left")
    await page.goto(f"{base}/f/forged.token")
    await look("a link of nobody's")
    assert found == []


async def test_forced_colours_leave_the_button_an_edge(site: Site, browser: Browser) -> None:
    page = await browser.new_page(forced_colors="active")
    await page.goto(str(site.client.make_url(FORM)))
    edge = "(e) => getComputedStyle(e).borderTopWidth"
    assert await page.locator("form button").evaluate(edge) == "1px"
