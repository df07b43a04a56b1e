"""One visit of the doctor: everything that was asked for is looked at, as a guest beside a hub that may be running."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bots.doctor import content, data, safety
from bots.doctor.report import Report, report
from bots.settings import Keys, Loaded, Loops, Server, Staff
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
    templates: frozenset[str] | ConfigError | None
    connectors: Sequence[Connector]
    """Not started; made with a `Visitor` in place of the hub."""
    secret_files: Sequence[Path]
    titles: Mapping[str, str]
    """What each check of the connectors looks at."""


async def visit(patient: Patient, wanted: frozenset[str]) -> Report:
    """Look at everything; nothing is raised for what is wrong, it is reported."""
    first, db = await asyncio.to_thread(data.opened, patient.url, patient.vault)
    try:
        findings = [first] if "D" in wanted else []
        if "D" in wanted:
            findings += await data.Checker(url=patient.url, db=db).all()
        if wanted & frozenset("TWM"):
            findings += await _platforms(patient, db)
    finally:
        if db is not None:
            await db.close()
    findings += content.Checker(playbook=patient.playbook, templates=patient.templates, now=patient.now).all()
    findings += _safety(patient)
    titles = {**data.CHECKS, **content.CHECKS, **safety.CHECKS, **patient.titles}
    return report(findings, titles, wanted)


def _safety(patient: Patient) -> Sequence[Finding]:
    loaded = patient.loaded
    checker = safety.Checker(
        server=loaded.section("server", Server),
        keys=loaded.section("keys", Keys),
        people=loaded.section("staff", Staff).people,
        secret_files=patient.secret_files,
    )
    return checker.all()


async def _platforms(patient: Patient, db: Database | None) -> list[Finding]:
    """All platforms at once: each waits for its own answers."""
    able = [c for c in patient.connectors if isinstance(c, Checks)]
    sites = [await _site(patient, db, c.name) for c in patient.connectors if isinstance(c, Checks)]
    found = await asyncio.gather(*(c.checks(site) for c, site in zip(able, sites, strict=True)))
    return [finding for one in found for finding in one]


async def _site(patient: Patient, db: Database | None, name: str) -> Site:
    channels, pulled = None, None
    if db is not None and isinstance(patient.playbook, Playbook):
        book = patient.playbook
        try:
            channels = await db.read(lambda unit: _channels(unit, book))
            pulled = await db.read(lambda unit: health.pulled_at(unit, name))
        except StorageError:
            channels = None
    return Site(
        public_url=patient.loaded.section("server", Server).public_url,
        now=patient.now,
        channels=channels,
        pulled_at=pulled,
        reconcile_seconds=patient.loaded.section("loops", Loops).reconcile_seconds,
    )


def _channels(unit: Unit, book: Playbook) -> tuple[ChannelRef, ...]:
    """Every channel of the playbook with what is known of it. Which team of ours is which in Teams is told by the
    channels that stand there; a bot in one team only serves all of them."""
    known = {row.key: row for row in references.all_channels(unit)}
    teams = references.teams(unit)
    return tuple(
        ChannelRef(
            key=key,
            team=book.teams[channel.team].name,
            name=channel.name,
            wire_id=known[key].wire_id if key in known else "",
            reference=_reference(teams),
        )
        for key, channel in book.channels.items()
    )


def _reference(teams: Sequence[references.BotReference]) -> Reference | None:
    if not teams:
        return None
    one = teams[0]
    return Reference(wire_id=one.wire_id, service_url=one.service_url, team_id=one.team_id, group_id=one.group_id)
