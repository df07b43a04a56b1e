"""Words of a customer that mean something by themselves: she wants a person, another language, to hear no more."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import Field

from rules.language import Language
from rules.strict import Strict, Text

_LETTER = re.compile(r"\w")


class Phrases(Strict):
    """Words of a customer that mean something by themselves."""

    exact: tuple[Text, ...]
    """The whole message, but for case, blanks and punctuation at its ends."""
    within: tuple[Text, ...] = ()
    """Anywhere in the message."""

    def found(self, text: str) -> bool:
        """Whether the message means it."""
        plain = _trimmed(text).casefold()
        return any(plain == e.casefold() for e in self.exact) or any(w.casefold() in plain for w in self.within)


def _trimmed(text: str) -> str:
    """Without blanks and punctuation at its ends. Looked at from both ends: an expression for it takes the square of
    the length, and a visitor may write a quarter of a million signs.
    """
    first, last = _LETTER.search(text), _LETTER.search(text[::-1])
    return text[first.start() : len(text) - last.start()] if first and last else ""


_LANGUAGES: Mapping[Language, Phrases] = {
    "zh-CN": Phrases(exact=("中文", "简体", "简体中文", "说中文", "Chinese", "Simplified Chinese")),
    "zh-TW": Phrases(exact=("繁體", "繁体", "繁體中文", "繁体中文", "正體中文", "Traditional Chinese")),
    "en": Phrases(exact=("English", "in English", "English please", "English, please", "英文", "英语", "英語")),
}


class Vocabulary(Strict):
    """Words that are obeyed at once, at any turn."""

    human: Phrases
    """She wants a person."""
    languages: dict[Language, Phrases] = Field(default_factory=lambda: dict(_LANGUAGES))
    """She wants us to speak another language; the whole message says so."""
    stop: Phrases
    """She wants no more messages from us."""
