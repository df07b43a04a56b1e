"""Makes an outsider's words harmless inside a card's text block: nothing in them becomes a link, a heading or a tag.

Adaptive Cards text blocks read a subset of markdown (Adaptive Cards, text features); text runs read none.
"""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_\[\]<>~|])")
_LINE_START = re.compile(r"(?m)^(\s*)([#+-])")
_NUMBERED = re.compile(r"(?m)^(\s*\d+)([.)])")


def escape(text: str) -> str:
    """The words with every character that could format something preceded by a backslash."""
    escaped = _SPECIAL.sub(r"\\\1", text)
    escaped = _LINE_START.sub(r"\1\\\2", escaped)
    return _NUMBERED.sub(r"\1\\\2", escaped)


def shorten(text: str, limit: int, mark: str) -> str:
    """At most `limit` bytes of UTF-8, ended by `mark` when something was cut."""
    raw = text.encode()
    if len(raw) <= limit:
        return text
    room = max(0, limit - len(mark.encode()))
    return raw[:room].decode(errors="ignore").rstrip("\u200d") + mark
