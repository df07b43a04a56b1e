"""Draws the one view of a customer as an Adaptive Card: unclaimed, claimed, snoozed, closed; Chinese or English.

The view is already decided; nothing here knows a rule. Every text of an outsider is escaped or put into a text run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from connectors.teams import buttons, folded, words
from connectors.teams.drawing import Drawing
from connectors.teams.elements import (
    VERSION,
    Badge,
    Card,
    Colour,
    Column,
    ColumnSet,
    Container,
    Element,
    Fact,
    FactSet,
    FlowLayout,
    Refresh,
    TeamsPart,
    TextBlock,
)
from rules.card import CardView, FactView, TaskView

TARGET_BYTES = 24_000
"""What a card should stay below; the service's own limit is a setting."""
_HEAT: dict[str, Colour] = {"cold": "default", "warm": "warning", "hot": "attention"}
_TAGS, _TASKS = 12, 3
_READERS = 20
"""Whose clients still ask by themselves when a card has grown too large: an id takes more than a hundred bytes."""


def draw(view: CardView, drawing: Drawing) -> dict[str, Any]:
    """The card of a view as JSON-ready values."""
    press = buttons.Press(
        conversation_id=view.conversation_id, card_version=view.version, nonce=drawing.nonce, language=drawing.language
    )
    live, left = drawing.live, drawing.window(view.window)
    actions = buttons.of_card(view, press, left=left, open_url=drawing.open_url) if live else []
    card = Card(
        version=VERSION,
        fallback_text=f"{view.name or drawing.say(words.NO_NAME)} · {view.stage_words.in_(drawing.language)}"[:200],
        lang="zh" if drawing.language.lower().startswith("zh") else "en",
        body=[*_head(view, drawing), *_state(view, drawing), _facts(view, drawing), *_more(view, drawing)],
        actions=actions or None,
        refresh=Refresh(action=press.refresh(), user_ids=list(drawing.readers) or None) if live else None,
        msteams=TeamsPart(width="full"),
    )
    return card.json_value()


def fitted(view: CardView, drawing: Drawing, limit: int) -> dict[str, Any]:
    """The card of a view within `limit` bytes: what can be looked up elsewhere goes first."""
    card = draw(view, drawing)
    bare = replace(view, touches=(), score_lines=(), tasks=(), channels=(), wakeup=None)
    facts = replace(bare, tags=(), bant=(), stages=(), title="", company="", segment="", industry="", source="")
    short = replace(drawing, longest=200, readers=drawing.readers[:_READERS])
    for smaller, how in (
        (replace(view, touches=()), drawing),
        (replace(bare, tags=view.tags[:4]), short),
        (facts, short),
    ):
        if len(orjson.dumps(card)) <= min(limit, TARGET_BYTES):
            break
        card = draw(smaller, how)
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
    lines += _tags(view, drawing)
    lines += _attention(view, drawing)
    if view.taken_over:
        lines.append(TextBlock(text=drawing.say(words.TAKEN_OVER), color="warning", spacing="small"))
    if view.unknown:
        text = drawing.say(words.UNKNOWN_SENDINGS, count=view.unknown)
        lines.append(TextBlock(text=text, color="warning", spacing="small"))
    lines.append(TextBlock(text=_next(view, drawing), spacing="small"))
    return lines


def _tags(view: CardView, drawing: Drawing) -> list[Element]:
    """Labels in a row; one line of text where a client knows neither."""
    if not view.tags:
        return []
    shown = view.tags[:_TAGS]
    plain = [drawing.words(t.shown, 60) for t in shown]
    names = [drawing.say(words.AUTO, name=n) if t.auto else n for n, t in zip(plain, shown, strict=True)]
    badges: list[Element] = [
        Badge(text=name, appearance="Tint", style="Informative" if tag.auto else "Default")
        for name, tag in zip(names, shown, strict=True)
    ]
    text = TextBlock(text=" · ".join(names), color="accent", spacing="small")
    flow = FlowLayout(column_spacing="small", row_spacing="small", horizontal_items_alignment="Left")
    return [Container(items=badges, layouts=[flow], fallback=text, spacing="small")]


def _attention(view: CardView, drawing: Drawing) -> list[Element]:
    """How long she may still wait, and what may go wrong."""
    parts = [view.risk] if view.risk is not None else []
    if view.sla is not None:
        parts.append(view.sla.words)
    if not parts:
        return []
    late = view.risk is not None or (view.sla is not None and view.sla.state == "breached")
    colour: Colour = "attention" if late else "warning" if view.sla and view.sla.state == "risk" else "default"
    return [TextBlock(text=" · ".join(drawing.sentence(p) for p in parts), color=colour, spacing="small")]


def _next(view: CardView, drawing: Drawing) -> str:
    """One sentence, one person, one moment."""
    text = drawing.sentence(view.next_step)
    who = drawing.words(view.next_owner)
    due = drawing.say(words.BEFORE, at=drawing.when(view.next_due, view.zone)) if view.next_due else ""
    by = " · ".join(p for p in (who, due) if p)
    return drawing.say(words.NEXT_BY, text=text, who=by) if by else drawing.say(words.NEXT, text=text)


def _facts(view: CardView, drawing: Drawing) -> FactSet:
    """At most six facts: what makes her buy, who owns her, how long we may write to her."""
    rows = [(fact.words, _fact(fact, drawing)) for fact in view.bant[:4]]
    rows.append((words.OWNER, drawing.words(view.owner) or drawing.say(words.NOBODY)))
    rows.append((words.WINDOW, drawing.window(view.window)))
    return FactSet(facts=[Fact(title=drawing.say(title), value=value) for title, value in rows])


def _fact(fact: FactView, drawing: Drawing) -> str:
    """What is known, or what to ask."""
    if fact.value:
        return drawing.words(fact.value, drawing.longest)
    ask = drawing.sentence(fact.ask)
    return f"{drawing.say(words.NOT_KNOWN)} · {ask}" if ask else drawing.say(words.NOT_KNOWN)


def _more(view: CardView, drawing: Drawing) -> list[Element]:
    """Open tasks; her last words and every why behind two buttons."""
    found: list[Element] = [TextBlock(text=_task(t, view, drawing), spacing="small") for t in view.tasks[:_TASKS]]
    if not drawing.live:
        return found
    return [*found, *folded.parts(view, drawing)]


def _task(task: TaskView, view: CardView, drawing: Drawing) -> str:
    said = words.OVERDUE if task.overdue else words.DUE
    at = drawing.when(task.due_at, view.zone)
    return "☐ " + drawing.say(said, title=drawing.sentence(task.title), at=at)
