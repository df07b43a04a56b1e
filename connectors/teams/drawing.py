"""How a view is drawn for Teams: for which language, as which rendering, and how words, times and limits read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.teams import words
from connectors.teams.markdown import escape, shorten
from rules import moments
from rules.card import ReplyWindow
from rules.model import Words


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """One rendering of a card."""

    language: str
    nonce: str
    """Names this rendering: the same press on it twice is one act."""
    history: bool = True
    """Her last words, hidden until asked for. A new thread leaves them out: they follow as its first lines."""
    live: bool = True
    """With buttons and refresh. A card put into a chat by the message extension has none."""
    moved_from: str = ""
    readers: tuple[str, ...] = ()
    """Teams ids of whose clients ask for the newest card by themselves; at most 60 are named."""
    open_url: str = ""
    """Where the tab shows this conversation; empty = there is no tab."""

    longest: int = 600
    """Bytes of one sentence; a card that is too large is drawn with shorter ones."""

    def say(self, sentence: Words, **values: object) -> str:
        """The sentence in the reader's language."""
        return sentence.in_(self.language).format(**values)

    def words(self, text: str, limit: int = 200) -> str:
        """An outsider's words, fit for a text block."""
        return escape(shorten(" ".join(text.split()), limit, "…"))

    def sentence(self, sentence: Words) -> str:
        """A sentence decided elsewhere, which may quote an outsider."""
        return self.words(sentence.in_(self.language), self.longest)

    def when(self, at: datetime, zone: str) -> str:
        """A moment on the reader's wall, to the minute. Never relative: a card stands there for days."""
        return moments.dated(at, zone, self.language)

    def window(self, left: ReplyWindow) -> str:
        """How long and how often we may still write to her."""
        if not left.open:
            return self.say(words.WINDOW_SHUT)
        pieces = []
        if left.hours_left is not None and left.hours_left < 1:
            pieces.append(self.say(words.MINUTES_LEFT, minutes=int(left.hours_left * 60)))
        elif left.hours_left is not None:
            pieces.append(self.say(words.HOURS_LEFT, hours=int(left.hours_left)))
        if left.messages_left is not None:
            total = left.messages_total if left.messages_total is not None else left.messages_left
            pieces.append(self.say(words.MESSAGES_LEFT, left=left.messages_left, total=total))
        return " · ".join(pieces) or self.say(words.NO_LIMIT)
