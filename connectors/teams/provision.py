"""Makes the channels that the matrix names exist, and learns who is in the teams.

What the bot can see itself (channels, roster with the ids for mentions and chats) is asked of the connector API; only
what is missing is made through Graph. Doing it again finds what is there by name and makes nothing twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Protocol

import structlog

from connectors.contract import ChannelRef, Delivered, Outcome, ProvisionChannels, Reference, Skipped, Undeliverable
from connectors.teams.client import BotClient
from connectors.teams.outcomes import Ended
from connectors.teams.wire import text_of
from rules.model import Rep

GENERAL = "general"


class Directory(Protocol):
    """What is needed of Graph."""

    async def channels(self, group_id: str) -> dict[str, str]:
        """Names and ids of a team's channels."""

    async def create_channel(self, group_id: str, name: str) -> str:
        """A new channel's id."""


class Provisioner:
    """Provisions team by team."""

    def __init__(self, client: BotClient, directory: Callable[[], Awaitable[Directory]]) -> None:
        self._client, self._directory = client, directory

    async def provision(self, job: ProvisionChannels) -> Outcome:
        """The channels that stand, and the people. Channels that cannot be made are named in `extra`.

        Raises Ended when the platform could not be asked.
        """
        channels: list[ChannelRef] = []
        reps: dict[str, Rep] = {}
        missing: list[str] = []
        for reference, wanted in _by_team(job.channels):
            found, lacking = await self._team(reference, wanted)
            channels += found
            missing += lacking
            reps |= {rep.aad_id: rep for rep in await self._people(reference)}
        if not channels and not missing:
            return Skipped(reason="no_reference")
        extra = {"missing": ", ".join(missing)} if missing else {}
        if missing:
            structlog.get_logger().warning("channels_missing", count=len(missing))
        return Delivered(channels=tuple(channels), reps=tuple(reps.values()), extra=extra)

    async def _team(self, reference: Reference, wanted: list[ChannelRef]) -> tuple[list[ChannelRef], list[str]]:
        team_id = reference.team_id or reference.wire_id
        there = {
            (text_of(c.get("name")) or GENERAL).casefold(): text_of(c.get("id"))
            for c in await self._client.channels(reference.service_url, team_id)
        }
        found: list[ChannelRef] = []
        missing: list[str] = []
        for channel in wanted:
            wire_id = channel.wire_id if channel.wire_id in there.values() else there.get(channel.name.casefold(), "")
            if not wire_id:
                wire_id = await self._make(reference, team_id, channel.name)
            if wire_id:
                there[channel.name.casefold()] = wire_id
                found.append(replace(channel, wire_id=wire_id))
            else:
                missing.append(channel.key)
        return found, missing

    async def _make(self, reference: Reference, team_id: str, name: str) -> str:
        """The id of a channel that was not there; empty when Graph says that it cannot be made."""
        directory = await self._directory()
        group_id = reference.group_id or await self._group_of(reference, team_id)
        try:
            return await directory.create_channel(group_id, name)
        except Ended as ended:
            if not isinstance(ended.outcome, Undeliverable):
                raise
            if ended.outcome.reason == "not_permitted":
                return ""
            names = await directory.channels(group_id)  # the name may be taken: somebody was faster, or we ourselves
            return next((wire_id for known, wire_id in names.items() if known.casefold() == name.casefold()), "")

    async def _group_of(self, reference: Reference, team_id: str) -> str:
        return text_of((await self._client.team(reference.service_url, team_id)).get("aadGroupId"))

    async def _people(self, reference: Reference) -> list[Rep]:
        """The team's roster as reps; the hub finds out which of them it knows."""
        members = await self._client.members(reference.service_url, reference.team_id or reference.wire_id)
        found = []
        for member in members:
            aad_id = text_of(member.get("aadObjectId")) or text_of(member.get("objectId"))
            mail = text_of(member.get("email")) or text_of(member.get("userPrincipalName"))
            if aad_id:
                name, teams_id = text_of(member.get("name")), text_of(member.get("id"))
                found.append(Rep(id="", name=name, language="", aad_id=aad_id, teams_id=teams_id, mail=mail))
        return found


def _by_team(channels: Iterable[ChannelRef]) -> list[tuple[Reference, list[ChannelRef]]]:
    """The channels of each team the bot is in."""
    teams: dict[str, tuple[Reference, list[ChannelRef]]] = {}
    for channel in channels:
        if channel.reference is not None:
            key = channel.reference.team_id or channel.reference.wire_id
            teams.setdefault(key, (channel.reference, []))[1].append(channel)
    return list(teams.values())
