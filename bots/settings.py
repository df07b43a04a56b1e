"""Reading `hub.toml`: typed, complete, and every mistake told at once.

Here are the hub's own tables; each platform folder has its own. How a file is read: bots/hubfile.py.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from bots.hubfile import Lines, Reading
from rules.errors import ConfigError, Mistake
from rules.language import Language

_HEX_KEY = re.compile(r"[0-9a-fA-F]{64}\Z")


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
    proxies: tuple[str, ...] = ()
    """Addresses of our own reverse proxies: what they tell of a caller's address (X-Forwarded-For) is believed."""
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
    frame_ancestors_form: tuple[str, ...] = ()
    """Who may frame the form that asks for an address; a customer's chat opens it as a top-level page."""

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("a base URL such as https://tower.example.com")
        return value.rstrip("/")


class DatabaseSettings(Section):
    """Where everything is kept."""

    url: str = "sqlite:///tower.db"
    """`sqlite:///path` or `postgresql://user@host/name`. A password never stands here: libpq reads it from PGPASSWORD
    or from the file that PGPASSFILE names."""
    lease_seconds: float = Field(default=60, gt=0)
    """How long a node may hold work without a sign of life."""
    upgrade: bool = True
    """Bring the schema up to date at start; if false, refuse to start on an old schema."""

    @field_validator("url")
    @classmethod
    def _kept_where(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme.partition("+")[0] not in ("sqlite", "postgresql"):
            raise ValueError("sqlite:///path or postgresql://user@host/name")
        if parts.password:
            raise ValueError("no password in the file: give it as PGPASSWORD or PGPASSFILE in the environment")
        return value


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
    current_id: str = Field(default="k1", min_length=1, max_length=64, pattern=r"^[ -~]+$")
    """Key id of `master`; a new master key gets a new id."""
    index: SecretStr
    """64 hex digits: for keyed indexes. It cannot be changed without rebuilding them."""
    tokens: SecretStr
    """64 hex digits: for links in mails and forms, sessions and reply addresses."""

    @field_validator("master", "index", "tokens")
    @classmethod
    def _a_key(cls, value: SecretStr) -> SecretStr:
        if not _HEX_KEY.match(value.get_secret_value()):
            raise ValueError("64 hex digits; `openssl rand -hex 32` makes them")
        return value

    @field_validator("old")
    @classmethod
    def _old_keys(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        if not all(_HEX_KEY.match(key.get_secret_value()) for key in value.values()):
            raise ValueError("64 hex digits for each")
        return value


class Rules(Section):
    """What the hub goes by."""

    playbook: str = "playbooks/default.yaml"
    mirror: Literal["full", "masked", "notice"] = "masked"
    """How a customer's words from WeCom appear in Teams: all of it, with numbers masked, or only that she wrote."""
    thread_language: Literal["", Language] = ""
    """In which language the team's threads are written; empty = the playbook's `language`."""
    wording: str = ""
    """Folder with gettext files of what the company would rather say than the hub does; empty = the hub's own words."""


class Loops(Section):
    """How often the hub looks."""

    tick_seconds: float = Field(default=1.0, gt=0)
    reconcile_seconds: float = Field(default=300, gt=0)
    """Business seconds between pulls without an announcement."""
    batch: int = Field(default=64, ge=1, le=1000)
    senders: int = Field(default=16, ge=1, le=200)
    """Calls to each platform under way at once."""


class Person(Section):
    """One colleague, by mail address: what no platform tells the hub."""

    name: str = ""
    """Empty = as Teams names them."""
    userid: str = ""
    """WeCom userid; without it they cannot be reached or recognised in WeCom."""
    role: Literal["rep", "manager"] = "rep"
    """A manager sees every customer, settles what nobody owns, and may pause automatic sends."""
    team: str = ""
    """Key of a team of the playbook; empty = any."""
    language: Literal["", Language] = ""
    """What they read; empty = as their Teams client, else Chinese. `settings` in the chat changes it for themselves."""
    zone: str = "Asia/Shanghai"
    """IANA zone in which times are shown to them."""
    regions: tuple[str, ...] = ()
    """Regions they serve; none = all."""
    industries: tuple[str, ...] = ()
    """Keys of the playbook's industries they serve; none = all."""
    capacity: int = Field(default=50, ge=1)
    """Open conversations they take at most."""
    active: bool = True
    """False for somebody on leave: gets no new customers and sees none."""


class Staff(Section):
    """Who works here. Whoever is in the team in Teams is known anyway, as a rep without these particulars."""

    people: dict[str, Person] = Field(default_factory=dict)
    """By mail address."""


class DoctorSettings(Section):
    """From where on the doctor calls something wrong."""

    commit_ms: float = Field(default=250, gt=0)
    """The quickest of a few small commits takes longer than this: webhooks wait for one."""
    free_mib: int = Field(default=1024, ge=0)
    """Less room than this on the disk of a SQLite database."""
    skew_seconds: float = Field(default=2, gt=0)
    """The database's clock and this machine's are further apart than this."""
    backup_hours: float = Field(default=26, gt=0)
    """The newest backup is older than this, in hours of the wall clock."""
    secret_days: float = Field(default=30, gt=0)
    """A platform's secret ends sooner than this, where the platform tells when."""


class MediaSettings(Section):
    """Pictures, voice and files of customers and to them."""

    max_bytes: int = Field(default=20 * 1024 * 1024, ge=1024, le=100 * 1024 * 1024)
    """The largest content that is fetched or sent; larger ones are noted and stay where they are. Platforms have
    limits of their own, which are kept too."""


class LogSettings(Section):
    """Logs."""

    format: Literal["auto", "json", "text"] = "auto"


S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A configuration without mistakes."""

    path: Path
    sections: Mapping[str, BaseModel] = field(repr=False)

    def section(self, name: str, kind: type[S]) -> S:
        """The table with this name, which is always there."""
        found = self.optional(name, kind)
        if found is None:
            raise KeyError(name)
        return found

    def optional(self, name: str, kind: type[S]) -> S | None:
        """The table with this name, or None where the file leaves it out."""
        found = self.sections.get(name)
        if found is not None and not isinstance(found, kind):
            raise TypeError(f"[{name}] is read as {type(found).__name__}, not as {kind.__name__}")
        return found


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
    reading = Reading(where=Lines(path, text), folder=path.parent, environ=environ)
    for name in raw:
        if name not in sections:
            reading.unknown((name,), sections, "table")
    built: dict[str, BaseModel] = {}
    for name, model in sections.items():
        if name in raw or name not in optional:
            section = reading.section(name, model, raw.get(name, {}))
            if section is not None:
                built[name] = section
    if reading.mistakes:
        raise ConfigError(reading.mistakes)
    return Loaded(path=path, sections=built)
