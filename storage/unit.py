"""One unit of work: a connection inside a transaction or savepoint, and the vault to read and write sealed values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
from sqlalchemy import Connection, CursorResult, Executable, RowMapping, Table, text
from sqlalchemy.dialects import postgresql

from storage import statements
from storage.memory import Memory
from storage.vault import Vault

_EPOCH_SQLITE = text("SELECT (julianday('now') - 2440587.5) * 86400.0")
_EPOCH_POSTGRES = text("SELECT extract(epoch FROM clock_timestamp())::float8")


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """What every function of storage works in. Whoever opened it commits; a failed one leaves nothing behind."""

    conn: Connection
    vault: Vault
    memory: Memory = field(default_factory=Memory)

    @property
    def postgres(self) -> bool:
        """Whether several nodes may share this database."""
        return self.conn.dialect.name == "postgresql"

    def run(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> CursorResult[Any]:
        """Execute one statement, or one for many rows."""
        return cast("CursorResult[Any]", self.conn.execute(statement, rows))

    def rows(self, statement: Executable, **params: Any) -> Sequence[RowMapping]:
        """All rows of a query."""
        return self.conn.execute(statement, params).mappings().all()

    def row(self, statement: Executable, **params: Any) -> RowMapping | None:
        """The first row of a query."""
        return self.conn.execute(statement, params).mappings().first()

    def insert(self, table: Table) -> postgresql.Insert:
        """An INSERT that can say ON CONFLICT."""
        return statements.insert(table, postgres=self.postgres)

    def insert_new(self, table: Table, row: Mapping[str, Any]) -> bool:
        """Insert a row unless its primary key is there; whether it was inserted."""
        statement = statements.insert_new(table, postgres=self.postgres)
        return self.conn.execute(statement, row).first() is not None

    def upsert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows; where the primary key is there, replace every column that the rows carry."""
        if rows:
            self.run(statements.upsert(table, tuple(rows[0]), postgres=self.postgres), rows)

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
