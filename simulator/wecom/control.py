"""The plumbing of /control/wecom/...: strict JSON in, JSON out; 400 what is wrong with it, 404 nobody of that name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict

PREFIX = "/control/wecom"


class Wish(BaseModel):
    """What a caller of the control API wants; every body is one of these."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Wish):
    """A call that needs no body."""


class ImpossibleError(Exception):
    """A person could not do this in her client as things stand: 400 with the reason."""


W = TypeVar("W", bound=Wish)


def post(path: str, model: type[W], handler: Callable[[W], Awaitable[object]]) -> web.RouteDef:
    """A control call with a JSON body."""

    async def serve(request: web.Request) -> web.Response:
        return await _answer(model.model_validate_json, await request.read() or b"{}", handler)

    return web.post(PREFIX + path, serve)


def get(path: str, model: type[W], handler: Callable[[W], Awaitable[object]]) -> web.RouteDef:
    """A control question whose fields stand in the query."""

    async def serve(request: web.Request) -> web.Response:
        return await _answer(lambda _: model.model_validate(dict(request.query)), b"", handler)

    return web.get(PREFIX + path, serve)


async def _answer(parse: Callable[[bytes], W], raw: bytes, handler: Callable[[W], Awaitable[object]]) -> web.Response:
    try:
        return web.json_response(await handler(parse(raw)))
    except (ValueError, ImpossibleError) as error:  # pydantic's ValidationError and yarl's bad URLs are ValueErrors
        return web.json_response({"error": str(error)}, status=400)
    except KeyError as error:
        return web.json_response({"error": f"nobody and nothing is called {error}"}, status=404)
