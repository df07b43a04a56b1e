"""What a button of a template card carries in its key, and how it is read when WeCom sends the key back."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from rules.language import Language

LONGEST_KEY = 1024
"""Bytes, WeCom doc 90236."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """One act offered on a card."""

    verb: str
    conversation_id: str
    card_version: int = 0
    about: str = ""
    language: Language = "zh-CN"
    """Language of the card, for what the button says once it was pressed."""

    @property
    def key(self) -> str:
        """The button's key. Raises ValueError when it does not fit."""
        parts = ["tower1", self.verb, self.conversation_id, self.card_version, self.about, self.language]
        text = orjson.dumps(parts).decode()
        if len(text.encode()) > LONGEST_KEY:
            raise ValueError("a button key above 1024 bytes")
        return text


def read(key: str) -> Button | None:
    """The button with this key, or None when it is none of ours."""
    if len(key) > LONGEST_KEY:
        return None
    try:
        parts = orjson.loads(key)
    except orjson.JSONDecodeError:
        return None
    match parts:
        case [
            "tower1",
            str(verb),
            str(conversation),
            int(version),
            str(about),
            ("zh-CN" | "zh-TW" | "en") as language,
        ] if verb:
            return Button(verb=verb, conversation_id=conversation, card_version=version, about=about, language=language)
        case _:
            return None
