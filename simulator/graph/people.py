"""Employees through Graph: the directory and their presence."""

from __future__ import annotations

import re

from aiohttp import web

from simulator.graph.gate import V1, Call, Refusal, doing, graph
from simulator.wire import Json, answer, asked, control_body, missing, text_of
from simulator.world import Employee, World

FREE = ("Available", "Available")
_FILTER = re.compile(r"(mail|userPrincipalName|displayName|id) eq '([^']*)'")


def _user_json(employee: Employee) -> Json:
    names: Json = {"displayName": employee.name, "givenName": employee.name, "surname": None}
    mail: Json = {"mail": employee.mail, "userPrincipalName": employee.mail, "businessPhones": []}
    return (
        {"id": employee.aad_id}
        | names
        | mail
        | {
            "jobTitle": employee.role,
            "preferredLanguage": employee.language,
            "accountEnabled": True,
        }
    )


async def _users(call: Call) -> web.StreamResponse:
    """The directory; a single equality is understood as `$filter`."""
    rows = [_user_json(employee) for employee in call.world.settings.employees]
    if wanted := call.request.query.get("$filter", ""):
        match = _FILTER.fullmatch(wanted)
        if match is None:
            raise Refusal(400, "Request_UnsupportedQuery", "Unsupported filter clause.")
        rows = [row for row in rows if text_of(row[match[1]]).lower() == match[2].lower()]
    return call.page(rows)


async def _user(call: Call) -> web.StreamResponse:
    return answer(_user_json(call.person()))


def _presence_json(call: Call, employee: Employee) -> Json:
    availability, activity = call.room.presence.get(employee.aad_id, FREE)
    return {"id": employee.aad_id, "availability": availability, "activity": activity, "statusMessage": None}


async def _presence(call: Call) -> web.StreamResponse:
    return answer(_presence_json(call, call.person()))


async def _presences(call: Call) -> web.StreamResponse:
    """Presence of up to 650 people at once (Graph, getPresencesByUserId); strangers are left out."""
    ids = call.body.get("ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= 650:
        raise Refusal(400, "BadRequest", "ids must name 1 to 650 users.")
    wanted = {str(key).lower() for key in ids}
    people = [e for e in call.world.settings.employees if e.aad_id.lower() in wanted]
    return answer({"value": [_presence_json(call, employee) for employee in people]})


def routes(world: World) -> list[web.RouteDef]:
    """Directory, presence, and the control call that sets presence."""

    async def set_presence(request: web.Request) -> web.StreamResponse:
        body = await control_body(request)
        try:
            employee = world.employee(asked(body, "rep"))
        except KeyError:
            missing(f"nobody here is called {body['rep']!r}")
        availability = asked(body, "availability")
        graph(world).presence[employee.aad_id] = (availability, text_of(body.get("activity")) or availability)
        return answer({"availability": availability})

    one = f"{V1}/users/{{user}}"
    return [
        web.get(f"{V1}/users", doing(world, "users", _users)),
        web.get(one, doing(world, "user", _user)),
        web.get(f"{one}/presence", doing(world, "presence", _presence)),
        web.post(f"{V1}/communications/getPresencesByUserId", doing(world, "presences", _presences)),
        web.post("/control/graph/presence", set_presence),
    ]
