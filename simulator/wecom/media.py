"""Temporary media: what is uploaded or sent gets an id that is good for three days (WeCom docs 90253, 90254)."""

from __future__ import annotations

import mimetypes
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from aiohttp import BodyPartReader, web

from simulator.wecom.answers import Refusal, granted
from simulator.wecom.limits import Limits
from simulator.world import World

_MEGABYTE = 1024 * 1024
_LARGEST = {"image": 10 * _MEGABYTE, "voice": 2 * _MEGABYTE, "video": 10 * _MEGABYTE, "file": 20 * _MEGABYTE}
_SMALLEST = 6
_ENDINGS = {"image": (".jpg", ".jpeg", ".png"), "voice": (".amr",), "video": (".mp4",)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Medium:
    """One file."""

    kind: str
    name: str
    data: bytes
    until: datetime


class MediaStore:
    """All files of the company."""

    def __init__(self, world: World, limits: Limits) -> None:
        self._world = world
        self._limits = limits
        self._media: dict[str, Medium] = {}

    def routes(self) -> list[web.RouteDef]:
        """Where the world page shows a file from."""
        return [web.get("/control/wecom/media/{media_id}", self.show)]

    def keep(self, kind: str, name: str, data: bytes) -> str:
        """Store a file and give its id. Raises Refusal for a wrong kind, ending or size."""
        if kind not in _LARGEST or not name.lower().endswith(_ENDINGS.get(kind, "")):
            raise Refusal(40004, f"{name} cannot be a {kind}; endings: {_ENDINGS.get(kind, 'any')}")
        if not _SMALLEST <= len(data) <= _LARGEST[kind]:
            raise Refusal(40006, f"a {kind} has {_SMALLEST} to {_LARGEST[kind]} bytes")
        media_id = secrets.token_urlsafe(32)
        until = self._world.clock.now() + timedelta(days=self._limits.media_days)
        self._media[media_id] = Medium(kind=kind, name=name, data=data, until=until)
        return media_id

    def take(self, media_id: str) -> Medium:
        """A file that is still there. Raises Refusal (40007)."""
        medium = self._media.get(media_id)
        if medium is None or self._world.clock.now() > medium.until:
            raise Refusal(40007, "media_id unknown or older than three days")
        return medium

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """POST a file as multipart/form-data under the name `media`."""
        if not request.content_type.startswith("multipart/"):
            raise Refusal(40058, "not multipart")
        part = await (await request.multipart()).next()
        if not isinstance(part, BodyPartReader) or part.name != "media" or not part.filename:
            raise Refusal(40058, "no part called media with a file name")
        kind, data = request.query.get("type", ""), bytes(await part.read())
        media_id = self.keep(kind, part.filename, data)
        now = str(int(self._world.clock.now().timestamp()))
        return granted({"type": kind, "media_id": media_id, "created_at": now})

    async def get(self, request: web.Request) -> web.StreamResponse:
        """The bytes of a file; a refusal is JSON."""
        return _file(self.take(request.query.get("media_id", "")))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The bytes of a file for the world page."""
        try:
            return _file(self.take(request.match_info["media_id"]))
        except Refusal as refusal:
            return web.json_response({"error": refusal.rule}, status=404)


def _file(medium: Medium) -> web.Response:
    kind = mimetypes.guess_type(medium.name)[0] or "application/octet-stream"
    shown = medium.name.encode("ascii", "replace").decode().replace('"', "").replace("\r", "").replace("\n", "")
    headers = {
        "Content-Disposition": f"attachment; filename=\"{shown}\"; filename*=UTF-8''{quote(medium.name)}",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(body=medium.data, content_type=kind, headers=headers)
