"""What every simulated server shares: settings, clock, log, faults and one HTTP client towards the hub."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import orjson
from aiohttp import ClientSession
from pydantic import BaseModel, ConfigDict

from simulator.clock import Clock
from simulator.faults import Faults
from simulator.log import Log


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Employee(_Strict):
    """Somebody who works at the company: known to Entra, Teams and WeCom."""

    name: str
    mail: str
    aad_id: str
    """Entra object id (a GUID)."""
    teams_id: str
    """The bot-specific Teams id, `29:...`."""
    userid: str
    """WeCom userid."""
    role: str = "rep"
    """`rep` or `manager`: managers own the team in Teams."""
    language: str = "zh-CN"
    """Of her clients and her profile."""
    in_teams: bool = True
    """Whether she is in the team in Teams; who is not lives in WeCom alone."""


class Person(_Strict):
    """A customer of the company."""

    name: str
    external_userid: str
    """WeCom's id of her, `wm...`."""
    unionid: str
    mail: str
    """Her mailbox in the simulated world. The hub never gets it from here: she tells it herself."""
    language: str = "zh-CN"


class TeamSettings(_Strict):
    """One team in Teams."""

    group_id: str
    """Entra group id (GUID), used by Graph."""
    thread_id: str
    """`19:...@thread.tacv2`, also the General channel's id."""
    name: str
    members: list[str]
    """aad ids."""


class Settings(_Strict):
    """The file the simulator is started with. The secrets are those the hub was given too."""

    host: str = "127.0.0.1"
    port: int = 0
    smtp_port: int = 0
    """Where the world takes mail from the hub (it plays the internet's MX)."""
    ports_file: str
    """Where the chosen ports are written as JSON once everything listens: {"http": n, "smtp": n}."""
    hub_url: str
    """The hub's base URL, no trailing slash."""
    hub_smtp_host: str = "127.0.0.1"
    hub_smtp_port: int
    """Where the hub takes replies and bounces."""
    dns_port: int = 0
    """UDP port of the world's name server; 0 = none."""
    mail_domain: str = "tower.example"
    reply_domain: str = "reply.tower.example"
    former_reply_domain: str = "reply.tower.test"
    """Domains the company publishes records for; what replies to the former one belonged to another organisation."""
    mail_secret: str
    """Shared with the hub's mail listener: the trusted mail server signs its verdict on inbound mail with it."""
    clock_start: datetime
    clock_running: bool = False
    tenant_id: str
    app_id: str
    app_password: str
    tab_audience: str
    """Audience of tab SSO tokens."""
    directline_secret: str
    corp_id: str
    agent_id: int
    agent_secret: str
    """Secret of the self-built app; also used for kf and customer contact."""
    callback_token: str
    callback_aes_key: str
    """43 characters."""
    open_kfid: str
    team: TeamSettings
    employees: list[Employee]
    people: list[Person]


@dataclass(kw_only=True)
class World:
    """The shared state of the simulated company."""

    settings: Settings
    clock: Clock
    log: Log
    faults: Faults
    http: ClientSession
    base_url: str = ""
    """Our own address, set when the port is known, no trailing slash."""
    calls_out: int = 0
    """Calls to the hub under way or waiting for their next attempt: a push of the clock waits until it is 0."""
    again: asyncio.Event | None = None
    """Set when a visitor wants a new company in this one's place; None when nobody would found one."""
    rooms: dict[str, object] = field(default_factory=dict)
    """Each server puts its own state here under its place name, for the control API and the world page."""

    def employee(self, key: str) -> Employee:
        """The employee with this aad id, Teams id, userid, mail or name. Raises KeyError."""
        for e in self.settings.employees:
            if key in (e.aad_id, e.teams_id, e.userid, e.mail, e.name) or key.lower() == e.userid.lower():
                return e
        raise KeyError(key)

    def person(self, key: str) -> Person:
        """The customer with this external_userid, unionid, mail or name. Raises KeyError."""
        for p in self.settings.people:
            if key in (p.external_userid, p.unionid, p.mail, p.name):
                return p
        raise KeyError(key)


def load_settings(path: Path) -> Settings:
    """Read the simulator's settings file (JSON). Raises pydantic.ValidationError."""
    return Settings.model_validate(orjson.loads(path.read_bytes()))
