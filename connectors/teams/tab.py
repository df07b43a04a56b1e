"""Who opened the Teams tab: proved by the single sign-on token, never by what the page says about itself."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

import orjson

from connectors.teams.settings import Settings
from connectors.teams.verify import Verifier
from connectors.teams.wire import text_of
from rules.errors import BadSignature
from rules.model import RepHandle

SCOPE = "access_as_user"
ENTITY = "tower"
"""The personal tab's name in the app package."""
_CHANNEL = re.compile(r"19:[0-9A-Za-z_.@-]{1,200}\Z")
_MESSAGE = re.compile(r"[0-9]{1,20}\Z")


class Tab:
    """Checks tab tokens (Teams, tab single sign-on: validate the token)."""

    def __init__(self, settings: Settings, verifier: Verifier) -> None:
        self._settings, self._verifier = settings, verifier

    async def verify(self, token: str) -> RepHandle:
        """The employee a tab token speaks for. Raises BadSignature, or Unavailable while no key is known.

        Identity is tenant and object id; names and addresses in the token can change hands and are not looked at.
        """
        if not self._settings.tab_audience:
            raise BadSignature("no_tab")
        claims = (await self._verifier.check(token)).claims
        if claims.get("tid") != self._settings.tenant_id:
            raise BadSignature("tenant")
        if SCOPE not in text_of(claims.get("scp")).split():
            raise BadSignature("scope")
        client = text_of(claims.get("azp")) or text_of(claims.get("appid"))
        if self._settings.tab_clients and client not in self._settings.tab_clients:
            raise BadSignature("client")
        person = text_of(claims.get("oid"))
        if not person:
            raise BadSignature("no_person")
        return RepHandle(platform="teams", value=person)


def card_link(settings: Settings, conversation_id: str) -> str:
    """Where Teams opens the tab at a conversation; empty when there is no tab (Teams, deep links to a tab).

    Doubtful: that a personal tab of a custom app opens by its manifest id in every client.
    """
    if not (settings.client_url and settings.tab_audience and conversation_id):
        return ""
    context = urlencode({"context": orjson.dumps({"subEntityId": conversation_id}).decode()})
    return f"{settings.client_url}/l/entity/{quote(settings.app_id, safe='')}/{ENTITY}?{context}"


def thread_link(thread: str, tenant_id: str) -> str:
    """Where Teams opens a thread of a channel; empty for what is none (Teams, deep links to a channel's message).

    Doubtful: without the group's id the client must find the team by the channel; it does so today.
    """
    channel, _, root = thread.partition(";messageid=")
    if not _CHANNEL.match(channel) or not _MESSAGE.match(root):
        return ""
    query = urlencode({"tenantId": tenant_id, "parentMessageId": root})
    return f"https://teams.microsoft.com/l/message/{quote(channel, safe='')}/{root}?{query}"
