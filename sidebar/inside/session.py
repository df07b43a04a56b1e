"""Who looks at a page inside WeCom: our own short session cookie, and the round trip that earns it.

Cookies are host-only, HttpOnly and SameSite=Lax. Over HTTPS they are `__Host-` and Secure; over plain HTTP, which only
a loopback address should see, browsers would refuse both, so the names differ.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web
from yarl import URL

from rules.errors import BadSignature
from rules.model import RepHandle
from sidebar.inside.parts import Inside
from sidebar.inside.seals import Sealer, Stamp

Platform = Literal["teams", "wecom", "hub"]
_STATE_SECONDS = 600
_SAID_SECONDS = 60
_LONGEST_PATH = 600
_LONGEST_SAID = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """A signed-in person."""

    by: RepHandle
    session_id: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What an act answered, shown once on the page that follows."""

    text: str
    refused: bool = False


class Sessions:
    """Gives, reads and takes back cookies."""

    def __init__(self, parts: Inside, *, family: str = "rep", platform: Platform = "wecom") -> None:
        """`family` names the cookies, `platform` is the only one whose word counts in them.

        Another family than `rep` needs a key of its own in `parts`.
        """
        self._wall, self._platform = parts.wall, platform
        self._lasts = parts.settings.session_hours * 3600
        self._sealer = Sealer(parts.key)
        self._stamp = Stamp(parts.key)
        self._origin = URL(parts.public_url).origin()
        self._secure = self._origin.scheme == "https"
        prefix = "__Host-" if self._secure else ""
        tail = "" if family == "rep" else f"_{family}"
        self._rep = f"{prefix}tower_{family}"
        self._state, self._said = f"{prefix}tower_state{tail}", f"{prefix}tower_said{tail}"

    # --- signing in -------------------------------------------------------------------------------------------------

    def begin(self, answer: web.StreamResponse, state: str, onward: str) -> None:
        """Bind a sign-in to this browser and remember where it goes on."""
        value = {"state": state, "to": onward if len(onward) <= _LONGEST_PATH else ""}
        self._put(answer, self._state, self._sealer.seal("state", value, until=self._wall() + _STATE_SECONDS))

    def began(self, request: web.Request) -> str:
        """Where the sign-in that comes back goes on. Raises BadSignature unless it began in this browser."""
        value = self._sealer.open("state", request.cookies.get(self._state, ""), now=self._wall())
        given = request.query.get("state", "")
        if value is None or not hmac.compare_digest(value["state"].encode(), given.encode(errors="replace")):
            raise BadSignature("a sign-in that did not begin here")
        return value["to"]

    def onward(self, request: web.Request) -> str:
        """Where a sign-in that has not left yet goes on; empty unless it began in this browser."""
        value = self._sealer.open("state", request.cookies.get(self._state, ""), now=self._wall())
        return value["to"] if value else ""

    def grant(self, answer: web.StreamResponse, by: RepHandle) -> None:
        """Sign this person in; the round trip is over and cannot be repeated."""
        value = {"platform": by.platform, "value": by.value, "id": secrets.token_urlsafe(16)}
        sealed = self._sealer.seal("session", value, until=self._wall() + self._lasts)
        self._put(answer, self._rep, sealed, seconds=int(self._lasts))
        self._drop(answer, self._state)

    def visitor(self, request: web.Request) -> Visitor | None:
        """Who is signed in; None for nobody, or no more."""
        value = self._sealer.open("session", request.cookies.get(self._rep, ""), now=self._wall())
        if value is None or value["platform"] != self._platform:
            return None
        return Visitor(by=RepHandle(platform=self._platform, value=value["value"]), session_id=value["id"])

    def end(self, answer: web.StreamResponse) -> None:
        """Sign out in this browser."""
        self._drop(answer, self._rep)

    # --- forms ------------------------------------------------------------------------------------------------------

    def stamp(self, visitor: Visitor) -> str:
        """What every form of this session carries."""
        return self._stamp.masked(visitor.session_id)

    def ours(self, request: web.Request) -> bool:
        """Whether the browser says that one of our own pages sent this."""
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        return request.headers.get("Origin") == str(self._origin) and site == "same-origin"

    def check_form(self, request: web.Request, visitor: Visitor, given: str) -> None:
        """Raises BadSignature (403) for a form that this session did not draw.

        Browsers old enough to send no Origin with a form must at least carry the stamp.
        """
        foreign = "Origin" in request.headers and not self.ours(request)
        if foreign or not self._stamp.fits(visitor.session_id, given):
            raise BadSignature("a form from elsewhere", status=403)

    # --- what an act answered ---------------------------------------------------------------------------------------

    def say(self, answer: web.StreamResponse, conversation_id: str, said: Said) -> None:
        """Keep an answer for the page that follows, sealed, because it may name people."""
        value = {"about": conversation_id, "text": said.text[:_LONGEST_SAID], "refused": "1" if said.refused else ""}
        self._put(answer, self._said, self._sealer.seal("said", value, until=self._wall() + _SAID_SECONDS))

    def said(self, request: web.Request, conversation_id: str) -> Said | None:
        """The answer kept for this conversation's page."""
        value = self._sealer.open("said", request.cookies.get(self._said, ""), now=self._wall())
        if value is None or value["about"] != conversation_id:
            return None
        return Said(text=value["text"], refused=bool(value["refused"]))

    def forget_said(self, answer: web.StreamResponse) -> None:
        """It was shown."""
        self._drop(answer, self._said)

    def _put(self, answer: web.StreamResponse, name: str, value: str, *, seconds: int = _STATE_SECONDS) -> None:
        answer.set_cookie(name, value, max_age=seconds, path="/", secure=self._secure, httponly=True, samesite="Lax")

    def _drop(self, answer: web.StreamResponse, name: str) -> None:
        answer.del_cookie(name, path="/", secure=self._secure, httponly=True, samesite="Lax")
