"""One switchboard for bad days: every server asks it before it answers or calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from simulator.log import Log

Kind = Literal["delay", "drop", "lose_answer", "duplicate", "reorder", "throttle", "error"]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(kw_only=True)
class Fault:
    """One thing that goes wrong at one place, a number of times."""

    place: str
    """A prefix of the places below: `teams.service`, `graph`, `wecom.api/cgi-bin/kf/send_msg`, `teams.out`,
    `wecom.out`, `mail.in` ..."""
    kind: Kind
    """`delay` waits `seconds` (wall); `drop` breaks the connection before anything is done; `lose_answer` does the work
    and breaks the connection before the answer; `duplicate` and `reorder` are for calls to the hub (`*.out`);
    `throttle` is the platform's own too-many-requests answer with `seconds` as Retry-After; `error` a 500/502/503/504
    with status `status`."""
    times: int = 1
    seconds: float = 1.0
    status: int = 500


class Faults:
    """The faults that are switched on now."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.active: list[Fault] = []

    def set(self, fault: Fault) -> None:
        """Switch a fault on."""
        self.active.append(fault)

    def clear(self) -> None:
        """Switch everything off."""
        self.active.clear()

    async def take(self, place: str, *kinds: Kind) -> Fault | None:
        """The fault to act out at `place` now, if one of `kinds` is switched on there; counts it down and logs it."""
        for fault in self.active:
            if place.startswith(fault.place) and fault.kind in kinds:
                fault.times -= 1
                if fault.times <= 0:
                    self.active.remove(fault)
                await self._log.add("fault", fault.kind, where=place)
                return fault
        return None

    async def serve(self, place: str, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer `request` by `handler` with delay, drop and lose_answer acted out.

        `throttle` and `error` have a shape of their own on each platform: its servers ask `take` for those.
        """
        if fault := await self.take(place, "delay"):
            await asyncio.sleep(fault.seconds)
        if await self.take(place, "drop"):
            _break(request)
        response = await handler(request)
        if await self.take(place, "lose_answer"):
            _break(request)
        return response


def _break(request: web.Request) -> None:
    """End the connection without an answer, as a dying network does."""
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionResetError("fault: connection broken on purpose")
