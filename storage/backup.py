"""One file that holds a database of one moment and what the operator wrote; and the way back from it.

Sealed data stays sealed, and no key is in the file: without the keys it cannot be read.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from rules.errors import ConfigError, Mistake, Unavailable
from storage import engines, failures, health, migrations
from storage.database import Database
from storage.dump import Progress, Table, clear, dump, load, unseen
from storage.held import Held, hold, hold_unused
from storage.tables import customers, inbox, outbox, timeline
from storage.unit import Unit
from storage.vault import Vault

ABOUT, DATABASE = "about.json", "tower.db"
_FORMAT, _FORMAT_TABLES = 1, 2
"""A file of SQLite's own; tables of PostgreSQL."""
_LARGEST_ABOUT = 64 * 1024
_PIECE = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A backup that was made."""

    size: int
    """Bytes."""
    names: tuple[str, ...]
    """Of the files inside."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """A database that was brought back."""

    taken_at: datetime
    """When the backup was made (wall time)."""
    held: Held


def backup(url: str, out: Path, papers: Mapping[str, bytes], *, now: datetime, progress: Progress = unseen) -> Taken:
    """Write a backup; `papers` are the operator's own files by their name in it.

    A hub may be running: the copy is of one moment. Raises ConfigError when `out` is there already or there is no
    database; Unavailable when it cannot be copied.
    """
    if out.exists():
        raise ConfigError([Mistake(where=str(out), found="a file", expected="a name that is free")])
    source = health.file_of(url)
    if source is not None and not source.exists():
        raise ConfigError([Mistake(where="database.url", found=f"no file {source}", expected="a database")])
    with tempfile.TemporaryDirectory(prefix=".tower-", dir=out.resolve().parent) as folder:
        made = Path(folder) / "made.zip"
        os.close(os.open(made, os.O_CREAT | os.O_WRONLY, 0o600))
        about: dict[str, object] = {"taken_at": now.isoformat(), "schema": health.schema(url).found}
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
            if source is None:
                about |= {
                    "format": _FORMAT_TABLES,
                    "tables": {n: asdict(t) for n, t in dump(url, package, progress).items()},
                }
            else:
                about |= {"format": _FORMAT, "sha256": _pack(source, Path(folder) / DATABASE, package, progress)}
            names = _papers(package, papers, about)
        made.replace(out)
    return Taken(size=out.stat().st_size, names=names)


async def restore(url: str, source: Path, vault: Vault, *, now: datetime, progress: Progress = unseen) -> Restored:
    """Bring a backup's database back; nothing in it goes out by itself (`storage.held`). `now` is business time.

    Refuses a file that is no whole backup of ours or is from a newer version, keys that do not fit, and a database
    that is in use or not empty: raises ConfigError. Raises Unavailable when it cannot be written.
    """
    target = health.file_of(url)
    if target is None:
        return await _restore_tables(url, source, vault, now, progress)
    lock = engines.take_file(engines.parse(url))
    try:
        _require_empty(url, target)
        with tempfile.TemporaryDirectory(prefix=".tower-", dir=target.resolve().parent) as folder:
            copy = Path(folder) / DATABASE
            taken_at = _unpack(source, copy, progress)
            migrations.upgrade(f"sqlite:///{copy}")
            held = await _held(f"sqlite:///{copy}", vault, lambda unit: _hold(unit, now, taken_at))
            for old in (target, Path(f"{target}-wal"), Path(f"{target}-shm")):
                old.unlink(missing_ok=True)
            copy.replace(target)
    finally:
        os.close(lock)
    return Restored(taken_at=taken_at, held=held)


async def _restore_tables(url: str, source: Path, vault: Vault, now: datetime, progress: Progress) -> Restored:
    """The same for PostgreSQL: everything comes back in one commit, at the schema of the time; then it is brought up to
    date and held."""
    _require_empty(url, None)
    about = _about(source)
    if about.tables is None:
        raise _no_backup(source, "a backup of a SQLite database")
    found = migrations.revision(url)
    if found not in ("", about.schema):
        expected = f"a database without tables, or at schema {about.schema}"
        raise ConfigError([Mistake(where="database.url", found=f"schema {found}", expected=expected)])
    migrations.upgrade(url, about.schema)
    try:
        with zipfile.ZipFile(source) as package:
            whole = load(url, package, about.tables, progress)
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError):
        whole = False
    if not whole:
        raise _no_backup(source, "a damaged backup")
    migrations.upgrade(url)
    try:
        held = await _held(url, vault, lambda unit: _hold(unit, now, about.taken_at))
    except ConfigError:
        clear(url)
        raise
    return Restored(taken_at=about.taken_at, held=held)


async def hold_now(url: str, vault: Vault, now: datetime) -> Held:
    """Hold what is under way in a database that was brought back by other means. Raises ConfigError (keys that do not
    fit, a hub that runs), Unavailable."""
    return await _held(url, vault, lambda unit: hold_unused(unit, now))


def _hold(unit: Unit, now: datetime, taken_at: datetime) -> Held:
    """Hold everything, and keep that the data here are as old as their backup."""
    health.backed_up(unit, taken_at.timestamp())
    return hold(unit, now)


async def _held(url: str, vault: Vault, work: Callable[[Unit], Held]) -> Held:
    async with Database.open(url, vault) as db:
        opens, finds = await db.read(health.keys_fit)
        if not (opens and finds):
            found = "another keys.index" if opens else "another keys.master"
            raise ConfigError([Mistake(where="keys", found=found, expected="the keys of the time of the backup")])
        return await db.write(work, label="restore")


# --- making one -----------------------------------------------------------------------------------------------------


def _copy(source: Path, copy: Path) -> None:
    """SQLite's online backup: one moment, whoever writes meanwhile."""
    try:
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(copy)) as made:
            live.backup(made)
            made.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as broken:
        raise Unavailable(f"the database cannot be copied ({type(broken).__name__})") from None


def _pack(source: Path, copy: Path, package: zipfile.ZipFile, progress: Progress) -> str:
    """Put a copy of a SQLite file into the zip; its digest."""
    progress("copying", 0, 0)
    _copy(source, copy)
    done, total, digest = 0, copy.stat().st_size, hashlib.sha256()
    with copy.open("rb") as content, package.open(DATABASE, "w", force_zip64=True) as packed:
        while piece := content.read(_PIECE):
            packed.write(piece)
            digest.update(piece)
            done += len(piece)
            progress("packing", done, total)
    return digest.hexdigest()


def _papers(package: zipfile.ZipFile, papers: Mapping[str, bytes], about: Mapping[str, object]) -> tuple[str, ...]:
    for name, content in papers.items():
        package.writestr(name, content)
    package.writestr(ABOUT, orjson.dumps(about, option=orjson.OPT_INDENT_2))
    return tuple(package.namelist())


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


# --- the way back ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class _About:
    """What a backup says of itself."""

    taken_at: datetime
    schema: str
    sha256: str
    tables: Mapping[str, Table] | None
    """None: the database is one file."""


def _require_empty(url: str, target: Path | None) -> None:
    """A new database, or one in which nothing has happened. Raises ConfigError."""
    if (target is not None and not target.exists()) or not migrations.revision(url):
        return
    parsed = engines.engine(engines.parse(url), size=1)
    try:
        with parsed.connect() as connection:
            tables = (customers, timeline, inbox, outbox)
            rows = sum(connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables)
    except SQLAlchemyError as broken:
        raise failures.translate(broken) from None
    finally:
        parsed.dispose()
    if rows:
        expected = "an empty one; move the old one away first, and keep it"
        raise ConfigError(
            [Mistake(where=str(target or "database.url"), found="a database with data", expected=expected)]
        )


def _about(source: Path) -> _About:
    """What a backup is. Raises ConfigError for a file that is none, or is from a newer version."""
    try:
        with zipfile.ZipFile(source) as package:
            about = package.getinfo(ABOUT)
            if about.file_size > _LARGEST_ABOUT:
                raise ValueError("about.json")
            told = orjson.loads(package.read(about))
            kept = told.get("tables")
            tables = (
                {n: Table(columns=tuple(t["columns"]), sha256=t["sha256"]) for n, t in kept.items()} if kept else None
            )
            found = _About(
                taken_at=datetime.fromisoformat(told["taken_at"]),
                schema=str(told["schema"]),
                sha256="" if tables else str(told["sha256"]),
                tables=tables,
            )
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, EOFError, zlib.error):
        raise _no_backup(source, "no backup with a database in it") from None
    if found.schema > migrations.head():
        raise _no_backup(source, f"a backup of a newer version (schema {found.schema})")
    return found


def _unpack(source: Path, copy: Path, progress: Progress) -> datetime:
    """The database in a backup, whole; when it was made. Raises ConfigError."""
    about = _about(source)
    if about.tables is not None:
        raise _no_backup(source, "a backup of a PostgreSQL database")
    try:
        with zipfile.ZipFile(source) as package, package.open(DATABASE) as packed, copy.open("wb") as out:
            done, total = 0, package.getinfo(DATABASE).file_size
            while piece := packed.read(_PIECE):
                out.write(piece)
                done += len(piece)
                progress("unpacking", done, total)
    except (OSError, zipfile.BadZipFile, KeyError, EOFError, zlib.error):
        raise _no_backup(source, "a damaged backup") from None
    if _digest(copy) != about.sha256 or not _sound(copy):
        raise _no_backup(source, "a damaged backup")
    return about.taken_at


def _sound(copy: Path) -> bool:
    try:
        with closing(sqlite3.connect(copy)) as made:
            return bool(made.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
    except sqlite3.Error:
        return False


def _no_backup(source: Path, found: str) -> ConfigError:
    return ConfigError([Mistake(where=str(source), found=found, expected="a file that python app.py backup made")])
