"""The names customers go by on platforms, findable by keyed index; and addresses no mail may go to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, select

from rules.errors import Conflict
from rules.model import Identity
from storage.places import identity_index
from storage.tables import identities, suppressions
from storage.unit import Unit


def link(unit: Unit, customer_id: str, identity: Identity, *, new: bool, now: datetime) -> None:
    """Keep a name as hers. A verified name leads to the first customer who had it; a later one only has it noted, so
    that a person may join the two.

    Raises Conflict when she is `new` and the name leads to somebody else: two events made the same person at once.
    """
    index = identity_index(unit, identity)
    row = {
        "index": index,
        "customer_id": customer_id,
        "platform": identity.platform,
        "kind": identity.kind,
        "verified": identity.verified,
        "locates": identity.verified,
        "linked_at": now,
        "sealed": unit.seal("identities.sealed", f"{index}/{customer_id}", identity.value),
    }
    if identity.verified and _taken(unit, index, customer_id):
        if new:
            raise Conflict("another customer got this name first")
        row["locates"] = False
    unit.upsert(identities, [row])


def of_customer(unit: Unit, customer_id: str) -> list[Identity]:
    """All her names, oldest first."""
    return [
        Identity(
            platform=r["platform"],
            kind=r["kind"],
            value=unit.open("identities.sealed", f"{r['index']}/{customer_id}", r["sealed"]),
            verified=r["verified"],
        )
        for r in unit.rows(_MINE, of=customer_id)
    ]


_MINE = (
    select(identities)
    .where(identities.c.customer_id == bindparam("of"))
    .order_by(identities.c.linked_at, identities.c.index)
)


def identity_on(unit: Unit, customer_id: str, platform: str) -> Identity | None:
    """Her newest name on one platform, or None."""
    return next((i for i in reversed(of_customer(unit, customer_id)) if i.platform == platform), None)


def suppress(unit: Unit, mail: str, reason: str, now: datetime) -> None:
    """No mail may go to this address; an empty reason lifts it. Kept by index, whoever has the address."""
    if not mail:
        return
    index = unit.vault.index("mail", mail)
    if reason:
        unit.upsert(suppressions, [{"mail": index, "reason": reason, "at": now}])
    else:
        unit.run(delete(suppressions).where(suppressions.c.mail == index))


def suppressed(unit: Unit, mail: str) -> str:
    """Why no mail may go to this address, or empty."""
    found = select(suppressions.c.reason).where(suppressions.c.mail == unit.vault.index("mail", mail))
    return str(unit.conn.execute(found).scalar() or "")


def _taken(unit: Unit, index: str, customer_id: str) -> bool:
    return unit.row(_OTHERS, index=index, her=customer_id) is not None


_OTHERS = select(identities.c.customer_id).where(
    identities.c.index == bindparam("index"),
    identities.c.locates.is_(True),
    identities.c.customer_id != bindparam("her"),
)
