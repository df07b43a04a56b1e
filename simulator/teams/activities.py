"""Builds the activities that Teams sends to a bot (Bot Framework activity schema, Teams channelData)."""

from __future__ import annotations

import uuid
from datetime import timedelta

from simulator.teams.room import BOT_NAME, Channel, Conversation, TeamsRoom
from simulator.wire import Json, stamp
from simulator.world import Employee

ZONE = "Asia/Shanghai"
_OFFSET = timedelta(hours=8)


def bot_account(room: TeamsRoom) -> Json:
    """The bot as a channel account."""
    return {"id": f"28:{room.world.settings.app_id}", "name": BOT_NAME}


def rep_account(employee: Employee) -> Json:
    """An employee as a channel account."""
    return {"id": employee.teams_id, "name": employee.name, "aadObjectId": employee.aad_id}


def base(room: TeamsRoom, conversation: Conversation, sender: Employee, kind: str) -> Json:
    """What every activity from Teams has."""
    now = room.world.clock.now()
    local = (now + _OFFSET).strftime("%Y-%m-%dT%H:%M:%S.%f") + "7+08:00"
    return {
        "type": kind,
        "timestamp": stamp(now),
        "localTimestamp": local,
        "localTimezone": ZONE,
        "id": f"f:{uuid.uuid4()}",
        "serviceUrl": f"{room.world.base_url}/smba/",
        "channelId": "msteams",
        "from": rep_account(sender),
        "recipient": bot_account(room),
        "conversation": conversation_account(room, conversation),
        "channelData": channel_data(room, conversation),
        "locale": sender.language,
    }


def conversation_account(room: TeamsRoom, conversation: Conversation) -> Json:
    """The conversation as an activity names it."""
    account: Json = {"conversationType": conversation.kind, "id": conversation.id}
    if conversation.kind != "personal":
        account["isGroup"] = True
    return account | {"tenantId": room.world.settings.tenant_id}


def channel_data(room: TeamsRoom, conversation: Conversation) -> Json:
    """Team, channel and tenant as Teams puts them beside an activity."""
    tenant: Json = {"tenant": {"id": room.world.settings.tenant_id}}
    if conversation.channel is None:
        return tenant
    team = room.world.settings.team
    ids: Json = {"teamsChannelId": conversation.channel.id, "teamsTeamId": team.thread_id}
    return ids | {"channel": {"id": conversation.channel.id}, "team": {"id": team.thread_id}} | tenant


def message(
    room: TeamsRoom, conversation: Conversation, sender: Employee, text: str, *, post_id: str, mention: bool
) -> Json:
    """A message a rep wrote; with a mention the text begins with the bot's tag."""
    activity = base(room, conversation, sender, "message") | {"id": post_id, "textFormat": "plain"}
    entities: list[Json] = [{"type": "clientInfo", "locale": sender.language, "country": "CN", "platform": "Web"}]
    if mention:
        tag = f"<at>{BOT_NAME}</at>"
        text = f"{tag} {text}"
        entities.insert(0, {"type": "mention", "text": tag, "mentioned": bot_account(room)})
    if conversation.channel is not None and conversation.posts:
        activity["replyToId"] = conversation.posts[0].id
    return activity | {"text": text, "entities": entities}


def changed(room: TeamsRoom, conversation: Conversation, sender: Employee, post_id: str, event: str) -> Json:
    """A rep edited, deleted or restored a message (`editMessage`, `softDeleteMessage`, `undeleteMessage`)."""
    kind = "messageDelete" if event == "softDeleteMessage" else "messageUpdate"
    activity = base(room, conversation, sender, kind)
    data = channel_data(room, conversation) | {"eventType": event}
    return activity | {"id": post_id, "channelData": data}


def invoke(room: TeamsRoom, conversation: Conversation, sender: Employee, name: str, value: Json) -> Json:
    """A call whose answer is the response: card action, dialog, message extension."""
    return base(room, conversation, sender, "invoke") | {"name": name, "value": value}


def _about_team(room: TeamsRoom, sender: Employee, kind: str) -> Json:
    """An activity about the team as a whole: its conversation is the General channel."""
    team = room.world.settings.team
    general = Conversation(id=team.thread_id, kind="channel", channel=room.channels[team.thread_id])
    activity = base(room, general, sender, kind)
    about: Json = {"id": team.thread_id, "name": team.name, "aadGroupId": team.group_id}
    return activity | {"channelData": {"team": about, "tenant": {"id": room.world.settings.tenant_id}}}


def team_installation(room: TeamsRoom, sender: Employee, *, added: bool) -> list[Json]:
    """The two activities that tell a bot it was added to, or removed from, the team."""
    update = _about_team(room, sender, "conversationUpdate")
    event = "teamMemberAdded" if added else "teamMemberRemoved"
    update["channelData"] = {**_data(update), "eventType": event}
    update["membersAdded" if added else "membersRemoved"] = [bot_account(room)]
    return [update, _about_team(room, sender, "installationUpdate") | {"action": _action(added)}]


def chat_installation(room: TeamsRoom, conversation: Conversation, sender: Employee, *, added: bool) -> list[Json]:
    """The same for a person's chat or a group chat."""
    update = base(room, conversation, sender, "conversationUpdate")
    update["membersAdded" if added else "membersRemoved"] = [bot_account(room)]
    installation = base(room, conversation, sender, "installationUpdate") | {"action": _action(added)}
    return [update, installation]


def channel_event(room: TeamsRoom, sender: Employee, channel: Channel, event: str) -> Json:
    """A channel was made, renamed, deleted or restored (`channelCreated` ...)."""
    activity = _about_team(room, sender, "conversationUpdate")
    about: Json = {"id": channel.id, "name": channel.name}
    activity["channelData"] = {**_data(activity), "eventType": event, "channel": about}
    return activity


def _data(activity: Json) -> Json:
    data = activity["channelData"]
    return data if isinstance(data, dict) else {}


def _action(added: bool) -> str:
    return "add" if added else "remove"
