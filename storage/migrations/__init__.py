"""The schema's own history. `upgrade` brings a database to the newest revision; a new one starts from nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from storage import engines, failures

_LOCK = 7_203_114_905
"""Any number: the advisory lock that lets one node migrate while the others wait."""


def upgrade(url: str) -> None:
    """Bring the schema to the newest revision; nothing to do is fine. Raises Unavailable, ConfigError."""
    made = engines.engine(engines.parse(url), size=1)
    config = _config()
    try:
        with made.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
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
            return MigrationContext.configure(connection).get_current_revision() or ""
    except SQLAlchemyError as e:
        raise failures.translate(e) from e


@cache
def head() -> str:
    """The newest revision this code knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
