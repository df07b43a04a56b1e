"""The append-only timeline: one row per turn of a customer. Folding its effects in order gives the customer again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import orjson
from sqlalchemy import Integer, RowMapping, bindparam, func, select

from rules.effects import CHANGE, Change, RecordTouch, SendFile, Sending, SendText, SendWelcome
from rules.events import EVENT, Event, RepActed
from rules.model import Customer
from storage.statements import EMPTY
from storage.tables import customers, timeline
from storage.unit import Unit, dumps, loads

PAGE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Touch:
    """Something that was said or done, as the card shows it."""

    at: datetime
    side: Literal["customer", "us", "hub"]
    connector: str
    """Where it was said: wecom, teams (web chat), mail; empty when nobody knows."""
    kind: str
    """Kind of the event."""
    text: str = field(repr=False)
    conversation_id: str = ""
    version: int = 0
    """Her version it made: touches are ordered by it."""
    event_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """One row of the timeline, opened."""

    version: int
    event_id: str
    at: datetime
    event: Event = field(repr=False)
    changes: tuple[Change, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What was said or done in one turn; an empty side when nothing was."""

    side: Literal["", "customer", "us", "hub"]
    conversation_id: str
    text: str = field(repr=False)

    @classmethod
    def of(cls, event: Event, changes: Sequence[Change], sendings: Sequence[Sending]) -> Said:
        """Her words before ours, a rep's before the hub's."""
        touch = next((c for c in changes if isinstance(c, RecordTouch)), None)
        sent = next((s for s in sendings if isinstance(s, SendText | SendFile | SendWelcome)), None)
        conversation_id = (touch.conversation_id if touch else "") or _conversation(event, changes)
        if touch is not None and touch.side == "customer":
            return cls(side="customer", conversation_id=conversation_id, text=touch.page or _words(event))
        if sent is not None:
            by_rep = not isinstance(sent, SendWelcome) and bool(sent.by)
            where = sent.conversation_id or conversation_id
            text = "" if isinstance(sent, SendFile) else sent.text
            return cls(side="us" if by_rep else "hub", conversation_id=where, text=text)
        if touch is not None:
            return cls(side="us", conversation_id=conversation_id, text=_words(event))
        return cls(side="", conversation_id=conversation_id, text="")


def append(unit: Unit, after: Customer, *, version: int, event: Event, changes: Sequence[Change], said: Said) -> None:
    """Write the row of one turn. Raises a unique violation when the event had its turn."""
    found = after.conversation(said.conversation_id)
    row = {
        "customer_id": after.id,
        "version": version,
        "event_id": event.id,
        "conversation_id": said.conversation_id,
        "kind": event.kind,
        "at": event.at,
        "side": said.side,
        "connector": _where(event, found.address.connector if found else ""),
        "changes": dumps([None if c.personal else CHANGE.dump_python(c, mode="json") for c in changes]),
        "sealed": unit.vault.seal("timeline.sealed", event.id, _sealed(event, changes, said.text)),
    }
    unit.run(_APPEND, [row])


_APPEND = timeline.insert()


def touches(unit: Unit, customer_id: str, limit: int = 5, *, before: int = 0) -> list[Touch]:
    """Her newest touches, newest first; those older than the version `before`, unless it is 0."""
    rows = unit.rows(_TOUCHES, of=customer_id, most=limit, before=before or _NO_VERSION)
    return [_as_touch(unit, r) for r in rows]


_NO_VERSION = 2**31 - 1
_TOUCHES = (
    select(timeline)
    .where(
        timeline.c.customer_id == bindparam("of"),
        timeline.c.side != EMPTY,
        timeline.c.version < bindparam("before", type_=Integer()),
    )
    .order_by(timeline.c.version.desc())
    .limit(bindparam("most", type_=Integer()))
)
_TOUCH_COUNT = select(customers.c.touches).where(customers.c.id == bindparam("of"))


def touch_count(unit: Unit, customer_id: str) -> int:
    """How many touches she has had."""
    return int(unit.conn.execute(_TOUCH_COUNT, {"of": customer_id}).scalar() or 0)


def counted(unit: Unit, customer_id: str) -> int:
    """How many touches the timeline itself holds: reads all of it, so only a rebuild asks."""
    mine = select(func.count()).where(timeline.c.customer_id == customer_id, timeline.c.side != EMPTY)
    return int(unit.conn.execute(mine).scalar_one())


def past(unit: Unit, customer_id: str) -> Iterator[Past]:
    """Her whole timeline, oldest first, read page by page. Raises Unreadable for what no key opens any more."""
    version = 0
    while True:
        page = select(timeline).where(timeline.c.customer_id == customer_id, timeline.c.version > version)
        rows = unit.rows(page.order_by(timeline.c.version).limit(PAGE))
        for row in rows:
            version = row["version"]
            yield _past(unit, row)
        if len(rows) < PAGE:
            return


def _sealed(event: Event, changes: Sequence[Change], text: str) -> bytes:
    personal = {str(i): CHANGE.dump_python(c, mode="json") for i, c in enumerate(changes) if c.personal}
    return orjson.dumps({"event": EVENT.dump_python(event, mode="json"), "changes": personal, "text": text})


def _past(unit: Unit, row: RowMapping) -> Past:
    sealed = unit.open("timeline.sealed", row["event_id"], row["sealed"])
    shown: list[Any] = loads(row["changes"])
    changes = [CHANGE.validate_python(c if c is not None else sealed["changes"][str(i)]) for i, c in enumerate(shown)]
    return Past(
        version=row["version"],
        event_id=row["event_id"],
        at=row["at"],
        event=EVENT.validate_python(sealed["event"]),
        changes=tuple(changes),
    )


def _as_touch(unit: Unit, row: RowMapping) -> Touch:
    sealed = unit.open("timeline.sealed", row["event_id"], row["sealed"])
    names = ("at", "side", "connector", "kind", "conversation_id", "event_id", "version")
    return Touch(**{name: row[name] for name in names}, text=sealed["text"])


def _words(event: Event) -> str:
    if isinstance(event, RepActed):
        return event.inputs.get("text", "")
    return str(getattr(event, "text", ""))


def _conversation(event: Event, changes: Sequence[Change]) -> str:
    own = getattr(event, "conversation_id", "")
    return str(own or next((getattr(c, "conversation_id", "") for c in changes if hasattr(c, "conversation_id")), ""))


def _where(event: Event, connector: str) -> str:
    if event.kind.startswith("mail_"):
        return "mail"
    address = getattr(event, "address", None)
    return connector or (address.connector if address else "")
