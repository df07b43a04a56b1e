"""The people on our side, found by the handles their platforms prove; how much they have to do is counted in loads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import RowMapping, bindparam, or_, select, update

from rules.effects import new_id
from rules.language import spoken
from rules.model import Preferences, Rep, RepHandle
from storage.tables import preferences, reps
from storage.unit import Unit, dumps, loads

_PLAIN = ("id", "role", "team", "language", "zone", "active", "load", "capacity")
_SEALED = ("name", "aad_id", "teams_id", "userid", "mail")
_INDEXED = {"aad": "aad_id", "userid": "userid", "mail": "mail"}


_TOLD = ("name", "aad_id", "teams_id", "userid", "mail")


def all_reps(unit: Unit) -> tuple[Rep, ...]:
    """Every rep, in order of their ids."""
    return tuple(_rep(unit, r) for r in unit.rows(_ALL))


_WISHES = ("language", "quiet", "digest", "notices")
_WISHED = [preferences.c[name].label(f"wished_{name}") for name in _WISHES]
_EVERYBODY = select(reps, *_WISHED).select_from(
    reps.outerjoin(preferences, preferences.c.rep_id == reps.c.id),
)
_ALL = _EVERYBODY.order_by(reps.c.id)
_BY = {column: _EVERYBODY.where(reps.c[column] == bindparam("value")) for column in ("id", "aad", "userid")}


def by_id(unit: Unit, rep_id: str) -> Rep | None:
    """The rep with this id."""
    row = unit.row(_BY["id"], value=rep_id)
    return None if row is None else _rep(unit, row)


def by_handle(unit: Unit, handle: RepHandle) -> Rep | None:
    """The rep a platform proved: by Entra object id, WeCom userid, or our own id."""
    if handle.platform == "hub":
        return by_id(unit, handle.value)
    column = "aad" if handle.platform == "teams" else "userid"
    row = unit.row(_BY[column], value=_index(unit, column, handle.value))
    return None if row is None else _rep(unit, row)


def prefer(unit: Unit, rep_id: str, wishes: Preferences) -> None:
    """Keep how a rep wants to be spoken to."""
    unit.upsert(preferences, [{"rep_id": rep_id, **{name: getattr(wishes, name) for name in _WISHES}}])


def upsert(unit: Unit, rep: Rep) -> Rep:
    """Add a rep, or bring one who is known by any handle up to date; empty fields keep what is known.

    The load is counted by turns and never written here.
    """
    old = _known(unit, rep)
    merged = rep if old is None else _merged(old, rep)
    if not merged.id:
        merged = replace(merged, id=new_id(rep.aad_id or rep.userid or rep.mail or rep.name, "rep"))
    row = _row(unit, merged)
    if old is not None:
        del row["load"]
    unit.upsert(reps, [row])
    return merged


def learn(unit: Unit, rep: Rep) -> Rep:
    """As `upsert`, from a platform that knows names and handles only: everything else stays as it is."""
    old = _known(unit, rep)
    told = {name: getattr(rep, name) for name in _TOLD if getattr(rep, name)}
    return upsert(unit, replace(old, **told) if old is not None else rep)


def hear(unit: Unit, aad_id: str, language: str) -> None:
    """Her Teams client speaks this language: hers, unless her company has said another one. What she chooses wins."""
    mine = reps.c.aad == _index(unit, "aad", aad_id)
    unit.run(update(reps).where(mine, reps.c.language == "").values(language=spoken(language)))


def _known(unit: Unit, rep: Rep) -> Rep | None:
    handles = [reps.c.id == rep.id] if rep.id else []
    for column, name in _INDEXED.items():
        if getattr(rep, name):
            handles.append(reps.c[column] == _index(unit, column, getattr(rep, name)))
    row = unit.row(_EVERYBODY.where(or_(*handles)).order_by(reps.c.id)) if handles else None
    return None if row is None else replace(_rep(unit, row), language=row["language"])


def _merged(old: Rep, new: Rep) -> Rep:
    """What was learned replaces what was known, where something was learned."""
    learned = {
        name: getattr(new, name)
        for name in Rep.__dataclass_fields__
        if name not in ("id", "load", "wishes") and getattr(new, name) not in ("", ())
    }
    return replace(old, **learned)


def _row(unit: Unit, rep: Rep) -> dict[str, Any]:
    row = {name: getattr(rep, name) for name in _PLAIN}
    for column, name in _INDEXED.items():
        value = getattr(rep, name)
        row[column] = _index(unit, column, value) if value else None
    sealed = {name: getattr(rep, name) for name in _SEALED}
    row["regions"], row["industries"] = dumps(list(rep.regions)), dumps(list(rep.industries))
    row["sealed"] = unit.seal("reps.sealed", rep.id, sealed)
    return row


def _rep(unit: Unit, row: RowMapping) -> Rep:
    sealed = unit.memory.get(f"rep/{row['id']}", row["sealed"])
    if sealed is None:
        sealed = unit.open("reps.sealed", row["id"], row["sealed"])
        unit.memory.put(f"rep/{row['id']}", row["sealed"], sealed)
    plain = {name: row[name] for name in _PLAIN}
    wishes = _wishes(row)
    plain["language"] = wishes.language or plain["language"] or _NOBODY_SAID
    regions, industries = tuple(loads(row["regions"])), tuple(loads(row["industries"]))
    return Rep(**plain, **sealed, regions=regions, industries=industries, wishes=wishes)


def _wishes(row: RowMapping) -> Preferences:
    """What she has chosen; nothing chosen is no row."""
    if row["wished_digest"] is None:
        return NOTHING_WISHED
    return Preferences(**{name: row[f"wished_{name}"] for name in _WISHES})


NOTHING_WISHED = Preferences()
_NOBODY_SAID = "zh-CN"
"""What a rep reads until a company, her client or she herself says."""


def _index(unit: Unit, column: str, value: str) -> str:
    """Handles are compared without case, as Entra and WeCom do."""
    return unit.vault.index("mail" if column == "mail" else f"rep {column}", value.lower())
