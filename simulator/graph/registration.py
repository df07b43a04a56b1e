"""Our app as Entra and its tenant see it: when its secret ends, what was granted to it, in the tenant and in the team.

Switches of the control API: `secret_days` (wall time), `roles` (app permissions, in the tokens), `consents` (what the
team's owner granted). A call without its permission is refused as Graph refuses it.
"""

from __future__ import annotations

import base64
import time
import uuid
from datetime import UTC, datetime, timedelta

from aiohttp import web

from simulator.graph.gate import V1, Call, Refusal, doing
from simulator.registration import registration
from simulator.wire import Json, answer, control_body, wrong
from simulator.world import World

HINT = 3
"""Characters of a secret that the portal and Graph show (Graph, passwordCredential: hint)."""


def need_role(call: Call, role: str) -> None:
    """Raises Refusal unless the tenant granted it (Graph, error responses)."""
    if role not in registration(call.world).roles:
        raise Refusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def need_consent(call: Call, permission: str) -> None:
    """Raises Refusal unless the team's owner granted it."""
    if permission not in registration(call.world).consents:
        text = f"Missing role permissions on the request. API requires one of '{permission}'."
        raise Refusal(403, "Forbidden", text, inner="MissingPermissions")


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _application(call: Call) -> web.StreamResponse:
    """The registration with its secrets' ends; never the secrets themselves."""
    need_role(call, "Application.Read.All")
    settings = call.world.settings
    if call.named("app").lower() != settings.app_id.lower():
        raise Refusal(404, "Request_ResourceNotFound", "Resource does not exist.")
    ends = time.time() + timedelta(days=registration(call.world).secret_days).total_seconds()
    ours: Json = {"displayName": "Tower", "hint": settings.app_password[:HINT], "secretText": None}
    ours |= {"keyId": str(uuid.uuid4()), "startDateTime": _iso(ends - 180 * 86400), "endDateTime": _iso(ends)}
    former = ours | {"displayName": "before", "hint": "~~~", "endDateTime": _iso(time.time() - 86400)}
    return answer({"appId": settings.app_id, "displayName": "Tower", "passwordCredentials": [former, ours]})


async def _grants(call: Call) -> web.StreamResponse:
    """What the team's owner granted (Graph, list permissionGrants of a team)."""
    settings = call.world.settings
    if call.named("team").lower() != settings.team.group_id.lower():
        raise Refusal(404, "NotFound", "No team found.", inner="ItemNotFound")
    need_consent(call, "TeamsAppInstallation.Read.Group")
    rows: list[Json] = []
    for permission in sorted(registration(call.world).consents):
        key = base64.b64encode(f"{settings.team.group_id}##{permission}".encode()).decode()
        row: Json = {"id": key, "clientAppId": settings.app_id, "permissionType": "Application"}
        rows.append(row | {"permission": permission, "deletedDateTime": None})
    return call.page(rows)


def _changed(world: World, body: Json) -> Json:
    """Raises HTTPBadRequest."""
    room = registration(world)
    for name, value in body.items():
        if name == "secret_days" and isinstance(value, int | float):
            room.secret_days = float(value)
        elif name in ("roles", "consents") and isinstance(value, list):
            setattr(room, name, {str(v) for v in value})
        else:
            wrong(f"`{name}` is no switch of the registration, or has another type")
    return room.as_json()


def routes(world: World) -> list[web.RouteDef]:
    """The registration, the team's grants, and their switches."""

    async def read(_: web.Request) -> web.StreamResponse:
        return answer(registration(world).as_json())

    async def change(request: web.Request) -> web.StreamResponse:
        return answer(_changed(world, await control_body(request)))

    path = "/control/graph/registration"
    return [
        web.get(f"{V1}/applications(appId='{{app}}')", doing(world, "application", _application)),
        web.get(f"{V1}/teams/{{team}}/permissionGrants", doing(world, "permissionGrants", _grants)),
        web.get(path, read),
        web.post(path, change),
    ]
