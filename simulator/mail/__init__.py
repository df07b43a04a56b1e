"""Mail: an SMTP server that plays the internet's MX, the mailboxes of everybody in the world and their owners' acts,
and the name server that tells what the company published about its mail.

Started with `routes(world)` and `await start(world)`, ended with `await stop(world)`. Other servers hand
mails over with `world.rooms["mail"].deliver(raw, sender, recipients)`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from simulator.mail import control, sink
from simulator.mail.names import Names
from simulator.mail.room import MailRoom
from simulator.wire import answer, control_body, wrong
from simulator.world import World

__all__ = ["MailRoom", "routes", "start", "stop"]


def routes(world: World) -> list[web.RouteDef]:
    """Open the mail room and return its control routes."""
    return [*control.routes(_room(world)), web.post("/control/mail/names", _forget(_names(world)))]


def _forget(names: Names) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The switch: `{"missing": ["spf", "dkim", "dmarc", "mx"]}`, as many as one likes."""

    async def change(request: web.Request) -> web.StreamResponse:
        missing = (await control_body(request)).get("missing")
        if not isinstance(missing, list) or not set(missing) <= {"spf", "dkim", "dmarc", "mx"}:
            wrong("`missing` is a list of spf, dkim, dmarc, mx")
        names.missing = set(missing)
        return answer({"missing": sorted(names.missing)})

    return change


async def start(world: World) -> int:
    """Listen for mail; returns the port."""
    await sink.listen(_room(world))
    if world.settings.dns_port:
        await _names(world).start(world.settings.host, world.settings.dns_port)
    return _room(world).smtp_port


async def stop(world: World) -> None:
    """Stop listening and end every open session."""
    _names(world).stop()
    room = _room(world)
    if room.server is not None:
        room.server.close()
        await room.server.wait_closed()


def _names(world: World) -> Names:
    names = world.rooms.setdefault("mail.names", Names(world))
    if not isinstance(names, Names):
        raise TypeError("the place of the name server holds something else")
    return names


def _room(world: World) -> MailRoom:
    room = world.rooms.setdefault("mail", MailRoom(world))
    if not isinstance(room, MailRoom):
        raise TypeError("the mail room holds something else")
    return room
