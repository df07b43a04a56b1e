"""What the WeCom pages and the Teams tab do alike: look a card up, make the lists, carry an act out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rules.card import CardView
from rules.decision import Answer
from rules.errors import NotAllowed
from rules.language import Language, spoken
from rules.model import Rep, RepHandle
from sidebar.inside.acts import TYPED, Wish, inbound
from sidebar.inside.pace import Pace
from sidebar.inside.page import Named
from sidebar.inside.parts import Inside
from sidebar.inside.session import Said
from sidebar.inside.words import SAID

_LONGEST_ID = 100
_LONGEST_WORDS = 80
_SHOWN = 20


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
    """Reads cards and does acts for one rep at a time."""

    def __init__(self, parts: Inside) -> None:
        self._hub = parts.hub
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

    async def lists(self, words: str, reader: Reader) -> Sequence[tuple[str, str, Sequence[CardView]]]:
        """What was searched, or else the rep's own conversations and those that wait for somebody."""
        plain = clean(words)
        if plain:
            found = await self._hub.cards(f"find:{plain}", reader.by, limit=_SHOWN)
            return [(_say("found", reader, words=plain), _say("found_none", reader), found)]
        mine = await self._hub.cards("mine", reader.by, limit=_SHOWN)
        queue = await self._hub.cards("queue", reader.by, limit=_SHOWN)
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
