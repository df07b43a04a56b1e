"""Which reps are a customer's contacts on a platform: who follows her may see her."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from rules.events import ContactAdded, ContactRemoved
from storage import reps
from storage.tables import follows
from storage.unit import Unit


def record(unit: Unit, customer_id: str, event: ContactAdded | ContactRemoved) -> None:
    """A contact was made or ended."""
    rep = reps.by_handle(unit, event.rep)
    if rep is None:
        return
    if isinstance(event, ContactAdded):
        row = {"customer_id": customer_id, "rep_id": rep.id, "since": event.at}
        unit.insert_new(follows, row)
    else:
        unit.run(delete(follows).where(follows.c.customer_id == customer_id, follows.c.rep_id == rep.id))


def add(unit: Unit, customer_id: str, rep_id: str, since: datetime) -> None:
    """The platform counts her among this rep's contacts."""
    row = {"customer_id": customer_id, "rep_id": rep_id, "since": since}
    unit.run(unit.insert(follows).on_conflict_do_nothing(index_elements=["customer_id", "rep_id"]), [row])


def followers(unit: Unit, customer_id: str) -> list[str]:
    """Ids of the reps who follow her."""
    return [r["rep_id"] for r in unit.rows(_FOLLOWERS, of=customer_id)]


_FOLLOWERS = select(follows.c.rep_id).where(follows.c.customer_id == bindparam("of")).order_by(follows.c.since)


def followed(unit: Unit, rep_id: str, customer_ids: Collection[str]) -> frozenset[str]:
    """Those of these customers whom this rep follows."""
    return frozenset(r["customer_id"] for r in unit.rows(_FOLLOWED, by=rep_id, ids=list(customer_ids)))


_FOLLOWED = select(follows.c.customer_id).where(
    follows.c.rep_id == bindparam("by"), follows.c.customer_id.in_(bindparam("ids", expanding=True))
)
