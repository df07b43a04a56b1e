"""Effects on the hub's own queues and switches, done in the turn's commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rules.effects import CancelSendings, IndexNote, Order, Prefer, SaveReference, SetPause, SettleSending
from storage import names, notes, outbox, references, reps
from storage.unit import Unit

PAUSED = "paused"
"""The manager's switch: no automatic send at all."""


def carry_out(unit: Unit, orders: Sequence[Order], *, now: datetime) -> None:
    """Do what a turn ordered, in order. Settling what is not unknown any more changes nothing."""
    for order in orders:
        match order:
            case CancelSendings():
                outbox.cancel(unit, order.cancel_key, order.reason, now=now)
            case SettleSending():
                outbox.settle(unit, order.row_id, order.verdict, now=now, wire_id=order.wire_id, part_id=order.part_id)
            case SaveReference():
                references.save_reference(unit, order)
                if order.member and order.language:
                    reps.hear(unit, order.member, order.language)
            case Prefer():
                reps.prefer(unit, order.rep, order.wishes)
            case IndexNote():
                names.index_note(unit, order.customer_id, order.text)
            case SetPause():
                notes.switch(unit, PAUSED, on=order.paused, by=order.by, now=now)
