"""The why of every turn, readable later by whoever may see the customer."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from rules.decision import TRACE, Because, Trace
from storage.tables import traces
from storage.unit import Unit


def keep(unit: Unit, trace: Trace, *, customer_id: str = "", conversation_id: str = "", version: int = 0) -> None:
    """Store the trace of one turn, sealed: the values it saw may be her words."""
    row = {
        "event_id": trace.event_id,
        "customer_id": customer_id,
        "conversation_id": conversation_id,
        "version": version,
        "kind": trace.event,
        "at": trace.at,
        "playbook": trace.playbook,
        "routed": bool(trace.about("route")),
        "about": "".join(f" {about} " for about in sorted({s.about for s in trace.steps})),
        "marks": marks_of(trace),
        "sealed": unit.vault.seal("traces.sealed", trace.event_id, TRACE.dump_json(trace)),
    }
    unit.run(_KEEP, [row])


_KEEP = traces.insert()
_NAMED = {"rule": "rule", "route": "cell"}


def marks_of(trace: Trace) -> str:
    """What managers count, by name: rules that did something, cells (`by-hand`: a colleague moved it), signals."""
    found = {f"{_NAMED[s.about]}:{s.rule}" for s in trace.steps if s.rule and s.about in _NAMED}
    found |= {f"score:{s.seen['signal']}" for s in trace.about("score") if "signal" in s.seen}
    return " ".join(sorted(found))


def trace_of(unit: Unit, conversation_id: str) -> Trace | None:
    """The newest trace that routed this conversation."""
    row = unit.row(_ROUTED, talk=conversation_id)
    return None if row is None else _open(unit, row["event_id"], row["sealed"])


_ROUTED = (
    select(traces.c.event_id, traces.c.sealed)
    .where(traces.c.conversation_id == bindparam("talk"), traces.c.routed.is_(True))
    .order_by(traces.c.version.desc())
    .limit(1)
)


def newest(unit: Unit, customer_id: str, about: str) -> Because | None:
    """The first step about one thing in her newest trace that has one: how her owner, her stage and so on came."""
    row = unit.row(_NEWEST, of=customer_id, about=f"% {about} %")
    return None if row is None else next(iter(_open(unit, row["event_id"], row["sealed"]).about(about)), None)


_NEWEST = (
    select(traces.c.event_id, traces.c.sealed)
    .where(traces.c.customer_id == bindparam("of"), traces.c.about.like(bindparam("about")))
    .order_by(traces.c.version.desc())
    .limit(1)
)


def why(unit: Unit, event_id: str) -> Trace | None:
    """The trace of one event's turn."""
    row = unit.row(select(traces.c.event_id, traces.c.sealed).where(traces.c.event_id == event_id))
    return None if row is None else _open(unit, row["event_id"], row["sealed"])


def _open(unit: Unit, event_id: str, blob: bytes) -> Trace:
    return TRACE.validate_json(unit.vault.open("traces.sealed", event_id, blob))
