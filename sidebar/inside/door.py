"""The door of the pages inside WeCom: who is signed in, the way to sign in, and the addresses of their pages."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web
from yarl import URL

from connectors.contract import StaffPages
from rules.errors import BadSignature
from sidebar.inside.desk import PageDesk, Reader
from sidebar.inside.drafts import Drafts
from sidebar.inside.drawing import Place
from sidebar.inside.page import LANGUAGE, Family, Named, headers
from sidebar.inside.parts import Inside
from sidebar.inside.session import Sessions, Visitor

HOME = "/sidebar/wecom"
BACK = f"{HOME}/back"
CARD = "/sidebar/c/"
LAYOUT = "/sidebar/layout"
PATH = re.compile(
    r"/sidebar/(?:layout|wecom(?:/customer)?|media/[0-9a-f]{32}|c/[0-9A-Za-z_-]{1,100}(?:/all)?)(?:\?[^\s\\]{0,400})?\Z"
)
"""Pages of ours that a sign-in may lead to."""
_IN_WECOM = "wxwork"


class Door:
    """What every page inside WeCom begins with."""

    def __init__(self, parts: Inside, page_desk: PageDesk) -> None:
        self._staff = parts.staff
        self._public_url = parts.public_url
        self._desk = page_desk
        self.sessions = Sessions(parts)
        self.drafts = Drafts(parts)
        self.place = Place(
            family=Family(frames=parts.frame_sidebar, own=("live.js", "wecom.js")),
            home=f"{HOME}?list=1",
            card_at=CARD,
            post_to=f"{CARD}{{id}}/act",
            past_at=f"{CARD}{{id}}/all",
            use_at=f"{CARD}{{id}}?use=",
            names_at=f"{CARD}{{id}}/names",
            layout_at=LAYOUT,
            layout_to=LAYOUT,
            create_at=f"{HOME}/contact",
            out_at=f"{HOME}/out",
            file_to=f"{CARD}{{id}}/file" if parts.files else "",
        )

        self._sdk = parts.settings.wecom_sdk if parts.staff else ""
        self._integrity = parts.settings.wecom_sdk_integrity

    def beside_chat(self, request: web.Request, *, searches: bool = False) -> Place:
        """The same for pages that ask the client or put something into its chat: its script, inside the client alone.

        `searches`: the page has a search, which is led on to the sign-in when that is over.
        """
        sdk = self._sdk if _in_wecom(request) else ""
        submits_to = self._signs_in_at() if searches else ""
        family = replace(self.place.family, script=sdk, integrity=self._integrity, submits_to=submits_to)
        return replace(self.place, family=family)

    def staff(self) -> StaffPages:
        """The platform. Raises NotAllowed where it is not connected."""
        if self._staff is None:
            raise Named("no_platform")
        return self._staff

    def sign_in(self, request: web.Request) -> web.Response:
        """Send the browser away to be recognised; it comes back to the page it asked for."""
        staff = self.staff()
        state = secrets.token_hex(16)
        redirect = f"{self._public_url}{BACK}"
        target = staff.sign_in_url(redirect, state) if _in_wecom(request) else staff.scan_url(redirect, state)
        answer = web.Response(status=302, headers={**headers(self.place.family), "Location": target})
        self.sessions.begin(answer, state, request.path_qs)
        return answer

    async def known(self, request: web.Request) -> Reader:
        """The rep who asks. Raises BadSignature, NotAllowed."""
        visitor = self.sessions.visitor(request)
        if visitor is None:
            raise BadSignature("nobody is signed in")
        return await self.reader(request, visitor)

    async def reader(self, request: web.Request, visitor: Visitor) -> Reader:
        """The rep who is signed in; from here on the page speaks her language. Raises NotAllowed."""
        reader = await self._desk.reader(visitor.by)
        request[LANGUAGE] = reader.language
        return reader

    async def submitted(self, request: web.Request, form: Mapping[str, str]) -> tuple[Visitor, Reader]:
        """Who sent a form that this session drew. Raises BadSignature, NotAllowed."""
        visitor = self.sessions.visitor(request)
        if visitor is None:
            raise BadSignature("nobody is signed in")
        self.sessions.check_form(request, visitor, form.get("stamp", ""))
        return visitor, await self.reader(request, visitor)

    def hidden(self, visitor: Visitor) -> Mapping[str, str]:
        """What every form of this session carries."""
        return {"stamp": self.sessions.stamp(visitor), "of": self.drafts.owner(visitor.by)}

    def go(self, path: str) -> web.Response:
        """On to a page of ours."""
        return web.Response(status=303, headers={**headers(self.place.family), "Location": path})

    def _signs_in_at(self) -> str:
        """The origin that a search is led to when the sign-in is over: browsers hold that against the form."""
        if self._staff is None:
            return ""
        return str(URL(self._staff.scan_url(self._public_url, "x")).origin())


def _in_wecom(request: web.Request) -> bool:
    """Whether the browser says that it is WeCom's: it decides what is offered, never what is allowed."""
    return _IN_WECOM in request.headers.get("User-Agent", "").lower()
