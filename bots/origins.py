"""Every value in force and where it came from: the default, a line of hub.toml, or the place a secret is kept."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from bots.hubfile import Lines
from bots.settings import Loaded

DEFAULT = "default"


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """One setting as it is in force."""

    key: str
    shown: str
    """Never a secret: where it is kept stands in its place."""
    origin: str
    reference: str = ""
    """Of a secret: `env:NAME` or `file:path`."""


def values(loaded: Loaded) -> list[Value]:
    """All settings, table by table, in the order of the reference page. Raises OSError if the file went away."""
    text = loaded.path.read_text(encoding="utf-8")
    lines = Lines(loaded.path, text)
    written = tomllib.loads(text)
    found: list[Value] = []
    for name, section in loaded.sections.items():
        found += _Walk(lines=lines, file=loaded.path.name).model(section, written.get(name, {}), (name,))
    return found


def secret_files(loaded: Loaded) -> list[Path]:
    """The files that hold secrets, each once."""
    names = [v.reference.removeprefix("file:") for v in values(loaded) if v.reference.startswith("file:")]
    return [loaded.path.parent / name for name in dict.fromkeys(names)]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Walk:
    """Goes through typed values and what was written side by side."""

    lines: Lines
    file: str

    def model(self, section: BaseModel, written: Mapping[str, Any], at: tuple[str, ...]) -> Iterator[Value]:
        for name in type(section).model_fields:
            yield from self._one(getattr(section, name), written.get(name), (*at, name))

    def _one(self, value: object, written: Any, at: tuple[str, ...]) -> Iterator[Value]:
        below = written if isinstance(written, dict) else {}
        if isinstance(value, BaseModel):
            yield from self.model(value, below, at)
        elif isinstance(value, dict) and value:
            for key, inner in value.items():
                yield from self._one(inner, below.get(key), (*at, key))
        else:
            yield self._leaf(value, written, at)

    def _leaf(self, value: object, written: Any, at: tuple[str, ...]) -> Value:
        line = self.lines.line(*at)
        place = f"{self.file}:{line}" if line else self.file
        origin = DEFAULT if written is None else place
        if isinstance(value, SecretStr):
            return Value(key=".".join(at), shown=f"(secret, from {written})", origin=origin, reference=str(written))
        return Value(key=".".join(at), shown=_shown(value), origin=origin)


def _shown(value: object) -> str:
    if value is None:
        return "(left out)"
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, tuple | frozenset | set):
        return list(value)
    return str(value)
