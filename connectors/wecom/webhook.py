"""Where WeCom calls: is it really them? Then stored, then answered; work comes later (WeCom docs 90930 and 90968).

Every refusal looks the same and costs next to nothing. Freshness is only watched, never required: the platform's own
resends are legal, and the signature binds no time, so what protects from replays is that a payload is taken once.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog
from aiohttp import web

from connectors.contract import Clock, Hub, Inbound
from connectors.wecom.crypto import Envelope
from connectors.wecom.outer import LARGEST_BODY, checked_text, encrypted_text
from connectors.wecom.replies import Replies
from connectors.wecom.settings import Settings
from connectors.wecom.translate import Callback, inbound
from connectors.wecom.wire import read
from rules.errors import BadRequest, BadSignature, NotAllowed, Refused, Unavailable
from rules.events import RepActed, RepSpoke

_log = structlog.get_logger()
_PATH = "/wecom/callback/{app}"
_PROOF = r"/{name:WW_verify_[0-9A-Za-z]+\.txt}"
_ECHO_BYTES = 64
"""An echo is a number. Anything longer is a captured callback that somebody wants to have decrypted."""


class Webhook:
    """The two routes of all apps, and the files that prove whose domain this is."""

    def __init__(self, settings: Settings, hub: Hub, clock: Clock, replies: Replies) -> None:
        self._settings = settings
        self._hub = hub
        self._clock = clock
        self._replies = replies
        self._envelopes: Mapping[str, Envelope] = {
            name: Envelope(corp_id=settings.corp_id, token=app.token, aes_key=app.aes_key)
            for name, app in settings.apps.items()
        }
        self._echoes: dict[str, deque[float]] = {name: deque() for name in settings.apps}
        self.open = asyncio.Event()
        """Set once wechatpy is loaded; until then callers wait a little rather than be lost."""

    def routes(self) -> Sequence[web.RouteDef]:
        """GET verifies the URL, POST brings events."""
        callbacks = [web.get(_PATH, self.verify, allow_head=False), web.post(_PATH, self.receive)]
        return [*callbacks, web.get(_PROOF, self.proof)] if self._settings.verify_files else callbacks

    async def proof(self, request: web.Request) -> web.Response:
        """The file that WeCom looks for at the root of a trusted domain; others are not there."""
        content = self._settings.verify_files.get(request.match_info["name"])
        if content is None:
            raise web.HTTPNotFound
        return web.Response(text=content, content_type="text/plain", headers={"X-Content-Type-Options": "nosniff"})

    async def verify(self, request: web.Request) -> web.Response:
        """URL verification: the plain echo, nothing around it."""
        try:
            await self._opened()
            app = self._app(request)
            # A plus sign that lost its escaping arrives as a space; base64 has none of those.
            encrypted = checked_text(request.query.get("echostr", "").replace(" ", "+").encode())
            echo = self._open(app, request, encrypted)
            if len(echo) > _ECHO_BYTES or not echo.isalnum():
                raise BadSignature("not an echo", status=403)
            self._count_echo(app)
        except Refused as refused:
            return _refused(refused)
        return web.Response(body=echo, content_type="text/plain", headers={"X-Content-Type-Options": "nosniff"})

    async def receive(self, request: web.Request) -> web.Response:
        """One event or message."""
        try:
            await self._opened()
            app = self._app(request)
            encrypted = encrypted_text(await self._body(request))
            plain = self._open(app, request, encrypted)
            callback = Callback(
                corp_id=self._settings.corp_id,
                fields=read(plain),
                raw=plain,
                encrypted=encrypted,
                welcome=timedelta(seconds=self._settings.welcome_seconds),
            )
            self._fresh((self._clock() - callback.at).total_seconds())
            return await self._taken(app, request, callback, inbound(callback))
        except Refused as refused:
            return _refused(refused)
        except Unavailable:
            return web.Response(status=503, text="later")

    async def _taken(self, app: str, request: web.Request, callback: Callback, told: Inbound | None) -> web.Response:
        """Stored; what a rep did is answered in place when its turn is done in time."""
        if told is None:
            return _success()
        if not isinstance(told.event, RepActed | RepSpoke):
            await self._hub.accept([told])
            return _success()
        reply = await self._replies.act(told, told.event)
        if reply is None:
            return _success()
        timestamp, nonce = request.query["timestamp"], request.query["nonce"]
        sealed = self._envelopes[app].seal(reply.xml(callback), timestamp, nonce)
        return web.Response(text=sealed, content_type="application/xml")

    async def _opened(self) -> None:
        try:
            await asyncio.wait_for(self.open.wait(), self._settings.ack_seconds)
        except TimeoutError:
            raise BadRequest("not ready", status=503) from None

    def _app(self, request: web.Request) -> str:
        name = request.match_info["app"]
        if name not in self._envelopes:
            raise NotAllowed("no such app")
        return name

    def _open(self, app: str, request: web.Request, encrypted: str) -> bytes:
        query = request.query
        signature, timestamp, nonce = (query.get(name, "") for name in ("msg_signature", "timestamp", "nonce"))
        plain = self._envelopes[app].open(signature, timestamp, nonce, encrypted)
        # Only now is the time known to be the platform's. It is a moment of the wall clock, the message's own is not.
        self._fresh(time.time() - int(timestamp))
        return plain

    async def _body(self, request: web.Request) -> bytes:
        if (request.content_length or 0) > LARGEST_BODY:
            raise BadRequest("too large", status=413)
        try:
            return await asyncio.wait_for(_read(request), self._settings.body_seconds)
        except TimeoutError:
            raise BadRequest("too slow", status=400) from None

    def _fresh(self, age: float) -> None:
        """Raises BadSignature for what is older, or newer, than the platform's own resends can be."""
        if abs(age) > self._settings.stale_seconds:
            _log.warning("stale_callback", connector="wecom", seconds=int(age))
            raise BadSignature("stale", status=403)

    def _count_echo(self, app: str) -> None:
        now, seen = time.monotonic(), self._echoes[app]
        while seen and seen[0] < now - 60:
            seen.popleft()
        if len(seen) >= self._settings.echo_per_minute:
            raise BadRequest("too many verifications", status=429)
        seen.append(now)


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise BadRequest("too large", status=413)
    return bytes(body)


def _success() -> web.Response:
    return web.Response(text="success")


def _refused(refused: Refused) -> web.Response:
    """One body for every refusal; why is in our log only."""
    _log.info("callback_refused", connector="wecom", status=refused.status, reason=str(refused))
    return web.Response(status=refused.status, text="refused", headers={"Connection": "close"})
