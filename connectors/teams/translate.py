"""Turns what people say and press into events. Pure: the activity, our settings and the time are all it sees.

Source of the shapes: Bot Framework activity schema; Teams channelData (Teams, channel and group conversations).
"""

from __future__ import annotations

import html
import re
from dataclasses import replace

from connectors.contract import Inbound
from connectors.teams.attached import brought
from connectors.teams.buttons import INPUT_NAMES
from connectors.teams.heard import WEB_CHAT, Heard, digest, thread_of, unknown, wire_id
from connectors.teams.places import references
from connectors.teams.wire import Json, listed, part, text_of
from rules.errors import BadRequest
from rules.events import MessageReceived, RepActed, RepSpoke
from rules.model import Identity, RepHandle

BOUND_USER = "dl_"
"""A web chat user id that starts so was fixed by our own token; any other is a visitor's claim (Direct Line 3.0)."""
OURS = frozenset(("conversation_id", "card_version", "nonce", "verb", "msteams"))
"""Members of a card action's data that are not inputs."""
MAX_INPUT = 20_000
_TAG = re.compile(r"<[^<>]{0,1000}>")


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
        attachments=brought(heard)[0] if mentioned else (),
    )
    return [heard.inbound(event)]


def _from_customer(heard: Heard) -> Inbound:
    user = wire_id(heard.sender.get("id"))
    bound = user.startswith(BOUND_USER)
    identity = Identity(
        platform="webchat",
        kind="user" if bound else "conversation",
        value=user if bound else heard.conversation,
    )
    attachments, files = brought(heard)
    event = MessageReceived(
        id=heard.id,
        at=heard.at,
        address=heard.address,
        identity=identity,
        text=plain_text(heard),
        attachments=attachments,
        name=text_of(heard.sender.get("name"))[:200],
        language=text_of(heard.activity.get("locale"))[:35],
    )
    return replace(heard.inbound(event), files=files)


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
        activity_id=wire_id(heard.activity.get("replyToId")),
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
