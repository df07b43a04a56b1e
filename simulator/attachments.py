"""Contents that came with activities, kept for a day.

Addresses: /smba/v3/attachments/{id}/views/original, behind the bot's token (Teams, files in bots: inline images), and
/{channel}/v3/attachments/{id}/views/original, open (Direct Line, send an attachment by upload: gone after 24 hours).
Doubtful: the real Direct Line's address has another shape; only that it is open is documented.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiohttp import web

from simulator.entra import BOT_AUDIENCE, entra
from simulator.wire import Json
from simulator.world import World

LARGEST = 4 * 1024 * 1024
"""Bytes of one upload. Doubtful: Direct Line's page gives no number, the Bot Connector's says 4 MB."""
LIFE = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One content."""

    name: str
    kind: str
    data: bytes
    until: datetime
    place: str
    """`smba`, `directline` or `webchat`."""


@dataclass(kw_only=True)
class Attachments:
    """All contents of a world."""

    world: World
    kept: dict[str, Kept] = field(default_factory=dict)

    def keep(self, place: str, name: str, kind: str, data: bytes) -> Json:
        """Store a content; the attachment an activity carries for it."""
        key = secrets.token_urlsafe(24)
        until = self.world.clock.now() + LIFE
        self.kept[key] = Kept(name=name, kind=kind, data=data, until=until, place=place)
        url = f"{self.world.base_url}/{place}/v3/attachments/{key}/views/original"
        return {"contentType": kind, "contentUrl": url, "name": name}

    async def show(self, request: web.Request) -> web.StreamResponse:
        """A content."""
        return await self.world.faults.serve(f"{request.match_info['place']}.attachments", request, self._show)

    async def _show(self, request: web.Request) -> web.StreamResponse:
        place, found = request.match_info["place"], self.kept.get(request.match_info["key"])
        if place == "smba" and not entra(self.world).allows(request, BOT_AUDIENCE):
            return web.json_response({"error": {"code": "Unauthorized"}}, status=401)
        if found is None or found.place != place or self.world.clock.now() > found.until:
            return web.json_response({"error": {"code": "NotFound"}}, status=404)
        return web.Response(body=found.data, content_type=found.kind.partition(";")[0])


def attachments(world: World) -> Attachments:
    """The one store of this world."""
    room = world.rooms.get("attachments")
    if not isinstance(room, Attachments):
        room = world.rooms["attachments"] = Attachments(world=world)
    return room


def routes(world: World, *places: str) -> list[web.RouteDef]:
    """Where these places show contents."""
    store = attachments(world)
    return [web.get(f"/{{place:{place}}}/v3/attachments/{{key}}/views/original", store.show) for place in places]
