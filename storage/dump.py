"""A PostgreSQL database of one moment as plain tables, and the way back: `COPY` out and in, nothing else to install.

Made for our own tables only. What is sealed stays sealed.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from rules.errors import Unavailable
from storage import engines, failures
from storage.tables import metadata

FOLDER = "tables"
_PIECE = 1024 * 1024
Progress = Callable[[str, int, int], None]
"""Told what is done, how much of it, and how much there is (0: nobody knows)."""


def unseen(_what: str, _done: int, _total: int) -> None:
    """Nobody looks on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One table in a dump."""

    columns: tuple[str, ...]
    sha256: str


def dump(url: str, package: zipfile.ZipFile, progress: Progress) -> dict[str, Table]:
    """Write every table into the zip, all of one moment; a hub may be running. Raises Unavailable."""
    with _connected(engines.read_engine(engines.parse(url), size=1)) as connection:
        names = _tables(connection)
        found: dict[str, Table] = {}
        for done, (name, columns) in enumerate(names.items()):
            progress("copying", done, len(names))
            found[name] = Table(columns=columns, sha256=_out(connection, name, columns, package))
        progress("copying", len(names), len(names))
        return found


def load(url: str, package: zipfile.ZipFile, tables: Mapping[str, Table], progress: Progress) -> bool:
    """Fill the empty tables of a database whose schema is that of the dump, in one commit; False when the dump is
    damaged, and then nothing is stored. Raises Unavailable."""
    with _connected(engines.engine(engines.parse(url), size=1)) as connection:
        ordered = [str(t.name) for t in metadata.sorted_tables if t.name in tables]
        for done, name in enumerate(ordered):
            progress("restoring", done, len(ordered))
            if _in(connection, name, tables[name].columns, package) != tables[name].sha256:
                connection.rollback()
                return False
        _go_on_counting(connection, ordered)
        connection.commit()
        progress("restoring", len(ordered), len(ordered))
        return set(ordered) == set(tables)


def clear(url: str) -> None:
    """Empty all our tables again. Raises Unavailable."""
    with _connected(engines.engine(engines.parse(url), size=1)) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        connection.commit()


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    """One transaction without a time limit; what goes wrong is Unavailable."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            yield connection
    except SQLAlchemyError as broken:
        raise failures.translate(broken) from None
    except psycopg.Error as broken:
        raise Unavailable(f"the database broke off ({type(broken).__name__})") from None
    finally:
        engine.dispose()


def _tables(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Our tables as they stand in the database, which may be older than this code."""
    seen = inspect(connection)
    there = set(seen.get_table_names())
    ours = [str(t.name) for t in metadata.sorted_tables if t.name in there]
    return {name: tuple(str(column["name"]) for column in seen.get_columns(name)) for name in ours}


def _driver(connection: Connection) -> psycopg.Connection[object]:
    found = connection.connection.driver_connection
    assert isinstance(found, psycopg.Connection)  # noqa: S101 - the only driver there is
    return found


def _statement(name: str, columns: tuple[str, ...], how: str) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) " + how).format(sql.Identifier(name), names)


def _out(connection: Connection, name: str, columns: tuple[str, ...], package: zipfile.ZipFile) -> str:
    digest = hashlib.sha256()
    with (
        package.open(f"{FOLDER}/{name}.copy", "w", force_zip64=True) as out,
        _driver(connection).cursor() as cursor,
        cursor.copy(_statement(name, columns, "TO STDOUT")) as rows,
    ):
        for piece in rows:
            digest.update(piece)
            out.write(piece)
    return digest.hexdigest()


def _in(connection: Connection, name: str, columns: tuple[str, ...], package: zipfile.ZipFile) -> str:
    digest = hashlib.sha256()
    with (
        package.open(f"{FOLDER}/{name}.copy") as kept,
        _driver(connection).cursor() as cursor,
        cursor.copy(_statement(name, columns, "FROM STDIN")) as rows,
    ):
        while piece := kept.read(_PIECE):
            digest.update(piece)
            rows.write(piece)
    return digest.hexdigest()


def _go_on_counting(connection: Connection, names: list[str]) -> None:
    """Set each table's counter behind its last number, or new rows would take numbers that are taken."""
    for name in names:
        for column in metadata.tables[name].columns:
            if column.autoincrement is True and column.primary_key:
                last = f'SELECT max("{column.name}") FROM "{name}"'  # noqa: S608 - names of our own tables
                setting = f"SELECT setval(pg_get_serial_sequence('\"{name}\"', '{column.name}'), ({last}))"
                connection.execute(text(setting))
