"""What the connector tells the bot about people, the team and its channels."""

from __future__ import annotations

from aiohttp import web

from simulator.teams.gate import READING, Call, Refusal, check_bot, conversation_of, doing
from simulator.wire import Json, answer, stamp
from simulator.world import Employee, World


def _member(call: Call, employee: Employee) -> Json:
    """An employee as the roster lists her."""
    names: Json = {"name": employee.name, "givenName": employee.name, "surname": ""}
    mail: Json = {"email": employee.mail, "userPrincipalName": employee.mail}
    ids: Json = {"id": employee.teams_id, "objectId": employee.aad_id, "aadObjectId": employee.aad_id}
    return ids | names | mail | {"tenantId": call.world.settings.tenant_id, "userRole": "user"}


def _roster(call: Call) -> list[Employee]:
    """The people of the conversation the path names. Raises Refusal."""
    cid = call.named("cid")
    call.limit(f"members|{cid}", READING)
    if cid in call.room.channels:
        if not call.room.installed:
            raise Refusal(403, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
        return call.room.members(None)
    conversation = conversation_of(call)
    check_bot(call.room, conversation)
    return call.room.members(conversation)


async def _paged_members(call: Call) -> web.StreamResponse:
    """Members page by page; the continuation token is the next place in the list."""
    people = _roster(call)
    token, size = call.request.query.get("continuationToken", "0"), call.request.query.get("pageSize", "200")
    if not token.isdigit() or not size.isdigit():
        raise Refusal(400, "BadArgument", "The continuation token is not valid.")
    start, count = int(token), max(1, min(500, int(size)))
    page: Json = {"members": [_member(call, person) for person in people[start : start + count]]}
    if start + count < len(people):
        page["continuationToken"] = str(start + count)
    return answer(page)


async def _one_member(call: Call) -> web.StreamResponse:
    for person in _roster(call):
        if call.named("member") in (person.teams_id, person.aad_id, person.mail):
            return answer(_member(call, person))
    raise Refusal(404, "MemberNotFoundInConversation", "The member was not found in the conversation.")


def _check_team(call: Call) -> None:
    if call.named("team") != call.world.settings.team.thread_id or not call.room.installed:
        raise Refusal(404, "TeamNotFound", "The team was not found or the bot is not in it.")
    call.limit(f"team|{call.named('team')}", READING)


async def _team(call: Call) -> web.StreamResponse:
    _check_team(call)
    team = call.world.settings.team
    channels = [channel for channel in call.room.channels.values() if not channel.deleted]
    about: Json = {"id": team.thread_id, "name": team.name, "aadGroupId": team.group_id, "type": "standard"}
    counts: Json = {"channelCount": len(channels), "memberCount": len(team.members)}
    return answer(about | counts | {"tenantId": call.world.settings.tenant_id})


async def _channels(call: Call) -> web.StreamResponse:
    """The team's channels; General comes without a name, as in the real answer."""
    _check_team(call)
    general = call.world.settings.team.thread_id
    found = [channel for channel in call.room.channels.values() if not channel.deleted]
    rows = [{"id": c.id, "name": None if c.id == general else c.name, "type": "standard"} for c in found]
    return answer({"conversations": rows, "asOf": stamp(call.world.clock.now())})


def routes(world: World) -> list[web.RouteDef]:
    """The connector's reads."""
    one = "/smba/v3/conversations/{cid}"
    return [
        web.get(f"{one}/pagedmembers", doing(world, "members", _paged_members)),
        web.get(f"{one}/members/{{member}}", doing(world, "members", _one_member)),
        web.get("/smba/v3/teams/{team}", doing(world, "team", _team)),
        web.get("/smba/v3/teams/{team}/conversations", doing(world, "team", _channels)),
    ]
