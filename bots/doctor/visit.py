"""One visit of the doctor: everything that was asked for is looked at, as a guest beside a hub that may be running."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from bots.doctor import content, data, safety
from bots.doctor.report import Report, Wanted, report
from bots.origins import Value
from bots.settings import DoctorSettings, Keys, Loaded, Loops, Server, Staff
from connectors.contract import ChannelRef, Checks, Connector, Finding, Reference, Site
from rules.book import Playbook
from rules.errors import ConfigError, StorageError
from storage import health, references
from storage.database import Database
from storage.unit import Unit
from storage.vault import Vault


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What is looked at."""

    loaded: Loaded
    now: datetime
    """Business time."""
    url: str
    vault: Vault = field(repr=False)
    playbook: Playbook | ConfigError
    templates: Mapping[str, frozenset[str]] | ConfigError | None
    """The languages of each mail template."""
    purposes: frozenset[str]
    """What the form asks a customer's consent for."""
    graph_roles: tuple[str, ...]
    """App permissions at Microsoft Graph that parts of the hub besides Teams need."""
    connectors: Sequence[Connector]
    """Not started; made with a `Visitor` in place of the hub."""
    secret_files: Sequence[Path]
    values: Sequence[Value] = field(repr=False)
    """Every setting in force."""
    failpoint: bool
    """Whether a failpoint is armed in this environment."""
    titles: Mapping[str, str]
    """What each check of the connectors looks at."""


async def visit(patient: Patient, asked: Wanted) -> Report:
    """Look at everything that was asked for; nothing is raised for what is wrong, it is reported."""
    limits = patient.loaded.section("doctor", DoctorSettings)
    first, db = await asyncio.to_thread(data.opened, patient.url, patient.vault)
    try:
        findings = [first]
        if "D" in asked.rooms:
            findings += await data.Checker(url=patient.url, db=db, limits=limits).all()
        if asked.rooms & frozenset("TWM"):
            findings += await _platforms(patient, db)
        if "S" in asked.rooms:
            findings += await _safety(patient, db)
    finally:
        if db is not None:
            await db.close()
    look = content.Checker(
        playbook=patient.playbook, templates=patient.templates, purposes=patient.purposes, now=patient.now
    )
    titles = {**data.CHECKS, **content.CHECKS, **safety.CHECKS, **patient.titles}
    return report([*findings, *look.all()], titles, asked)


async def _safety(patient: Patient, db: Database | None) -> Sequence[Finding]:
    loaded = patient.loaded
    checker = safety.Checker(
        public_url=loaded.section("server", Server).public_url,
        keys=loaded.section("keys", Keys),
        people=loaded.section("staff", Staff).people,
        secret_files=patient.secret_files,
        values=patient.values,
        failpoint=patient.failpoint,
        db=db,
    )
    return await checker.all()


async def _platforms(patient: Patient, db: Database | None) -> list[Finding]:
    """All platforms at once: each waits for its own answers."""
    able = [c for c in patient.connectors if isinstance(c, Checks)]
    sites = [await _site(patient, db, c.name) for c in patient.connectors if isinstance(c, Checks)]
    found = await asyncio.gather(*(c.checks(site) for c, site in zip(able, sites, strict=True)))
    return [finding for one in found for finding in one]


async def _site(patient: Patient, db: Database | None, name: str) -> Site:
    loaded = patient.loaded
    site = Site(
        public_url=loaded.section("server", Server).public_url,
        now=patient.now,
        reconcile_seconds=loaded.section("loops", Loops).reconcile_seconds,
        graph_roles=patient.graph_roles,
        secret_days=loaded.section("doctor", DoctorSettings).secret_days,
        staff=tuple(p.userid if p.active else "" for p in loaded.section("staff", Staff).people.values()),
    )
    if db is None or not isinstance(patient.playbook, Playbook):
        return site
    book = patient.playbook
    try:
        return await db.read(lambda unit: _remembered(unit, site, book, name))
    except StorageError:
        return site


def _remembered(unit: Unit, site: Site, book: Playbook, name: str) -> Site:
    """The same site with what the database knows of a platform."""
    teams = tuple(_reference(one) for one in references.teams(unit))
    return replace(
        site,
        channels=_channels(unit, book, teams),
        teams=teams,
        pulled_at=health.pulled_at(unit, name),
        mailed=health.mailed_since(unit, site.now - timedelta(hours=24)),
    )


def _channels(unit: Unit, book: Playbook, teams: Sequence[Reference]) -> tuple[ChannelRef, ...]:
    """Every channel of the playbook with what is known of it. Which team of ours is which in Teams is told by the
    channels that stand there; a bot in one team only serves all of them."""
    known = {row.key: row for row in references.all_channels(unit)}
    return tuple(
        ChannelRef(
            key=key,
            team=book.teams[channel.team].name,
            name=channel.name,
            wire_id=known[key].wire_id if key in known else "",
            reference=next(iter(teams), None),
        )
        for key, channel in book.channels.items()
    )


def _reference(one: references.BotReference) -> Reference:
    return Reference(wire_id=one.wire_id, service_url=one.service_url, team_id=one.team_id, group_id=one.group_id)
