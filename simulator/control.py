"""The control API for the world as a whole: people, clock, log, counts and faults.

Pushing the clock is the one hard part: time moves in stops, and at each stop the hub and the simulator first finish
what has fallen due. Log entries: `clock` / `pushed` (to, stops).
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import get_args

import orjson
from aiohttp import ClientError, ClientTimeout, web

from simulator.faults import Fault, Kind
from simulator.log import Log
from simulator.wire import Json, answer, asked, control_body, wrong
from simulator.world import Settings, World

POLL_EVERY = 0.02
SETTLE_LIMIT = 60.0
"""Wall seconds one stop may take."""
LONGEST_WAIT = 60.0
"""Wall seconds of the longest long-poll."""


class Unsettled(Exception):
    """The hub or the simulator still had work when the time was over."""

    def __init__(self, last: Json) -> None:
        super().__init__("the hub did not come to rest")
        self.last = last


class Pusher:
    """Moves the virtual clock, one push at a time."""

    def __init__(self, world: World, limit: float = SETTLE_LIMIT) -> None:
        self._world = world
        self._limit = limit
        self._one = asyncio.Lock()

    async def push(self, target: datetime) -> list[datetime]:
        """Move to `target` with a stop at every due time on the way; returns the stops. Raises Unsettled."""
        stops: list[datetime] = []
        clock = self._world.clock
        async with self._one:
            hub_due = await self._settled()
            while clock.now() < target:
                due = [moment for moment in (hub_due, clock.next_due()) if moment is not None]
                await clock.jump(min([target, *due]))
                stops.append(clock.now())
                hub_due = await self._settled()
        return stops

    async def settle(self) -> None:
        """Wait until hub and simulator are at rest. Raises Unsettled."""
        async with self._one:
            await self._settled()

    async def _settled(self) -> datetime | None:
        """Wait for two quiet answers in a row; returns when the hub is due next."""
        begun, quiet, last = time.monotonic(), 0, Json()
        while time.monotonic() - begun < self._limit:
            last = await self._ask()
            quiet = quiet + 1 if self._is_quiet(last) else 0
            if quiet == 2:
                return _moment(last.get("next_due"))
            await asyncio.sleep(POLL_EVERY)
        raise Unsettled(last | {"calls_out": self._world.calls_out})

    def _is_quiet(self, told: Json) -> bool:
        """Whether nothing is left to do at this moment, on either side."""
        if told.get("ready") is not True or told.get("pending") != 0 or self._world.calls_out:
            return False
        version, due = told.get("clock_version"), _moment(told.get("next_due"))
        if not isinstance(version, int) or version < self._world.clock.version:
            return False
        own = self._world.clock.next_due()
        return all(moment is None or moment > self._world.clock.now() for moment in (due, own))

    async def _ask(self) -> Json:
        """The hub's own word on how it is doing; a hub that cannot be reached is not ready."""
        url, limit = f"{self._world.settings.hub_url}/readyz", ClientTimeout(total=5)
        try:
            async with self._world.http.get(url, timeout=limit) as response:
                told = orjson.loads(await response.read())
        except (ClientError, TimeoutError, orjson.JSONDecodeError) as fault:
            return {"ready": False, "error": type(fault).__name__}
        return told if isinstance(told, dict) else {"ready": False}


def _moment(value: object) -> datetime | None:
    """An ISO time with its zone, or None."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def counts(log: Log) -> Json:
    """The numbers every story ends with, wake-up mails in customers' mailboxes included."""
    mails = [e.data for e in log.entries if e.kind == "mail_arrived" and e.data.get("customer")]
    wakeups = sum(1 for mail in mails if str(mail.get("tower_mail")).lower() == "wakeup")
    return asdict(log.counts()) | {"wakeups": wakeups}


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        wrong(f"`{name}` is not a number")


def _clock_json(world: World) -> Json:
    clock = world.clock
    return {"now": clock.now().isoformat(), "version": clock.version, "running": clock.running}


def _target(world: World, body: Json) -> datetime:
    """Where a push goes. Raises HTTPBadRequest."""
    seconds = body.get("push_seconds")
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds >= 0:
        return world.clock.now() + timedelta(seconds=seconds)
    moment = _moment(asked(body, "to"))
    if moment is None or moment < world.clock.now():
        wrong("`to` is no ISO time with a zone, or lies in the past")
    return moment


async def _push(world: World, pusher: Pusher, body: Json) -> web.StreamResponse:
    if isinstance(body.get("running"), bool):
        await world.clock.set_running(body["running"] is True)
        return answer(_clock_json(world) | {"stops": []})
    target = _target(world, body)
    try:
        stops = await pusher.push(target)
    except Unsettled as fault:
        return answer({"error": str(fault), "last": fault.last}, 504)
    await world.log.add("clock", "pushed", to=target.isoformat(), stops=len(stops))
    return answer(_clock_json(world) | {"stops": [stop.isoformat() for stop in stops]})


def _fault(body: Json) -> Fault:
    """The fault a call describes. Raises HTTPBadRequest."""
    kind, kinds = asked(body, "kind"), get_args(Kind)
    if kind not in kinds:
        wrong(f"`kind` is none of {', '.join(kinds)}")
    fault = Fault(place=asked(body, "place"), kind=kind)  # type: ignore[arg-type]
    for name in ("times", "seconds", "status"):
        value = body.get(name, getattr(fault, name))
        if isinstance(value, bool) or not isinstance(value, int | float):
            wrong(f"`{name}` is not a number")
        setattr(fault, name, value)
    return fault


def _clock_routes(world: World, pusher: Pusher) -> list[web.RouteDef]:
    async def read(request: web.Request) -> web.StreamResponse:
        if "after" in request.query:
            wait = _number(request.query.get("wait", "25"), "wait")
            after = round(_number(request.query["after"], "after"))
            await world.clock.changed(after, min(wait, LONGEST_WAIT))
        return answer(_clock_json(world))

    async def push(request: web.Request) -> web.StreamResponse:
        return await _push(world, pusher, await control_body(request))

    async def settle(_: web.Request) -> web.StreamResponse:
        try:
            await pusher.settle()
        except Unsettled as fault:
            return answer({"error": str(fault), "last": fault.last}, 504)
        return answer(_clock_json(world))

    return [
        web.get("/clock", read),
        web.post("/control/clock", push),
        web.post("/control/settle", settle),
    ]


def _log_routes(world: World) -> list[web.RouteDef]:
    async def entries(request: web.Request) -> web.StreamResponse:
        after = max(0, round(_number(request.query.get("after", "0"), "after")))
        wait = _number(request.query.get("wait", "0"), "wait")
        found = await world.log.after(after, min(wait, LONGEST_WAIT))
        return answer({"entries": [entry.as_json() for entry in found]})

    async def numbers(_: web.Request) -> web.StreamResponse:
        return answer(counts(world.log))

    return [web.get("/control/log", entries), web.get("/control/counts", numbers)]


def _fault_routes(world: World) -> list[web.RouteDef]:
    def active() -> Json:
        return {"faults": [asdict(fault) for fault in world.faults.active]}

    async def read(_: web.Request) -> web.StreamResponse:
        return answer(active())

    async def switch(request: web.Request) -> web.StreamResponse:
        world.faults.set(_fault(await control_body(request)))
        return answer(active())

    async def clear(_: web.Request) -> web.StreamResponse:
        world.faults.clear()
        return answer(active())

    path = "/control/faults"
    return [web.get(path, read), web.post(path, switch), web.delete(path, clear)]


def people(settings: Settings) -> Json:
    """Who lives in this world; no secrets."""
    return {
        "people": [person.model_dump(mode="json") for person in settings.people],
        "employees": [employee.model_dump(mode="json") for employee in settings.employees],
    }


def routes(world: World) -> list[web.RouteDef]:
    """People, clock, log, counts and faults."""
    pusher = Pusher(world)

    async def everybody(_: web.Request) -> web.StreamResponse:
        return answer(people(world.settings))

    return [
        web.get("/control/people", everybody),
        *_clock_routes(world, pusher),
        *_log_routes(world),
        *_fault_routes(world),
    ]
