"""The processes that share this database: who is alive, what they hold, and how far each has seen the clock pushed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update

from storage.tables import lanes, nodes, outbox
from storage.unit import Unit, db_now


def heartbeat(unit: Unit, node: str, *, clock: int = 0) -> None:
    """Say that this node lives; `clock` is the newest version of the virtual clock it has acted on."""
    unit.upsert(nodes, [{"name": node, "seen": db_now(unit), "clock": clock}])


def alive(unit: Unit, *, within_s: float) -> dict[str, int]:
    """Nodes heard of lately, with the clock version each has seen."""
    fresh = select(nodes.c.name, nodes.c.clock).where(nodes.c.seen > db_now(unit) - within_s)
    return {r["name"]: r["clock"] for r in unit.rows(fresh)}


def extend_leases(unit: Unit, node: str, lease_s: float, *, held: Collection[str], sending: Collection[str]) -> None:
    """Keep what this node really works on, the lanes `held` and the rows `sending`, for another `lease_s` seconds.

    What ran out stays lost. What is ours by the books but under way nowhere (a claim whose commit was answered by a
    broken connection) runs out, so that somebody takes it up; a heartbeat for all of it would hold it for ever.
    """
    until = db_now(unit) + lease_s
    mine = update(lanes).where(lanes.c.owner == node, lanes.c.until > until - lease_s)
    if held:
        unit.run(mine.where(lanes.c.key.in_(held)).values(until=until))
    ours = update(outbox).where(outbox.c.state == "sending", outbox.c.owner == node, outbox.c.until > until - lease_s)
    if sending:
        unit.run(ours.where(outbox.c.id.in_(sending)).values(until=until))


def release_node(unit: Unit, node: str) -> None:
    """Let go of everything a node holds: at its stop, or at its start after it died. What it was sending comes back as
    interrupted."""
    unit.run(update(lanes).where(lanes.c.owner == node).values(owner="", until=0.0))
    unit.run(update(outbox).where(outbox.c.state == "sending", outbox.c.owner == node).values(until=0.0))
