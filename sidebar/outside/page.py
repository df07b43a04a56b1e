"""Outsiders' pages as HTML: one layout, one small style sheet inside the page, no script, nothing from elsewhere."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rules.errors import BadRequest
from rules.language import spoken
from rules.model import Words
from sidebar.outside.words import SAID

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_FOLDER = Path(__file__).parent.parent / "pages" / "outside"
_STYLE = (_FOLDER / "style.css").read_text(encoding="utf-8")
_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGES = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_BODY_SECONDS = 10.0
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def show(name: str, language: str, *, status: int = 200, **values: object) -> web.Response:
    """A page in her language."""

    def say(key: str, **parts: str) -> str:
        return SAID[key].in_(language).format(**parts)

    def pick(words: Words) -> str:
        return words.in_(language)

    html = _PAGES.get_template(f"{name}.html").render(say=say, pick=pick, lang=spoken(language), style=_STYLE, **values)
    return web.Response(text=html, content_type="text/html", status=status, headers=HEADERS)


def framed(handler: Handler, frames: Sequence[str]) -> Handler:
    """The page of `handler`, which these origins may frame; nobody else may."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = await handler(request)
        policy = response.headers.get("Content-Security-Policy", "")
        if frames and policy:
            allowed = f"frame-ancestors {' '.join(frames)}"
            response.headers["Content-Security-Policy"] = policy.replace("frame-ancestors 'none'", allowed)
        return response

    return handle


def not_ours(request: web.Request) -> web.Response:
    """A token that is none of ours, or stands for nothing: one page for both."""
    return show("message", reader_language(request), status=404, title="gone_title", text="gone_text")


def try_again(language: str) -> web.Response:
    """Nothing was stored."""
    page = show("message", language, status=503, title="later_title", text="later_text")
    page.headers["Retry-After"] = "5"
    return page


def reader_language(request: web.Request) -> str:
    """The language of a reader we know nothing about."""
    return spoken(request.headers.get("Accept-Language", "")[:100] or "zh")


async def read_body(request: web.Request, most: int) -> bytes:
    """The body. Raises BadRequest (413, 408) for one that is too long or comes too slowly."""
    if (request.content_length or 0) > most:
        raise BadRequest("body too long", status=413)
    found = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.content.iter_chunked(8192):
                found += chunk
                if len(found) > most:
                    raise BadRequest("body too long", status=413)
    except TimeoutError:
        raise BadRequest("body too slow", status=408) from None
    return bytes(found)
