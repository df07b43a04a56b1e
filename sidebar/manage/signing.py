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
_ONWARD = re.compile(r"/manage(?:/[a-z]+|/c/[0-9A-Za-z_-]{1,100})?(?:\?[^\s\\]{0,400})?\Z")


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
        self._redirect = f"{inside.public_url}{BACK}"
        self._family = family

    async def manager(self, request: web.Request, by: RepHandle) -> Rep:
        """The manager whom this names, as of now; from here on pages speak her language. Raises NotManager."""
        rep = await self._hub.rep(by)
        if rep is not None:
            request[LANGUAGE] = rep.language
        if rep is None or not rep.active or rep.role != "manager":
            raise NotManager("no manager")
        return rep

    def begin(self, onward: str, *, choose: bool = False) -> web.Response:
        """Send the browser to the directory; it comes back to the page it asked for. Raises NotAllowed."""
        state = secrets.token_hex(16)
        target = self._asked().sign_in_url(self._trip(state), choose=choose)
        answer = web.Response(status=302, headers={**headers(self._family), "Location": target})
        self.sessions.begin(answer, state, onward)
        return answer

    async def again(self, request: web.Request) -> web.Response:
        """Begin on purpose, and be asked who one is."""
        return self.begin(HOME, choose=True)

    async def back(self, request: web.Request) -> web.Response:
        """She comes back with a one-time code. The address it goes on to is ours, never the caller's."""
        onward = self.sessions.began(request)
        trip = self._trip(request.query.get("state", ""))
        by = await self._asked().signed_in(trip, request.query.get("code", ""))
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
        answer = plain("signed_out", language, self._family, status=200, link=f"{HOME}/sign-in", link_text="sign_in")
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
