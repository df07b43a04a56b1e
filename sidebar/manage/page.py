"""The manager's pages as HTML: one frame, one template for every sheet, no script at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rules.counts import Count
from rules.language import Language
from rules.verbs import VERBS
from sidebar.inside.page import Family, fold, headers, static_address
from sidebar.inside.session import Said
from sidebar.manage.ask import HOME, Ask
from sidebar.manage.ask import address as ask_at
from sidebar.manage.span import QUICK, Span
from sidebar.manage.table import Sheet
from sidebar.manage.words import SAID

_FOLDER = Path(__file__).parent.parent / "pages" / "manage"
_PAGES = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
NAV = ("today", "matrix", "funnel", "dormant", "people", "deliveries", "rules", "sources", "audit")
"""Pages in the order of the navigation."""
THEMES = ("auto", "light", "dark", "contrast")
"""How the pages can look; `auto` = as the system says."""
BAR_WIDTH = 150
"""Width of the longest bar, in units of the drawing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What stands around every page of a signed-in manager."""

    ask: Ask
    family: Family
    hidden: Mapping[str, str] = field(repr=False)
    """More fields of every form."""
    back: str
    """Address of this page, to come back to after an act."""
    said: Said | None = None
    paused: str = ""
    """The banner's sentence; empty while automatic sends are on."""
    theme: str = ""
    """light, dark, contrast; empty = as the system."""


def draw(sheet: Sheet, frame: Frame, *, status: int = 200) -> web.Response:
    """A sheet as a page."""
    return _page("sheet", frame, status=status, title=sheet.title, here=sheet.name, sheet=sheet)


def draw_around(piece: str, title: str, frame: Frame, *, status: int = 200) -> web.Response:
    """A piece of our own pages for reps, already drawn and escaped, inside the frame."""
    return _page("around", frame, status=status, title=title, here="talks", piece=Markup(piece))  # noqa: S704


def draw_page(
    template: str, title: str, here: str, frame: Frame, *, status: int = 200, **values: object
) -> web.Response:
    """A page with a template of its own, inside the frame."""
    return _page(template, frame, status=status, title=title, here=here, **values)


def plain(
    name: str, language: Language, family: Family, *, status: int, links: Sequence[tuple[str, str]]
) -> web.Response:
    """A page for somebody who is not signed in: what happened and what to do, as (address, name of the words)."""

    def say(key: str, **parts: object) -> str:
        return SAID[key].in_(language).format(**parts)

    html = _PAGES.get_template("plain.html").render(
        say=say, lang=language, static=static_address, page=name, links=links
    )
    return web.Response(text=html, content_type="text/html", status=status, headers=headers(family))


def _page(template: str, frame: Frame, *, status: int, title: str, **values: object) -> web.Response:
    ask = frame.ask
    html = _PAGES.get_template(f"{template}.html").render(
        say=ask.say,
        verb=lambda key: VERBS[key].in_(ask.language),
        lang=ask.language,
        static=static_address,
        fold=fold,
        nav=NAV,
        home=HOME,
        frame=frame,
        name=ask.rep.name,
        title=title,
        csv=csv_address,
        longest=BAR_WIDTH,
        themes=THEMES,
        quick=QUICK,
        span=Span,
        days_at=days_at,
        count=lambda lines, mark: Count(sum(m == mark for m, _ in lines)),
        **values,
    )
    answer = web.Response(text=html, content_type="text/html", status=status, headers=headers(frame.family))
    answer.enable_compression()
    return answer


def address(name: str) -> str:
    """Where a page is."""
    return HOME if name == "today" else f"{HOME}/{name}"


def days_at(sheet: Sheet, days: Span) -> str:
    """The same page about other days."""
    return ask_at(sheet.name, **sheet.kept, **days.query)


def csv_address(sheet: Sheet, table: str, back: str) -> str:
    """Where a table is as CSV, for the same choices."""
    _, mark, query = back.partition("?")
    return f"{HOME}/{sheet.name}/{table}.csv{mark}{query}"


_PAGES.globals["address"] = address
