"""Every call to WeCom: one kept-alive session, the app's token, one refresh, bounded answers, no secret in errors."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import orjson
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    FormData,
    TCPConnector,
)

from connectors import transfer
from connectors.contract import Hub
from connectors.wecom.errors import STALE_TOKEN, NotSent, Refusal, Unclear
from connectors.wecom.settings import Settings
from connectors.wecom.shared import Lease, Shared

Body = Mapping[str, object]
T = TypeVar("T")
_SEEN_FROM = re.compile(r"from ip: ([0-9a-fA-F.:]{2,45})")
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

        async def once(token: str) -> Body:
            return await self._ask(path, body, {**(query or {}), "access_token": token})

        return await self._renewing(app, once)

    async def download(self, app: str, path: str, query: Mapping[str, str], most: int) -> bytes:
        """The bytes behind a media id. Raises CallFailed, TooLarge, Packed, StorageError."""

        async def once(token: str) -> bytes:
            return await self._bytes(path, {**query, "access_token": token}, most)

        return await self._renewing(app, once)

    async def upload(self, app: str, kind: str, name: str, content: bytes) -> str:
        """The media id of a content of ours. Raises CallFailed, StorageError."""
        path = "/cgi-bin/media/upload"

        async def once(token: str) -> Body:
            form = FormData(quote_fields=False)
            form.add_field("media", content, filename=name, content_type="application/octet-stream")
            return await self._ask(path, form, {"type": kind, "access_token": token})

        told = await self._renewing(app, once)
        media_id = told.get("media_id")
        if not isinstance(media_id, str) or not media_id:
            raise Unclear(f"{path}: no media_id in the answer")
        return media_id

    async def _renewing(self, app: str, once: Callable[[str], Awaitable[T]]) -> T:
        """A call; with a fresh token once more when its own was refused: a refused token means nothing was done."""
        token = await self._token(app)
        try:
            return await once(token)
        except Refusal as refusal:
            if refusal.errcode not in STALE_TOKEN:
                raise
        return await once(await self._token(app, refused=token))

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

    async def _ask(self, path: str, body: Body | FormData | None, query: Mapping[str, str]) -> Body:
        """POST with JSON or a form, GET without. Raises CallFailed."""
        method = "GET" if body is None else "POST"
        data = body if body is None or isinstance(body, FormData) else orjson.dumps(body)
        headers = {"Content-Type": "application/json"} if isinstance(data, bytes) else {}
        limit = self._for_files() if isinstance(body, FormData) else None
        async with self._response(method, path, query, data=data, headers=headers, timeout=limit) as response:
            return await _answer(path, response)

    async def _bytes(self, path: str, query: Mapping[str, str], most: int) -> bytes:
        """A content comes as a download with a name; anything else is WeCom's JSON that says why not."""
        async with self._response("GET", path, query, headers=transfer.PLAIN, timeout=self._for_files()) as response:
            if "Content-Disposition" not in response.headers:
                await _answer(path, response)
                raise Unclear(f"{path}: neither a file nor a refusal")
            if response.status != 200:
                raise Unclear(f"{path}: status {response.status}")
            return await transfer.read(response, most)

    def _for_files(self) -> ClientTimeout:
        s = self._settings
        return ClientTimeout(total=s.file_seconds, connect=s.connect_seconds, sock_connect=s.connect_seconds)

    @asynccontextmanager
    async def _response(
        self, method: str, path: str, query: Mapping[str, str], *, timeout: ClientTimeout | None = None, **more: Any
    ) -> AsyncIterator[ClientResponse]:
        """Errors are raised `from None`: what aiohttp raises may carry the URL, and the URL carries the token."""
        if self._session is None:
            raise NotSent("the connector is not started")
        url = self._settings.api_base + path
        more |= {"timeout": timeout} if timeout else {}
        try:
            async with self._session.request(method, url, params=query, allow_redirects=False, **more) as response:
                yield response
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
        seen = _SEEN_FROM.search(str(told.get("errmsg", "")))
        raise Refusal(errcode, path, seen_from=seen[1] if seen else "")
    return told


def lease(told: Body, name: str) -> Lease:
    """The short-lived secret in an answer. Raises Unclear when it is not there."""
    value, seconds = told.get(name), told.get("expires_in")
    if not isinstance(value, str) or not value or not isinstance(seconds, int):
        raise Unclear(f"no {name} in the answer")
    return Lease(value=value, ends=time.time() + seconds)
