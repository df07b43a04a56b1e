"""Teams through Graph: channels of the team, its members, and the app in a person's chat.

What is made here shows in Teams at once, and the bot hears of it (`channelCreated`). Log entries: `channel_created`,
`channel_deleted`, `refused`.
"""

from __future__ import annotations

import base64
import re

from aiohttp import web

from simulator.botframework import bot_line
from simulator.graph.gate import PER_TEAM, V1, Call, Refusal, doing, not_found
from simulator.graph.registration import need_consent
from simulator.teams import activities
from simulator.teams.room import Channel, teams
from simulator.wire import Json, answer, text_of
from simulator.world import Employee, World

LONGEST_NAME = 50
_BAD_NAME = re.compile(r"""[~#%&*{}+/\\:<>?|'"]|^[_.]|\.$""")
"""Characters a channel name may not have (Graph, create channel)."""
_IMPORT_ONLY = (
    "Message POST is allowed in application-only context only for import purposes. "
    "Refer to the import external platform messages documentation for more details."
)


def _check_team(call: Call) -> None:
    """Only our team exists, and it is called at most four times a second. Raises Refusal."""
    team = call.named("team")
    if team.lower() != call.world.settings.team.group_id.lower():
        raise Refusal(404, "NotFound", f"No team found with Group Id {team}", inner="ItemNotFound")
    call.limit(f"team|{team.lower()}", PER_TEAM)


def _channel(call: Call) -> Channel:
    """The living channel the path names. Raises Refusal."""
    _check_team(call)
    channel = teams(call.world).channels.get(call.named("channel"))
    if channel is None or channel.deleted:
        raise not_found(call.named("channel"))
    return channel


def _channel_json(call: Call, channel: Channel) -> Json:
    about: Json = {"id": channel.id, "displayName": channel.name, "description": channel.description}
    rest: Json = {"membershipType": "standard", "isArchived": False, "email": ""}
    web_url = f"{call.world.base_url}/teams/l/channel/{channel.id}"
    return about | rest | {"webUrl": web_url, "tenantId": call.world.settings.tenant_id}


async def _team(call: Call) -> web.StreamResponse:
    _check_team(call)
    team = call.world.settings.team
    about: Json = {"id": team.group_id, "displayName": team.name, "internalId": team.thread_id}
    return answer(about | {"isArchived": False, "tenantId": call.world.settings.tenant_id})


async def _channels(call: Call) -> web.StreamResponse:
    """The living channels; `$filter=displayName eq '...'` is understood, nothing else."""
    _check_team(call)
    need_consent(call, "ChannelSettings.Read.Group")
    rows = [channel for channel in teams(call.world).channels.values() if not channel.deleted]
    if wanted := call.request.query.get("$filter", ""):
        match = re.fullmatch(r"displayName eq '((?:[^']|'')*)'", wanted)
        if match is None:
            raise Refusal(400, "BadRequest", "Invalid filter clause.")
        rows = [c for c in rows if c.name.casefold() == match[1].replace("''", "'").casefold()]
    return call.page([_channel_json(call, channel) for channel in rows])


async def _one_channel(call: Call) -> web.StreamResponse:
    return answer(_channel_json(call, _channel(call)))


def _check_name(call: Call, name: str) -> None:
    """Raises Refusal. A deleted channel holds its name, as the real one does for thirty days."""
    if not name or len(name) > LONGEST_NAME or _BAD_NAME.search(name):
        raise Refusal(400, "BadRequest", "Channel name is not valid.", inner="InvalidChannelName")
    if any(c.name.casefold() == name.casefold() for c in teams(call.world).channels.values()):
        text = "Channel name already existed, please use other name."
        raise Refusal(400, "BadRequest", text, inner="NameAlreadyExists")


async def _create_channel(call: Call) -> web.StreamResponse:
    _check_team(call)
    need_consent(call, "Channel.Create.Group")
    name = text_of(call.body.get("displayname")).strip()
    _check_name(call, name)
    if call.body.get("membershiptype", "standard") != "standard":
        raise Refusal(400, "BadRequest", "A private or shared channel needs an owner member.")
    room = teams(call.world)
    channel = room.add_channel(name, text_of(call.body.get("description")))
    await call.world.log.add("graph", "channel_created", id=channel.id, name=name)
    _tell_bot(call, channel, "channelCreated")
    return answer(_channel_json(call, channel), 201)


def _tell_bot(call: Call, channel: Channel, event: str) -> None:
    room = teams(call.world)
    if room.installed:
        activity = activities.channel_event(room, room.members(None)[0], channel, event)
        bot_line(call.world).deliver_soon("teams", activity)


async def _delete_channel(call: Call) -> web.StreamResponse:
    channel = _channel(call)
    if channel.id == call.world.settings.team.thread_id:
        raise Refusal(400, "BadRequest", "The General channel cannot be deleted.")
    channel.deleted = True
    await call.world.log.add("graph", "channel_deleted", id=channel.id)
    _tell_bot(call, channel, "channelDeleted")
    return web.Response(status=204)


async def _post_message(call: Call) -> web.StreamResponse:
    """Apps may not write into channels (Graph, send chatMessage: migration only)."""
    _channel(call)
    raise Refusal(401, "Unauthorized", _IMPORT_ONLY)


def _member_json(call: Call, employee: Employee) -> Json:
    tenant = call.world.settings.tenant_id
    key = f"{tenant}##{call.world.settings.team.group_id}##{employee.aad_id}"
    ids: Json = {"id": base64.b64encode(key.encode()).decode(), "userId": employee.aad_id, "tenantId": tenant}
    names: Json = {"displayName": employee.name, "email": employee.mail}
    roles = ["owner"] if employee.role == "manager" else []
    kind: Json = {"@odata.type": "#microsoft.graph.aadUserConversationMember"}
    return kind | ids | names | {"roles": roles, "visibleHistoryStartDateTime": "0001-01-01T00:00:00Z"}


async def _members(call: Call) -> web.StreamResponse:
    _check_team(call)
    need_consent(call, "TeamMember.Read.Group")
    return call.page([_member_json(call, employee) for employee in teams(call.world).members(None)])


async def _install(call: Call) -> web.StreamResponse:
    """Put the app into a person's chat, so that the bot may write to her first."""
    person, room = call.person(), teams(call.world)
    if not text_of(call.body.get("teamsapp@odata.bind")):
        raise Refusal(400, "BadRequest", "teamsApp@odata.bind is missing.")
    chat = room.personal(person)
    if chat.bot_in:
        raise Refusal(409, "Conflict", "The app is already installed for the user.")
    chat.bot_in = True
    for activity in activities.chat_installation(room, chat, person, added=True):
        bot_line(call.world).deliver_soon("teams", activity)
    await call.world.log.add("teams", "installed", where=chat.id, added=True)
    return web.Response(status=201)


def routes(world: World) -> list[web.RouteDef]:
    """Team, channels, members, installation."""
    team = f"{V1}/teams/{{team}}"
    channel = f"{team}/channels/{{channel}}"
    return [
        web.get(team, doing(world, "team", _team)),
        web.get(f"{team}/channels", doing(world, "channels", _channels)),
        web.post(f"{team}/channels", doing(world, "createChannel", _create_channel)),
        web.get(channel, doing(world, "channel", _one_channel)),
        web.delete(channel, doing(world, "deleteChannel", _delete_channel)),
        web.post(f"{channel}/messages", doing(world, "postMessage", _post_message)),
        web.get(f"{team}/members", doing(world, "members", _members)),
        web.post(f"{V1}/users/{{user}}/teamwork/installedApps", doing(world, "installApp", _install)),
    ]
