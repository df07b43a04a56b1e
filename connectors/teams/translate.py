"""Turns activities into events. Pure: the activity, our settings and the time are all it sees.

Source of the shapes: Bot Framework activity schema; Teams channelData (Teams, channel and group conversations).
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Literal

from connectors.contract import Inbound
from connectors.teams.buttons import NOTE_INPUT
from connectors.teams.settings import Settings
from connectors.teams.wire import Json, listed, part, text_of
from rules.errors import BadRequest
from rules.events import Attachment, BotInstalled, Event, MessageReceived, RepActed, RepSpoke, UnknownPayload
from rules.model import Address, Identity, RepHandle

TEAMS = "msteams"
WEB_CHAT = ("directline", "webchat")
BOUND_USER = "dl_"
"""A web chat user id that starts so was fixed by our own token; any other is a visitor's claim (Direct Line 3.0)."""
OURS = frozenset(("conversation_id", "card_version", "nonce", "verb", "msteams"))
"""Members of a card action's data that are not inputs."""
INPUT_NAMES = {NOTE_INPUT: "text"}
MAX_ID = 1_000
MAX_INPUT = 20_000
_TAG = re.compile(r"<[^>]{0,1000}>")


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
        return _id(part(self.activity, "conversation").get("id"))

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
        aad_id = _id(self.sender.get("aadObjectId"))
        return RepHandle(platform="teams", value=aad_id) if aad_id else None

    @property
    def id(self) -> str:
        """The event's id. An edit carries the id of the message it is about, so its kind and time count too."""
        kind = text_of(self.activity.get("type"))
        more = () if kind in ("message", "invoke") else (kind, _id(self.activity.get("timestamp")))
        return digest(self.channel, self.conversation, _id(self.activity.get("id")), *more)

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


def _id(value: object) -> str:
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


# --- messages -------------------------------------------------------------------------------------------------------


def message(heard: Heard) -> list[Inbound]:
    """What a message is: a rep's word, a customer's word, a pressed button of an old client, or nothing of ours."""
    if heard.by_us or not heard.conversation:
        return []
    if heard.channel in WEB_CHAT:
        return [*references(heard), _from_customer(heard)]
    value = part(heard.activity, "value")
    if value.get("verb") and not text_of(heard.activity.get("text")):
        return [action(heard, value)]
    if heard.rep is None:
        return [unknown(heard, "message/no_entra_id")]
    return [*references(heard), *_from_rep(heard, heard.rep)]


def _from_rep(heard: Heard, rep: RepHandle) -> list[Inbound]:
    personal = heard.kind == "personal"
    mentioned = personal or _mentions_us(heard)
    if not mentioned and heard.settings.mention_only:
        return []
    event = RepSpoke(
        id=heard.id,
        at=heard.at,
        by=rep,
        by_name=text_of(heard.sender.get("name"))[:200],
        thread=thread_of(heard),
        text=plain_text(heard),
        mentioned=mentioned,
        personal=personal,
    )
    return [heard.inbound(event)]


def thread_of(heard: Heard) -> Address:
    """The thread a channel message stands in; the conversation itself elsewhere."""
    wire_id = heard.conversation
    if heard.kind == "channel" and ";messageid=" not in wire_id:
        root = _id(heard.activity.get("replyToId")) or _id(heard.activity.get("id"))
        wire_id = f"{wire_id};messageid={root}"
    return Address(connector="teams", account=heard.account, wire_id=wire_id)


def _from_customer(heard: Heard) -> Inbound:
    user = _id(heard.sender.get("id"))
    bound = user.startswith(BOUND_USER)
    identity = Identity(
        platform="webchat",
        kind="user" if bound else "conversation",
        value=user if bound else heard.conversation,
    )
    event = MessageReceived(
        id=heard.id,
        at=heard.at,
        address=heard.address,
        identity=identity,
        text=plain_text(heard),
        attachments=_attachments(heard),
        name=text_of(heard.sender.get("name"))[:200],
        language=text_of(heard.activity.get("locale"))[:35],
    )
    return heard.inbound(event)


def _attachments(heard: Heard) -> tuple[Attachment, ...]:
    found = []
    for item in listed(heard.activity.get("attachments"))[:20]:
        kind = text_of(item.get("contentType")).partition("/")[0]
        media: Literal["image", "voice", "video", "file"] = "file"
        if kind in ("image", "video"):
            media = "image" if kind == "image" else "video"
        elif kind == "audio":
            media = "voice"
        if text_of(item.get("contentType")) != "text/html":
            name, url = text_of(item.get("name"))[:255], text_of(item.get("contentUrl"))[:2000]
            found.append(Attachment(media=media, name=name, url=url))
    return tuple(found)


def _our_mentions(heard: Heard) -> list[str]:
    """The texts by which the bot is addressed; entities alone count, the sender can write anything into the text."""
    ours = {heard.settings.bot_id, text_of(part(heard.activity, "recipient").get("id"))} - {""}
    return [
        text_of(entity.get("text"))
        for entity in listed(heard.activity.get("entities"))
        if entity.get("type") == "mention" and part(entity, "mentioned").get("id") in ours
    ]


def _mentions_us(heard: Heard) -> bool:
    return bool(_our_mentions(heard))


def plain_text(heard: Heard) -> str:
    """The words without the mention of the bot; mentions of people stay as `@Name`."""
    text = text_of(heard.activity.get("text"))
    for mention in _our_mentions(heard):
        text = text.replace(mention, " ", 1) if mention else text
    for entity in listed(heard.activity.get("entities")):
        tag, name = text_of(entity.get("text")), text_of(part(entity, "mentioned").get("name"))
        if entity.get("type") == "mention" and tag and tag in text:
            text = text.replace(tag, f"@{name}")
    if heard.activity.get("textFormat") in ("xml", "html"):
        text = html.unescape(_TAG.sub("", text))
    return text.replace("\xa0", " ").strip()


# --- buttons --------------------------------------------------------------------------------------------------------


def action(heard: Heard, data: Json, verb: str = "") -> Inbound:
    """A pressed button: RepActed, the same for a press that is delivered twice. Raises BadRequest.

    Its id is made of card, person, verb, what was typed and the drawing of the card, because the service repeats slow
    presses under new activity ids.
    """
    rep, verb = heard.rep, verb or text_of(data.get("verb"))
    conversation_id = text_of(data.get("conversation_id"))
    if rep is None or not verb or len(verb) > 60 or len(conversation_id) > 100:
        raise BadRequest("bad_action")
    inputs = _inputs(data)
    version = data.get("card_version")
    version = version if isinstance(version, int) and not isinstance(version, bool) and 0 <= version < 2**53 else 0
    typed = "\n".join(f"{name}={value}" for name, value in sorted(inputs.items()))
    nonce = text_of(data.get("nonce"))[:100]
    event = RepActed(
        id=digest("act", heard.conversation, conversation_id, str(version), verb, rep.value, nonce, typed),
        at=heard.at,
        by=rep,
        by_name=text_of(heard.sender.get("name"))[:200],
        verb=verb,
        inputs=inputs,
        conversation_id=conversation_id,
        card_version=version,
        thread=thread_of(heard) if heard.kind == "channel" else None,
        activity_id=_id(heard.activity.get("replyToId")),
    )
    return heard.inbound(event, heard.id)


def _inputs(data: Json) -> dict[str, str]:
    """What was typed or chosen. Raises BadRequest when it is too long."""
    inputs = {}
    for name, value in list(data.items())[:40]:
        if name in OURS or not isinstance(value, str | int | float):
            continue
        text = str(value)
        if len(text) > MAX_INPUT or len(name) > 60:
            raise BadRequest("input_too_long", status=413)
        inputs[INPUT_NAMES.get(name, name)] = text
    return inputs


# --- installations --------------------------------------------------------------------------------------------------


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
        group_id=_id(team.get("aadGroupId")) if team_id else "",
        member=heard.rep if personal else None,
        member_wire_id=_id(heard.sender.get("id")) if personal and heard.rep else "",
        removed=removed,
    )


def _team_id(heard: Heard) -> str:
    """Thread id of the team, which is also the id of its General channel."""
    data = part(heard.activity, "channelData")
    return _id(part(data, "team").get("id")) or _id(data.get("teamsTeamId"))


def _service(heard: Heard) -> str:
    return _id(heard.activity.get("serviceUrl"))


# --- the rest -------------------------------------------------------------------------------------------------------


def unknown(heard: Heard, what: str) -> Inbound:
    """Something authentic that we do not understand, kept for later."""
    return heard.inbound(UnknownPayload(id=heard.id, at=heard.at, address=heard.address, what=what[:100]))
