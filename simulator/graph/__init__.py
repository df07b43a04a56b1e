"""Microsoft Graph, as far as the hub uses it: team, channels, people, presence, mail, change notifications."""

from __future__ import annotations

from aiohttp import web

from simulator.graph import mail, people, subscriptions, teamwork
from simulator.world import World


def routes(world: World) -> list[web.RouteDef]:
    """Everything under /graph/v1.0, and its control calls."""
    return [*teamwork.routes(world), *people.routes(world), *mail.routes(world), *subscriptions.routes(world)]
