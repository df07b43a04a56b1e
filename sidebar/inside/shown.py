"""How a card's numbers and moments read on a page: times on the reader's wall, what is left of the reply window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rules.card import CardView, ReplyWindow
from rules.model import Words
from sidebar.inside.words import SAID

_DAY = Words(zh="{0.month}月{0.day}日", en="{0.day} {1}")
_YESTERDAY = Words(zh="昨天", en="Yesterday")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_PLACES = frozenset(("wecom", "webchat", "teams", "mail", "hub"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How one reader reads: language, and what her clock says."""

    language: str
    now: datetime

    def when(self, at: datetime, zone: str) -> str:
        """A moment, as short as it stays clear: the hour today, the day this year, else the whole date."""
        there, today = _local(at, zone), _local(self.now, zone)
        hour = f"{there:%H:%M}"
        if there.date() == today.date():
            return hour
        if there.date() == (today - timedelta(days=1)).date():
            return f"{_YESTERDAY.in_(self.language)} {hour}"
        day = _DAY.in_(self.language).format(there, _MONTHS[there.month - 1])
        if there.year == today.year:
            return f"{day} {hour}"
        return f"{there.year}年{day}" if self.language.startswith("zh") else f"{day} {there.year}"

    def exactly(self, at: datetime, zone: str) -> str:
        """A moment in full, with its zone."""
        return f"{_local(at, zone):%Y-%m-%d %H:%M} {zone}"

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

    def place(self, connector: str) -> str:
        """A platform's name in words."""
        return self._say(f"at_{connector}") if connector in _PLACES else connector

    def state(self, card: CardView) -> str:
        """Who has it."""
        if card.state == "claimed" and card.owner:
            return self._say("claimed_by", name=card.owner)
        return self._say(card.state)

    def _say(self, key: str, **parts: object) -> str:
        return SAID[key].in_(self.language).format(**parts)


def _local(at: datetime, zone: str) -> datetime:
    try:
        return at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return at


def points(value: float) -> str:
    """Points of a score with their sign."""
    return f"{value:+.0f}" if abs(value) >= 1 else f"{value:+.1f}"


Points = Callable[[float], str]
