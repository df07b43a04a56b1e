"""How much each rep has to do: open conversations claimed by, or else assigned to, them; counted as turns change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, select, update

from rules.effects import Change, SetClaim, SetOwner
from rules.errors import Conflict
from rules.model import Customer
from storage.tables import reps
from storage.unit import Unit


def share(customer: Customer) -> Counter[str]:
    """What one customer adds to each rep's load."""
    holders = (c.claimed_by or customer.owner for c in customer.conversations if c.status == "open")
    return Counter(h for h in holders if h)


def move(unit: Unit, before: Customer, after: Customer, changes: Sequence[Change]) -> None:
    """Bring the reps' loads along. Raises Conflict when a load the choice was made on has moved since."""
    seen = _seen(changes)
    delta = share(after)
    delta.subtract(share(before))
    for rep in sorted({*seen, *(r for r, n in delta.items() if n)}):
        _add(unit, rep, delta[rep], seen.get(rep))


def _add(unit: Unit, rep: str, by: int, seen: int | None) -> None:
    if seen is None:
        done = unit.run(_MORE, [{"rep": rep, "more": by}])
    else:
        done = unit.run(_MORE_IF, [{"rep": rep, "more": by, "seen": seen}])
    if seen is not None and done.rowcount != 1 and _there(unit, rep):
        raise Conflict("the rep's load has moved")


_MORE = update(reps).where(reps.c.id == bindparam("rep")).values(load=reps.c.load + bindparam("more"))
_MORE_IF = _MORE.where(reps.c.load == bindparam("seen"))


def _there(unit: Unit, rep: str) -> bool:
    return unit.row(select(reps.c.id).where(reps.c.id == rep)) is not None


def _seen(changes: Sequence[Change]) -> Mapping[str, int]:
    chosen = (c for c in changes if isinstance(c, SetOwner | SetClaim) and c.rep)
    return {c.rep: c.load_seen for c in chosen if c.load_seen is not None}
