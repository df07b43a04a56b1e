"""The door of every API path: faults, trusted address, token, frequency and JSON, then the handler; refusals logged.

Fault places are `wecom.api` + path, e.g. `wecom.api/cgi-bin/kf/send_msg`; `throttle` answers 45009, `error` answers -1.
Log entry: `refused` with rule, status (the errcode) and path.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import orjson
from aiohttp import web

from simulator.faults import Handler as WebHandler
from simulator.wecom.answers import Refusal, granted, refused
from simulator.wecom.call import Call, Handler
from simulator.wecom.limits import Limits, Window
from simulator.wecom.tokens import Tokens
from simulator.world import World

PREFIX = "/wecom/cgi-bin"


class Gate:
    """Turns handlers of calls into routes."""

    def __init__(self, world: World, limits: Limits, tokens: Tokens) -> None:
        self._world = world
        self._limits = limits
        self._tokens = tokens
        self._windows: dict[str, Window] = {}
        self.counts: Counter[str] = Counter()

    def free(self, path: str, handler: Handler) -> web.RouteDef:
        """A path that needs no token: gettoken alone."""

        async def respond(request: web.Request) -> web.StreamResponse:
            return granted(await handler(await _read(path, request)))

        return web.get(PREFIX + path, self._outer(path, respond))

    def guarded(self, path: str, handler: Handler) -> list[web.RouteDef]:
        """A path behind the token that takes JSON, by GET and POST alike as the platform does."""

        async def respond(request: web.Request) -> web.StreamResponse:
            return granted(await handler(await _read(path, request)))

        return self.raw(path, respond)

    def raw(self, path: str, respond: WebHandler) -> list[web.RouteDef]:
        """A path behind the token whose handler reads and answers bytes itself."""

        async def checked(request: web.Request) -> web.StreamResponse:
            if not self._limits.trusted_ip:
                raise Refusal(60020, "address not on the trusted list")
            self._tokens.check(request.query.get("access_token"))
            return await respond(request)

        outer = self._outer(path, checked)
        return [web.get(PREFIX + path, outer), web.post(PREFIX + path, outer)]

    def _outer(self, path: str, respond: WebHandler) -> WebHandler:
        place = f"wecom.api/cgi-bin{path}"

        async def inner(request: web.Request) -> web.StreamResponse:
            try:
                await self._bad_day(place)
                self._count(path)
                return await respond(request)
            except Refusal as refusal:
                await self._world.log.add(
                    "wecom", "refused", rule=refusal.rule, status=refusal.errcode, path=f"/cgi-bin{path}"
                )
                return refused(refusal, request.remote)

        async def outer(request: web.Request) -> web.StreamResponse:
            return await self._world.faults.serve(place, request, inner)

        return outer

    async def _bad_day(self, place: str) -> None:
        if await self._world.faults.take(place, "throttle"):
            raise Refusal(45009, "fault: throttle")
        if await self._world.faults.take(place, "error"):
            raise Refusal(-1, "fault: error")

    def _count(self, path: str) -> None:
        self.counts[path] += 1
        window = self._windows.setdefault(path, Window(self._world.clock.now, timedelta(minutes=1)))
        if not window.hit(self._limits.api_per_minute):
            raise Refusal(45009, "too many calls of this API a minute")


async def _read(path: str, request: web.Request) -> Call:
    body: object = {}
    if request.method == "POST" and (raw := await request.read()):
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise Refusal(40058, "Warning: wrong json format.") from error
    if not isinstance(body, dict):
        raise Refusal(40058, "Warning: wrong json format.")
    return Call(path=path, query=dict(request.query), body=body)
