"""Internal groups that the app makes and writes into; what people say there never comes back (WeCom doc 90248).

Log entry: `shown` toward the team for every message in a group.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from simulator.wecom import app_content
from simulator.wecom.answers import Answer, Refusal
from simulator.wecom.call import Call, Handler
from simulator.wecom.control import Nothing, get
from simulator.world import World

_CHATID = re.compile(r"[0-9A-Za-z]{1,32}\Z")
_MEMBERS = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One message in a group."""

    at: datetime
    msgtype: str
    text: str


@dataclass(kw_only=True)
class Group:
    """One group of employees."""

    chatid: str
    name: str
    owner: str
    members: list[str]
    lines: list[Line] = field(default_factory=list)


class AppChats:
    """All groups of the app."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.groups: dict[str, Group] = {}

    def paths(self) -> Mapping[str, Handler]:
        """Path below /cgi-bin -> handler."""
        return {
            "/appchat/create": self.create,
            "/appchat/update": self.update,
            "/appchat/get": self.get,
            "/appchat/send": self.send,
        }

    def routes(self) -> list[web.RouteDef]:
        """The control question for all groups."""
        return [get("/appchats", Nothing, self.show)]

    async def create(self, call: Call) -> Answer:
        """A new group of at least two employees; its id is chosen by the caller or by the platform."""
        members = self._staff(call.texts("userlist", at_most=_MEMBERS))
        if len(members) < 2:
            raise Refusal(86216, "a group has at least two members")
        owner = self._staff([call.maybe_text("owner") or members[0]])[0]
        if owner not in members:
            raise Refusal(86207, "the owner is not in userlist")
        chatid = call.maybe_text("chatid") or secrets.token_hex(16)
        if not _CHATID.match(chatid):
            raise Refusal(86001, "chatid: 1 to 32 of 0-9 A-Z a-z")
        if chatid in self.groups:
            raise Refusal(86215, "chatid is taken")
        name = call.maybe_text("name")[:50] or "群聊"
        self.groups[chatid] = Group(chatid=chatid, name=name, owner=owner, members=members)
        return {"chatid": chatid}

    async def update(self, call: Call) -> Answer:
        """Another name, owner or membership."""
        group = self._group(call.text("chatid", missing=86001))
        plus = self._staff(call.texts("add_user_list", at_most=_MEMBERS))
        minus = self._staff(call.texts("del_user_list", at_most=_MEMBERS))
        members = [m for m in dict.fromkeys([*group.members, *plus]) if m not in minus]
        owner = self._staff([call.maybe_text("owner") or group.owner])[0]
        if owner not in members:
            raise Refusal(86207, "the owner is not in the group")
        group.members, group.owner = members, owner
        group.name = call.maybe_text("name")[:50] or group.name
        return {}

    async def get(self, call: Call) -> Answer:
        """A group as it is."""
        group = self._group(call.query.get("chatid", ""))
        told = {"chatid": group.chatid, "name": group.name, "owner": group.owner, "userlist": group.members}
        return {"chat_info": told}

    async def send(self, call: Call) -> Answer:
        """One message into a group; template cards are not taken here."""
        group = self._group(call.text("chatid", missing=86001))
        msgtype, text, _ = app_content.read(call, "text", "markdown", "textcard")
        group.lines.append(Line(at=self._world.clock.now(), msgtype=msgtype, text=text))
        await self._world.log.add(
            "wecom", "shown", text=text, toward="team", where="wecom.appchat", by="app", chatid=group.chatid
        )  # fmt: skip
        return {}

    async def show(self, _: Nothing) -> object:
        """Every group with what stands in it."""
        return {"appchats": [_json(group) for group in self.groups.values()]}

    def _group(self, chatid: str) -> Group:
        if chatid not in self.groups:
            raise Refusal(86003, "no such group of this app")
        return self.groups[chatid]

    def _staff(self, userids: list[str]) -> list[str]:
        staff = {e.userid.lower(): e.userid for e in self._world.settings.employees}
        if unknown := [userid for userid in userids if userid.lower() not in staff]:
            raise Refusal(86216, f"not employees: {unknown}")
        return list(dict.fromkeys(staff[userid.lower()] for userid in userids))


def _json(group: Group) -> dict[str, object]:
    lines = [{"at": line.at.isoformat(), "msgtype": line.msgtype, "text": line.text} for line in group.lines]
    return {
        "chatid": group.chatid, "name": group.name, "owner": group.owner, "members": group.members, "lines": lines,
    }  # fmt: skip
