"""Connections, set up the same way everywhere: synced commits, foreign keys, our own BEGIN; one file, one server."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import QueuePool

from rules.errors import ConfigError, Mistake

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16384",
)
_SESSION = "-c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s -c timezone=UTC"


def parse(url: str) -> URL:
    """A URL with the driver we use. Raises ConfigError for other databases, or SQLite without a file."""
    found = make_url(url)
    kind = found.get_backend_name()
    if kind == "postgresql":
        return found.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and found.database and found.database != ":memory:":
        return found.set(drivername="sqlite+pysqlite")
    shown = found.render_as_string(hide_password=True)
    expected = "postgresql://user@host/name or sqlite:///path/to/file"
    raise ConfigError([Mistake(where="database.url", found=shown, expected=expected)])


def engine(url: URL, *, size: int) -> Engine:
    """An engine whose connections write."""
    if url.get_backend_name() == "sqlite":
        made = create_engine(url, poolclass=QueuePool, pool_size=size, max_overflow=0)
        event.listen(made, "connect", _prepare_sqlite)
        event.listen(made, "begin", _begin_immediate)
        return made
    made = create_engine(url, pool_size=size, max_overflow=0, connect_args={"options": _SESSION, "connect_timeout": 5})
    event.listen(made, "connect", _prepare_postgres)
    return made


def read_engine(url: URL, *, size: int) -> Engine:
    """An engine whose connections can only read, each transaction from one moment."""
    if url.get_backend_name() == "sqlite":
        made = create_engine(url, poolclass=QueuePool, pool_size=size, max_overflow=0)
        event.listen(made, "connect", _prepare_sqlite)
        event.listen(made, "connect", _read_only_sqlite)
        event.listen(made, "begin", _begin)
        return made
    options = f"{_SESSION} -c default_transaction_read_only=on"
    args = {"options": options, "connect_timeout": 5}
    return create_engine(url, pool_size=size, max_overflow=0, connect_args=args, isolation_level="REPEATABLE READ")


def take_file(url: URL) -> int:
    """Hold the one place beside a SQLite file that a server may hold. Raises ConfigError when it is taken."""
    path = Path(f"{url.database}.lock")
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        expected = "no other process serving this file; stop the other one, or use PostgreSQL for several nodes"
        where, found = f"database.url {url.database}", "a second serve on SQLite"
        raise ConfigError([Mistake(where=where, found=found, expected=expected)]) from None
    return handle


def _prepare_sqlite(connection: DBAPIConnection, record: Any) -> None:
    connection.isolation_level = None  # our own BEGIN, not the driver's guess
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _read_only_sqlite(connection: DBAPIConnection, record: Any) -> None:
    connection.execute("PRAGMA query_only=ON")


def _prepare_postgres(connection: DBAPIConnection, record: Any) -> None:
    connection.prepare_threshold = 2  # our statements are few and come back often
    cursor = connection.cursor()
    cursor.execute("SET synchronous_commit = on")
    cursor.close()
    connection.commit()


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN")
