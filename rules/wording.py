"""Other words for the hub's own sentences: what a company would rather say, by language, without touching the code.

Every sentence stands in the code as a pair. A company may put another wording in its place; it is read once, at the
start, and holds for the whole process. Nothing else about a sentence can be changed: the same places are filled in.
"""

from __future__ import annotations

from collections.abc import Mapping

from rules.language import Language, spoken, taiwan

Instead = Mapping[tuple[Language, str, str], str]
"""(language, English of the code, Chinese of the code where the English stands for two sentences) -> what is said."""

_instead: Instead = {}


def use(instead: Instead) -> None:
    """Say these sentences in place of the code's own, from now on. For the start of a process only."""
    global _instead  # noqa: PLW0603 - one process is one company, and a sentence is asked for in hundreds of places
    _instead = dict(instead)


def told(zh: str, en: str, language: str) -> str:
    """A sentence in the language of a tag: the company's own wording, else the code's; for zh-TW the Chinese one,
    converted. Anything that is not Chinese gets English."""
    tongue = spoken(language)
    if _instead:
        own = _instead.get((tongue, en, zh)) or _instead.get((tongue, en, ""))
        if own:
            return own
    if tongue == "en":
        return en
    return taiwan(zh) if tongue == "zh-TW" else zh
