"""Keeps any message of a chat as a note about a customer: a dialog to choose her, then the common door.

Shapes: Teams, message extensions, action commands (`composeExtension/fetchTask`, `composeExtension/submitAction`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from connectors.contract import Hub, Inbound
from connectors.teams import translate, words
from connectors.teams.elements import CARD_TYPE, VERSION, Card, Choice, Element, InputChoice, InputText, Submit
from connectors.teams.heard import Heard
from connectors.teams.markdown import shorten
from connectors.teams.wire import part, text_of
from rules.card import CardView
from rules.decision import Answer
from rules.errors import BadRequest
from rules.events import RepActed

MOST_CHOICES, MAX_NOTE, MAX_QUERY = 20, 4_000, 200
_BREAKS = re.compile(r"<(?:br|/p|/div|/li)\b[^<>]{0,200}>", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]{0,1000}>")
Act = Callable[[Inbound], Awaitable[Answer | None]]


class NoteTaking:
    """The answers to one action command."""

    def __init__(self, hub: Hub, act: Act) -> None:
        self._hub, self._act = hub, act

    async def opened(self, heard: Heard) -> dict[str, Any]:
        """The dialog, with the message in it and the rep's own customers to choose from."""
        payload = part(heard.activity, "value", "messagePayload")
        text = plain(text_of(part(payload, "body").get("content")))
        author = text_of(part(payload, "from", "user").get("displayName"))
        said = f"{author}：{text}" if author and text else text
        return await self._dialog(heard, shorten(said, MAX_NOTE, "…"), "")

    async def submitted(self, heard: Heard) -> dict[str, Any]:
        """Search once more, or keep the note."""
        data = part(heard.activity, "value", "data")
        text, asked = text_of(data.get("text")), text_of(data.get("query")).strip()[:MAX_QUERY]
        chosen = text_of(data.get("conversation_id"))
        if data.get("step") == "search" or not chosen:
            return await self._dialog(heard, text[:MAX_NOTE], asked)
        wanted = {"conversation_id": chosen, "text": text, "nonce": text_of(data.get("nonce"))}
        inbound = translate.action(heard, wanted, "note")
        event = inbound.event
        if not isinstance(event, RepActed):
            raise BadRequest("bad_action")
        # The message may stand in any thread: that one is not the customer's.
        answer = await self._act(replace(inbound, event=replace(event, thread=None, activity_id="")))
        said = answer.words if answer is not None else words.BUSY
        return {"task": {"type": "message", "value": said.in_(_language(heard))}}

    async def _dialog(self, heard: Heard, text: str, asked: str) -> dict[str, Any]:
        if heard.rep is None:
            raise BadRequest("no_entra_id")
        query = f"find:{asked}" if asked else "mine"
        found = await self._hub.cards(query, heard.rep, limit=MOST_CHOICES)
        content = {"contentType": CARD_TYPE, "content": _card(heard, text, asked, found)}
        title = words.SAVE_NOTE.in_(_language(heard))
        return {"task": {"type": "continue", "value": {"title": title, "height": "medium", "card": content}}}


def plain(content: str) -> str:
    """The words of a message that comes as HTML; anything else stays as it is."""
    if "<" not in content:
        return content.strip()
    bare = html.unescape(_TAGS.sub("", _BREAKS.sub("\n", content))).replace("\xa0", " ")
    return re.sub(r"\n{3,}", "\n\n", bare).strip()


def _card(heard: Heard, text: str, asked: str, found: Sequence[CardView]) -> dict[str, Any]:
    language = _language(heard)
    body: list[Element] = [
        InputText(id="query", label=words.WHOM.in_(language), value=asked or None, max_length=MAX_QUERY),
        _choices(found, language),
        InputText(
            id="text",
            label=words.NOTE_LABEL.in_(language),
            value=text or None,
            is_multiline=True,
            max_length=MAX_NOTE,
        ),
    ]
    nonce = heard.id.removeprefix("teams:")[:16]
    actions = [
        Submit(title=words.SAVE.in_(language), data={"step": "save", "nonce": nonce}, style="positive"),
        Submit(title=words.SEARCH.in_(language), data={"step": "search", "nonce": nonce}),
    ]
    return Card(version=VERSION, body=body, actions=list(actions)).json_value()


def _choices(found: Sequence[CardView], language: str) -> InputChoice:
    """Whom the note is about; with nobody found the label says so."""
    choices = [Choice(title=_line(view, language), value=view.conversation_id) for view in found]
    label = (words.CHOOSE if choices else words.NOTHING_FOUND).in_(language)
    first = choices[0].value if choices else None
    return InputChoice(id="conversation_id", label=label, choices=choices, value=first, style="compact")


def _line(view: CardView, language: str) -> str:
    name = view.name or words.NO_NAME.in_(language)
    return " · ".join(" ".join(p.split())[:60] for p in (name, view.company, view.stage_words.in_(language)) if p)


def _language(heard: Heard) -> str:
    return text_of(heard.activity.get("locale")) or "zh-CN"
