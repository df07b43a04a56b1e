"""The schema's own history. `upgrade` brings a database to the newest revision; a new one starts from nothing.

Alembic is loaded only when there is something to upgrade: a start with a schema that is up to date does without.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from storage import engines, failures

_VERSIONS = Path(__file__).parent / "versions"
"""Each file is named by its revision, four digits, and what it brings."""
_LOCK = 7_203_114_905
"""Any number: the advisory lock that lets one node migrate while the others wait."""


def upgrade(url: str, to: str = "") -> None:
    """Bring the schema to a revision, the newest if none is named; nothing to do is fine. Raises Unavailable,
    ConfigError."""
    wanted = to or head()
    made = engines.engine(engines.parse(url), size=1)
    try:
        if revision_of(made) == wanted:
            return
        with made.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL lock_timeout = 0"))
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            _upgrade(connection, wanted)
    except SQLAlchemyError as e:
        raise failures.translate(e) from e
    finally:
        made.dispose()


def revision(url: str) -> str:
    """The revision a database stands at; empty for a new one. Raises Unavailable, ConfigError."""
    made = engines.engine(engines.parse(url), size=1)
    try:
        return revision_of(made)
    finally:
        made.dispose()


def revision_of(engine: Engine) -> str:
    """As `revision`, through an engine that is there."""
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return ""
            return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")
    except SQLAlchemyError as e:
        raise failures.translate(e) from e


@cache
def head() -> str:
    """The newest revision this code knows."""
    return max(path.name for path in _VERSIONS.glob("[0-9]*.py"))[:4]


def _upgrade(connection: Connection, to: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)
