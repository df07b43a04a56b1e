"""The open API: what other sites and programs may ask of the hub. Described at /api/v1/openapi.json."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
from aiohttp import web

from bots.logs import logger
from connectors.contract import WebChat
from rules.errors import BadRequest, NotAllowed, PlatformAway
from sidebar.inside.pace import Pace
from sidebar.openapi import CODES, PREFIX, document
from sidebar.outside.page import read_body

TOKEN = f"{PREFIX}/webchat/token"
LONGEST_BODY = 1024
RETRY_SECONDS = {429: 60, 503: 5}


def routes(webchat: WebChat | None, proxies: Sequence[str]) -> Sequence[web.RouteDef]:
    """/api/v1/... ; without a web chat its route is not there (404)."""
    desk = _Desk(webchat=webchat, proxies=frozenset(proxies))
    described = orjson.dumps(document())

    async def describe(_: web.Request) -> web.Response:
        return web.Response(body=described, content_type="application/json")

    return (
        web.post(TOKEN, desk.token),
        web.options(TOKEN, desk.preflight),
        web.get(f"{PREFIX}/openapi.json", describe),
    )


@dataclass(kw_only=True)
class _Desk:
    """Hands out tokens for web chat."""

    webchat: WebChat | None
    proxies: frozenset[str]
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        self.pace = Pace(per_minute=self.webchat.per_minute if self.webchat else 1, wall=time.monotonic)

    async def token(self, request: web.Request) -> web.Response:
        """A token for one visitor. Raises NotAllowed where there is no web chat, BadRequest for a body with wishes."""
        chat, origin = self._asked(request)
        if not chat.trusts(origin):
            return _refusal(403)
        if not self.pace.allows(caller(request, self.proxies)):
            return _refusal(429, origin)
        if (await read_body(request, LONGEST_BODY)).strip() not in (b"", b"{}"):
            raise BadRequest("nothing can be wished for")
        try:
            admitted = await chat.admit(origin)
        except PlatformAway as away:
            logger().warning("webchat_away", error=str(away))
            return _refusal(503, origin)
        told = {
            "token": admitted.token,
            "conversationId": admitted.conversation_id,
            "expires_in": admitted.expires_in,
        }
        return web.json_response(told, headers=_cors(origin))

    async def preflight(self, request: web.Request) -> web.Response:
        """A browser asks whether the page may ask."""
        chat, origin = self._asked(request)
        if not chat.trusts(origin):
            return _refusal(403)
        allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "content-type"}
        return web.Response(status=204, headers=_cors(origin) | allowed | {"Access-Control-Max-Age": "600"})

    def _asked(self, request: web.Request) -> tuple[WebChat, str]:
        if self.webchat is None:
            raise NotAllowed("no web chat")
        return self.webchat, request.headers.get("Origin", "")


def caller(request: web.Request, proxies: frozenset[str]) -> str:
    """Who is calling: the peer's address, or the one our own proxy saw, told in the last foreign X-Forwarded-For."""
    peer = request.remote or ""
    if peer not in proxies:
        return peer
    hops = [hop.strip() for line in request.headers.getall("X-Forwarded-For", []) for hop in line.split(",")]
    return next((hop for hop in reversed(hops) if hop and hop not in proxies), peer)[:64]


def _cors(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}


def _refusal(status: int, origin: str = "") -> web.Response:
    code, words = CODES[status]
    headers = _cors(origin) if origin else {}
    if status in RETRY_SECONDS:
        headers["Retry-After"] = str(RETRY_SECONDS[status])
    return web.json_response({"error": code, "message": words}, status=status, headers=headers)
