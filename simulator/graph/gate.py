"""The door of Microsoft Graph: app token, acted-out faults, throttling, and its error bodies."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from simulator.entra import GRAPH_AUDIENCE, entra
from simulator.rates import Rates, Window
from simulator.wire import Json, answer, folded, json_body, part, stamp
from simulator.world import Employee, World

V1 = "/graph/v1.0"
PER_TEAM = Window(calls=4, seconds=1)
"""Requests of one app on one team or channel (Graph throttling limits, Teams)."""


class Refusal(Exception):
    """Graph does not do it."""

    def __init__(self, status: int, code: str, text: str, *, inner: str = "", retry_after: int = 0) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text
        self.inner, self.retry_after = inner, retry_after


class GraphRoom:
    """What Graph itself remembers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rates = Rates(world.clock.now)
        self.presence: dict[str, tuple[str, str]] = {}
        """Availability and activity by aad id."""


def graph(world: World) -> GraphRoom:
    """The one Graph of this world."""
    room = world.rooms.get("graph")
    if not isinstance(room, GraphRoom):
        room = world.rooms["graph"] = GraphRoom(world)
    return room


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One authenticated call. `body` has its member names in lower case: Graph reads them in any case."""

    world: World
    room: GraphRoom
    request: web.Request
    body: Json = field(default_factory=dict)

    def named(self, name: str) -> str:
        """A segment of the path, decoded."""
        return self.request.match_info.get(name, "")

    def person(self) -> Employee:
        """The employee the path names by id or address. Raises Refusal."""
        key = self.named("user")
        for employee in self.world.settings.employees:
            if key.lower() in (employee.aad_id.lower(), employee.mail.lower()):
                return employee
        raise not_found(key)

    def limit(self, key: str, *windows: Window) -> None:
        """Count the call in its windows. Raises Refusal."""
        if wait := self.room.rates.take(key, *windows):
            raise Refusal(429, "TooManyRequests", "Too many requests.", retry_after=wait)

    def page(self, rows: list[Json]) -> web.Response:
        """One page of a collection, by $top and $skiptoken."""
        query = self.request.query
        size, start = query.get("$top", "100"), query.get("$skiptoken", "0")
        if not size.isdigit() or not start.isdigit():
            raise Refusal(400, "BadRequest", "Invalid page size or token.")
        end = int(start) + max(1, int(size))
        body: Json = {"@odata.count": len(rows), "value": rows[int(start) : end]}
        if end < len(rows):
            path = f"{self.world.base_url}{self.request.path}"
            body["@odata.nextLink"] = f"{path}?$top={size}&$skiptoken={end}"
        return answer(body)


Work = Callable[[Call], Awaitable[web.StreamResponse]]


def not_found(key: str) -> Refusal:
    """The answer for something that is not there."""
    text = f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
    return Refusal(404, "Request_ResourceNotFound", text)


def _error(world: World, refusal: Refusal) -> web.Response:
    inner: Json = {"date": stamp(world.clock.now())[:19], "request-id": secrets.token_hex(16)}
    if refusal.inner:
        inner["code"] = refusal.inner
    body: Json = {"error": {"code": refusal.code, "message": refusal.text, "innerError": inner}}
    wait = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else {}
    return answer(body, refusal.status, wait)


async def _bad_day(world: World, place: str) -> None:
    """The faults that have a shape of their own here."""
    if fault := await world.faults.take(place, "throttle"):
        raise Refusal(429, "TooManyRequests", "Too many requests.", retry_after=max(1, round(fault.seconds)))
    if fault := await world.faults.take(place, "error"):
        raise Refusal(fault.status, "ServiceNotAvailable", "The service is temporarily unavailable.")


async def _body(request: web.Request) -> Json:
    """The body of a JSON call, names folded; empty for other content types. Raises Refusal."""
    if not request.can_read_body or request.content_type != "application/json":
        return {}
    body = await json_body(request)
    if body is None:
        raise Refusal(400, "BadRequest", "Unable to read JSON request payload.")
    return part(folded(body))


def doing(world: World, operation: str, work: Work) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A route handler that does `work` behind the door; `graph/<operation>` is its place for faults."""
    place = f"graph/{operation}"

    async def refused(refusal: Refusal) -> web.Response:
        rule, status = refusal.inner or refusal.code, refusal.status
        await world.log.add("graph", "refused", rule=rule, status=status, operation=operation)
        return _error(world, refusal)

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            await _bad_day(world, place)
            call = Call(world=world, room=graph(world), request=request, body=await _body(request))
            return await work(call)
        except Refusal as refusal:
            return await refused(refusal)

    async def handler(request: web.Request) -> web.StreamResponse:
        if not entra(world).allows(request, GRAPH_AUDIENCE):
            return await refused(Refusal(401, "InvalidAuthenticationToken", "Access token validation failure."))
        return await world.faults.serve(place, request, handle)

    return handler
