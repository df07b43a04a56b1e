"""The schema: migrations lead to exactly the tables in code, every column says what it may hold, and seals hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import LargeBinary, select, text

from rules.errors import ConfigError
from storage import engines, migrations
from storage.database import Database
from storage.tables import metadata
from storage.unit import Unit
from tests.contract.backends import Backend, Backends, vault
from tests.contract.people import WANG, accept, accepted, message, newcomer


def test_every_column_is_declared() -> None:
    kinds: dict[str, set[str]] = {}
    for table in metadata.tables.values():
        for column in table.columns:
            kinds.setdefault(column.info["privacy"], set()).add(f"{table.name}.{column.name}")
            blob = isinstance(column.type, LargeBinary) and column.info["privacy"] != "sealed"
            assert not blob or f"{table.name}.{column.name}" == "audit.hash"
    assert set(kinds) == {"plain", "sealed", "indexed"}


def test_nothing_personal_is_plain() -> None:
    personal = {"mail", "phone", "company", "attributes", "text", "title", "subject", "value", "payload", "event"}
    ours = {"playbooks.text", "cursors.value", "balances.value"}
    plain = {f"{t.name}.{c.name}" for t in metadata.tables.values() for c in t.columns if c.info["privacy"] == "plain"}
    assert {p for p in plain if p.split(".")[1] in personal} == ours


async def test_migrations_and_tables_agree(database_url: str) -> None:
    engine = engines.engine(engines.parse(database_url), size=1)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
    finally:
        engine.dispose()


def test_the_newest_revision_is_found_without_alembic() -> None:
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert [migrations.head()] == script.get_heads()


async def test_an_upgrade_starts_from_nothing_and_repeats_harmlessly(backends: Backends, backend: Backend) -> None:
    url = backends.empty(backend)
    try:
        assert migrations.revision(url) == ""
        with pytest.raises(ConfigError, match="db upgrade"):
            Database.open(url, vault())
        migrations.upgrade(url)
        migrations.upgrade(url)
        assert migrations.revision(url) == migrations.head() != ""
        async with Database.open(url, vault()) as db:
            assert await accept(db, accepted(message())) == [True]
    finally:
        backends.drop(url)


async def test_no_word_of_hers_is_readable_in_the_database(db: Database) -> None:
    await newcomer(db)
    await accept(db, accepted(message(2), raw=b"<xml>raw-canary</xml>"))

    def everything(unit: Unit) -> str:
        rows: list[Any] = [list(unit.rows(select(t))) for t in metadata.tables.values()]
        return repr(rows)

    dump = await db.read(everything)
    for canary in ("王敏", "沈阳", "Wang.Min", "wang.min", "raw-canary", "external_userid': '" + WANG.value):
        assert canary not in dump
        assert canary.encode().__repr__()[2:-1] not in dump


async def test_dates_and_booleans_are_exact(db: Database) -> None:
    found = await db.read(lambda u: u.conn.execute(text("SELECT 1")).scalar())
    assert found == 1
