"""Files beside words: noted in the turn that hears of them, their contents sealed when they come.

A content is written in the same commit as the end of its fetching, or as the event it came with: there is no moment
at which one is there without the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import RowMapping, bindparam, delete, select, update

from rules.effects import FetchFile
from rules.files import FileKind, judge
from storage.tables import file_contents, files
from storage.unit import Unit

State = Literal["waiting", "ready", "expired", "refused", "too_large", "failed"]
_PLACE = "file_contents.sealed"
_NAMES = "id customer_id conversation_id event_id rep form state reason type size at".split()


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A file as it stands, without its content."""

    id: str
    customer_id: str
    conversation_id: str
    """Empty until a turn has found out whose it is: nobody can open it before."""
    event_id: str
    rep: str
    """Who of ours brought it; empty for what a customer sent."""
    form: FileKind
    state: State
    reason: str
    type: str
    """By its content; empty while that is not here."""
    size: int
    at: datetime
    name: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Brought:
    """A file whose content came together with an event."""

    id: str
    form: FileKind
    name: str = field(repr=False)
    type: str
    """As claimed."""
    content: bytes = field(repr=False)
    size: int = 0
    """For a file that was too large to be taken in: how large it is; `content` is empty then."""


def expect(unit: Unit, sending: FetchFile, *, customer_id: str, event_id: str, rep: str, now: datetime) -> None:
    """Note a file whose content is still to be fetched; one that is noted already stays as it is."""
    row = _row(unit, sending.id, sending.form, sending.name, now) | {
        "customer_id": customer_id,
        "conversation_id": sending.conversation_id,
        "event_id": event_id,
        "rep": rep,
        "state": "waiting",
    }
    unit.insert_new(files, row)


def bring(unit: Unit, brought: Brought, *, now: datetime) -> None:
    """Keep a file that came with an event. It belongs to nobody until a turn `bind`s it; the same one again is one."""
    row = _row(unit, brought.id, brought.form, brought.name, now)
    if unit.insert_new(files, row | {"state": "waiting"}):
        _judged(unit, brought, now=now)


def bind(unit: Unit, ids: Sequence[str], *, customer_id: str, conversation_id: str, event_id: str, rep: str) -> None:
    """Files that came with this event are this customer's, and stay hers."""
    unbound = update(files).where(files.c.id.in_(ids), files.c.conversation_id == "")
    whose = {"customer_id": customer_id, "conversation_id": conversation_id, "event_id": event_id, "rep": rep}
    if ids:
        unit.run(unbound.values(whose))


def forget(unit: Unit, ids: Sequence[str]) -> None:
    """Files that came with an event and that its turn gave to nobody are gone; those that are somebody's stay."""
    for file_id in ids:
        unbound = delete(files).where(files.c.id == file_id, files.c.conversation_id == "")
        if unit.run(unbound).rowcount:
            unit.run(delete(file_contents).where(file_contents.c.id == file_id))


def arrived(unit: Unit, file_id: str, content: bytes, *, claimed: str, now: datetime) -> Held | None:
    """A content was fetched: sealed if it is what it says it is, otherwise only noted. How the file stands then."""
    found = held(unit, file_id)
    if found is None or found.state != "waiting":
        return found
    brought = Brought(id=file_id, form=found.form, name=found.name, type=claimed, content=content)
    _judged(unit, brought, now=now)
    return held(unit, file_id)


def never(unit: Unit, file_id: str, state: State, reason: str, *, now: datetime) -> None:
    """The content will not come."""
    waits = update(files).where(files.c.id == file_id, files.c.state == "waiting")
    unit.run(waits.values(state=state, reason=reason[:100], ended_at=now))


def held(unit: Unit, file_id: str) -> Held | None:
    """One file as it stands."""
    row = unit.row(_ONE, of=file_id)
    return None if row is None else _held(unit, row)


def content(unit: Unit, file_id: str) -> bytes | None:
    """The content of a file that is ready. Raises Unreadable for what no key opens any more."""
    row = unit.row(_CONTENT, of=file_id)
    return None if row is None else unit.vault.open(_PLACE, file_id, row["sealed"])


def of_events(unit: Unit, event_ids: Sequence[str]) -> Mapping[str, list[Held]]:
    """Files by the event they came or went with, each in the order it was noted."""
    found: dict[str, list[Held]] = {}
    if event_ids:
        for row in unit.rows(_OF_EVENTS, ids=list(event_ids)):
            found.setdefault(row["event_id"], []).append(_held(unit, row))
    return found


_OF_EVENTS = (
    select(files).where(files.c.event_id.in_(bindparam("ids", expanding=True))).order_by(files.c.at, files.c.id)
)
_ONE = select(files).where(files.c.id == bindparam("of"))
_CONTENT = select(file_contents.c.sealed).where(file_contents.c.id == bindparam("of"))
_END = (
    update(files)
    .where(files.c.id == bindparam("of"))
    .values({n: bindparam(n) for n in ("state", "reason", "type", "size", "ended_at")})
)


def _judged(unit: Unit, brought: Brought, *, now: datetime) -> None:
    """Look into a content and keep it if it may be opened."""
    size = brought.size or len(brought.content)
    verdict = judge(brought.form, brought.name, brought.type, brought.content)
    state, reason = ("refused", verdict.reason) if verdict.reason else ("ready", "")
    if size > len(brought.content):
        state, reason = "too_large", "file_too_large"
    if state == "ready":
        sealed = unit.vault.seal(_PLACE, brought.id, brought.content)
        unit.upsert(file_contents, [{"id": brought.id, "sealed": sealed}])
    end = {"of": brought.id, "state": state, "reason": reason, "type": verdict.type, "size": size, "ended_at": now}
    unit.run(_END, [end])


def _row(unit: Unit, file_id: str, form: str, name: str, now: datetime) -> dict[str, object]:
    return {"id": file_id, "form": form, "at": now, "sealed": unit.seal("files.sealed", file_id, {"name": name})}


def _held(unit: Unit, row: RowMapping) -> Held:
    sealed = unit.open("files.sealed", row["id"], row["sealed"])
    return Held(**{name: row[name] for name in _NAMES}, name=sealed["name"])
