"""Reading `hub.toml`: typed, complete, and every mistake told at once.

Secrets never stand in the file: they are references, `env:NAME` or `file:path` (relative to the file). Which settings
are secret is told by their type, `SecretStr`.
"""

from __future__ import annotations

import difflib
import inspect
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from rules.errors import ConfigError, Mistake


class Section(BaseModel):
    """One table of hub.toml; unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(Section):
    """Where the hub listens, and how the world reaches it."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    """0 takes any free port."""
    port_file: str = ""
    """When set, the port that was really taken is written here."""
    shared_port: bool = False
    """Several processes may listen on the same port (one address for many nodes on one machine)."""
    public_url: str = "http://127.0.0.1:8080"
    """Base URL in links to customers and reps; no trailing slash. HTTPS in real life."""
    frame_ancestors_tab: tuple[str, ...] = (
        "https://teams.microsoft.com",
        "https://*.teams.microsoft.com",
        "https://*.cloud.microsoft",
        "https://*.microsoft365.com",
        "https://*.office.com",
    )
    """Who may frame the Teams tab."""
    frame_ancestors_sidebar: tuple[str, ...] = ()
    """Who may frame the WeCom sidebar page; WeCom opens it as a top-level page."""


class DatabaseSettings(Section):
    """Where everything is kept."""

    url: str = "sqlite:///tower.db"
    """`sqlite:///path` or `postgresql+psycopg://user@host/name`."""
    lease_seconds: float = Field(default=60, gt=0)
    """How long a node may hold work without a sign of life."""
    upgrade: bool = True
    """Bring the schema up to date at start; if false, refuse to start on an old schema."""


class ClockSettings(Section):
    """Whose time business goes by."""

    url: str = ""
    """Empty = the system's clock; otherwise a clock that somebody else pushes."""


class Keys(Section):
    """Keys that only this company has."""

    master: SecretStr
    """64 hex digits: seals personal data. Losing it loses the data."""
    old: dict[str, SecretStr] = Field(default_factory=dict)
    """Earlier master keys by key id, still needed to read what they sealed."""
    current_id: str = "k1"
    index: SecretStr
    """64 hex digits: for keyed indexes. It cannot be changed without rebuilding them."""
    tokens: SecretStr
    """64 hex digits: for links in mails and forms, sessions and reply addresses."""


class Rules(Section):
    """What the hub goes by."""

    playbook: str = "playbooks/default.yaml"
    mirror: Literal["full", "masked", "notice"] = "masked"
    """How a customer's words from WeCom appear in Teams: all of it, with numbers masked, or only that she wrote."""
    thread_language: Literal["zh-CN", "en"] = "zh-CN"


class Loops(Section):
    """How often the hub looks."""

    tick_seconds: float = Field(default=1.0, gt=0)
    reconcile_seconds: float = Field(default=300, gt=0)
    """Business seconds between pulls without an announcement."""
    batch: int = Field(default=64, ge=1, le=1000)
    senders: int = Field(default=16, ge=1, le=200)
    """Calls to platforms under way at once."""


class LogSettings(Section):
    """Logs."""

    format: Literal["auto", "json", "text"] = "auto"


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A configuration without mistakes."""

    path: Path
    sections: Mapping[str, BaseModel] = field(repr=False)

    def __getitem__(self, name: str) -> BaseModel:
        return self.sections[name]


PLACEHOLDERS = frozenset(
    ("", "change-me", "secret", "password", "placeholder", "todo", "none", "null", "example", "test")
)
_REFERENCE = ("env:", "file:")


def load(
    path: Path, sections: Mapping[str, type[BaseModel]], optional: frozenset[str], environ: Mapping[str, str]
) -> Loaded:
    """Read and check the whole file. Raises ConfigError with every mistake found."""
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        found = getattr(problem, "strerror", None) or str(problem)
        raise ConfigError(
            [Mistake(where=str(path), found=found, expected="a TOML file; hub.example.toml is a complete one")]
        ) from None
    mistakes: list[Mistake] = []
    where = _Lines(path, text)
    for name in raw:
        if name not in sections:
            mistakes.append(_unknown(where.of(name), name, sections))
    built: dict[str, BaseModel] = {}
    for name, model in sections.items():
        if name not in raw and name in optional:
            continue
        given = raw.get(name, {})
        if not isinstance(given, dict):
            mistakes.append(Mistake(where=where.of(name), found="a single value", expected=f"a table [{name}]"))
            continue
        values, more = _resolve(given, model, (name,), where, path.parent, environ)
        mistakes += more
        try:
            built[name] = model.model_validate(values)
        except ValidationError as problem:
            mistakes += [
                _mistake(error, name, model, where, frozenset(m.where for m in more)) for error in problem.errors()
            ]
    real = [m for m in mistakes if m.found != _ALREADY_TOLD]
    if real:
        raise ConfigError(real)
    return Loaded(path=path, sections=built)


_ALREADY_TOLD = "\0"


class _Lines:
    """Finds the line a key stands on; TOML's parser does not tell."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._at: dict[str, int] = {}
        table = ""
        for number, line in enumerate(text.splitlines(), 1):
            stripped = line.strip()
            if stripped.startswith("["):
                table = stripped.strip("[]").strip().replace('"', "")
                self._at.setdefault(table, number)
            elif "=" in stripped and not stripped.startswith("#"):
                key = stripped.split("=", 1)[0].strip().strip('"')
                self._at.setdefault(f"{table}.{key}" if table else key, number)

    def of(self, *keys: str) -> str:
        """`file:line: key`, or the key alone where no line is known."""
        dotted = ".".join(keys)
        number = self._at.get(dotted) or self._at.get(keys[0])
        return f"{self._path}:{number}: {dotted}" if number else f"{self._path}: {dotted}"


def _resolve(  # noqa: PLR0917
    given: Mapping[str, Any],
    model: type[BaseModel],
    at: tuple[str, ...],
    where: _Lines,
    folder: Path,
    environ: Mapping[str, str],
) -> tuple[dict[str, Any], list[Mistake]]:
    """Replace references to secrets by the secrets, and find the secrets that are none."""
    values: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for key, value in given.items():
        info = model.model_fields.get(key)
        kind = info.annotation if info else None
        if _is_secret(kind) or (isinstance(value, dict) and _is_secret(_value_type(kind))):
            inner = value if isinstance(value, dict) else {"": value}
            read = {k: _secret(v, where.of(*at, key, *([k] if k else [])), folder, environ) for k, v in inner.items()}
            mistakes += [r for r in read.values() if isinstance(r, Mistake)]
            plain = {k: ("\0" if isinstance(r, Mistake) else r) for k, r in read.items()}
            values[key] = plain if isinstance(value, dict) else plain[""]
        elif isinstance(value, dict) and (child := _model_in(kind)):
            values[key], more = _resolve(value, child, (*at, key), where, folder, environ)
            mistakes += more
        elif isinstance(value, dict) and (child := _model_in(_value_type(kind))):
            values[key] = {}
            for name, inside in value.items():
                values[key][name], more = _resolve(inside, child, (*at, key, name), where, folder, environ)
                mistakes += more
        else:
            values[key] = value
    return values, mistakes


def _secret(value: object, where: str, folder: Path, environ: Mapping[str, str]) -> str | Mistake:
    expected = 'a reference to a secret: "env:NAME" or "file:path"'
    if not isinstance(value, str) or not value.startswith(_REFERENCE):
        return Mistake(where=where, found="the secret itself, or nothing" if value else "nothing", expected=expected)
    kind, _, name = value.partition(":")
    if kind == "env":
        if name not in environ:
            return Mistake(where=where, found=f"no variable {name} in the environment", expected=f"export {name}=...")
        secret = environ[name]
    else:
        try:
            secret = (folder / name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return Mistake(where=where, found=f"no readable file {name}", expected="a file that holds the secret alone")
    if _is_placeholder(secret):
        return Mistake(where=where, found="a placeholder", expected="the real secret")
    return secret


def _is_placeholder(secret: str) -> bool:
    folded = secret.strip().lower()
    return (
        folded in PLACEHOLDERS
        or folded.startswith(("<", "your-", "your_", "changeme"))
        or set(folded) <= {"x", "*", "0"}
    )


def _is_secret(kind: object) -> bool:
    return kind is SecretStr or SecretStr in typing.get_args(kind)


def _value_type(kind: object) -> object:
    arguments = typing.get_args(kind)
    return arguments[1] if typing.get_origin(kind) in (dict, Mapping) and len(arguments) == 2 else None


def _model_in(kind: object) -> type[BaseModel] | None:
    for candidate in (kind, *typing.get_args(kind)):
        if inspect.isclass(candidate) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _unknown(where: str, name: str, known: Mapping[str, object]) -> Mistake:
    near = difflib.get_close_matches(name, known, n=1)
    return Mistake(
        where=where,
        found=f"an unknown key {name!r}",
        expected="one of " + ", ".join(known),
        nearest=near[0] if near else "",
    )


def _mistake(error: Any, name: str, model: type[BaseModel], where: _Lines, told: frozenset[str]) -> Mistake:
    at = tuple(str(part) for part in error["loc"])
    place = where.of(name, *at)
    if place in told or error.get("input") == "\0":
        return Mistake(where=place, found=_ALREADY_TOLD, expected="")
    if error["type"] == "extra_forbidden":
        owner = model
        for part in at[:-1]:
            info = owner.model_fields.get(part)
            owner = _model_in(info.annotation) or _model_in(_value_type(info.annotation)) or owner if info else owner
        return _unknown(place, at[-1], owner.model_fields)
    if error["type"] == "missing":
        return Mistake(where=place, found="nothing", expected="a value; hub.example.toml shows one")
    found = "a secret that does not fit" if "secret" in error["type"] else repr(error.get("input"))[:80]
    return Mistake(where=place, found=found, expected=error["msg"])
