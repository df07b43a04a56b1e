"""One verified activity with what every translation of it needs: who, where, when, under which id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

from connectors.contract import Inbound
from connectors.teams.settings import Settings
from connectors.teams.wire import Json, part, text_of
from rules.errors import BadRequest
from rules.events import Event, UnknownPayload
from rules.model import Address, RepHandle

TEAMS = "msteams"
WEB_CHAT = ("directline", "webchat")
MAX_ID = 1_000


def digest(*pieces: str) -> str:
    """An event id from the wire's own names."""
    return f"teams:{blake2b(chr(10).join(pieces).encode(), digest_size=16).hexdigest()}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """One verified activity, with what every translation needs."""

    activity: Json
    raw: bytes
    settings: Settings
    now: datetime

    @property
    def channel(self) -> str:
        """`msteams`, `directline` or `webchat`."""
        return text_of(self.activity.get("channelId"))

    @property
    def conversation(self) -> str:
        """Wire id of the conversation; a thread's carries `;messageid=`."""
        return wire_id(part(self.activity, "conversation").get("id"))

    @property
    def kind(self) -> str:
        """`channel`, `groupChat` or `personal`; web chat does not say."""
        return text_of(part(self.activity, "conversation").get("conversationType"))

    @property
    def account(self) -> str:
        """Our account on that side."""
        return f"{TEAMS}:{self.settings.tenant_id}" if self.channel == TEAMS else self.channel

    @property
    def address(self) -> Address:
        """Where it was said."""
        return Address(connector="teams", account=self.account, wire_id=self.conversation)

    @property
    def sender(self) -> Json:
        """Who sent it."""
        return part(self.activity, "from")

    @property
    def rep(self) -> RepHandle | None:
        """The employee who sent it, as Teams proved it; None for anybody without an Entra id."""
        aad_id = wire_id(self.sender.get("aadObjectId"))
        return RepHandle(platform="teams", value=aad_id) if aad_id else None

    @property
    def id(self) -> str:
        """The event's id. An edit carries the id of the message it is about, so its kind and time count too."""
        kind = text_of(self.activity.get("type"))
        more = () if kind in ("message", "invoke") else (kind, wire_id(self.activity.get("timestamp")))
        return digest(self.channel, self.conversation, wire_id(self.activity.get("id")), *more)

    @property
    def at(self) -> datetime:
        """When it happened: the platform's time, never later than now."""
        return min(moment(self.activity.get("timestamp")) or self.now, self.now)

    @property
    def by_us(self) -> bool:
        """Whether a bot wrote it: ourselves or a colleague of ours."""
        sender = text_of(self.sender.get("id"))
        return sender.startswith("28:") or sender == self.settings.app_id or self.sender.get("role") == "bot"

    def inbound(self, event: Event, *more: str) -> Inbound:
        """The event on its way, with its raw body."""
        return Inbound(event=event, order=self.address, keys=more, raw=self.raw)


def wire_id(value: object) -> str:
    """A wire id. Raises BadRequest when it is absurdly long."""
    found = text_of(value)
    if len(found) > MAX_ID:
        raise BadRequest("id_too_long")
    return found


def moment(value: object) -> datetime | None:
    """A wire time: ISO 8601, Teams writes seven digits of fraction."""
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text_of(value)))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def thread_of(heard: Heard) -> Address:
    """The thread a channel message stands in; the conversation itself elsewhere."""
    thread = heard.conversation
    if heard.kind == "channel" and ";messageid=" not in thread:
        root = wire_id(heard.activity.get("replyToId")) or wire_id(heard.activity.get("id"))
        thread = f"{thread};messageid={root}"
    return Address(connector="teams", account=heard.account, wire_id=thread)


def unknown(heard: Heard, what: str) -> Inbound:
    """Something authentic that we do not understand, kept for later."""
    return heard.inbound(UnknownPayload(id=heard.id, at=heard.at, address=heard.address, what=what[:100]))
