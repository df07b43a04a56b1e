"""What a failed statement means: our own faults are never taken for a database that is away."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from rules.errors import Conflict, StorageError, Unavailable
from storage.failures import translate


@pytest.mark.parametrize(
    ("error", "means"),
    [
        (IntegrityError("", {}, sqlite3.IntegrityError("NOT NULL constraint failed: a.b")), StorageError),
        (IntegrityError("", {}, sqlite3.IntegrityError("FOREIGN KEY constraint failed")), StorageError),
        (OperationalError("", {}, sqlite3.OperationalError("no such column: x")), StorageError),
        (ProgrammingError("", {}, sqlite3.ProgrammingError("syntax error near x")), StorageError),
        (IntegrityError("", {}, sqlite3.IntegrityError("UNIQUE constraint failed: a.b")), Conflict),
        (OperationalError("", {}, sqlite3.OperationalError("database is locked")), Unavailable),
        (OperationalError("", {}, sqlite3.OperationalError("database or disk is full")), Unavailable),
    ],
)
def test_our_faults_are_told_from_a_database_that_is_away(error: OperationalError, means: type[StorageError]) -> None:
    assert type(translate(error)) is means
