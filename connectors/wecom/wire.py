"""Strict reading of what a callback carries once it is decrypted: small flat XML, no declarations, nothing twice."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from xml.parsers import expat

from rules.errors import BadRequest

_DEEPEST = 8
_MOST = 2000
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Fields:
    """The leaves of the payload in their order, as (path, text): `Event`, `SelectedItems.SelectedItem.QuestionKey`."""

    leaves: tuple[tuple[str, str], ...] = field(repr=False)

    def get(self, path: str) -> str:
        """The first text at `path`, or empty."""
        return next((text for at, text in self.leaves if at == path), "")

    def need(self, path: str) -> str:
        """The text at `path`. Raises BadRequest when there is none."""
        if not (text := self.get(path)):
            raise BadRequest(f"no {path}")
        return text

    def number(self, path: str) -> int:
        """The whole number at `path`. Raises BadRequest."""
        text = self.need(path)
        if not (text.isascii() and text.isdecimal() and len(text) <= 19):
            raise BadRequest(f"{path} is no number")
        return int(text)

    @property
    def digest(self) -> str:
        """Names what is said, not how: the same leaves in any order and writing give the same 32 hex digits."""
        canonical = "\x1e".join(f"{at}\x1f{text}" for at, text in sorted(self.leaves))
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def read(payload: bytes) -> Fields:
    """The payload's leaves. Raises BadRequest for anything but small, plain, unambiguous XML in UTF-8."""
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("not UTF-8") from None
    reader = _Reader()
    try:
        reader.parser.Parse(text, True)
    except expat.ExpatError:
        raise BadRequest("not XML") from None
    fields = Fields(tuple(reader.leaves))
    _refuse_twice(fields)
    return fields


def _refuse_twice(fields: Fields) -> None:
    top = [at for at, _ in fields.leaves if "." not in at]
    if len(top) != len(set(top)):
        raise BadRequest("an element twice")


class _Reader:
    """Collects leaves; declarations, depth and number are refused as they appear."""

    def __init__(self) -> None:
        self.leaves: list[tuple[str, str]] = []
        self._path: list[str] = []
        self._texts: list[str] = []
        self._leaf = False
        self._count = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._declared
        self.parser.EntityDeclHandler = self._declared
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._said

    def _declared(self, *_: object) -> None:
        raise BadRequest("a declaration")

    def _start(self, name: str, _: object) -> None:
        self._count += 1
        if len(self._path) >= _DEEPEST or self._count > _MOST:
            raise BadRequest("too deep or too much")
        if not self._path and name != "xml":
            raise BadRequest("not an xml element")
        self._path.append(name)
        self._texts = []
        self._leaf = True

    def _said(self, text: str) -> None:
        self._texts.append(text)

    def _end(self, _: str) -> None:
        if self._leaf and len(self._path) > 1:
            self.leaves.append((".".join(self._path[1:]), "".join(self._texts)))
        self._path.pop()
        self._leaf = False


def element(name: str, content: str | int) -> str:
    """One element of a passive reply, texts in CDATA."""
    if isinstance(content, int):
        return f"<{name}>{content}</{name}>"
    return f"<{name}><![CDATA[{_plain(content)}]]></{name}>"


def _plain(text: str) -> str:
    """Without what XML cannot carry, and without an early end of the CDATA."""
    return _UNSPEAKABLE.sub("", text).replace("]]>", "]]]]><![CDATA[>")
