"""The pages inside WeCom: sign-in, the customer of the chat beside it, the conversation page and its acts.

Plain HTML and forms. The only script asks the WeCom client which customer the chat is with; without it there is a
search. The customer's id that comes from there is a claim, and is checked.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import web
from yarl import URL

from connectors.contract import StaffPages
from rules.errors import BadRequest, BadSignature
from rules.model import Identity
from sidebar.inside import acts, desk
from sidebar.inside.desk import PageDesk, Reader
from sidebar.inside.drawing import Place, Sheet, draw_card, draw_list
from sidebar.inside.page import (
    LANGUAGE,
    Family,
    Named,
    designed,
    headers,
    message,
    reader_language,
)
from sidebar.inside.parts import Inside
from sidebar.inside.session import Sessions, Visitor

HOME = "/sidebar/wecom"
BACK = f"{HOME}/back"
_CARD = "/sidebar/c/"
_EXTERNAL = re.compile(r"[0-9A-Za-z_@.-]{1,128}\Z")
_PATH = re.compile(r"/sidebar/(?:wecom(?:/customer)?|c/[0-9A-Za-z_-]{1,100})(?:\?[^\s\\]{0,400})?\Z")
_IN_WECOM = "wxwork"


class WeComPages:
    """GET /sidebar/wecom and below, GET and POST /sidebar/c/{conversation_id}."""

    def __init__(self, parts: Inside, page_desk: PageDesk) -> None:
        self._parts = parts
        self._desk = page_desk
        self._sessions = Sessions(parts)
        self._origin = URL(parts.public_url).origin()
        plain = Family(frames=parts.frame_sidebar)
        scripted = Family(
            frames=parts.frame_sidebar,
            script=parts.settings.wecom_sdk if parts.staff else "",
            submits_to=self._signs_in_at(),
        )
        at = {"home": f"{HOME}?list=1", "card_at": _CARD, "post_to": f"{_CARD}{{id}}/act"}
        self._place = Place(family=plain, **at)
        self._entry = Place(family=scripted, **at)

    def routes(self) -> list[web.RouteDef]:
        """What is mounted."""
        guard = designed(self._place.family, self._place.home)
        return [
            web.get(HOME, guard(self.home)),
            web.get(BACK, guard(self.back)),
            web.get(f"{HOME}/customer", guard(self.customer)),
            web.get(f"{HOME}/signature", guard(self.signature)),
            web.get(f"{_CARD}{{conversation_id}}", guard(self.show)),
            web.post(f"{_CARD}{{conversation_id}}/act", guard(self.act)),
        ]

    # --- signing in -------------------------------------------------------------------------------------------------

    async def home(self, request: web.Request) -> web.Response:
        """The page the chat toolbar opens."""
        visitor = self._sessions.visitor(request)
        if visitor is None:
            return self._sign_in(request)
        reader = await self._reader(request, visitor)
        self._desk.pace(reader.by)
        words = request.query.get("q", "")
        return draw_list(
            await self._desk.lists(words, reader),
            self._entry,
            reader.language,
            self._parts.clock,
            words=desk.clean(words),
            sdk="" if words or "list" in request.query else self._entry.family.script,
            integrity=self._parts.settings.wecom_sdk_integrity,
        )

    def _sign_in(self, request: web.Request) -> web.Response:
        """Send the browser away to be recognised; it comes back to the page it asked for."""
        staff = self._staff()
        state = secrets.token_hex(16)
        redirect = f"{self._parts.public_url}{BACK}"
        inside = _IN_WECOM in request.headers.get("User-Agent", "").lower()
        target = staff.sign_in_url(redirect, state) if inside else staff.scan_url(redirect, state)
        answer = web.Response(status=302, headers={**headers(self._place.family), "Location": target})
        self._sessions.begin(answer, state, request.path_qs)
        return answer

    async def back(self, request: web.Request) -> web.Response:
        """She comes back with a one-time code: sign her in and go on. The address is ours, never the caller's."""
        try:
            onward = self._sessions.began(request)
        except BadSignature:
            if self._sessions.visitor(request) is not None:  # another tab of hers was faster
                return self._go(HOME)
            raise
        by = await self._staff().signed_in(request.query.get("code", ""))
        await self._desk.reader(by)
        answer = self._go(onward if _PATH.match(onward) else HOME)
        self._sessions.grant(answer, by)
        return answer

    # --- the customer of the chat beside the page -------------------------------------------------------------------

    async def customer(self, request: web.Request) -> web.Response:
        """From a customer's id in WeCom to her conversation, for a rep who owns, serves or follows her."""
        visitor = self._sessions.visitor(request)
        if visitor is None:
            return self._sign_in(request)
        reader = await self._reader(request, visitor)
        self._desk.pace(reader.by)
        claimed = request.query.get("id", "")
        if not _EXTERNAL.match(claimed):
            raise Named("stranger")
        identity = Identity(platform="wecom", kind="external_userid", value=claimed)
        found = await self._parts.hub.conversation_for(identity, reader.by)
        if found is None:
            if not await self._staff().follows(reader.by, identity):
                raise Named("stranger")
            await self._parts.hub.follow_found(identity, reader.by)
            found = await self._parts.hub.conversation_for(identity, reader.by)
        if found is None:
            raise Named("follow")
        return self._go(f"{_CARD}{found}")

    async def signature(self, request: web.Request) -> web.Response:
        """What the WeCom script needs on a page of ours, for nobody else's page."""
        await self._known(request)
        page = request.query.get("url", "")
        config = await self._staff().page_config(self._our_page(page))
        return web.json_response(dict(config), headers={"Cache-Control": "no-store"})

    def _our_page(self, page: str) -> str:
        """The address, if the script may run there. Raises BadRequest."""
        try:
            parts = urlsplit(page)
            ours = len(page) <= 2000 and URL(f"{parts.scheme}://{parts.netloc}") == self._origin
        except ValueError:
            ours = False
        if not ours or parts.path != HOME or parts.username or not page.isprintable():
            raise BadRequest("not a page of ours")
        return page

    # --- the conversation page --------------------------------------------------------------------------------------

    async def show(self, request: web.Request) -> web.Response:
        """The conversation, with what the last act answered."""
        visitor = self._sessions.visitor(request)
        if visitor is None:
            return self._sign_in(request)
        reader = await self._reader(request, visitor)
        self._desk.pace(reader.by)
        card = await self._desk.card(request.match_info["conversation_id"], reader)
        said = self._sessions.said(request, card.conversation_id)
        sheet = Sheet(language=reader.language, hidden=self._hidden(visitor), said=said)
        answer = draw_card(card, self._place, sheet, self._parts.clock)
        if said is not None:
            self._sessions.forget_said(answer)
        return answer

    async def act(self, request: web.Request) -> web.Response:
        """Do what a form asks for, then show the conversation again."""
        form = await acts.read_form(request)
        visitor = self._sessions.visitor(request)
        if visitor is None:
            return self._too_late(request, form, "sign_in", 401)
        try:
            self._sessions.check_form(request, visitor, form.get("stamp", ""))
        except BadSignature:
            return self._too_late(request, form, "elsewhere", 403)
        reader = await self._reader(request, visitor)
        card = await self._desk.card(request.match_info["conversation_id"], reader)
        wish = acts.read(form)
        hidden = self._hidden(visitor)
        if wish.problem:
            sheet = Sheet(language=reader.language, hidden=hidden, wish=wish, status=422)
            return draw_card(card, self._place, sheet, self._parts.clock)
        answer = await self._desk.act(wish, card.conversation_id, reader)
        said = desk.said(answer, reader.language)
        if desk.keeps_words(wish, answer):
            card = await self._desk.card(card.conversation_id, reader)
            sheet = Sheet(language=reader.language, hidden=hidden, wish=wish, said=said, status=409)
            return draw_card(card, self._place, sheet, self._parts.clock)
        onward = self._go(f"{_CARD}{card.conversation_id}")
        self._sessions.say(onward, card.conversation_id, said)
        return onward

    def _too_late(self, request: web.Request, form: Mapping[str, str], page: str, status: int) -> web.Response:
        """Refused before anything was done; our own page's words are handed back, so that they are not lost."""
        kept = form.get("text", "")[: acts.MOST["text"]] if self._sessions.ours(request) else ""
        family = self._place.family
        back = f"{_CARD}{request.match_info['conversation_id']}"
        answer = message(
            reader_language(request), family, page, status=status, back=back if _PATH.match(back) else HOME, kept=kept
        )
        return answer

    # --- small things -----------------------------------------------------------------------------------------------

    async def _known(self, request: web.Request) -> Reader:
        """The rep who asks. Raises BadSignature, NotAllowed."""
        visitor = self._sessions.visitor(request)
        if visitor is None:
            raise BadSignature("nobody is signed in")
        return await self._reader(request, visitor)

    async def _reader(self, request: web.Request, visitor: Visitor) -> Reader:
        """The rep who is signed in; from here on the page speaks her language. Raises NotAllowed."""
        reader = await self._desk.reader(visitor.by)
        request[LANGUAGE] = reader.language
        return reader

    def _hidden(self, visitor: Visitor) -> Mapping[str, str]:
        return {"stamp": self._sessions.stamp(visitor)}

    def _staff(self) -> StaffPages:
        """The platform. Raises NotAllowed where it is not connected."""
        if self._parts.staff is None:
            raise Named("no_platform")
        return self._parts.staff

    def _signs_in_at(self) -> str:
        """The origin that a search is led to when the sign-in is over: browsers hold that against the form."""
        if self._parts.staff is None:
            return ""
        return str(URL(self._parts.staff.scan_url(self._parts.public_url, "x")).origin())

    def _go(self, path: str) -> web.Response:
        return web.Response(status=303, headers={**headers(self._place.family), "Location": path})
