"""Draws the one view of a customer as an Adaptive Card: unclaimed, claimed, snoozed, closed; Chinese or English.

The view is already decided; nothing here knows a rule. Every text of an outsider is escaped or put into a text run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from connectors.teams import buttons, words
from connectors.teams.elements import (
    VERSION,
    Card,
    Colour,
    Column,
    ColumnSet,
    Container,
    Element,
    Fact,
    FactSet,
    Refresh,
    RichTextBlock,
    TeamsPart,
    TextBlock,
    TextRun,
    ToggleVisibility,
)
from connectors.teams.markdown import escape, shorten
from rules.card import CardView, ReplyWindow, TouchView
from rules.model import Words

TARGET_BYTES = 24_000
"""What a card should stay below; the service's own limit is a setting."""
_HEAT: dict[str, Colour] = {"cold": "default", "warm": "warning", "hot": "attention"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """How a view is drawn: for which language, as which rendering, with what."""

    language: str
    nonce: str
    """Names this rendering: the same press on it twice is one act."""
    history: bool = True
    """Her last words, hidden until asked for. A new thread leaves them out: they follow as its first lines."""
    live: bool = True
    """With buttons and refresh. A card put into a chat by the message extension has none."""
    moved_from: str = ""

    def say(self, sentence: Words, **values: object) -> str:
        """The sentence in the reader's language."""
        return sentence.in_(self.language).format(**values)

    def words(self, text: str, limit: int = 200) -> str:
        """An outsider's words, fit for a text block."""
        return escape(shorten(" ".join(text.split()), limit, "…"))

    def sentence(self, sentence: Words) -> str:
        """A sentence decided elsewhere, which may quote an outsider."""
        return self.words(sentence.in_(self.language), 600)


def draw(view: CardView, drawing: Drawing) -> dict[str, Any]:
    """The card of a view as JSON-ready values."""
    body = [*_head(view, drawing), *_state(view, drawing), _facts(view, drawing), *_more(view, drawing)]
    press = buttons.Press(
        conversation_id=view.conversation_id, card_version=view.version, nonce=drawing.nonce, language=drawing.language
    )
    live = drawing.live
    card = Card(
        version=VERSION,
        fallback_text=f"{view.name or drawing.say(words.NO_NAME)} · {view.stage_words.in_(drawing.language)}"[:200],
        lang="zh" if drawing.language.lower().startswith("zh") else "en",
        body=body,
        actions=(buttons.of_card(view, press) or None) if live else None,
        refresh=Refresh(action=press.refresh()) if live else None,
        msteams=TeamsPart(width="full"),
    )
    return card.json_value()


def fitted(view: CardView, drawing: Drawing, limit: int) -> dict[str, Any]:
    """The card of a view within `limit` bytes: what can be looked up elsewhere goes first."""
    card = draw(view, drawing)
    for smaller in (
        replace(view, touches=()),
        replace(view, touches=(), tags=view.tags[:4], tasks=()),
        replace(view, touches=(), tags=(), tasks=(), title="", company="", segment="", industry="", source=""),
    ):
        if len(orjson.dumps(card)) <= min(limit, TARGET_BYTES):
            break
        card = draw(smaller, drawing)
    return card


def moved(view: CardView, drawing: Drawing, channel: str) -> dict[str, Any]:
    """What stays at the old place of a thread that moved."""
    text = drawing.say(words.MOVED_TO, name=drawing.words(channel))
    name = drawing.words(view.name) or drawing.say(words.NO_NAME)
    body: list[Element] = [
        TextBlock(text=name, weight="bolder", is_subtle=True),
        TextBlock(text=text, is_subtle=True, spacing="small"),
    ]
    return Card(version=VERSION, fallback_text=text, body=body).json_value()


def _head(view: CardView, drawing: Drawing) -> list[Element]:
    name = drawing.words(view.name, 400) or drawing.say(words.NO_NAME)
    about = " · ".join(drawing.words(piece) for piece in (view.title, view.company) if piece)
    left: list[Element] = [TextBlock(text=name, size="large", weight="bolder", style="heading")]
    if about:
        left.append(TextBlock(text=about, is_subtle=True, spacing="none"))
    right: list[Element] = [
        TextBlock(text=drawing.say(words.SCORE, score=view.score), weight="bolder", horizontal_alignment="right"),
        TextBlock(
            text=drawing.sentence(view.heat_words),
            color=_HEAT[view.heat],
            spacing="none",
            horizontal_alignment="right",
        ),
    ]
    columns = ColumnSet(columns=[Column(items=left), Column(width="auto", items=right)])
    return [Container(style="emphasis", bleed=True, items=[columns])]


def _state(view: CardView, drawing: Drawing) -> list[Element]:
    state = {
        "unclaimed": drawing.say(words.UNCLAIMED),
        "claimed": drawing.say(words.CLAIMED_BY, name=drawing.words(view.owner))
        if view.owner
        else drawing.say(words.CLAIMED),
        "snoozed": drawing.say(words.SNOOZED),
        "closed": drawing.say(words.CLOSED),
    }[view.state]
    chips = [state, drawing.sentence(view.stage_words)]
    if view.qualified:
        chips.append(drawing.say(words.QUALIFIED))
    if drawing.moved_from:
        chips.append(drawing.say(words.MOVED_FROM, name=drawing.words(drawing.moved_from)))
    lines: list[Element] = [TextBlock(text=" · ".join(chips), weight="bolder", spacing="small")]
    if view.tags:
        plain = [(drawing.words(t.shown, 60), t.auto) for t in view.tags[:12]]
        names = [drawing.say(words.AUTO, name=name) if auto else name for name, auto in plain]
        lines.append(TextBlock(text=" · ".join(names), color="accent", spacing="small"))
    if view.risk is not None:
        lines.append(TextBlock(text=drawing.sentence(view.risk), color="attention", spacing="small"))
    if view.unknown:
        text = drawing.say(words.UNKNOWN_SENDINGS, count=view.unknown)
        lines.append(TextBlock(text=text, color="warning", spacing="small"))
    lines.append(TextBlock(text=drawing.say(words.NEXT, text=drawing.sentence(view.next_step)), spacing="small"))
    why = drawing.say(words.WHY_HERE, text=drawing.sentence(view.why))
    lines.append(TextBlock(text=why, is_subtle=True, spacing="small"))
    return lines


def _facts(view: CardView, drawing: Drawing) -> FactSet:
    """At most six facts, the empty ones left out."""
    rows = [
        (words.OWNER, drawing.words(view.owner) or drawing.say(words.NOBODY)),
        (words.WINDOW, window(view.window, drawing)),
        (words.MAIL, drawing.sentence(view.mail_allowed)),
        (words.SEGMENT, drawing.words(view.segment)),
        (words.INDUSTRY, drawing.words(view.industry)),
        (words.SOURCE, drawing.words(view.source)),
    ]
    return FactSet(facts=[Fact(title=drawing.say(title), value=value) for title, value in rows if value])


def window(left: ReplyWindow, drawing: Drawing) -> str:
    """How long and how often we may still write to her."""
    if not left.open:
        return drawing.say(words.WINDOW_SHUT)
    pieces = []
    if left.hours_left is not None:
        pieces.append(drawing.say(words.HOURS_LEFT, hours=int(left.hours_left)))
    if left.messages_left is not None:
        total = left.messages_total if left.messages_total is not None else left.messages_left
        pieces.append(drawing.say(words.MESSAGES_LEFT, left=left.messages_left, total=total))
    return " · ".join(pieces) or drawing.say(words.NO_LIMIT)


def _more(view: CardView, drawing: Drawing) -> list[Element]:
    """Open tasks, and her last words behind a button."""
    found: list[Element] = [TextBlock(text=f"☐ {drawing.sentence(t.title)}", spacing="small") for t in view.tasks[:3]]
    if not drawing.history or not view.touches:
        return found
    title = drawing.say(words.HISTORY, count=view.touch_count)
    rows: list[Element] = [_touch(touch, view.zone, drawing) for touch in view.touches[:5]]
    found.append(buttons.in_body(ToggleVisibility(title=title, target_elements=["history"])))
    found.append(Container(id="history", items=rows, is_visible=False, spacing="small"))
    return found


def _touch(touch: TouchView, zone: str, drawing: Drawing) -> RichTextBlock:
    who = {"customer": words.THEY, "us": words.WE, "hub": words.HUB}[touch.who]
    when = f"{local(touch.at, zone):%m-%d %H:%M} {drawing.say(who)} · {touch.where}  "
    text = shorten(" ".join(touch.text.split()), 300, "…")
    return RichTextBlock(inlines=[TextRun(text=when, is_subtle=True), TextRun(text=text or "–")], spacing="small")


def local(at: datetime, zone: str) -> datetime:
    """The time on the reader's wall; UTC when her zone is not known."""
    try:
        return at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return at
