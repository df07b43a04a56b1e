"""The one web application: platform webhooks, pages and health, behind the same guards.

Every refusal looks alike and is counted; nothing an outsider sends becomes a 5xx; no room or no database is a 503.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import orjson
from aiohttp import web
from prometheus_client import generate_latest

from bots import metrics
from bots.logs import logger
from rules.errors import BadRequest, Refused, Unavailable

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
BODY_LIMIT = 1024 * 1024
"""Largest body of any request; the webhooks set tighter ones of their own."""


class Health(Protocol):
    """What the health pages ask."""

    async def state(self) -> Mapping[str, object]:
        """`ready` (bool), `pending` (work ready now), `next_due` (ISO or None), `clock_version` and more."""


def application(health: Health, routes: Sequence[web.RouteDef]) -> web.Application:
    """The application with everything mounted."""
    app = web.Application(middlewares=[guard], client_max_size=BODY_LIMIT)
    app.add_routes([*_health_routes(health), *routes])
    return app


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Map refusals to their status, count every refusal, whoever made it, and put the safe headers on every answer."""
    try:
        response = await handler(request)
    except Refused as refusal:
        response = _refused(refusal.status)
    except Unavailable:
        response = _plain(503, {"error": "not stored, try again"}, {"Retry-After": "5"})
    except web.HTTPException as refusal:
        if refusal.status >= 400:
            response = _refused(refusal.status)
        else:
            raise
    except ConnectionResetError:
        raise
    except Exception as broken:  # the web's last line: record and answer, never a traceback
        logger().error("request_failed", path=_route(request), error=type(broken).__name__, where=_where(broken))
        response = _plain(500, {"error": "internal"})
    if 400 <= response.status < 500:
        metrics.REFUSED.labels(_route(request), str(response.status)).inc()
    if response.prepared:
        return response
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Cache-Control", "no-store")
    if response.content_type == "text/html":
        response.headers.setdefault(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        )
    return response


async def read_json(request: web.Request) -> Mapping[str, object]:
    """The body as a JSON object, strictly. Raises BadRequest."""
    try:
        told = orjson.loads(await request.read())
    except (orjson.JSONDecodeError, RecursionError):
        raise BadRequest("not JSON") from None
    if not isinstance(told, dict):
        raise BadRequest("not a JSON object")
    return told


def _route(request: web.Request) -> str:
    """The route's pattern, never the path itself: paths carry tokens."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"


def _where(broken: BaseException) -> str:
    """File and line of the failure, without any value."""
    trace = broken.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else ""


def _refused(status: int) -> web.Response:
    return _plain(status, {"error": "refused"})


def _plain(status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response(dict(body), status=status, headers=headers)


def _health_routes(health: Health) -> list[web.RouteDef]:
    async def healthz(_: web.Request) -> web.Response:
        return _plain(200, {"ok": True})

    async def readyz(_: web.Request) -> web.Response:
        state = await health.state()
        return _plain(200 if state["ready"] else 503, state)

    async def expose(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(metrics.REGISTRY), content_type="text/plain")

    return [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", expose)]
