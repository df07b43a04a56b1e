"""Draws the conversation page: the one card of all faces as blocks in the reader's order, with a form for every act."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from connectors.contract import Clock
from rules.card import CardView, FileView
from rules.files import HEARD, SHOWN
from rules.language import Language
from rules.layout import Layout
from rules.listrow import ListRow
from rules.model import Identity, RepHandle
from sidebar.inside.acts import MOST, TYPED, Wish
from sidebar.inside.block import Block
from sidebar.inside.files import MEDIA, Tickets
from sidebar.inside.page import Family, bring, show
from sidebar.inside.parts import Past
from sidebar.inside.registry import found
from sidebar.inside.session import Said
from sidebar.inside.shown import Reading, points
from sidebar.inside.words import SAID

BLOCKS: Sequence[Block] = found()
"""Every block there is, from the top."""
BAR: Mapping[str, tuple[str, str]] = {
    "scripts": ("scripts", "bar_scripts"),
    "reply": ("reply-text", "bar_reply"),
    "note": ("note-text", "bar_note"),
    "task": ("task-text", "bar_task"),
}
"""Block -> where the fixed bar at the foot leads, and how that is called."""
LISTED = 12
"""Conversations in a list; for the rest there is the search, and a full list says so."""
_WAKEUP_STATES = frozenset(k for k in SAID if k.startswith("wakeup_"))

for _block in BLOCKS:
    if _block.html:
        bring(f"blocks/{_block.id}.html", _block.html)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a face of the pages lives: how its forms and links are addressed. An empty address: it has no such page."""

    family: Family
    home: str
    card_at: str
    """Address of a card, less the conversation's id."""
    post_to: str
    """Where acts go; `{id}` becomes the conversation's id, here and below."""
    past_at: str = ""
    """All that was said."""
    use_at: str = ""
    """The card with a script in its reply box, less the script's id."""
    names_at: str = ""
    """Where the wish goes to see her names in clear."""
    layout_at: str = ""
    """The page to arrange the blocks."""
    layout_to: str = ""
    """Where wishes about the blocks go."""
    create_at: str = ""
    """Where a contact becomes a customer."""
    out_at: str = ""
    """Where signing out goes."""
    file_to: str = ""
    """Where files to her go."""
    tickets: Tickets | None = None
    """For a face without a cookie: addresses of files that are good for one reader."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """What one drawing of a card adds to the card itself."""

    language: Language
    hidden: Mapping[str, str] = field(default_factory=dict, repr=False)
    """More fields of every form."""
    said: Said | None = None
    wish: Wish | None = None
    """The act that could not be done: what was typed is kept."""
    typed: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What stands in the boxes at first, by verb."""
    status: int = 200
    layout: Layout = field(default_factory=Layout)
    role: str = "rep"
    thread: str = ""
    """Where Teams opens her thread."""
    by: RepHandle | None = None
    """Whom the addresses of files are drawn for."""


def draw_card(card: CardView, place: Place, sheet: Sheet, clock: Clock) -> web.Response:
    """The page of a conversation."""
    reading = Reading(language=sheet.language, now=clock())
    shown = [b for b in visible(sheet.layout, sheet.role) if b.shows(card)]
    typed = dict.fromkeys(TYPED, "") | dict(sheet.typed)
    return show(
        "card",
        sheet.language,
        place.family,
        status=sheet.status,
        card=card,
        blocks=[(b.id, b.fill(card, reading)) for b in shown],
        bar=_bar([b.id for b in shown]),
        reading=reading,
        points=points,
        most=MOST,
        wakeup_states=_WAKEUP_STATES,
        place=place,
        at=_at(place, card.conversation_id),
        post_to=place.post_to.format(id=card.conversation_id),
        hidden={"nonce": secrets.token_hex(16), "card_version": str(card.version), **sheet.hidden},
        said=sheet.said,
        wrong=_wrong(sheet),
        typed=typed | ({sheet.wish.box: sheet.wish.typed} if sheet.wish and sheet.wish.box else {}),
        thread=sheet.thread,
        file_to=place.file_to.format(id=card.conversation_id),
        **_files(place, sheet.by),
    )


def _files(place: Place, by: RepHandle | None) -> Mapping[str, Any]:
    """What the templates need to show files."""
    tickets = place.tickets

    def at(file: FileView) -> str:
        return tickets.at(file, by) if tickets and by else f"{MEDIA}{file.id}"

    return {"file_at": at, "shown_types": SHOWN, "heard_types": HEARD}


def visible(layout: Layout, role: str) -> list[Block]:
    """The blocks a reader of this role sees, in her order."""
    return [b for b in layout.arranged(BLOCKS) if role in b.roles and (b.stays or b.id not in layout.hidden)]


def _bar(shown: Sequence[str]) -> list[tuple[str, str]]:
    """The shortcuts at the foot: three of them, and none that leads nowhere."""
    names = [n for n in BAR if n in shown and not (n == "reply" and "scripts" in shown)]
    return [BAR[n] for n in names]


def _at(place: Place, conversation_id: str) -> Mapping[str, str]:
    """The addresses of one conversation."""
    named = {"past": place.past_at, "use": place.use_at, "names": place.names_at, "card": f"{place.card_at}{{id}}"}
    return {name: address.format(id=conversation_id) for name, address in named.items()}


def _wrong(sheet: Sheet) -> Mapping[str, str] | None:
    """What is wrong with the input, and at which field."""
    wish = sheet.wish
    if wish is None or not wish.problem:
        return None
    return {"field": f"{wish.box}-{wish.problem.split('_')[0]}", "text": SAID[wish.problem].in_(sheet.language)}


def draw_list(
    lists: Sequence[tuple[str, str, Sequence[ListRow]]],
    place: Place,
    language: Language,
    clock: Clock,
    *,
    words: str,
    hidden: Mapping[str, str] | None = None,
    asks_client: bool = False,
) -> web.Response:
    """Lists of conversations, each with its title and what to say when it is empty, under a search field.

    `asks_client`: the platform's script is asked whom the chat beside the page is with.
    """
    return show(
        "home",
        language,
        place.family,
        lists=lists,
        words=words,
        reading=Reading(language=language, now=clock()),
        place=place,
        hidden=hidden or {},
        asks_client=asks_client,
        full=LISTED,
    )


def draw_past(
    card: CardView, past: Past, place: Place, language: Language, clock: Clock, *, by: RepHandle | None = None
) -> web.Response:
    """All that was said, a page at a time. `by`: whom the addresses of files are drawn for."""
    return show(
        "past",
        language,
        place.family,
        card=card,
        touches=past.touches,
        older=past.older,
        reading=Reading(language=language, now=clock()),
        at=_at(place, card.conversation_id),
        **_files(place, by),
    )


def draw_names(
    card: CardView, names: Sequence[Identity], place: Place, language: Language, clock: Clock
) -> web.Response:
    """Her names in clear."""
    kinds = {(i.platform, i.kind): i.words for i in card.identities}
    return show(
        "names",
        language,
        place.family,
        card=card,
        rows=[(kinds.get((n.platform, n.kind)), n) for n in names],
        reading=Reading(language=language, now=clock()),
        at=_at(place, card.conversation_id),
    )


def draw_layout(
    layout: Layout, place: Place, language: Language, role: str, *, hidden: Mapping[str, str], said: Said | None
) -> web.Response:
    """The page on which a reader arranges the blocks."""
    blocks = [b for b in layout.arranged(BLOCKS) if role in b.roles]
    return show(
        "layout",
        language,
        place.family,
        blocks=blocks,
        arrangement=layout,
        place=place,
        hidden=hidden,
        manager=role == "manager",
        said=said,
    )


def draw_contact(name: str, claimed: str, place: Place, language: Language, hidden: Mapping[str, str]) -> web.Response:
    """The page that makes a customer of a contact nobody has written down yet."""
    return show("contact", language, place.family, called=name, claimed=claimed, place=place, hidden=hidden)
