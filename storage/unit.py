"""One unit of work: a connection inside a transaction or savepoint, and the vault to read and write sealed values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
from sqlalchemy import Connection, CursorResult, Executable, RowMapping, Table, text
from sqlalchemy.dialects import postgresql, sqlite

from storage.vault import Vault

_EPOCH_SQLITE = text("SELECT (julianday('now') - 2440587.5) * 86400.0")
_EPOCH_POSTGRES = text("SELECT extract(epoch FROM clock_timestamp())::float8")


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """What every function of storage works in. Whoever opened it commits; a failed one leaves nothing behind."""

    conn: Connection
    vault: Vault

    @property
    def postgres(self) -> bool:
        """Whether several nodes may share this database."""
        return self.conn.dialect.name == "postgresql"

    def run(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> CursorResult[Any]:
        """Execute one statement, or one for many rows."""
        return cast("CursorResult[Any]", self.conn.execute(statement, rows))

    def rows(self, statement: Executable) -> Sequence[RowMapping]:
        """All rows of a query."""
        return self.conn.execute(statement).mappings().all()

    def row(self, statement: Executable) -> RowMapping | None:
        """The first row of a query."""
        return self.conn.execute(statement).mappings().first()

    def insert(self, table: Table) -> postgresql.Insert:
        """An INSERT that can say ON CONFLICT; both databases' dialects offer the same methods."""
        if self.postgres:
            return postgresql.insert(table)
        return cast("postgresql.Insert", sqlite.insert(table))

    def insert_new(self, table: Table, row: Mapping[str, Any]) -> bool:
        """Insert a row unless its primary key is there; whether it was inserted."""
        keys = list(table.primary_key.columns)
        statement = self.insert(table).values(**row).on_conflict_do_nothing(index_elements=keys)
        return self.conn.execute(statement.returning(keys[0])).first() is not None

    def upsert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows; where the primary key is there, replace every column that the rows carry."""
        if not rows:
            return
        keys = [c.name for c in table.primary_key.columns]
        statement = self.insert(table)
        fresh = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        self.run(statement.on_conflict_do_update(index_elements=keys, set_=fresh), list(rows))

    def seal(self, place: str, row_id: str, value: object) -> bytes:
        """A JSON value, sealed for one place and row."""
        return self.vault.seal(place, row_id, orjson.dumps(value))

    def open(self, place: str, row_id: str, blob: bytes) -> Any:
        """The JSON value again. Raises Unreadable."""
        return orjson.loads(self.vault.open(place, row_id, blob))


def db_now(unit: Unit) -> float:
    """The database's own clock, epoch seconds: for leases and heartbeats, the same on every node, never virtual."""
    return float(unit.conn.execute(_EPOCH_POSTGRES if unit.postgres else _EPOCH_SQLITE).scalar_one())


def dumps(value: object) -> str:
    """A small plain JSON column."""
    return orjson.dumps(value).decode()


def loads(value: str) -> Any:
    """A small plain JSON column, read."""
    return orjson.loads(value)
