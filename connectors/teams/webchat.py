"""Web chat: a visitor of a web site gets a short-lived token for one conversation; our secret never leaves the hub.

Source: Direct Line 3.0, authentication: generate a token, with a user id and trusted origins bound into it.
"""

from __future__ import annotations

import secrets
from types import TracebackType

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from connectors import transfer
from connectors.contract import ChatPass
from connectors.teams.settings import Settings
from connectors.teams.translate import BOUND_USER
from rules.errors import PlatformAway

KEEP_ALIVE = 14.0
"""Seconds an idle connection is kept."""
MAX_ANSWER = 65_536


class WebChatDoor:
    """Opens conversations for visitors. Use it as an async context: it holds one session."""

    def __init__(self, settings: Settings) -> None:
        assert settings.directline_secret is not None  # noqa: S101 - without a secret nobody makes a door
        self._secret = settings.directline_secret
        self._origins = frozenset(settings.webchat_origins)
        self._url = f"{settings.directline_url.rstrip('/')}/v3/directline/tokens/generate"
        self._limit = ClientTimeout(total=settings.call_seconds)
        self._session: ClientSession | None = None
        self.per_minute = settings.webchat_per_minute

    async def __aenter__(self) -> WebChatDoor:
        self._session = ClientSession(connector=TCPConnector(keepalive_timeout=KEEP_ALIVE), timeout=self._limit)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    def trusts(self, origin: str) -> bool:
        """Whether pages of this origin may open a chat."""
        return origin in self._origins

    async def admit(self, origin: str) -> ChatPass:
        """A token for a new conversation of a new visitor. Raises PlatformAway.

        The user id is ours and bound into the token: a visitor can neither choose nor change who she is.
        """
        wish = {"user": {"id": f"{BOUND_USER}{secrets.token_hex(16)}"}, "trustedOrigins": [origin]}
        status, body = await self._ask(orjson.dumps(wish))
        if status != 200:
            raise PlatformAway(f"Direct Line answered {status}")
        try:
            told = orjson.loads(body)
            token, conversation, lasts = told["token"], told["conversationId"], int(told["expires_in"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise PlatformAway("Direct Line answered something else") from None
        if not (isinstance(token, str) and token and isinstance(conversation, str) and conversation):
            raise PlatformAway("Direct Line answered without a token")
        return ChatPass(token=token, conversation_id=conversation, expires_in=lasts)

    async def _ask(self, body: bytes) -> tuple[int, bytes]:
        """Status and body of the one call; asking again does no harm. Raises PlatformAway."""
        if self._session is None:
            raise PlatformAway("not open")
        headers = {"Authorization": f"Bearer {self._secret.get_secret_value()}", "Content-Type": "application/json"}
        try:
            async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status, await transfer.beginning(answer, MAX_ANSWER)
        except (ClientError, TimeoutError, OSError) as away:
            raise PlatformAway(type(away).__name__) from None
