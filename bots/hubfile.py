"""What stands in `hub.toml`, made typed, with the line of every mistake.

Secrets never stand in the file: they are references, `env:NAME` or `file:path` (relative to the file). Which settings
are secret is told by their type, `SecretStr`; no mistake ever repeats one.
"""

from __future__ import annotations

import difflib
import inspect
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from rules.errors import Mistake

PLACEHOLDERS = frozenset(
    ("", "change-me", "secret", "password", "placeholder", "todo", "none", "null", "example", "test")
)
_REFERENCE = ("env:", "file:")
_UNREAD = "\0"
"""Stands for a value whose mistake has been told already."""


@dataclass(kw_only=True)
class Reading:
    """One pass over a file, collecting every mistake; no mistake ever repeats a secret."""

    where: Lines
    folder: Path
    environ: Mapping[str, str]
    mistakes: list[Mistake] = field(default_factory=list)
    _told: set[tuple[str, ...]] = field(default_factory=set)
    """Places with a mistake; what a type says about such a place afterwards is only its echo."""

    def section(self, name: str, model: type[BaseModel], given: object) -> BaseModel | None:
        """One table, typed; None when it holds a mistake."""
        if not isinstance(given, dict):
            self._wrong((name,), "a single value", f"a table [{name}]")
            return None
        values = self._resolve(given, model, (name,))
        try:
            return model.model_validate(values)
        except ValidationError as problem:
            for error in problem.errors(include_url=False):
                self._told_by_type(error, model, (name, *(str(part) for part in error["loc"])))
        return None

    def unknown(self, at: tuple[str, ...], known: Mapping[str, object], what: str) -> None:
        """Note a name that nobody knows."""
        near = difflib.get_close_matches(at[-1], known, n=1)
        expected = "one of " + ", ".join(known)
        self._wrong(at, f"an unknown {what} {at[-1]!r}", expected, near[0] if near else "")

    def _wrong(self, at: tuple[str, ...], found: str, expected: str, nearest: str = "") -> None:
        if at not in self._told:
            self._told.add(at)
            self.mistakes.append(Mistake(where=self.where.of(*at), found=found, expected=expected, nearest=nearest))

    def _resolve(self, value: object, kind: object, at: tuple[str, ...]) -> object:
        """The same value with references to secrets replaced by the secrets."""
        if _is_secret(kind):
            return self._secret(value, at)
        if isinstance(value, dict):
            return {key: self._resolve(inner, _below(kind, key), (*at, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._resolve(inner, _below(kind, str(i)), (*at, str(i))) for i, inner in enumerate(value)]
        if isinstance(value, str) and value.startswith("<") and value.endswith(">"):
            self._wrong(at, f"the placeholder {value}", "the real value")
        return value

    def _secret(self, value: object, at: tuple[str, ...]) -> str:
        if not isinstance(value, str) or not value.startswith(_REFERENCE):
            found = "the secret itself" if value else "nothing"
            self._wrong(at, found, 'a reference to a secret: "env:NAME" or "file:path"')
            return _UNREAD
        kind, _, name = value.partition(":")
        secret = self._from_environ(name, at) if kind == "env" else self._from_file(name, at)
        if secret != _UNREAD and _is_placeholder(secret):
            self._wrong(at, f"a placeholder in {value}", "the real secret")
        return secret

    def _from_environ(self, name: str, at: tuple[str, ...]) -> str:
        if name in self.environ:
            return self.environ[name]
        self._wrong(at, f"no variable {name} in the environment", f"export {name}=...")
        return _UNREAD

    def _from_file(self, name: str, at: tuple[str, ...]) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError, ValueError):
            self._wrong(at, f"no readable file {name}", "a file that holds the secret alone")
            return _UNREAD

    def _told_by_type(self, error: Any, model: type[BaseModel], at: tuple[str, ...]) -> None:
        """Note what a type refused, in our words."""
        if len(at) > 1 and any(told[: len(at)] == at for told in self._told):
            return
        kinds: list[object] = [model]
        for part in at[1:]:
            kinds.append(_below(kinds[-1], part))
        if error["type"] == "extra_forbidden":
            owner = _model_in(kinds[-2])
            self.unknown(at, owner.model_fields if owner else {}, "key")
        elif error["type"] == "missing":
            self._wrong(at, "nothing", "a value; hub.example.toml shows one")
        else:
            secret = any(_is_secret(kind) or _is_secret(_below(kind, "")) for kind in kinds[1:])
            found = "a secret that does not fit" if secret else _shown(error.get("input"))
            expected = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
            self._wrong(at, found, expected)


class Lines:
    """Finds the line a key stands on; TOML's parser does not tell."""

    _PART = re.compile(r"\"[^\"]*\"|'[^']*'|[^.\s\"']+")
    _KEY = re.compile(r"((?:\"[^\"]*\"|'[^']*'|[\w.\s-])+?)\s*=")
    _TABLE = re.compile(r"\[\[?([^\]]+)\]")
    _QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|#.*")

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._at: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        depth = 0
        for number, line in enumerate(text.splitlines(), 1):
            stripped = line.strip()
            if depth == 0 and (header := self._TABLE.match(stripped)):
                table = self._parts(header[1])
                self._at.setdefault(table, number)
            elif depth == 0 and (key := self._KEY.match(stripped)):
                self._at.setdefault((*table, *self._parts(key[1])), number)
            bare = self._QUOTED.sub("", stripped)
            depth += sum(bare.count(c) for c in "[{") - sum(bare.count(c) for c in "]}")

    def _parts(self, dotted: str) -> tuple[str, ...]:
        return tuple(part.strip("\"'") for part in self._PART.findall(dotted))

    def line(self, *keys: str) -> int:
        """The line of exactly this key; 0 where the file does not hold it."""
        return self._at.get(keys, 0)

    def of(self, *keys: str) -> str:
        """`file:line: key`, with the line of the nearest thing the file holds; no line where it holds none of it."""
        near = next((keys[:n] for n in range(len(keys), 0, -1) if keys[:n] in self._at), None)
        return f"{self._path}{f':{self._at[near]}' if near else ''}: {'.'.join(keys)}"


def _is_placeholder(secret: str) -> bool:
    folded = secret.strip().lower()
    return (
        folded in PLACEHOLDERS
        or folded.startswith(("<", "your-", "your_", "changeme"))
        or set(folded) <= {"x", "*", "0"}
    )


def _shown(value: object) -> str:
    """A wrong value as the operator wrote it; tables and lists may hold secrets and are only named."""
    if isinstance(value, dict):
        return "values that do not fit together"
    if isinstance(value, list | tuple):
        return "a list"
    return _PASSWORD.sub(r"\1...@", repr(value))[:80]


_PASSWORD = re.compile(r"(://[^/@:]*:)[^@]*@")


def _alternatives(kind: object) -> tuple[object, ...]:
    return typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)


def _is_secret(kind: object) -> bool:
    return SecretStr in _alternatives(kind)


def _model_in(kind: object) -> type[BaseModel] | None:
    found = (k for k in _alternatives(kind) if inspect.isclass(k) and issubclass(k, BaseModel))
    return next(found, None)


def _below(kind: object, key: str) -> object:
    """The type of what stands under a key of a model, a dict or a list; None when nothing is known of it."""
    model = _model_in(kind)
    if model is not None:
        info = model.model_fields.get(key)
        return info.annotation if info else None
    for one in _alternatives(kind):
        arguments = typing.get_args(one)
        if typing.get_origin(one) in (dict, Mapping) and len(arguments) == 2:
            return arguments[1]
        if typing.get_origin(one) in (tuple, list) and arguments:
            return arguments[0]
    return None
