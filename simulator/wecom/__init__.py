"""WeCom (企业微信) as a server of its own: kf, contacts, app messages, OAuth, JS-SDK and encrypted callbacks.

Everything is under `/wecom/cgi-bin/...`, `/wecom-open/...` and `/control/wecom/...`. Place in the log: `wecom`.
"""

from __future__ import annotations

from aiohttp import web

from simulator.wecom.room import Room
from simulator.world import World


def routes(world: World) -> list[web.RouteDef]:
    """The routes of the simulated WeCom; its state goes into `world.rooms["wecom"]`."""
    room = Room(world)
    world.rooms["wecom"] = room
    return room.routes()
