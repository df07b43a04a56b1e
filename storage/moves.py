"""Small projections that managers count: moves between stages, and when a colleague first answered."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam, select, update

from rules.decision import Trace
from rules.events import Event, RepActed, RepSpoke
from rules.model import Customer, Stage
from storage.tables import conversations, stage_moves
from storage.unit import Unit


def record(unit: Unit, before: Customer, after: Customer, *, event: Event, trace: Trace, version: int) -> None:
    """Keep what one turn moved; a turn that moves nothing costs nothing."""
    if before.stage != after.stage:
        unit.run(_MOVED, [_move(unit, before, after, event, trace) | {"version": version}])
    if before.conversations is after.conversations:
        return
    answered = {c.id for c in before.conversations if c.last_our_at is not None}
    first = [c for c in after.conversations if c.last_our_at is not None and c.id not in answered]
    if first:
        unit.run(_ANSWERED, [{"of": c.id, "moment": c.last_our_at} for c in first])


_MOVED = stage_moves.insert()
_ANSWERED = (
    update(conversations)
    .where(conversations.c.id == bindparam("of"), conversations.c.first_reply_at.is_(None))
    .values(first_reply_at=bindparam("moment"))
)


_EARLIER = select(stage_moves.c.went, stage_moves.c.at).where(stage_moves.c.customer_id == bindparam("of"))
_TICK = timedelta(microseconds=1)


def _move(unit: Unit, before: Customer, after: Customer, event: Event, trace: Trace) -> dict[str, object]:
    by_rep = isinstance(event, RepActed | RepSpoke)
    earlier = unit.rows(_EARLIER, of=after.id)
    since = max((m["at"] for m in earlier), default=before.created_at)
    been = {Stage.PROSPECT.value, *(m["went"] for m in earlier)}
    return {
        "customer_id": after.id,
        "at": event.at,
        "came": before.stage.value,
        "went": after.stage.value,
        "by": "rep" if by_rep else "rule",
        "rule": next((s.rule for s in trace.about("stage") if s.rule), ""),
        "known_for": max(0, (event.at - before.created_at) // _TICK),
        "stayed_for": max(0, (event.at - since) // _TICK),
        "again": after.stage.value in been,
    }
