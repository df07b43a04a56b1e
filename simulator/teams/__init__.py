"""Teams: the connector REST API for the bot, and the reps who write, press and read there."""

from __future__ import annotations

from aiohttp import web

from simulator import attachments, botframework
from simulator.teams import control, roster, service
from simulator.world import World


def routes(world: World) -> list[web.RouteDef]:
    """Everything of Teams: the service's signing documents, the connector, the control API."""
    return [
        *botframework.routes(world),
        *service.routes(world),
        *roster.routes(world),
        *control.routes(world),
        *attachments.routes(world, "smba"),
    ]
