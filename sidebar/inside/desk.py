"""What the WeCom pages and the Teams tab do alike: look a card up, make the lists, carry an act out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rules.card import CardView
from rules.decision import Answer
from rules.errors import BadRequest, NotAllowed
from rules.language import Language, spoken
from rules.layout import Layout
from rules.listrow import ListRow
from rules.model import Identity, Rep, RepHandle
from sidebar.inside.acts import TYPED, Wish, inbound
from sidebar.inside.drawing import BLOCKS, LISTED, Sheet
from sidebar.inside.pace import Pace
from sidebar.inside.page import Named
from sidebar.inside.parts import Inside, Past
from sidebar.inside.session import Said
from sidebar.inside.words import SAID

_LONGEST_ID = 100
_LONGEST_WORDS = 80
PAST = 25
"""Touches on a page of all that was said."""
_VERSION = re.compile(r"[1-9]\d{0,8}\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """The rep who looks at a page."""

    by: RepHandle
    rep: Rep

    @property
    def language(self) -> Language:
        """What she reads."""
        return spoken(self.rep.language)


class PageDesk:
    """Reads cards and lists and does acts for one rep at a time."""

    def __init__(self, parts: Inside) -> None:
        self._hub = parts.hub
        self._records = parts.records
        self._tabs = parts.tabs
        self._clock = parts.clock
        self._limit = parts.settings.act_seconds
        self._pace = Pace(per_minute=parts.settings.views_per_minute, wall=parts.wall)

    async def reader(self, by: RepHandle) -> Reader:
        """The rep behind a proved name. Raises NotAllowed for somebody who is none, or no more."""
        rep = await self._hub.rep(by)
        if rep is None or not rep.active:
            raise Named("member")
        return Reader(by=by, rep=rep)

    def pace(self, by: RepHandle) -> None:
        """Count one more look at customers' data. Raises NotAllowed (429) when that is too many."""
        if not self._pace.allows(by):
            raise Named("fast", status=429)

    async def card(self, conversation_id: str, reader: Reader) -> CardView:
        """The card. Raises NotAllowed: not theirs and not there look alike."""
        card = await self._hub.card(conversation_id, reader.by) if len(conversation_id) <= _LONGEST_ID else None
        if card is None:
            raise NotAllowed("no such conversation")
        return card

    async def sheet(
        self,
        reader: Reader,
        conversation_id: str,
        *,
        hidden: Mapping[str, str],
        said: Said | None = None,
        wish: Wish | None = None,
        typed: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> Sheet:
        """What a drawing of a card needs beside the card."""
        thread = await self._records.thread(conversation_id, reader.by) if self._tabs else ""
        return Sheet(
            language=reader.language,
            hidden=hidden,
            said=said,
            wish=wish,
            typed=typed or {},
            status=status,
            layout=(await self._records.layouts(reader.by)).used,
            role=reader.rep.role,
            by=reader.by,
            thread=self._tabs.thread_link(thread) if self._tabs and thread else "",
        )

    async def past(self, conversation_id: str, reader: Reader, before: str) -> tuple[CardView, Past]:
        """A page of all that was said. Raises NotAllowed."""
        card = await self.card(conversation_id, reader)
        start = int(before) if _VERSION.match(before) else 0
        past = await self._records.past(conversation_id, reader.by, before=start, limit=PAST)
        if past is None:
            raise NotAllowed("no such conversation")
        return card, past

    async def names(self, conversation_id: str, reader: Reader) -> tuple[CardView, Sequence[Identity]]:
        """Her names in clear; the look is in the audit before they are shown. Raises NotAllowed."""
        card = await self.card(conversation_id, reader)
        names = await self._records.reveal(conversation_id, reader.by)
        if names is None:
            raise NotAllowed("no such conversation")
        return card, names

    async def layout(self, reader: Reader) -> Layout:
        """How her page is laid out."""
        return (await self._records.layouts(reader.by)).used

    async def arrange(self, form: Mapping[str, str], reader: Reader) -> Said:
        """Carry out one wish about the layout. Raises BadRequest, NotAllowed."""
        do, name = form.get("do", ""), form.get("block", "")
        layout = (await self._records.layouts(reader.by)).used
        if do in ("reset", "everybody", "nobody"):
            wanted = layout if do == "everybody" else None
            done = await self._records.keep_layout(reader.by, wanted, everybody=do != "reset")
        else:
            done = await self._records.keep_layout(reader.by, _arranged(layout, do, name), everybody=False)
        if not done:
            raise NotAllowed("not hers to arrange")
        return Said(text=SAID[f"layout_{do}"].in_(reader.language))

    async def managers(self) -> Sequence[str]:
        """Names of those to ask."""
        return await self._records.managers()

    async def lists(self, words: str, reader: Reader) -> Sequence[tuple[str, str, Sequence[ListRow]]]:
        """What was searched, or else the rep's own conversations and those that wait for somebody."""
        plain = clean(words)
        if plain:
            found = await self._hub.rows(f"find:{plain}", reader.by, limit=LISTED)
            return [(_say("found", reader, words=plain), _say("found_none", reader), found)]
        mine = await self._hub.rows("mine", reader.by, limit=LISTED)
        queue = await self._hub.rows("queue", reader.by, limit=LISTED)
        known = {c.conversation_id for c in mine}
        waiting = [c for c in queue if c.conversation_id not in known]
        return [
            (_say("mine", reader), _say("mine_none", reader), mine),
            (_say("queue", reader), _say("queue_none", reader), waiting),
        ]

    async def act(self, wish: Wish, conversation_id: str, reader: Reader) -> Answer | None:
        """Do it; what was answered, or None while it is still under way. Raises Unavailable."""
        event = inbound(wish, conversation_id, reader.by, reader.rep, self._clock())
        return await self._hub.act(event, limit=self._limit)


def _arranged(layout: Layout, do: str, name: str) -> Layout:
    """The layout with one block moved, hidden or shown. Raises BadRequest."""
    block = next((b for b in BLOCKS if b.id == name), None)
    if block is None or do not in ("up", "down", "hide", "show") or (do == "hide" and block.stays):
        raise BadRequest("no such wish")
    if do in ("up", "down"):
        return layout.moved(BLOCKS, name, -1 if do == "up" else 1)
    return layout.shown(name, yes=do == "show")


def script_in_box(card: CardView, wanted: str) -> dict[str, str]:
    """The reply box filled with one of the card's scripts; nothing for one it does not have."""
    text = next((s.text for s in card.scripts if s.id == wanted), "")
    return {"reply": text} if text else {}


def said(answer: Answer | None, language: Language) -> Said:
    """An answer as one sentence for the page."""
    if answer is None:
        return Said(text=SAID["busy"].in_(language))
    return Said(text=answer.words.in_(language), refused=answer.refused)


def keeps_words(wish: Wish, answer: Answer | None) -> bool:
    """Whether the page must come back at once with what was typed, because it was refused."""
    return answer is not None and answer.refused and wish.verb in TYPED


def clean(words: str) -> str:
    """What somebody searches for, in one line."""
    return " ".join(words.split())[:_LONGEST_WORDS]


def _say(key: str, reader: Reader, **parts: str) -> str:
    return SAID[key].in_(reader.language).format(**parts)
