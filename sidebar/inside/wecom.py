"""The entry inside WeCom: sign-in and sign-out, the customer of the chat beside the page, the lists.

Plain HTML and forms; scripts only make it quicker. The customer's id that the client tells is a claim, and is checked.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urlsplit

from aiohttp import web
from yarl import URL

from connectors.contract import Inbound
from rules.errors import BadRequest, BadSignature
from rules.events import ContactAdded
from rules.model import Identity
from sidebar.inside import acts, desk
from sidebar.inside.desk import PageDesk, Reader
from sidebar.inside.door import BACK, CARD, HOME, PATH, Door
from sidebar.inside.drawing import draw_contact, draw_list
from sidebar.inside.page import Named, designed, message, reader_language
from sidebar.inside.parts import Inside

_EXTERNAL = re.compile(r"[0-9A-Za-z_@.-]{1,128}\Z")
_SIGNED_PAGE = re.compile(rf"(?:{HOME}|{CARD}[0-9A-Za-z_-]{{1,100}})\Z")
"""Pages on which the platform's script may run."""
_LONGEST_NAME = 200


class WeComPages:
    """GET /sidebar/wecom and below; POST /sidebar/wecom/contact and /sidebar/wecom/out."""

    def __init__(self, parts: Inside, page_desk: PageDesk, door: Door) -> None:
        self._parts = parts
        self._desk = page_desk
        self._door = door
        self._origin = URL(parts.public_url).origin()

    def routes(self) -> list[web.RouteDef]:
        """What is mounted."""
        guard = designed(self._door.place.family, self._door.place.home, self._desk.managers)
        return [
            web.get(HOME, guard(self.home)),
            web.get(BACK, guard(self.back)),
            web.get(f"{HOME}/customer", guard(self.customer)),
            web.post(f"{HOME}/contact", guard(self.contact)),
            web.get(f"{HOME}/signature", guard(self.signature)),
            web.post(f"{HOME}/out", guard(self.out)),
        ]

    async def home(self, request: web.Request) -> web.Response:
        """The page the chat toolbar opens."""
        visitor = self._door.sessions.visitor(request)
        if visitor is None:
            return self._door.sign_in(request)
        reader = await self._door.reader(request, visitor)
        self._desk.pace(reader.by)
        words, place = request.query.get("q", ""), self._door.beside_chat(request, searches=True)
        return draw_list(
            await self._desk.lists(words, reader),
            place,
            reader.language,
            self._parts.clock,
            words=desk.clean(words),
            hidden=self._door.hidden(visitor),
            asks_client=bool(place.family.script) and not words and "list" not in request.query,
        )

    # --- signing in and out -----------------------------------------------------------------------------------------

    async def back(self, request: web.Request) -> web.Response:
        """She comes back with a one-time code: sign her in and go on. The address is ours, never the caller's."""
        try:
            onward = self._door.sessions.began(request)
        except BadSignature:
            if self._door.sessions.visitor(request) is not None:  # another tab of hers was faster
                return self._door.go(HOME)
            raise
        by = await self._door.staff().signed_in(request.query.get("code", ""))
        await self._desk.reader(by)
        answer = self._door.go(onward if PATH.match(onward) else HOME)
        self._door.sessions.grant(answer, by)
        return answer

    async def out(self, request: web.Request) -> web.Response:
        """Sign out in this browser: whatever it keeps of ours is dropped."""
        await self._door.submitted(request, await acts.read_form(request))
        answer = message(reader_language(request), self._door.place.family, "out", status=200, back=HOME)
        self._door.sessions.end(answer)
        self._door.drafts.drop(answer)
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        return answer

    # --- the customer of the chat beside the page -------------------------------------------------------------------

    async def customer(self, request: web.Request) -> web.Response:
        """From a customer's id in WeCom to her conversation, for a rep who owns, serves or follows her.

        A contact nobody has written down yet gets a page that does so.
        """
        visitor = self._door.sessions.visitor(request)
        if visitor is None:
            return self._door.sign_in(request)
        reader = await self._door.reader(request, visitor)
        self._desk.pace(reader.by)
        identity = _named(request.query.get("id", ""))
        found = await self._parts.hub.conversation_for(identity, reader.by)
        if found is not None:
            return self._door.go(f"{CARD}{found}")
        contact = await self._door.staff().contact(reader.by, identity)
        if contact is None:
            raise Named("stranger")
        found = await self._followed(identity, reader)
        if found is not None:
            return self._door.go(f"{CARD}{found}")
        hidden = self._door.hidden(visitor)
        return draw_contact(contact.name, identity.value, self._door.place, reader.language, hidden)

    async def contact(self, request: web.Request) -> web.Response:
        """Write down a contact that the hub had missed, by the common door, as the platform's own word would have."""
        form = await acts.read_form(request)
        _, reader = await self._door.submitted(request, form)
        self._desk.pace(reader.by)
        identity = _named(form.get("id", ""))
        contact = await self._door.staff().contact(reader.by, identity)
        if contact is None:
            raise Named("stranger")
        digest = hashlib.blake2b(contact.address.key.encode(), digest_size=16).hexdigest()
        event = ContactAdded(
            id=f"page/contact/{digest}",
            at=self._parts.clock(),
            address=contact.address,
            identity=identity,
            rep=reader.by,
            name=" ".join(form.get("name", "").split())[:_LONGEST_NAME] or contact.name,
        )
        inbound = Inbound(event=event, order=contact.address)
        await self._parts.hub.act(inbound, limit=self._parts.settings.act_seconds)
        found = await self._followed(identity, reader)
        if found is None:
            raise Named("follow", status=202)
        return self._door.go(f"{CARD}{found}")

    async def _followed(self, identity: Identity, reader: Reader) -> str | None:
        """Keep that the platform counts her among this rep's contacts; her conversation, if she has one."""
        await self._parts.hub.follow_found(identity, reader.by)
        return await self._parts.hub.conversation_for(identity, reader.by)

    async def signature(self, request: web.Request) -> web.Response:
        """What the WeCom script needs on a page of ours, for nobody else's page."""
        await self._door.known(request)
        page = request.query.get("url", "")
        config = await self._door.staff().page_config(self._our_page(page))
        return web.json_response(dict(config), headers={"Cache-Control": "no-store"})

    def _our_page(self, page: str) -> str:
        """The address, if the script may run there. Raises BadRequest."""
        try:
            parts = urlsplit(page)
            ours = len(page) <= 2000 and URL(f"{parts.scheme}://{parts.netloc}") == self._origin
        except ValueError:
            ours = False
        if not ours or not _SIGNED_PAGE.match(parts.path) or parts.username or not page.isprintable():
            raise BadRequest("not a page of ours")
        return page


def _named(claimed: str) -> Identity:
    """A customer as the client names her. Raises NotAllowed."""
    if not _EXTERNAL.match(claimed):
        raise Named("stranger")
    return Identity(platform="wecom", kind="external_userid", value=claimed)
