"""Pages for reps as HTML: one layout, our own style sheet and scripts, and headers that let nothing else run."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from rules.errors import BadRequest, BadSignature, NotAllowed, PlatformAway, Unavailable
from rules.language import Language, spoken
from rules.model import Words
from rules.verbs import VERBS
from sidebar.inside.shown import anchor
from sidebar.inside.words import SAID

_FOLDER = Path(__file__).parent.parent / "pages" / "inside"
_OWN: dict[str, str] = {}
"""Templates that blocks bring themselves."""
_PAGES = Environment(
    loader=ChoiceLoader([FileSystemLoader(_FOLDER), DictLoader(_OWN)]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    # Templates are part of the program: nothing looks thirty times for each page whether one has changed.
    auto_reload=False,
)
_STATICS = {
    "tower.css": ("inside/tower.css", "text/css"),
    "live.js": ("inside/live.js", "text/javascript"),
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
    """The platform's script; empty where none runs."""
    integrity: str = ""
    """Its hash."""
    own: tuple[str, ...] = ()
    """Our own scripts, in order; none of them is needed to read or to act."""
    submits_to: str = ""
    """Origin that a form of ours may be led on to, besides our own."""
    bare: bool = False
    """A piece of a page, fetched by our own script: no document around it."""


def headers(family: Family) -> dict[str, str]:
    """What goes with every page of a family."""
    ours = "'self'" if family.script or family.own else ""
    host = "{0.scheme}://{0.netloc}".format(urlsplit(family.script)) if family.script else ""
    policy = {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "media-src": "'self'",
        "script-src": f"{ours} {family.script}".strip() or "'none'",
        "connect-src": f"{ours} {host}".strip() or "'none'",
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
        anchor=anchor,
        family=family,
        layout="bare.html" if family.bare else "base.html",
        **values,
    )
    answer = web.Response(text=html, content_type="text/html", status=status, headers=headers(family))
    answer.enable_compression()
    return answer


LANGUAGE = web.RequestKey("language", str)
"""What a reader we know reads; set as soon as she is known, so that refusals speak it too."""


def reader_language(request: web.Request) -> Language:
    """The language of whoever asks: her own if we know her, else the first her browser names."""
    if LANGUAGE in request:
        return spoken(request[LANGUAGE])
    return spoken(request.headers.get("Accept-Language", "")[:100] or "zh")


Ask = Callable[[], Awaitable[Sequence[str]]]
"""Names of those who can help."""


def designed(family: Family, back: str, ask: Ask | None = None) -> Callable[[Handler], Handler]:
    """Pages of this family tell every refusal as a page in words, with a way on, and with whom to ask."""

    def wrap(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except (BadSignature, NotAllowed, BadRequest, PlatformAway, Unavailable) as refusal:
                names = await _names(ask) if LANGUAGE in request else ()
                return refused(request, family, refusal, back, names)

        return guarded

    return wrap


async def _names(ask: Ask | None) -> Sequence[str]:
    """Whom to ask, for a reader we know; nobody while the database is away."""
    try:
        return await ask() if ask else ()
    except Unavailable:
        return ()


def refused(
    request: web.Request, family: Family, refusal: Exception, back: str, names: Sequence[str] = ()
) -> web.Response:
    """The page for a refusal. `names`: who can help, the same for what is not yours and for what is not there."""
    page, status = _kind(refusal)
    return message(reader_language(request), family, page, status=status, back=back, names=names)


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


MOST_NAMES = 3
"""Whom a page names at most."""
_ASKS = ("gone", "stranger", "member")
"""Pages that end with whom to ask."""


def bring(name: str, html: str) -> None:
    """A template that comes with a block instead of a file. Raises ValueError when a file or a block has that name."""
    if (_FOLDER / name).exists() or _OWN.get(name, html) != html:
        raise ValueError(f"there is a template {name} already")
    _OWN[name] = html


class Named(NotAllowed):
    """A refusal that has a page of its own."""

    def __init__(self, page: str, *, status: int = 404) -> None:
        super().__init__(page)
        self.page = page
        self.status = status


def message(
    language: Language,
    family: Family,
    page: str,
    *,
    status: int,
    back: str = "",
    kept: str = "",
    names: Sequence[str] = (),
) -> web.Response:
    """A page that says what happened and what to do. `kept` is what she typed, so that it is not lost."""
    whom = names[:MOST_NAMES] if page in _ASKS else ()
    answer = show("message", language, family, status=status, page=page, back=back, kept=kept, names=whom)
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
