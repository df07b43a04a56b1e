"""The Bot Connector's REST API over one kept-alive session: the few calls we need, with limits, tokens and endings.

Source: Bot Framework connector REST API reference; Teams, send proactive messages.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

import orjson
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
)
from yarl import URL

from connectors.contract import TryLater, Undeliverable, Unknown
from connectors.teams.outcomes import PAUSE, Ended, of_status, retry_after
from connectors.teams.rates import SHORT, SLACK, Rates
from connectors.teams.settings import Settings, Window
from connectors.teams.tokens import Tokens
from connectors.teams.wire import Json, listed, part, text_of

MAX_ANSWER = 1_048_576
MEMBERS_A_PAGE = 200
MAX_PAGES = 50
CONNECT_SECONDS = 5.0

TURNS = 5
"""How often one call waits for its turn in a short window before the outbox makes it wait."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Call:
    method: Literal["GET", "POST", "PUT"]
    service_url: str
    path: str
    key: str
    """What its rate is counted on."""
    body: Json | None = field(default=None, repr=False)


class BotClient:
    """Speaks to the Bot Connector as the bot. Every method raises Ended when the call did not end well."""

    def __init__(self, settings: Settings, tokens: Tokens, session: ClientSession, rates: Rates) -> None:
        self._settings, self._tokens, self._session, self._rates = settings, tokens, session, rates

    async def create(self, service_url: str, body: Json, *, about: str) -> Json:
        """Begin a thread in a channel, or a chat with a person; `about` is the channel or the person."""
        return await self._do(
            _Call(
                method="POST",
                service_url=service_url,
                path="v3/conversations",
                key=f"send|{about}",
                body=body,
            )
        )

    async def send(self, service_url: str, conversation: str, activity: Json) -> str:
        """Post into a conversation; a thread is a conversation. Returns the activity's id."""
        path = f"v3/conversations/{quote(conversation, safe='')}/activities"
        key = f"send|{conversation}"
        answer = await self._do(_Call(method="POST", service_url=service_url, path=path, key=key, body=activity))
        return text_of(answer.get("id"))

    async def update(self, service_url: str, conversation: str, activity_id: str, activity: Json) -> None:
        """Replace a message of ours."""
        path = f"v3/conversations/{quote(conversation, safe='')}/activities/{quote(activity_id, safe='')}"
        key = f"send|{conversation}"
        await self._do(_Call(method="PUT", service_url=service_url, path=path, key=key, body=activity))

    async def members(self, service_url: str, conversation: str) -> list[Json]:
        """Everybody in a team or chat."""
        found: list[Json] = []
        token = ""
        for _ in range(MAX_PAGES):
            page = f"?pageSize={MEMBERS_A_PAGE}" + (f"&continuationToken={quote(token, safe='')}" if token else "")
            path = f"v3/conversations/{quote(conversation, safe='')}/pagedmembers{page}"
            answer = await self._do(_Call(method="GET", service_url=service_url, path=path, key=f"read|{conversation}"))
            found += listed(answer.get("members"))
            token = text_of(answer.get("continuationToken"))
            if not token:
                break
        return found

    async def team(self, service_url: str, team_id: str) -> Json:
        """A team's details, its Entra group id among them."""
        path = f"v3/teams/{quote(team_id, safe='')}"
        return await self._do(_Call(method="GET", service_url=service_url, path=path, key=f"read|{team_id}"))

    async def channels(self, service_url: str, team_id: str) -> list[Json]:
        """A team's channels; General comes without a name."""
        path = f"v3/teams/{quote(team_id, safe='')}/conversations"
        answer = await self._do(_Call(method="GET", service_url=service_url, path=path, key=f"read|{team_id}"))
        return listed(answer.get("conversations"))

    async def _do(self, call: _Call) -> Json:
        """One call; a refused token is replaced once. Raises Ended."""
        if not self._settings.trusts(call.service_url):
            raise Ended(Undeliverable(reason="service_host"))
        await self._await_turn(call)
        for again in (True, False):
            token = await self._tokens.get()
            status, answer, after = await self._http(call, token)
            if status == 401:
                self._tokens.refuse(token)
                if again:
                    continue
            if 200 <= status < 300:
                return answer
            code = text_of(part(answer, "error").get("code"))[:60]
            raise Ended(of_status(status, code, after))
        raise AssertionError("the second 401 has ended the call")

    async def _await_turn(self, call: _Call) -> None:
        """Count the call. A window of a second or two is waited for in place; Raises Ended with TryLater for longer."""
        limits = self._settings.limits
        own: tuple[Window, ...] = limits.read if call.key.startswith("read|") else limits.send
        for _ in range(TURNS):
            whole = self._rates.wait("app", limits.app)
            wait = whole or self._rates.take((call.key, own), ("app", limits.app))
            if not wait:
                return
            if wait > SHORT + SLACK:
                break
            await asyncio.sleep(wait)
        raise Ended(TryLater(reason="throttled", seconds=wait, scope="app" if whole else "lane"))

    async def _http(self, call: _Call, token: str) -> tuple[int, Json, float | None]:
        """The bare call. Raises Ended when the connection fails: before the request went out, or after."""
        url = URL(f"{call.service_url.rstrip('/')}/{call.path}", encoded=True)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = orjson.dumps(call.body) if call.body is not None else None
        limit = self._settings.call_seconds
        timeout = ClientTimeout(total=limit, connect=min(CONNECT_SECONDS, limit / 2))
        try:
            async with self._session.request(
                call.method, url, data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                answer = await _json(response)
                return response.status, answer, retry_after(response.headers.get("Retry-After"))
        except (ClientConnectorError, ConnectionTimeoutError):
            later = TryLater(reason="unreachable", seconds=PAUSE, scope="platform")
            raise Ended(later) from None
        except (ClientError, TimeoutError, OSError):
            raise Ended(Unknown(reason="interrupted")) from None


async def _json(response: ClientResponse) -> dict[str, Any]:
    """The answer's JSON object, at most MAX_ANSWER bytes of it; empty for anything else."""
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER:
            return {}
    try:
        value = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
