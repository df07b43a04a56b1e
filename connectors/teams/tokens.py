"""Our own access tokens by client credentials: one request at a time, shared with the other nodes through the hub.

Source: OAuth 2.0 client credentials on the Microsoft identity platform. Tokens live about an hour, in wall time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeGuard

import orjson
from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout

from connectors.contract import Hub, TryLater
from connectors.teams.outcomes import Ended, retry_after
from connectors.teams.settings import Settings

MARGIN = 300.0
"""Seconds before its end that a token is not used any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """An access token with its end in epoch seconds."""

    value: str = field(repr=False)
    expires: float


class Tokens:
    """Tokens for one scope."""

    def __init__(
        self,
        settings: Settings,
        hub: Hub,
        session: ClientSession,
        scope: str,
        *,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._hub, self._session, self._wall = settings, hub, session, wall
        self._scope, self._key = scope, f"teams/token/{scope}"
        self._token: Token | None = None
        self._refused = ""
        self._one = asyncio.Lock()

    async def get(self) -> str:
        """A token that still lives. Raises Ended with TryLater when none can be had."""
        token = self._token
        if self._good(token):
            return token.value
        async with self._one:
            token = self._token
            if not self._good(token):
                token = self._token = await self._shared() or await self._fetch()
            return token.value

    def refuse(self, value: str) -> None:
        """The service did not take this token: it will not be used again."""
        self._refused = value
        if self._token is not None and self._token.value == value:
            self._token = None

    def _good(self, token: Token | None) -> TypeGuard[Token]:
        return token is not None and token.value != self._refused and token.expires - MARGIN > self._wall()

    async def _shared(self) -> Token | None:
        """The token another node left, if it is good."""
        note = await self._hub.note(self._key)
        token = Token(value=note[0], expires=note[1]) if note else None
        return token if self._good(token) else None

    async def _fetch(self) -> Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.app_id,
            "client_secret": self._settings.app_password.get_secret_value(),
            "scope": self._scope,
        }
        timeout = ClientTimeout(total=self._settings.call_seconds)
        try:
            async with self._session.post(
                self._settings.token_address, data=form, timeout=timeout, allow_redirects=False
            ) as response:
                token = _read(response.status, await response.read(), response.headers.get("Retry-After"), self._wall())
        except ClientConnectorError:
            raise Ended(TryLater(reason="unreachable", seconds=5.0, scope="platform")) from None
        except (ClientError, TimeoutError):  # asking for a token twice does no harm
            raise Ended(TryLater(reason="token_refused", seconds=5.0, scope="platform")) from None
        await self._hub.keep_note(self._key, token.value, token.expires)
        return token


def _read(status: int, body: bytes, after: str | None, now: float) -> Token:
    """The token of an answer. Raises Ended."""
    if status in (400, 401, 403):
        raise Ended(TryLater(reason="wrong_secret", seconds=300.0, scope="app", alarm=True))
    if status != 200:
        raise Ended(TryLater(reason="token_refused", seconds=retry_after(after) or 5.0, scope="platform"))
    try:
        answer = orjson.loads(body)
        value, lasts = answer["access_token"], float(answer["expires_in"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise Ended(TryLater(reason="token_refused", seconds=30.0, scope="platform")) from None
    if not isinstance(value, str) or not value or not 0 < lasts < 10**7:
        raise Ended(TryLater(reason="token_refused", seconds=30.0, scope="platform"))
    return Token(value=value, expires=now + lasts)
