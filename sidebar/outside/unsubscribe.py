"""The way out of our mails: opening the page only asks, posting acts at once (RFC 8058), as often as one likes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from connectors.contract import Clock, Hub, Inbound
from rules.errors import Unavailable
from rules.events import Unsubscribed
from rules.model import Address
from rules.tokens import Tokens
from sidebar.outside.clicks import Sweeps
from sidebar.outside.facts import OutsideFacts
from sidebar.outside.page import not_ours, read_body, reader_language, show, try_again

_MOST_BODY = 16 * 1024
_TURN_SECONDS = 5.0
_PAGE_LINK = -1
"""Stands for this page among the links of a mail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsubscribe:
    """GET and POST /u/{token}."""

    hub: Hub
    tokens: Tokens
    facts: OutsideFacts
    clock: Clock
    sweeps: Sweeps

    async def ask(self, request: web.Request) -> web.Response:
        """The page that asks. Machines open it, so it does nothing but remember that somebody did."""
        mail_id = self.tokens.open("unsubscribe", request.match_info["token"])
        if mail_id is None:
            return not_ours(request)
        self.sweeps.note(mail_id, _PAGE_LINK, time.monotonic())
        try:
            language = await self._language(request, mail_id)
        except Unavailable:
            language = reader_language(request)
        return show("leave", language)

    async def act(self, request: web.Request) -> web.Response:
        """Unsubscribe. Asked for by a mailbox provider's one click or by our own page.

        Said only after its turn is taken: no mail begins its way after she was told that none will. When that takes
        too long it is stored all the same, and told so.
        """
        mail_id = self.tokens.open("unsubscribe", request.match_info["token"])
        if mail_id is None:
            return not_ours(request)
        body = await read_body(request, _MOST_BODY)
        try:
            event = self._event(mail_id, "one_click" if b"One-Click" in body else "page")
            await self.hub.act(event, limit=_TURN_SECONDS)
            language = await self._language(request, mail_id)
        except Unavailable:
            return try_again(reader_language(request))
        return show("message", language, title="left_title", text="left_text")

    async def _language(self, request: web.Request, mail_id: str) -> str:
        return await self.facts.mail_language(mail_id) or reader_language(request)

    def _event(self, mail_id: str, how: Literal["one_click", "page"]) -> Inbound:
        """Unsubscribing again must count again, for she may have consented in between; within one second it is a
        repetition.
        """
        event_id = f"unsubscribed-{mail_id}-{int(time.time())}"
        event = Unsubscribed(id=event_id, at=self.clock(), mail_id=mail_id, how=how)
        return Inbound(event=event, order=Address(connector="hub", account="customer", wire_id=mail_id))
