"""What happens in the world, told to the page as it happens, by server-sent events."""

from __future__ import annotations

import asyncio

import orjson
from aiohttp import web

from simulator.log import Entry
from simulator.player import player
from simulator.world import World

_BACKLOG = 300
"""Entries a page that opens now is told of the past."""
_QUIET = 15.0
"""Wall seconds after which a silent stream says it is alive."""
_LONGEST = 400


async def stream(world: World, request: web.Request) -> web.StreamResponse:
    """Log entries as `entry` events, numbered and resumed by Last-Event-ID; `clock` and `story` as they stand."""
    response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    response.content_type = "text/event-stream"
    response.charset = "utf-8"
    await response.prepare(request)
    seq, version, changes, room = _start(world, request), 0, -1, player(world)
    try:
        while True:
            entries = world.log.entries[seq:]
            parts = [_event("entry", _short(entry), entry.seq) for entry in entries]
            seq += len(entries)
            if world.clock.version != version:
                version = world.clock.version
                parts.append(_event("clock", clock_facts(world)))
            if room.changes != changes:
                changes = room.changes
                parts.append(_event("story", room.told()))
            await response.write(b"".join(parts) or b": quiet\n\n")
            await _news(world, seq, version, changes)
    except ConnectionResetError:
        return response


def clock_facts(world: World) -> dict[str, object]:
    """The clock as the page shows it."""
    clock = world.clock
    return {"now": clock.now().isoformat(), "version": clock.version, "running": clock.running}


async def _news(world: World, seq: int, version: int, changes: int) -> None:
    """Wait for a log entry, a move of the clock or of the story."""
    waits = [
        asyncio.ensure_future(world.log.after(seq, _QUIET)),
        asyncio.ensure_future(world.clock.changed(version, _QUIET)),
        asyncio.ensure_future(player(world).changed(changes, _QUIET)),
    ]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


def _start(world: World, request: web.Request) -> int:
    seen = request.headers.get("Last-Event-ID", "")
    newest = len(world.log.entries)
    return min(int(seen), newest) if seen.isascii() and seen.isdigit() and len(seen) < 12 else max(0, newest - _BACKLOG)


def _short(entry: Entry) -> dict[str, object]:
    """The entry without its bulk: cards and bodies are fetched where they are shown."""
    data = {name: _cut(value) for name, value in entry.data.items() if isinstance(value, str | int | float | None)}
    return {"seq": entry.seq, "at": entry.at.isoformat(), "place": entry.place, "kind": entry.kind, "data": data}


def _cut(value: object) -> object:
    return value[:_LONGEST] + "…" if isinstance(value, str) and len(value) > _LONGEST else value


def _event(name: str, value: object, seq: int | None = None) -> bytes:
    number = f"id: {seq}\n" if seq is not None else ""
    return f"event: {name}\n{number}data: ".encode() + orjson.dumps(value) + b"\n\n"
