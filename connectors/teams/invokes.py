"""Answers the calls whose response is the answer: card buttons, refresh, search from the compose box, dialogs.

Reads come from the hub and are not stored; acts are stored, and their turn runs inline within the limit. Whoever waits
too long gets a word, and the card is edited when the turn is done. Shapes: Teams, universal actions for Adaptive Cards;
message extensions, search commands; dialogs.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from connectors.contract import Hub, Inbound
from connectors.teams import buttons, cards, translate, words
from connectors.teams.drawing import Drawing
from connectors.teams.elements import CARD_TYPE, VERSION, Card, Submit, TextBlock
from connectors.teams.heard import Heard, wire_id
from connectors.teams.notetaking import NoteTaking
from connectors.teams.tab import card_link
from connectors.teams.wire import Json, listed, part, text_of
from rules.card import CardView
from rules.decision import Answer
from rules.errors import BadRequest
from rules.events import RepActed
from rules.model import RepHandle, Words

MESSAGE_TYPE = "application/vnd.microsoft.activity.message"
ERROR_TYPE = "application/vnd.microsoft.error"
PREVIEW_TYPE = "application/vnd.microsoft.card.thumbnail"
MAX_FOUND = 10
MAX_QUERY = 200


class Invokes:
    """The answers to invokes."""

    def __init__(self, hub: Hub, *, limit: float) -> None:
        self._hub, self._limit = hub, limit
        self.notes = NoteTaking(hub, self._act)
        """Keeping messages as notes."""

    async def in_her_language(self, heard: Heard) -> Heard:
        """The same call, as if it came from a client in the language this rep has chosen, if she has chosen one."""
        rep = await self._hub.rep(heard.rep) if heard.rep is not None else None
        if rep is None or not rep.wishes.language:
            return heard
        return replace(heard, activity={**heard.activity, "locale": rep.wishes.language})

    async def card_action(self, heard: Heard) -> dict[str, Any]:
        """`adaptiveCard/action`: a pressed button, or a client that wants the newest card."""
        action = part(heard.activity, "value", "action")
        data, verb = part(action, "data"), text_of(action.get("verb"))
        if verb == buttons.REFRESH:
            return await self._newest(heard, text_of(data.get("conversation_id")))
        inbound = translate.action(heard, data, verb)
        answer = await self._act(inbound)
        if answer is None:
            return _message(words.BUSY, heard)
        return await self._shown(answer, inbound, heard)

    async def _act(self, inbound: Inbound) -> Answer | None:
        """The turn's answer, or None when it took too long. Raises Unavailable."""
        try:
            async with asyncio.timeout(self._limit + 0.5):
                return await self._hub.act(inbound, limit=self._limit)
        except TimeoutError:
            return None

    async def _shown(self, answer: Answer, inbound: Inbound, heard: Heard) -> dict[str, Any]:
        event = inbound.event
        if not isinstance(event, RepActed):
            return _message(answer.words, heard)
        if answer.show == "list":
            return _message(await self._rows(answer, event.by, heard), heard)
        if answer.show == "card" and not answer.refused:
            card = await self._hub.card(event.conversation_id, event.by)
            if card is not None:
                return _card(card, heard)
        return _message(answer.words, heard)

    async def _rows(self, answer: Answer, by: RepHandle, heard: Heard) -> Words:
        """A list as one message: the words, then a line a customer."""
        found = await self._hub.cards(answer.query, by, limit=MAX_FOUND) if answer.query else ()
        rows = "".join(f"\n• {_line(view, language(heard))}" for view in found)
        return Words(zh=answer.words.zh + rows, en=answer.words.en + rows)

    async def _newest(self, heard: Heard, conversation_id: str) -> dict[str, Any]:
        by = _rep(heard)
        card = await self._hub.card(conversation_id, by)
        return _card(card, heard) if card is not None else _error(404, "NotFound", words.NOT_HERE, heard)

    async def search(self, heard: Heard) -> dict[str, Any]:
        """`composeExtension/query`: customers this rep may see, as cards to put into a chat."""
        value = part(heard.activity, "value")
        given = {text_of(p.get("name")): text_of(p.get("value")) for p in listed(value.get("parameters"))}
        asked = given.get("query", "").strip()[:MAX_QUERY]
        query = "mine" if "initialRun" in given or not asked else f"find:{asked}"
        found = await self._hub.cards(query, _rep(heard), limit=MAX_FOUND)
        if not found:
            text = words.NOTHING_FOUND.in_(language(heard))
            return {"composeExtension": {"type": "message", "text": text}}
        attachments = [_found(view, heard) for view in found]
        return {"composeExtension": {"type": "result", "attachmentLayout": "list", "attachments": attachments}}

    async def dialog(self, heard: Heard) -> dict[str, Any]:
        """`task/fetch`: the dialog in which a rep answers a customer."""
        data = part(heard.activity, "value", "data")
        card = await self._hub.card(text_of(data.get("conversation_id")), _rep(heard))
        if card is None:
            return {"task": {"type": "message", "value": words.NOT_HERE.in_(language(heard))}}
        title = words.DIALOG.in_(language(heard)).format(name=card.name)[:60]
        content = {"contentType": CARD_TYPE, "content": _dialog(card, heard)}
        return {"task": {"type": "continue", "value": {"title": title, "height": "medium", "card": content}}}

    async def submitted(self, heard: Heard) -> dict[str, Any]:
        """`task/submit`: the dialog's button."""
        inbound = translate.action(heard, part(heard.activity, "value", "data"))
        answer = await self._act(inbound)
        said = answer.words if answer is not None else words.BUSY
        return {"task": {"type": "message", "value": said.in_(language(heard))}}


def language(heard: Heard) -> str:
    """The language of the person's client."""
    return text_of(heard.activity.get("locale")) or "zh-CN"


def _rep(heard: Heard) -> RepHandle:
    """Who asks. Raises BadRequest for anybody without an Entra id."""
    if heard.rep is None:
        raise BadRequest("no_entra_id")
    return heard.rep


def _nonce(heard: Heard) -> str:
    return heard.id.removeprefix("teams:")[:16]


def _card(view: CardView, heard: Heard) -> dict[str, Any]:
    asker = wire_id(heard.sender.get("id"))
    drawing = Drawing(
        language=language(heard),
        nonce=_nonce(heard),
        readers=(asker,) if asker else (),
        open_url=card_link(heard.settings, view.conversation_id),
    )
    drawn = cards.fitted(view, drawing, heard.settings.limits.card_bytes)
    return {"statusCode": 200, "type": CARD_TYPE, "value": drawn}


def _message(said: Words, heard: Heard) -> dict[str, Any]:
    text = said.in_(language(heard)) or words.DONE.in_(language(heard))
    return {"statusCode": 200, "type": MESSAGE_TYPE, "value": text}


def _error(status: int, code: str, said: Words, heard: Heard) -> dict[str, Any]:
    return {"statusCode": status, "type": ERROR_TYPE, "value": {"code": code, "message": said.in_(language(heard))}}


def _line(view: CardView, spoken: str) -> str:
    pieces = (view.name, view.company, view.stage_words.in_(spoken), view.owner)
    return " · ".join(" ".join(p.split())[:80] for p in pieces if p)


def _found(view: CardView, heard: Heard) -> dict[str, Any]:
    """One search result. Without buttons: the chat it is put into may be anybody's."""
    drawn = cards.draw(view, Drawing(language=language(heard), nonce=_nonce(heard), history=False, live=False))
    name = view.name or words.NO_NAME.in_(language(heard))
    preview: Json = {"title": name[:100], "text": _line(view, language(heard))}
    return {"contentType": CARD_TYPE, "content": drawn, "preview": {"contentType": PREVIEW_TYPE, "content": preview}}


def _dialog(view: CardView, heard: Heard) -> dict[str, Any]:
    press = buttons.Press(
        conversation_id=view.conversation_id, card_version=view.version, nonce=_nonce(heard), language=language(heard)
    )
    drawing = Drawing(language=press.language, nonce=press.nonce)
    head = TextBlock(text=drawing.words(view.name) or drawing.say(words.NO_NAME), weight="bolder")
    left = TextBlock(text=drawing.window(view.window), is_subtle=True, spacing="none")
    send = Submit(title=words.SEND.in_(press.language), data={**press.data(), "verb": "reply"}, style="positive")
    return Card(version=VERSION, body=[head, left, press.reply_field()], actions=[send]).json_value()
