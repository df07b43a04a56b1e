"""Switches of the WeCom world that no person has: limits, dead tokens, URL verification, counts of calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from pydantic import ValidationError

from simulator.wecom.callbacks import Callbacks
from simulator.wecom.control import ImpossibleError, Nothing, Wish, get, post
from simulator.wecom.gate import Gate
from simulator.wecom.limits import Limits
from simulator.wecom.tokens import Tokens


class _Change(Wish):
    limits: dict[str, bool | int | float | list[float]]


class Switches:
    """Handlers of the control calls that change the platform itself."""

    def __init__(self, limits: Limits, tokens: Tokens, gate: Gate, callbacks: Callbacks) -> None:
        self._limits = limits
        self._tokens = tokens
        self._gate = gate
        self._callbacks = callbacks

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            post("/limits", _Change, self.change),
            get("/limits", Nothing, self.show),
            post("/revoke_token", Nothing, self._do(self._tokens.revoke)),
            post("/expire_token", Nothing, self._do(self._tokens.expire)),
            post("/verify", Nothing, self.verify),
            get("/counts", Nothing, self.counts),
        ]

    async def change(self, wish: _Change) -> object:
        """Set some of the platform's numbers."""
        try:
            Limits.model_validate({**self._limits.model_dump(), **wish.limits})
            for name, value in wish.limits.items():
                setattr(self._limits, name, value)
        except ValidationError as error:
            raise ImpossibleError(str(error)) from error
        return self._limits.model_dump()

    async def show(self, _: Nothing) -> object:
        """The platform's numbers as they are."""
        return self._limits.model_dump()

    async def verify(self, _: Nothing) -> object:
        """The admin saves the callback URL: WeCom verifies it."""
        return await self._callbacks.verify()

    async def counts(self, _: Nothing) -> object:
        """How often each path was called."""
        return {"calls": dict(self._gate.counts), "gettoken": self._tokens.calls}

    def _do(self, action: Callable[[], None]) -> Callable[[Nothing], Awaitable[object]]:
        async def handler(_: Nothing) -> object:
            action()
            return {}

        return handler
