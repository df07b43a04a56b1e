"""Where and how the bot may speak: in teams, to persons, in web chats; and the team channels the matrix names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, bindparam, select

from rules.effects import SaveReference
from rules.model import Address
from storage import statements
from storage.inbox import lane_key
from storage.tables import channels, speaking
from storage.unit import Unit


@dataclass(frozen=True, kw_only=True, slots=True)
class BotReference:
    """How the bot may speak at one address."""

    connector: str
    account: str
    scope: str
    wire_id: str
    service_url: str
    team_id: str = ""
    group_id: str = ""
    member_wire_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelRow:
    """A team channel the matrix names. `wire_id` is empty until it is provisioned."""

    key: str
    team: str
    name: str
    wire_id: str = ""


def save_reference(unit: Unit, kept: SaveReference) -> None:
    """Keep, bring up to date, or mark as removed, how the bot may speak somewhere."""
    lane = lane_key(unit, kept.address)
    sealed = {
        "wire_id": kept.address.wire_id,
        "service_url": kept.service_url,
        "member_wire_id": kept.member_wire_id,
    }
    row = {
        "lane": lane,
        "connector": kept.address.connector,
        "account": kept.address.account,
        "scope": kept.scope,
        "team_id": kept.team_id,
        "group_id": kept.group_id,
        "member": _member(unit, kept.member) if kept.member else None,
        "removed": kept.removed,
        "sealed": unit.seal("speaking.sealed", lane, sealed),
    }
    unit.upsert(speaking, [row])


def at_address(unit: Unit, address: Address) -> BotReference | None:
    """How the bot may speak at exactly this address, e.g. in a customer's web chat."""
    return _one(unit, _AT_LANE, lane=lane_key(unit, address))


def of_member(unit: Unit, aad_id: str) -> BotReference | None:
    """How the bot may speak to a person (Entra object id)."""
    return _one(unit, _OF_MEMBER, member=_member(unit, aad_id))


def of_team(unit: Unit, *, team_id: str = "", group_id: str = "") -> BotReference | None:
    """How the bot may speak in a team, by its thread id or its Entra group id."""
    return _one(unit, _OF_TEAM, team=team_id, group=group_id)


def teams(unit: Unit) -> list[BotReference]:
    """Every team the bot may speak in."""
    return [_reference(unit, r) for r in unit.rows(_TEAMS)]


def all_channels(unit: Unit) -> list[ChannelRow]:
    """Every channel, in order of their keys."""
    return [ChannelRow(**r) for r in unit.rows(select(channels).order_by(channels.c.key))]


def channel(unit: Unit, key: str) -> ChannelRow | None:
    """The channel with this key."""
    row = unit.row(statements.by(channels, "key"), key=key)
    return None if row is None else ChannelRow(**row)


def put_channels(unit: Unit, rows: Sequence[ChannelRow]) -> None:
    """Add channels or bring them up to date; an empty wire id keeps the one that is known."""
    for row in rows:
        known = channel(unit, row.key)
        wire_id = row.wire_id or (known.wire_id if known else "")
        unit.upsert(channels, [{"key": row.key, "team": row.team, "name": row.name, "wire_id": wire_id}])


_STANDING = select(speaking).where(speaking.c.removed.is_(False)).order_by(speaking.c.lane)
_TEAMS = _STANDING.where(speaking.c.scope == "team")
_AT_LANE = _STANDING.where(speaking.c.lane == bindparam("lane")).limit(1)
_OF_MEMBER = _STANDING.where(speaking.c.member == bindparam("member"), speaking.c.scope == "personal").limit(1)
_SAME_TEAM = (speaking.c.team_id == bindparam("team")) & (speaking.c.team_id != "")
_SAME_GROUP = (speaking.c.group_id == bindparam("group")) & (speaking.c.group_id != "")
_OF_TEAM = _TEAMS.where(_SAME_TEAM | _SAME_GROUP).limit(1)


def _one(unit: Unit, which: Select[Any], **params: str) -> BotReference | None:
    row = unit.row(which, **params)
    return None if row is None else _reference(unit, row)


def _reference(unit: Unit, row: RowMapping) -> BotReference:
    sealed = unit.open("speaking.sealed", row["lane"], row["sealed"])
    names = ("connector", "account", "scope", "team_id", "group_id")
    return BotReference(**{name: row[name] for name in names}, **sealed)


def _member(unit: Unit, aad_id: str) -> str:
    return unit.vault.index("rep aad", aad_id.lower())
