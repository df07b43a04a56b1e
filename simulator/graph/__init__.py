"""Microsoft Graph, as far as the hub uses it: team, channels, people, presence, mail, change
notifications, and our own registration."""

from __future__ import annotations

from aiohttp import web

from simulator.graph import mail, people, registration, subscriptions, teamwork
from simulator.world import World


def routes(world: World) -> list[web.RouteDef]:
    """Everything under /graph/v1.0, and its control calls."""
    parts = (teamwork, people, mail, subscriptions, registration)
    return [route for part in parts for route in part.routes(world)]
