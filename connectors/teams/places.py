"""Turns installations into events: where the bot was put, and how it may speak there. Pure.

Source of the shapes: Teams, conversation events in your bot.
"""

from __future__ import annotations

from connectors.contract import Inbound
from connectors.teams.heard import WEB_CHAT, Heard, digest, unknown, wire_id
from connectors.teams.wire import listed, part, text_of
from rules.events import BotInstalled
from rules.model import Address


def installation(heard: Heard) -> list[Inbound]:
    """`installationUpdate`: the bot was added or removed."""
    return [_installed(heard, removed=text_of(heard.activity.get("action")).startswith("remove"))]


def conversation_update(heard: Heard) -> list[Inbound]:
    """`conversationUpdate`: the bot came or went; what happens to channels and people is only kept."""
    if heard.channel in WEB_CHAT:
        return references(heard)
    ours = {heard.settings.bot_id, text_of(part(heard.activity, "recipient").get("id"))}
    if any(member.get("id") in ours for member in listed(heard.activity.get("membersAdded"))):
        return [_installed(heard, removed=False)]
    if any(member.get("id") in ours for member in listed(heard.activity.get("membersRemoved"))):
        return [_installed(heard, removed=True)]
    return [unknown(heard, f"conversationUpdate/{text_of(part(heard.activity, 'channelData').get('eventType'))}")]


def references(heard: Heard) -> list[Inbound]:
    """How the bot may speak where this was said, once per place and service address: the address can change."""
    team_id = _team_id(heard)
    if not heard.conversation or (heard.kind == "channel" and not team_id):
        return []
    if team_id and not part(heard.activity, "channelData", "team").get("aadGroupId"):
        return []  # saying less than the installation did would make us forget the team's group
    place = team_id or heard.conversation
    event = _place(heard, digest("place", heard.channel, place, _service(heard)), removed=False)
    return [Inbound(event=event, order=event.address)]


def _installed(heard: Heard, *, removed: bool) -> Inbound:
    event = _place(heard, heard.id, removed=removed)
    return Inbound(event=event, order=event.address, raw=heard.raw)


def _place(heard: Heard, event_id: str, *, removed: bool) -> BotInstalled:
    team = part(heard.activity, "channelData", "team")
    team_id = _team_id(heard)
    personal = heard.kind in ("personal", "") and not team_id
    return BotInstalled(
        id=event_id,
        at=heard.at,
        address=Address(connector="teams", account=heard.account, wire_id=team_id or heard.conversation),
        scope="team" if team_id else "personal" if personal else "group",
        service_url=_service(heard),
        team_id=team_id,
        group_id=wire_id(team.get("aadGroupId")) if team_id else "",
        member=heard.rep if personal else None,
        member_wire_id=wire_id(heard.sender.get("id")) if personal and heard.rep else "",
        language=text_of(heard.activity.get("locale"))[:35] if personal else "",
        removed=removed,
    )


def _team_id(heard: Heard) -> str:
    """Thread id of the team, which is also the id of its General channel."""
    data = part(heard.activity, "channelData")
    return wire_id(part(data, "team").get("id")) or wire_id(data.get("teamsTeamId"))


def _service(heard: Heard) -> str:
    return wire_id(heard.activity.get("serviceUrl"))
