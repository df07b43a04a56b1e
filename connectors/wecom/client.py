"""Every call to WeCom: one kept-alive session, the app's token, one refresh, bounded answers, no secret in errors."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial

import orjson
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    TCPConnector,
)

from connectors.contract import Hub
from connectors.wecom.errors import STALE_TOKEN, NotSent, Refusal, Unclear
from connectors.wecom.settings import Settings
from connectors.wecom.shared import Lease, Shared

Body = Mapping[str, object]
_LARGEST_ANSWER = 16 * 1024 * 1024


class Client:
    """Calls of all apps of one corp."""

    def __init__(self, settings: Settings, hub: Hub) -> None:
        self._settings = settings
        self._session: ClientSession | None = None
        self._tokens = {
            app: Shared(
                hub=hub,
                key=f"wecom/token/{settings.corp_id}/{app}",
                margin=settings.token_margin_seconds,
                fetch=partial(self._fetch_token, app),
            )
            for app in settings.apps
        }

    async def open(self) -> None:
        """Make the session; no call is made yet."""
        s = self._settings
        self._session = ClientSession(
            timeout=ClientTimeout(total=s.call_seconds, connect=s.connect_seconds, sock_connect=s.connect_seconds),
            connector=TCPConnector(limit=s.connections),
            cookie_jar=DummyCookieJar(),
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the session."""
        if self._session:
            await self._session.close()

    async def call(self, app: str, path: str, body: Body | None = None, query: Mapping[str, str] | None = None) -> Body:
        """One API call as `app`: POST with a body, GET without. Raises CallFailed, StorageError.

        A token that WeCom voided early is renewed once and the call made once more: a refused token means that
        nothing was done.
        """
        token = await self._token(app)
        try:
            return await self._ask(path, body, {**(query or {}), "access_token": token})
        except Refusal as refusal:
            if refusal.errcode not in STALE_TOKEN:
                raise
        fresh = await self._token(app, refused=token)
        return await self._ask(path, body, {**(query or {}), "access_token": fresh})

    async def _token(self, app: str, refused: str = "") -> str:
        """However the fetching of a token ends, the call it was for has not been made."""
        tokens = self._tokens[app]
        try:
            return await (tokens.replace(refused) if refused else tokens.get())
        except Unclear as unclear:
            raise NotSent(str(unclear)) from None

    async def _fetch_token(self, app: str) -> Lease:
        secret = self._settings.apps[app].secret.get_secret_value()
        query = {"corpid": self._settings.corp_id, "corpsecret": secret}
        return lease(await self._ask("/cgi-bin/gettoken", None, query), "access_token")

    async def _ask(self, path: str, body: Body | None, query: Mapping[str, str]) -> Body:
        """Errors are raised `from None`: what aiohttp raises may carry the URL, and the URL carries the token."""
        if self._session is None:
            raise NotSent("the connector is not started")
        method, data = ("GET", None) if body is None else ("POST", orjson.dumps(body))
        try:
            async with self._session.request(
                method,
                self._settings.api_base + path,
                params=query,
                data=data,
                headers={"Content-Type": "application/json"} if data else None,
                allow_redirects=False,
            ) as response:
                return await _answer(path, response)
        except (ClientConnectorError, ConnectionTimeoutError):
            raise NotSent(f"{path}: no connection") from None
        except (ClientError, OSError, TimeoutError) as broken:
            raise Unclear(f"{path}: {type(broken).__name__}") from None


async def _answer(path: str, response: ClientResponse) -> Body:
    if response.status != 200:
        raise Unclear(f"{path}: status {response.status}")
    raw = bytearray()
    async for chunk in response.content.iter_chunked(65536):
        raw += chunk
        if len(raw) > _LARGEST_ANSWER:
            raise Unclear(f"{path}: an answer too large")
    try:
        told = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Unclear(f"{path}: an answer that is no JSON") from None
    errcode = told.get("errcode", 0) if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(errcode, int):
        raise Unclear(f"{path}: an answer of another kind")
    if errcode != 0:
        raise Refusal(errcode, path)
    return told


def lease(told: Body, name: str) -> Lease:
    """The short-lived secret in an answer. Raises Unclear when it is not there."""
    value, seconds = told.get(name), told.get("expires_in")
    if not isinstance(value, str) or not value or not isinstance(seconds, int):
        raise Unclear(f"no {name} in the answer")
    return Lease(value=value, ends=time.time() + seconds)
