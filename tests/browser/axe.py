"""What every page must pass in every look: axe finds nothing, nothing is cut or scrolls sideways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from playwright.async_api import Page

from tests.browser.packages import AXE

Theme = Literal["light", "dark", "contrast"]
LANGUAGES = ("zh-CN", "en")
THEMES: tuple[Theme, ...] = ("light", "dark", "contrast")
WIDTHS = (280, 320, 400, 720, 1280)
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
HEIGHT = 800


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One way a page can be looked at."""

    language: str
    theme: Theme
    width: int

    def __str__(self) -> str:
        return f"{self.language}-{self.theme}-{self.width}"


def looks() -> Iterator[Look]:
    """Every way: languages x themes x widths."""
    for language in LANGUAGES:
        for theme in THEMES:
            for width in WIDTHS:
                yield Look(language=language, theme=theme, width=width)


@cache
def _axe() -> str:
    return AXE.file("axe.min.js").decode("utf-8")


_RUN = """
async (tags) => {
  const found = await axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']});
  return found.violations.flatMap((v) => v.nodes.map((n) =>
    `${v.id}: ${n.target.join(' ')} (${(n.any[0] || n.all[0] || n.none[0] || {}).message || v.help})`));
}
"""
_SIDEWAYS = """
() => {
  const wide = document.documentElement.scrollWidth;
  return wide > innerWidth + 1 ? [`scrolls sideways: ${wide} px in a window of ${innerWidth} px`] : [];
}
"""


async def violations(page: Page) -> list[str]:
    """What axe (WCAG 2.0 to 2.2 A and AA, and its best practice) finds in the page as it stands, a line a node.

    The script is evaluated, not added as an element: the page's own content security policy stays as it is.
    """
    if not await page.evaluate("typeof axe === 'object'"):
        await page.evaluate(_axe())
    return [str(line) for line in await page.evaluate(_RUN, list(TAGS))]


async def sideways(page: Page) -> list[str]:
    """Whether the page is wider than its window: WCAG 1.4.10 reflow."""
    return [str(line) for line in await page.evaluate(_SIDEWAYS)]


async def narrowed(page: Page, width: int) -> list[str]:
    """The page at this width: what axe and reflow find."""
    await page.set_viewport_size({"width": width, "height": HEIGHT})
    return [*await violations(page), *await sideways(page)]
