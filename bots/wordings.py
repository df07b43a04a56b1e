"""A company's own wording: gettext files with what it would rather say than the hub does, read once at the start.

A file is named like the catalogue it is a part of (docs/reference) and holds only what differs. It must fill in the
same places as the sentence it stands for; everything wrong in all files is told at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, read_po

from rules.errors import ConfigError, Mistake
from rules.language import Language
from rules.wording import Instead

FILES: dict[str, Language] = {
    "sentences.zh_CN.po": "zh-CN",
    "sentences.zh_TW.po": "zh-TW",
    "sentences.en.po": "en",
}
"""The catalogues, and a company's files beside them."""
FILLED, OF_PLAYBOOK = "filled", "playbook"
"""Flags of sentences that cannot be changed here: filled in where they are said, or written in a playbook."""
_LARGEST = 4_000_000


def read(folder: Path, catalogues: Path) -> Instead:
    """What the files of a folder say instead. Raises ConfigError with every mistake of every file."""
    mistakes: list[Mistake] = []
    found: dict[tuple[Language, str, str], str] = {}
    if not folder.is_dir():
        raise ConfigError([Mistake(where=str(folder), found="no such folder", expected="a folder with own wordings")])
    for path in sorted(folder.glob("*.po")):
        language = FILES.get(path.name)
        if language is None:
            mistakes.append(Mistake(where=str(path), found="this name", expected=" or ".join(FILES)))
            continue
        own, ours = _catalog(path, mistakes), _catalog(catalogues / path.name, mistakes)
        if own is None or ours is None:
            continue
        for message in own:
            if message.id and message.string and not message.fuzzy:
                wrong = list(_mistakes(path, message, ours))
                mistakes += wrong
                if not wrong:
                    found[language, str(message.id), message.context or ""] = str(message.string)
    if mistakes:
        raise ConfigError(mistakes)
    return found


def _catalog(path: Path, mistakes: list[Mistake]) -> Catalog | None:
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"more than {_LARGEST} bytes")
        with path.open("rb") as file:
            return read_po(file, abort_invalid=True)
    except (OSError, ValueError, PoFileError) as error:
        mistakes.append(Mistake(where=str(path), found=str(error), expected="a gettext file"))
        return None


def _mistakes(path: Path, message: Message, ours: Catalog) -> Iterator[Mistake]:
    """What is wrong with one sentence."""
    where = f"{path}:{message.lineno or 0}"
    english = str(message.id)
    known = ours.get(english, message.context)
    if known is None:
        ids = [str(m.id) for m in ours if m.id]
        near = next(iter(get_close_matches(english, ids, 1)), "")
        yield Mistake(where=where, found=f"{english!r}", expected="a sentence of the catalogue", nearest=near)
        return
    for flag, expected in _FIXED.items():
        if flag in known.flags:
            yield Mistake(where=where, found=f"{english!r}", expected=expected)
    places = _places(str(known.string))
    try:
        filled = _places(str(message.string))
    except ValueError as error:
        yield Mistake(where=where, found=f"{error} in {message.string!r}", expected="every brace closed")
        return
    if filled != places:
        yield Mistake(where=where, found=", ".join(filled) or "no place", expected=", ".join(places) or "no place")


_FIXED = {
    FILLED: "a sentence that is not filled in where it is said",
    OF_PLAYBOOK: "a sentence of the hub: this one stands in the playbook",
}


def _places(text: str) -> list[str]:
    """The names of the places in a sentence, each once. Raises ValueError for a brace that is not closed."""
    return sorted({name for _, name, _, _ in Formatter().parse(text) if name is not None})
