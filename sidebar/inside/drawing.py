"""Draws the conversation page: the one card of all faces as blocks in their order, with a form for every act."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from connectors.contract import Clock
from rules.card import CardView
from rules.language import Language
from sidebar.inside.acts import MOST, TYPED, Wish
from sidebar.inside.page import Family, show
from sidebar.inside.session import Said
from sidebar.inside.shown import Reading, points
from sidebar.inside.words import SAID

BLOCKS: Sequence[str] = (
    "who",
    "state",
    "risk",
    "next",
    "wakeup",
    "unknown",
    "tags",
    "reply",
    "history",
    "acts",
    "channel",
    "more",
)
"""The page from top to bottom; each name is a template in pages/inside/blocks."""
_WAKEUP_STATES = frozenset(k for k in SAID if k.startswith("wakeup_"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a face of the pages lives: how its forms and links are addressed."""

    family: Family
    home: str
    card_at: str
    """Address of a card, less the conversation's id."""
    post_to: str
    """Where acts go; `{id}` becomes the conversation's id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """What one drawing of a card adds to the card itself."""

    language: Language
    hidden: Mapping[str, str] = field(default_factory=dict, repr=False)
    """More fields of every form."""
    said: Said | None = None
    wish: Wish | None = None
    """The act that could not be done: what was typed is kept."""
    status: int = 200


def draw_card(card: CardView, place: Place, sheet: Sheet, clock: Clock) -> web.Response:
    """The page of a conversation."""
    hidden = {"nonce": secrets.token_hex(16), "card_version": str(card.version), **sheet.hidden}
    return show(
        "card",
        sheet.language,
        place.family,
        status=sheet.status,
        card=card,
        blocks=BLOCKS,
        reading=Reading(language=sheet.language, now=clock()),
        points=points,
        most=MOST,
        wakeup_states=_WAKEUP_STATES,
        home=place.home,
        post_to=place.post_to.format(id=card.conversation_id),
        hidden=hidden,
        said=sheet.said,
        wrong=_wrong(sheet),
        typed=dict.fromkeys(TYPED, "") | ({sheet.wish.verb: sheet.wish.typed} if sheet.wish else {}),
    )


def _wrong(sheet: Sheet) -> Mapping[str, str] | None:
    """What is wrong with the input, and at which field."""
    wish = sheet.wish
    if wish is None or not wish.problem:
        return None
    return {"field": f"{wish.verb}-{wish.problem.split('_')[0]}", "text": SAID[wish.problem].in_(sheet.language)}


def draw_list(
    lists: Sequence[tuple[str, str, Sequence[CardView]]],
    place: Place,
    language: Language,
    clock: Clock,
    *,
    words: str,
    sdk: str = "",
    integrity: str = "",
) -> web.Response:
    """Lists of conversations, each with its title and what to say when it is empty, under a search field."""
    return show(
        "home",
        language,
        place.family,
        lists=lists,
        words=words,
        reading=Reading(language=language, now=clock()),
        home=place.home,
        card_at=place.card_at,
        sdk=sdk,
        integrity=integrity,
    )
