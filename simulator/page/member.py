"""Makes the visitor's browser the WeCom client of one employee, so that the frame goes through the real OAuth page."""

from __future__ import annotations

from aiohttp import web

from simulator.wecom.oauth import COOKIE
from simulator.wecom.room import Room
from simulator.wire import asked, control_body, missing
from simulator.world import World

_HUB_COOKIES = ("__Host-tower", "tower")
"""How the hub's own session cookies may begin. Cookies know no ports: those of a hub on the same host reach us too."""


async def become(world: World, request: web.Request) -> web.Response:
    """Sign the browser in as this employee at the platform, and out at the hub, where it may be somebody else still."""
    userid = asked(await control_body(request), "userid")
    room = world.rooms.get("wecom")
    if not isinstance(room, Room):
        missing("there is no WeCom in this world")
    try:
        employee = world.employee(userid)
    except KeyError:
        missing(f"nobody here is called {userid!r}")
    response = web.json_response({"userid": employee.userid})
    for name in request.cookies:
        if name.startswith(_HUB_COOKIES):
            response.headers.add("Set-Cookie", f"{name}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax")
    session = room.oauth.session(employee.userid)
    response.set_cookie(COOKIE, session, httponly=True, samesite="Lax", path="/wecom-open")
    return response
