"""Driver errors in the house's own words: who may try again, and who must tell the caller that nothing was stored."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, InvalidRequestError, SQLAlchemyError

from rules.errors import BadRequest, Busy, Conflict, StorageError, Unavailable

_BUSY = frozenset({"40001", "40P01", "55P03"})
"""SQLSTATE: serialization failure, deadlock, lock not available. Several nodes' commits get into each other's way."""
_TAKEN = "23505"
"""SQLSTATE: unique violation, somebody inserted it first."""
_OURS = ("23", "42")
"""SQLSTATE classes of our own faults: a broken constraint, a statement that is wrong. Trying again changes nothing."""
_OUR_WORDS = ("constraint failed", "no such table", "no such column", "syntax error", "datatype mismatch")
_NO_ROOM = ("disk is full", "disk i/o error", "database is locked", "readonly database", "unable to open")


def translate(error: SQLAlchemyError) -> StorageError | BadRequest:
    """What a failed statement means to the caller. Never carries the statement's values."""
    if not isinstance(error, DBAPIError):
        return Unavailable(type(error).__name__)
    origin = error.orig
    state = str(getattr(origin, "sqlstate", None) or "")
    words = str(origin).lower()
    if state in _BUSY:
        return Busy(state)
    if state == _TAKEN or "unique constraint failed" in words:
        return Conflict(state or "unique")
    if state[:2] == "22" or "surrogates not allowed" in words:
        return BadRequest("a value the database cannot hold")
    if state[:2] in _OURS or any(w in words for w in _OUR_WORDS):
        return StorageError(state or type(origin).__name__)
    return Unavailable(state or next((w for w in _NO_ROOM if w in words), type(origin).__name__))


def lost(error: SQLAlchemyError) -> bool:
    """Whether the connection is of no more use."""
    if isinstance(error, DBAPIError):
        return bool(error.connection_invalidated)
    return isinstance(error, InvalidRequestError)


def broken_disk(error: SQLAlchemyError) -> bool:
    """Whether the file can no longer be trusted: a failed write or fsync must never be tried again and believed."""
    return isinstance(error, DBAPIError) and "disk i/o error" in str(error.orig).lower()
