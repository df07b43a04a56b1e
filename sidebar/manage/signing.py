"""Managers sign in with their company account; the session is a sealed cookie of its own."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from dataclasses import replace

from aiohttp import web

from connectors.contract import Directory, SignInTrip
from rules.errors import NotAllowed
from rules.model import Rep, RepHandle
from sidebar.inside import acts
from sidebar.inside.page import LANGUAGE, Family, Named, headers, reader_language
from sidebar.inside.session import Sessions
from sidebar.manage.ask import HOME
from sidebar.manage.page import plain
from sidebar.manage.parts import Manage

BACK = f"{HOME}/back"
BACK_WECOM = f"{HOME}/back/wecom"
_ONWARD = re.compile(r"/manage(?:/[a-z]+|/(?:c|rules|mail)/[0-9A-Za-z_-]{1,100})?(?:\?[^\s\\]{0,400})?\Z")
_IN_WECOM = "wxwork"
"""What WeCom's own client calls itself."""


class NotManager(NotAllowed):
    """Somebody we know, or not, who is no manager: for them there is nothing here."""


class SignIn:
    """The way in and out."""

    def __init__(self, parts: Manage, family: Family) -> None:
        inside = parts.inside
        self._key = hmac.digest(inside.key, b"tower/manage/1", "sha256")
        self.sessions = Sessions(replace(inside, key=self._key), family="manager", platform="hub")
        self._directory = parts.directory
        self._hub = inside.hub
        self._staff = inside.staff
        self._redirect = f"{inside.public_url}{BACK}"
        self._redirect_wecom = f"{inside.public_url}{BACK_WECOM}"
        self._family = family

    async def manager(self, request: web.Request, by: RepHandle) -> Rep:
        """The manager whom this names, as of now; from here on pages speak her language. Raises NotManager."""
        rep = await self._hub.rep(by)
        if rep is not None:
            request[LANGUAGE] = rep.language
        if rep is None or not rep.active or rep.role != "manager":
            raise NotManager("no manager")
        return rep

    @property
    def places(self) -> tuple[str, ...]:
        """Where people can sign in, as configured."""
        return (*(("entra",) if self._directory else ()), *(("wecom",) if self._staff else ()))

    def begin(self, request: web.Request, *, onward: str = "", choose: bool = False) -> web.Response:
        """Send the browser to sign in; it comes back to the page it asked for. Where there are two places, she picks;
        inside WeCom's own client that has happened. Raises NotAllowed where there is none."""
        inside = _IN_WECOM in request.headers.get("User-Agent", "").lower()
        onward = onward or request.path_qs
        if "wecom" in self.places and (inside or self.places == ("wecom",)):
            return self._to_wecom(onward, inside=inside)
        if self.places == ("entra",):
            return self._to_entra(onward, choose=choose)
        if not self.places:
            raise Named("no_platform")
        links = [(f"{HOME}/sign-in/{where}", f"with_{where}") for where in self.places]
        answer = plain("sign_in", reader_language(request), self._family, status=200, links=links)
        self.sessions.begin(answer, secrets.token_hex(16), onward)
        return answer

    async def again(self, request: web.Request) -> web.Response:
        """Begin on purpose, and be asked who one is."""
        return self.begin(request, onward=HOME, choose=True)

    async def choose(self, request: web.Request) -> web.Response:
        """The place she picked; it leads on to the page she asked for first. Raises NotAllowed."""
        where = request.match_info["where"]
        if where not in self.places:
            raise NotAllowed("no such place")
        onward = self.sessions.onward(request) or HOME
        if where == "entra":
            return self._to_entra(onward, choose=True)
        return self._to_wecom(onward, inside=_IN_WECOM in request.headers.get("User-Agent", "").lower())

    def _to_entra(self, onward: str, *, choose: bool) -> web.Response:
        state = secrets.token_hex(16)
        return self._away(self._asked().sign_in_url(self._trip(state), choose=choose), state, onward)

    def _to_wecom(self, onward: str, *, inside: bool) -> web.Response:
        state, staff = secrets.token_hex(16), self._staff
        if staff is None:
            raise Named("no_platform")
        url = staff.sign_in_url if inside else staff.scan_url
        return self._away(url(self._redirect_wecom, state), state, onward)

    def _away(self, target: str, state: str, onward: str) -> web.Response:
        answer = web.Response(status=302, headers={**headers(self._family), "Location": target})
        self.sessions.begin(answer, state, onward)
        return answer

    async def back(self, request: web.Request) -> web.Response:
        """She comes back from Microsoft with a one-time code. The address it goes on to is ours, never the caller's."""
        onward = self.sessions.began(request)
        trip = self._trip(request.query.get("state", ""))
        return await self._grant(request, await self._asked().signed_in(trip, request.query.get("code", "")), onward)

    async def back_wecom(self, request: web.Request) -> web.Response:
        """She comes back from WeCom with a one-time code."""
        onward = self.sessions.began(request)
        if self._staff is None:
            raise Named("no_platform")
        return await self._grant(request, await self._staff.signed_in(request.query.get("code", "")), onward)

    async def _grant(self, request: web.Request, by: RepHandle, onward: str) -> web.Response:
        rep = await self.manager(request, by)
        answer = web.Response(
            status=303,
            headers={**headers(self._family), "Location": onward if _ONWARD.match(onward) else HOME},
        )
        self.sessions.grant(answer, RepHandle(platform="hub", value=rep.id))
        request[SIGNED_IN] = rep.id
        return answer

    async def out(self, request: web.Request) -> web.Response:
        """Sign out. Raises BadSignature for a form from elsewhere."""
        visitor = self.sessions.visitor(request)
        if visitor is not None:
            form = await acts.read_form(request)
            self.sessions.check_form(request, visitor, form.get("stamp", ""))
            await self.manager(request, visitor.by)
        language = reader_language(request)
        answer = plain("signed_out", language, self._family, status=200, links=((f"{HOME}/sign-in", "sign_in"),))
        self.sessions.end(answer)
        return answer

    def _trip(self, state: str) -> SignInTrip:
        """What belongs to a state; only our key can tell it, so nothing needs to be kept."""
        return SignInTrip(
            redirect=self._redirect,
            state=state,
            nonce=self._derived("nonce", state),
            verifier=self._derived("pkce", state),
        )

    def _derived(self, purpose: str, state: str) -> str:
        digest = hmac.digest(self._key, f"{purpose}/{state}".encode(errors="replace"), "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _asked(self) -> Directory:
        if self._directory is None:
            raise Named("no_platform")
        return self._directory


SIGNED_IN = web.RequestKey("signed_in", str)
"""Who has just signed in, for the record."""
