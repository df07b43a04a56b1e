"""A backup of one moment and the way back, on every database: what was there is there again, and nothing else."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select

from rules.errors import ConfigError
from storage import backup, health, inbox, migrations, notes, orders
from storage.database import Database
from storage.tables import metadata
from storage.unit import Unit
from storage.vault import Vault
from tests.contract.backends import Backend, Backends, vault
from tests.contract.people import NOW, accept, accepted, message

TAKEN = datetime(2026, 3, 3, 12, tzinfo=UTC)
PAPERS = {"hub.toml": b"# written by the operator\n"}
GUEST = message(1).text


def counts(unit: Unit) -> dict[str, int]:
    """How many rows each table has."""
    return {t.name: unit.conn.execute(select(func.count()).select_from(t)).scalar_one() for t in metadata.sorted_tables}


async def lived(url: str) -> dict[str, int]:
    """A database in which something happened; how much."""
    async with Database.open(url, vault()) as db:
        for number in range(3):
            await accept(db, accepted(message(number), raw=b"as it came \t\n\\ \x00"))
        await db.write(lambda u: notes.keep_note(u, "a/token", "秘密", 1.0), label="note")
        return await db.read(counts)


@pytest.fixture
def elsewhere(backends: Backends, backend: Backend) -> str:
    """A database without any table."""
    return backends.empty(backend)


async def test_what_was_there_is_there_again(database_url: str, elsewhere: str, tmp_path: Path) -> None:
    before = await lived(database_url)
    seen: list[tuple[str, int, int]] = []
    taken = backup.backup(database_url, tmp_path / "b.zip", PAPERS, now=TAKEN, progress=lambda *told: seen.append(told))
    assert {"about.json", "hub.toml"} < set(taken.names)
    back = await backup.restore(
        elsewhere, tmp_path / "b.zip", vault(), now=NOW + timedelta(hours=1), progress=lambda *told: seen.append(told)
    )
    assert (back.taken_at, back.held.parked) == (TAKEN, 3)
    assert all(done <= total or not total for _, done, total in seen) and len({what for what, _, _ in seen}) > 1
    async with Database.open(elsewhere, vault()) as db:
        after = await db.read(counts)
        assert after["inbox"] == before["inbox"] == 3
        assert await db.read(lambda u: notes.note(u, "a/token")) == ("秘密", 1.0)
        assert await db.read(lambda u: inbox.raw_of(u, message(2).id)) == b"as it came \t\n\\ \x00"
        assert await db.read(lambda u: notes.switched(u, orders.PAUSED))
        assert (await db.read(health.last_backup))[0] == TAKEN.timestamp()
        await accept(db, accepted(message(9)))  # its number is a new one
        assert (await db.read(counts))["inbox"] == 4


async def test_nobody_reads_it_without_the_keys(database_url: str, elsewhere: str, tmp_path: Path) -> None:
    await lived(database_url)
    backup.backup(database_url, tmp_path / "b.zip", PAPERS, now=TAKEN)
    with zipfile.ZipFile(tmp_path / "b.zip") as package:
        everything = b"".join(package.read(name) for name in package.namelist())
    assert GUEST.encode() not in everything and "秘密".encode() not in everything
    foreign = Vault({"new": b"x" * 32}, "new", b"y" * 32)
    with pytest.raises(ConfigError, match="keys"):
        await backup.restore(elsewhere, tmp_path / "b.zip", foreign, now=NOW)
    back = await backup.restore(elsewhere, tmp_path / "b.zip", vault(), now=NOW)
    assert back.held.parked == 3, "what foreign keys left behind stands in nobody's way"


async def test_data_are_never_written_over(database_url: str, elsewhere: str, tmp_path: Path) -> None:
    await lived(database_url)
    backup.backup(database_url, tmp_path / "b.zip", PAPERS, now=TAKEN)
    with pytest.raises(ConfigError, match="with data"):
        await backup.restore(database_url, tmp_path / "b.zip", vault(), now=NOW)


def _spoil(name: str, content: Callable[[bytes], bytes], source: Path, out: Path) -> None:
    with zipfile.ZipFile(source) as good, zipfile.ZipFile(out, "w") as bad:
        for found in good.namelist():
            kept = good.read(found)
            bad.writestr(found, content(kept) if found == name else kept)


async def test_a_damaged_one_stores_nothing(
    database_url: str, elsewhere: str, backend: Backend, tmp_path: Path
) -> None:
    await lived(database_url)
    backup.backup(database_url, tmp_path / "b.zip", PAPERS, now=TAKEN)
    name = "tower.db" if backend == "sqlite" else "tables/notes.copy"
    _spoil(name, lambda kept: kept.replace(b"a/token", b"b/token"), tmp_path / "b.zip", tmp_path / "bad.zip")
    with pytest.raises(ConfigError, match="damaged"):
        await backup.restore(elsewhere, tmp_path / "bad.zip", vault(), now=NOW)
    assert (await backup.restore(elsewhere, tmp_path / "b.zip", vault(), now=NOW)).held.parked == 3


async def test_one_of_a_newer_version_is_refused(database_url: str, elsewhere: str, tmp_path: Path) -> None:
    backup.backup(database_url, tmp_path / "b.zip", PAPERS, now=TAKEN)
    newer = lambda kept: orjson.dumps(orjson.loads(kept) | {"schema": "9999"})  # noqa: E731
    _spoil("about.json", newer, tmp_path / "b.zip", tmp_path / "newer.zip")
    with pytest.raises(ConfigError, match="newer version"):
        await backup.restore(elsewhere, tmp_path / "newer.zip", vault(), now=NOW)
    assert migrations.revision(elsewhere) == ""


async def test_each_kind_of_database_takes_its_own(backends: Backends, backend: Backend, tmp_path: Path) -> None:
    url, other = backends.fresh(backend), backends.empty("sqlite" if backend == "postgresql" else "postgresql")
    backup.backup(url, tmp_path / "b.zip", PAPERS, now=TAKEN)
    with pytest.raises(ConfigError, match="a backup of a"):
        await backup.restore(other, tmp_path / "b.zip", vault(), now=NOW)
    backends.drop(url)
