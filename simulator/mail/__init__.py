"""Mail: an SMTP server that plays the internet's MX, the mailboxes of everybody in the world, and their
owners' acts.

Started with `routes(world)` and `await start(world)`, ended with `await stop(world)`. Other servers hand
mails over with `world.rooms["mail"].deliver(raw, sender, recipients)`.
"""

from __future__ import annotations

from aiohttp import web

from simulator.mail import control, sink
from simulator.mail.room import MailRoom
from simulator.world import World

__all__ = ["MailRoom", "routes", "start", "stop"]


def routes(world: World) -> list[web.RouteDef]:
    """Open the mail room and return its control routes."""
    return control.routes(_room(world))


async def start(world: World) -> int:
    """Listen for mail; returns the port."""
    await sink.listen(_room(world))
    return _room(world).smtp_port


async def stop(world: World) -> None:
    """Stop listening and end every open session."""
    room = _room(world)
    if room.server is not None:
        room.server.close()
        await room.server.wait_closed()


def _room(world: World) -> MailRoom:
    room = world.rooms.setdefault("mail", MailRoom(world))
    if not isinstance(room, MailRoom):
        raise TypeError("the mail room holds something else")
    return room
