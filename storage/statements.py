"""Statements built once: building one costs more than sending it. And constants that stay visible to the planner.

A database uses a partial index only when it can see that the query implies its condition, so states are written into
the text of a statement and never bound.
"""

from __future__ import annotations

from functools import cache
from typing import cast

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

NEW: ColumnElement[str] = literal_column("'new'")
UNDER_WAY: ColumnElement[str] = literal_column("'sending'")
DONE: ColumnElement[str] = literal_column("'done'")
UNKNOWN: ColumnElement[str] = literal_column("'unknown'")
SET: ColumnElement[str] = literal_column("'set'")
FIRED: ColumnElement[str] = literal_column("'fired'")
OPEN = text("state IN ('new', 'sending')")
EMPTY: ColumnElement[str] = literal_column("''")


def insert(table: Table, *, postgres: bool) -> postgresql.Insert:
    """An INSERT that can say ON CONFLICT; both databases' dialects offer the same methods."""
    return postgresql.insert(table) if postgres else cast("postgresql.Insert", sqlite.insert(table))


@cache
def upsert(table: Table, names: tuple[str, ...], *, postgres: bool) -> postgresql.Insert:
    """Insert rows of these columns; where the primary key is there, replace the other columns."""
    keys = [c.name for c in table.primary_key.columns]
    statement = insert(table, postgres=postgres)
    fresh = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=fresh)


@cache
def insert_new(table: Table, *, postgres: bool) -> Executable:
    """Insert a row unless its primary key is there; returns the key of an inserted one."""
    keys = list(table.primary_key.columns)
    return insert(table, postgres=postgres).on_conflict_do_nothing(index_elements=keys).returning(keys[0])


@cache
def by(table: Table, key: str, order: str = "") -> Select[tuple[object, ...]]:
    """All columns of the rows whose `key` equals the parameter of the same name."""
    found = select(table).where(table.c[key] == bindparam(key))
    return found.order_by(table.c[order]) if order else found


@cache
def change(table: Table, keys: tuple[str, ...], names: tuple[str, ...]) -> Update:
    """Set columns to the parameters of their names where keys equal the parameters `of_<key>`."""
    which: ColumnElement[bool] = and_(*(table.c[key] == bindparam(f"of_{key}") for key in keys))
    return update(table).where(which).values({name: bindparam(name) for name in names})
