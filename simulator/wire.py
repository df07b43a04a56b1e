"""Small pieces of JSON that the Microsoft servers share: folded names, errors, time stamps, bodies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NoReturn

import orjson
from aiohttp import StreamReader, web

Json = dict[str, object]


def folded(value: object) -> object:
    """The value with every member name in lower case: the real services read names in any case."""
    if isinstance(value, dict):
        return {str(name).lower(): folded(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [folded(inner) for inner in value]
    return value


def part(value: object, *names: str) -> Json:
    """The object found by walking `names`; empty when something on the way is missing or no object."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Json]:
    """The objects of a list; empty for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


async def beginning(stream: StreamReader, most: int) -> bytes:
    """The first `most` bytes of a body, all of it where it is shorter, in however many pieces it comes."""
    found = bytearray()
    async for chunk in stream.iter_any():
        found += chunk
        if len(found) >= most:
            break
    return bytes(found[:most])


def text_of(value: object) -> str:
    """The string itself, or nothing."""
    return value if isinstance(value, str) else ""


async def json_body(request: web.Request) -> Json | None:
    """The request's JSON object, or None when it is not one."""
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def stamp(moment: datetime) -> str:
    """A time as Teams writes it: UTC with seven digits of fraction."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "7Z"


def answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json", headers=headers)


def asked(body: Json, name: str) -> str:
    """A string the control call must bring. Raises HTTPBadRequest."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        wrong(f"`{name}` is missing or not a text")
    return value


def wrong(message: str) -> NoReturn:
    """End a control call with 400."""
    raise web.HTTPBadRequest(text=_error(message), content_type="application/json")


def missing(message: str) -> NoReturn:
    """End a control call with 404."""
    raise web.HTTPNotFound(text=_error(message), content_type="application/json")


def _error(message: str) -> str:
    return orjson.dumps({"error": message}).decode()


async def control_body(request: web.Request) -> Json:
    """The JSON object of a control call; no body counts as an empty object. Raises HTTPBadRequest."""
    if not request.can_read_body:
        return {}
    body = await json_body(request)
    if body is None:
        wrong("the body is not a JSON object")
    return body
