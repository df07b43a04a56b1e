"""Reads the body of an inbound call: bounded in size, time and depth, and strict about what JSON is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

import orjson
from aiohttp import web

from rules.errors import BadRequest

Json = Mapping[str, object]
MAX_DEPTH = 32


async def read_body(request: web.Request, *, limit: int, seconds: float) -> bytes:
    """The whole body. Raises BadRequest (413 too long, 408 too slow, 400 broken)."""
    if (request.content_length or 0) > limit:
        raise BadRequest("too_long", status=413)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise BadRequest("too_long", status=413)
    except TimeoutError:
        raise BadRequest("too_slow", status=408) from None
    except (web.RequestPayloadError, OSError, ValueError):
        raise BadRequest("broken_body") from None
    return bytes(body)


def parse(body: bytes) -> dict[str, object]:
    """The JSON object of a body: UTF-8, no NaN, no lone surrogate, no NUL, not deep. Raises BadRequest."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest("not_json") from None
    if not isinstance(value, dict):
        raise BadRequest("not_an_object")
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        _check_depth(value)
    if b"\\u0000" in body:
        _check_nul(value)
    return value


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise BadRequest("too_deep")


def _check_nul(value: object) -> None:
    pending = [value]
    while pending:
        item = pending.pop()
        pending.extend(_inside(item))
        names = item.keys() if isinstance(item, dict) else ()
        if (isinstance(item, str) and "\0" in item) or any("\0" in name for name in names):
            raise BadRequest("nul_character")


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def part(value: object, *names: str) -> Json:
    """The object found by walking `names`; empty when something on the way is missing or no object."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str:
    """The string itself, or nothing."""
    return value if isinstance(value, str) else ""


def listed(value: object) -> list[Json]:
    """The objects of a list; empty for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
