"""How a card's numbers and moments read on a page: times on the reader's wall, what is left of the reply window."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from rules import moments
from rules.card import CardView, ReplyWindow
from rules.listrow import ListRow
from sidebar.inside.words import SAID

_PLACES = frozenset(("wecom", "webchat", "teams", "mail", "hub"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How one reader reads: language, and what her clock says."""

    language: str
    now: datetime

    def when(self, at: datetime, zone: str) -> str:
        """A moment, as short as it stays clear."""
        return moments.when(at, self.now, zone, self.language)

    def for_both(self, at: datetime, zone: str, hers: str) -> str:
        """A moment, with the customer's own hour beside it where that is another one."""
        if at <= self.now or not hers:
            return self.when(at, zone)
        return moments.for_both(at, self.now, zone, hers, self.language)

    def exactly(self, at: datetime, zone: str) -> str:
        """A moment in full, with its zone."""
        return moments.exactly(at, zone, self.language)

    def window(self, left: ReplyWindow) -> str:
        """How long and how often we may still write to her."""
        if not left.open:
            return self._say("window_shut")
        pieces = []
        if left.hours_left is not None and left.hours_left < 1:
            pieces.append(self._say("window_minutes", minutes=int(left.hours_left * 60)))
        elif left.hours_left is not None:
            pieces.append(self._say("window_hours", hours=int(left.hours_left)))
        if left.messages_left is not None:
            total = left.messages_total if left.messages_total is not None else left.messages_left
            pieces.append(self._say("window_messages", left=left.messages_left, total=total))
        return " · ".join(pieces) or self._say("window_open")

    def bytes(self, size: int) -> str:
        """The size of a file, as short as it stays true."""
        if size < 1000:
            return f"{size} B"
        return f"{size / 1000:.0f} KB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"

    def place(self, connector: str) -> str:
        """A platform's name in words."""
        return self._say(f"at_{connector}") if connector in _PLACES else connector

    def state(self, card: CardView | ListRow) -> str:
        """Who has it."""
        if card.state == "claimed" and card.owner:
            return self._say("claimed_by", name=card.owner)
        return self._say(card.state)

    def _say(self, key: str, **parts: object) -> str:
        return SAID[key].in_(self.language).format(**parts)


def anchor(touch_id: str) -> str:
    """How a page names one of its touches: an event's id may hold an address of hers, this does not."""
    return hashlib.blake2b(touch_id.encode(), digest_size=8).hexdigest() if touch_id else ""


def points(value: float) -> str:
    """Points of a score with their sign."""
    return f"{value:+.0f}" if abs(value) >= 1 else f"{value:+.1f}"


Points = Callable[[float], str]
