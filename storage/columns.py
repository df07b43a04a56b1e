"""What a column may hold: every column says whether it is plain, sealed or indexed, and moments are exact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import BigInteger, Column, Dialect, Integer, LargeBinary, String
from sqlalchemy.types import TypeDecorator, TypeEngine

Privacy = Literal["plain", "sealed", "indexed"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as whole microseconds since 1970: equal, ordered and exact on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Microseconds. Raises TypeError for a naive datetime."""
        return None if value is None else (value - _EPOCH) // _TICK

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """The datetime again."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


SERIAL = BigInteger().with_variant(Integer, "sqlite")
"""A number the database counts up by itself: SQLite does so for INTEGER primary keys only."""

Kind = TypeEngine[Any] | type[TypeEngine[Any]]


def plain(name: str, kind: Kind, *args: Any, **more: Any) -> Column[Any]:
    """A column anybody with the database may read: ids, times, states, names of our own things."""
    return _column(name, kind, "plain", *args, **more)


def indexed(name: str, *args: Any, **more: Any) -> Column[Any]:
    """A keyed digest of something personal or secret (`Vault.index`, `Vault.digest`)."""
    return _column(name, String(64), "indexed", *args, **more)


def sealed(name: str = "sealed", **more: Any) -> Column[Any]:
    """A blob of `Vault.seal`."""
    return _column(name, LargeBinary(), "sealed", **more)


def _column(name: str, kind: Kind, privacy: Privacy, *args: Any, **more: Any) -> Column[Any]:
    more.setdefault("nullable", False)
    return Column(name, kind, *args, info={"privacy": privacy}, **more)
