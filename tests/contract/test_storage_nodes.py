"""Two nodes on one database: every event decided once and in order, every row sent by one of them only."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from rules import effects
from rules.effects import Change
from rules.errors import Conflict
from rules.model import Customer, Stage
from storage import audit, inbox, outbox, timers
from storage.database import Database
from storage.inbox import Claimed, LaneClaim
from storage.outbox import End, OutRow
from storage.unit import Unit
from tests.contract.backends import vault
from tests.contract.people import KF, NOW, accept, accepted, loaded, message, newcomer, save
from tests.contract.test_storage_timers import QUIET

LANES, EACH = 6, 8


@pytest.fixture
async def nodes(database_url: str) -> AsyncIterator[tuple[Database, Database]]:
    """Two doors to one database; on SQLite the second one is a guest."""
    async with Database.open(database_url, vault()) as one, Database.open(database_url, vault(), guest=True) as two:
        yield one, two


async def test_every_event_is_decided_once_and_in_order(nodes: tuple[Database, Database]) -> None:
    addresses = [replace(KF, wire_id=f"wm{n}") for n in range(LANES)]
    sent = [[accepted(message(n, address=a))] for n in range(EACH) for a in addresses]
    for number, item in enumerate(sent):
        await accept(nodes[number % 2], *item)
    done: dict[str, list[str]] = defaultdict(list)

    async def work(db: Database, node: str) -> None:
        while await db.read(inbox.any_ready):
            for lane in await db.write(lambda u: inbox.claim_inbox(u, node, limit=2, lease_s=60), label="turn_claim"):
                for row in lane.rows:
                    await finish(db, lane, row)
                    done[lane.lane].append(row.id)
                await db.write(lambda u, c=lane: inbox.release_lane(u, c.lane, c.fence), label="turn")  # type: ignore[misc]

    async def finish(db: Database, lane: LaneClaim, row: Claimed) -> None:
        await db.write(lambda u: inbox.finish_inbox(u, row.id, lane.lane, lane.fence), label="turn")

    await asyncio.gather(work(nodes[0], "n1"), work(nodes[1], "n2"))
    wanted = {tuple(message(n, address=a).id for n in range(EACH)) for a in addresses}
    assert {tuple(ids) for ids in done.values()} == wanted


async def test_every_row_is_sent_by_one_node_and_in_order(nodes: tuple[Database, Database]) -> None:
    rows = [
        OutRow(sending=effects.SendText(id=f"{lane}-{n}", text="x"), connector="wecom", lane=f"l{lane}")
        for n in range(EACH)
        for lane in range(LANES)
    ]
    await nodes[0].write(lambda u: outbox.put(u, rows, now=NOW), label="turn")
    order: dict[str, list[str]] = defaultdict(list)

    async def send(db: Database, node: str) -> None:
        while await db.read(lambda u: len(outbox.unknown_rows(u)) + sum(map(len, order.values()))) < len(rows):
            claims = await db.write(
                lambda u: outbox.claim_outbox(u, node, NOW, limit=3, lease_s=60), label="delivery_claim"
            )
            for claim in claims:
                order[claim.lane].append(claim.id)
                await db.write(
                    lambda u, c=claim: outbox.finish_outbox(u, c, End(state="delivered"), now=NOW),  # type: ignore[misc]
                    label="delivery",
                )

    await asyncio.gather(send(nodes[0], "n1"), send(nodes[1], "n2"))
    assert all(ids == [f"{ids[0][0]}-{n}" for n in range(EACH)] for ids in order.values())
    assert max(Counter(i for ids in order.values() for i in ids).values()) == 1


async def test_the_same_event_to_two_nodes_is_one_event(nodes: tuple[Database, Database]) -> None:
    results = await asyncio.gather(
        *(accept(db, accepted(message(n % 5), f"key{n % 5}")) for n in range(40) for db in nodes)
    )
    assert sum(v for [v] in results) == 5


async def test_two_ticks_fire_a_timer_once(nodes: tuple[Database, Database]) -> None:
    await newcomer(nodes[0])
    fired = await asyncio.gather(
        *(db.write(lambda u: timers.fire_due(u, QUIET), label="timers") for db in (*nodes, *nodes))
    )
    assert sum(fired) == 1


async def test_two_turns_about_one_customer_never_both_win(nodes: tuple[Database, Database]) -> None:
    customer = await newcomer(nodes[0])

    async def turn(db: Database, number: int) -> int:
        for attempt in range(1, 100):
            before = await loaded(db, customer.id)
            changes: list[Change] = [effects.SetStage(stage=Stage.CLIENT), effects.RecordWake(at=NOW)]
            try:
                await db.write(lambda u, b=before, c=changes: save(u, message(100 + number), b, c), label="turn")  # type: ignore[misc]
            except Conflict:
                continue
            return attempt
        raise AssertionError("never won")

    await asyncio.gather(*(turn(nodes[n % 2], n) for n in range(8)))
    after = await loaded(nodes[1], customer.id)
    assert (after.version, len(after.woken)) == (9, 8)


async def test_a_person_who_writes_twice_at_once_is_born_once(nodes: tuple[Database, Database]) -> None:
    events = [message(1), message(2, address=replace(KF, account="wkOther"))]

    def born(unit: Unit, number: int) -> None:
        said = events[number]
        changes: list[Change] = [effects.LinkIdentity(identity=said.identity)]
        save(unit, said, Customer(id=effects.new_id(said.id, "customer"), created_at=NOW), changes)

    results = await asyncio.gather(
        nodes[0].write(lambda u: born(u, 0), label="turn"),
        nodes[1].write(lambda u: born(u, 1), label="turn"),
        return_exceptions=True,
    )
    assert sorted(type(r).__name__ for r in results) == ["Conflict", "NoneType"]


async def test_the_audit_stays_one_chain(nodes: tuple[Database, Database]) -> None:
    def look(unit: Unit) -> None:
        audit.append(unit, at=NOW, who="r1", action="view", about="k1")

    await asyncio.gather(*(db.write(look, label="audit") for _ in range(10) for db in nodes))
    assert await nodes[0].read(audit.verify) == []
    assert (await nodes[1].read(audit.head))[0] == 20
