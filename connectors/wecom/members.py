"""Careful reading of JSON objects from the wire: a member is of the kind we expect, or it is refused or empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rules.errors import BadRequest

Members = Mapping[str, object]


def text(members: Members, name: str) -> str:
    """A text that must be there and not be empty. Raises BadRequest."""
    if not (value := maybe(members, name)):
        raise BadRequest(f"no {name}")
    return value


def maybe(members: Members, name: str) -> str:
    """A text that may be missing, then empty; NUL, which no database takes, is left out."""
    value = members.get(name)
    return value.replace("\x00", "") if isinstance(value, str) else ""


def number(members: Members, name: str) -> int:
    """A whole number that must be there. Raises BadRequest."""
    value = members.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRequest(f"no {name}")
    return value


def table(members: Members, name: str) -> Members:
    """An object that must be there. Raises BadRequest."""
    value = members.get(name)
    if not isinstance(value, dict):
        raise BadRequest(f"no {name}")
    return value


def tables(members: Members, name: str) -> Sequence[Members]:
    """The objects in a list, none when it is missing or holds something else."""
    value = members.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
