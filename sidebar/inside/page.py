"""Pages for reps as HTML: one layout, our own style sheet and scripts, and headers that let nothing else run."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from rules.errors import BadRequest, BadSignature, NotAllowed, PlatformAway, Unavailable
from rules.language import Language, spoken
from rules.model import Words
from rules.verbs import VERBS
from sidebar.inside.words import SAID

_FOLDER = Path(__file__).parent.parent / "pages" / "inside"
_PAGES = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_STATICS = {
    "tower.css": ("inside/tower.css", "text/css"),
    "wecom.js": ("inside/wecom.js", "text/javascript"),
    "tab.js": ("inside/tab.js", "text/javascript"),
    "manage.css": ("manage/manage.css", "text/css"),
}
"""Name in the address -> file and type."""
Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """Pages that are framed and scripted alike."""

    frames: tuple[str, ...] = ()
    script: str = ""
    """The platform's script; empty where none runs, and then ours do not either."""
    submits_to: str = ""
    """Origin that a form of ours may be led on to, besides our own."""
    bare: bool = False
    """A piece of a page, fetched by our own script: no document around it."""


def headers(family: Family) -> dict[str, str]:
    """What goes with every page of a family."""
    scripts = f"'self' {family.script}" if family.script else "'none'"
    host = "{0.scheme}://{0.netloc}".format(urlsplit(family.script)) if family.script else ""
    policy = {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "data:",
        "script-src": scripts,
        "connect-src": f"'self' {host}" if family.script else "'none'",
        "base-uri": "'none'",
        "form-action": f"'self' {family.submits_to}".strip(),
        "frame-ancestors": " ".join(family.frames) or "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        # Not no-referrer: a browser would then hide from us that our own form was sent by our own page.
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def show(name: str, language: Language, family: Family, *, status: int = 200, **values: object) -> web.Response:
    """A page in the reader's language."""

    def say(key: str, **parts: object) -> str:
        return SAID[key].in_(language).format(**parts)

    def pick(words: Words | None) -> str:
        return words.in_(language) if words else ""

    html = _PAGES.get_template(f"{name}.html").render(
        say=say,
        pick=pick,
        verb=lambda key: VERBS[key].in_(language),
        lang=language,
        static=static_address,
        fold=fold,
        layout="bare.html" if family.bare else "base.html",
        **values,
    )
    return web.Response(text=html, content_type="text/html", status=status, headers=headers(family))


LANGUAGE = web.RequestKey("language", str)
"""What a reader we know reads; set as soon as she is known, so that refusals speak it too."""


def reader_language(request: web.Request) -> Language:
    """The language of whoever asks: her own if we know her, else the first her browser names."""
    if LANGUAGE in request:
        return spoken(request[LANGUAGE])
    return spoken(request.headers.get("Accept-Language", "")[:100] or "zh")


def designed(family: Family, back: str) -> Callable[[Handler], Handler]:
    """Pages of this family tell every refusal as a page in words, with a way on."""

    def wrap(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except (BadSignature, NotAllowed, BadRequest, PlatformAway, Unavailable) as refusal:
                return refused(request, family, refusal, back)

        return guarded

    return wrap


def refused(request: web.Request, family: Family, refusal: Exception, back: str) -> web.Response:
    """The page for a refusal."""
    page, status = _kind(refusal)
    return message(reader_language(request), family, page, status=status, back=back)


def _kind(refusal: Exception) -> tuple[str, int]:
    """Name of the words, and the status."""
    match refusal:
        case Named():
            return refusal.page, refusal.status
        case BadSignature(status=403):
            return "elsewhere", 403
        case BadSignature():
            return "sign_in", refusal.status
        case NotAllowed():
            return "gone", 404
        case BadRequest():
            return "bad", refusal.status
        case PlatformAway():
            return "away", 502
        case _:
            return "later", 503


class Named(NotAllowed):
    """A refusal that has a page of its own."""

    def __init__(self, page: str, *, status: int = 404) -> None:
        super().__init__(page)
        self.page = page
        self.status = status


def message(
    language: Language, family: Family, page: str, *, status: int, back: str = "", kept: str = ""
) -> web.Response:
    """A page that says what happened and what to do. `kept` is what she typed, so that it is not lost."""
    answer = show("message", language, family, status=status, page=page, back=back, kept=kept)
    if status in (429, 502, 503):
        answer.headers["Retry-After"] = "60" if status == 429 else "5"
    return answer


def fold(text: str, most: int = 300) -> tuple[str, str]:
    """What shows at once, and what a click adds: nothing is cut silently."""
    return (text, "") if len(text) <= most else (text[:most], text[most:])


# --- our own style sheet and scripts --------------------------------------------------------------------------------


def static_address(name: str) -> Markup:
    """Where a file of ours is; the address changes with the file, so it may be kept for a year."""
    return escape(f"/sidebar/static/{name}?v={_file(name)[1]}")


@cache
def _file(name: str) -> tuple[bytes, str]:
    body = (_FOLDER.parent / _STATICS[name][0]).read_bytes()
    return body, hashlib.sha256(body).hexdigest()[:16]


def statics() -> Sequence[web.RouteDef]:
    """/sidebar/static/{name}."""

    async def static(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in _STATICS:
            raise NotAllowed("no such file")
        body, digest = _file(name)
        fresh = request.query.get("v") == digest
        kept: Mapping[str, str] = {"Cache-Control": "public, max-age=31536000, immutable" if fresh else "no-cache"}
        answer = web.Response(body=body, content_type=_STATICS[name][1], charset="utf-8", headers=kept)
        answer.enable_compression()
        return answer

    return [web.get("/sidebar/static/{name}", static)]
