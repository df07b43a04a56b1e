"""`POST /api/messages`: prove, read, bind, hand on. A forgery is refused before anything is read or stored."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import orjson
import structlog
from aiohttp import web

from connectors.contract import Clock
from connectors.teams.heard import TEAMS, Heard
from connectors.teams.settings import Settings
from connectors.teams.verify import Proof, Verifier
from connectors.teams.wire import Json, parse, part, read_body, text_of
from rules.errors import BadSignature, Refused, Unavailable

READY_SECONDS = 10.0
Turn = Callable[[Heard], Awaitable[tuple[int, object]]]


class Webhook:
    """The Bot Framework's door."""

    def __init__(self, settings: Settings, verifier: Verifier, clock: Clock) -> None:
        self._settings, self._verifier, self._clock = settings, verifier, clock
        self._turn: Turn | None = None
        self._open = asyncio.Event()

    def open(self, turn: Turn) -> None:
        """From now on activities are handled; until then they wait."""
        self._turn = turn
        self._open.set()

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """One call of the Bot Framework."""
        try:
            status, body = await self._handle(request)
        except Refused as refused:
            return _refusal(request, refused.status, str(refused))
        except Unavailable:
            return web.json_response({"error": "unavailable"}, status=503, headers={"Retry-After": "2"})
        if body is None:
            return web.Response(status=status)
        return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")

    async def _handle(self, request: web.Request) -> tuple[int, object]:
        proof = await self._verifier.check_header(request.headers.get("Authorization"))
        raw = await read_body(request, limit=self._settings.body_bytes, seconds=self._settings.body_seconds)
        activity = parse(raw)
        bind(activity, proof, self._settings)
        heard = Heard(activity=activity, raw=raw, settings=self._settings, now=self._clock())
        return await (await self._opened())(heard)

    async def _opened(self) -> Turn:
        """The handler, once it is loaded. Raises Unavailable when that takes too long."""
        if self._turn is None:
            try:
                await asyncio.wait_for(self._open.wait(), READY_SECONDS)
            except TimeoutError:
                raise Unavailable("still starting") from None
        if self._turn is None:
            raise Unavailable("still starting")
        return self._turn


def bind(activity: Json, proof: Proof, settings: Settings) -> None:
    """Check that the token was made for this activity. Raises BadSignature.

    The token names the service our answers go to, its key the channels it may speak for; both must fit, and neither
    may be missing (Bot Connector authentication reference). Teams activities must be of our own tenant.
    """
    service = text_of(activity.get("serviceUrl"))
    claimed = text_of(proof.claims.get("serviceurl")) or text_of(proof.claims.get("serviceUrl"))
    if not service or service.rstrip("/") != claimed.rstrip("/"):
        raise BadSignature("service_url")
    if not settings.trusts(service):
        raise BadSignature("service_host")
    channel = text_of(activity.get("channelId"))
    if not channel or channel not in proof.endorsements:
        raise BadSignature("endorsement")
    if channel == TEAMS and _tenant(activity) != settings.tenant_id:
        raise BadSignature("tenant")


def _tenant(activity: Json) -> str:
    """The tenant; empty when the two places that name it disagree."""
    named = text_of(part(activity, "channelData", "tenant").get("id"))
    also = text_of(part(activity, "conversation").get("tenantId"))
    return (named or also) if not (named and also and named != also) else ""


def _refusal(request: web.Request, status: int, reason: str) -> web.Response:
    """The same body for everything that is wrong; the reason goes to the log."""
    structlog.get_logger().warning("refused", where=request.path, reason=reason, status=status)
    names = {400: "bad_request", 408: "timeout", 413: "too_large"}
    response = web.json_response({"error": names.get(status, "unauthorized")}, status=status)
    response.force_close()
    return response
