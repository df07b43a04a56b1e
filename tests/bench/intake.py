"""How much it costs to take a message in, so that it is there after a power cut, against reading it and no more."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg

from tests.bench.load import Load
from tests.bench.programs import Broken, cpu_of_children
from tests.bench.site import Running, Site
from tests.contract.backends import Backends

ROUNDS = 3
WARM = 0.5
SECONDS = 2.0
DOOR = ("-m", "tests.bench.door")


@dataclass(frozen=True, kw_only=True)
class Intake:
    """One variant at one number of connections, the middle of its rounds."""

    variant: str
    connections: int
    per_second: float
    cpu_us: float
    """Of the program itself, per message."""
    server_us: float = 0.0
    """Of the database's server, per message."""


@dataclass(kw_only=True)
class _Variant:
    name: str
    running: Running
    url: str = ""
    server: int = 0
    """Process id of the database's server, 0 where there is none."""
    taken: int = 0


async def measure(site: Site, backends: Backends, connections: Sequence[int] = (16, 64)) -> list[Intake]:
    """Every variant, in turn, some rounds each. Raises Broken when an answered message is not in the database."""
    requests = site.requests().channel_messages()
    variants = [_Variant(name="bare", running=site.bare()), *_doors(site, backends)]
    found: list[Intake] = []
    try:
        for number in connections:
            rounds: dict[str, list[Intake]] = {}
            for _ in range(ROUNDS):
                for variant in variants:
                    rounds.setdefault(variant.name, []).append(await _round(requests, variant, number))
            found += [_middle(done) for done in rounds.values()]
        for variant in variants[1:]:
            _check(variant)
    finally:
        for variant in variants:
            variant.running.program.stop()
    return found


def _doors(site: Site, backends: Backends) -> list[_Variant]:
    doors = []
    for backend in ("sqlite", "postgresql"):
        url = backends.fresh(backend)
        server = int((backends.root / "pg" / "postmaster.pid").read_text().split()[0]) if backend != "sqlite" else 0
        doors.append(_Variant(name=backend, running=site.hub(DOOR, url), url=url, server=server))
    return doors


async def _round(requests: Iterator[bytes], variant: _Variant, connections: int) -> Intake:
    program = variant.running.program
    load = Load(requests=requests)
    await load.start(variant.running.port, connections)
    await asyncio.sleep(WARM)
    began, done, cpu, server = time.perf_counter(), load.answered, program.cpu(), _server(variant)
    await asyncio.sleep(SECONDS)
    spent, many = time.perf_counter() - began, max(1, load.answered - done)
    used, served = program.cpu() - cpu, _server(variant) - server
    await load.stop()
    variant.taken += load.answered
    return Intake(
        variant=variant.name,
        connections=connections,
        per_second=many / spent,
        cpu_us=used / many * 1e6,
        server_us=served / many * 1e6,
    )


def _server(variant: _Variant) -> float:
    return cpu_of_children(variant.server) if variant.server else 0.0


def _middle(rounds: list[Intake]) -> Intake:
    return Intake(
        variant=rounds[0].variant,
        connections=rounds[0].connections,
        per_second=median(r.per_second for r in rounds),
        cpu_us=median(r.cpu_us for r in rounds),
        server_us=median(r.server_us for r in rounds),
    )


def _check(variant: _Variant) -> None:
    """Each message that was answered must be in the database, once."""
    counting = "SELECT count(*) FROM inbox WHERE kind = 'rep_spoke'"
    if variant.url.startswith("sqlite"):
        with sqlite3.connect(Path(variant.url.removeprefix("sqlite:///"))) as file:
            stored = int(file.execute(counting).fetchone()[0])
    else:
        with psycopg.connect(variant.url) as connection:
            row = connection.execute(counting).fetchone()
            stored = int(row[0]) if row else 0
    if stored != variant.taken:
        raise Broken(f"{variant.name}: {variant.taken} messages answered, {stored} stored")
