"""The outbox: in order per lane, waiting for what must go first, never lost, never blindly repeated."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from rules import effects
from rules.effects import Sending
from rules.errors import Conflict
from storage import nodes, outbox, tables
from storage.database import Database
from storage.outbox import Claim, End, OutRow, Sent
from tests.contract.people import NOW

DELIVERED = End(state="delivered", wire_id="19:thread", part_id="171", facts={"response_code": "rc"})


def text(row_id: str, **more: Any) -> Sending:
    return effects.SendText(id=row_id, conversation_id="c1", text=f"您好 {row_id}", report=True, **more)


def root(row_id: str = "root") -> Sending:
    return effects.PostRoot(id=row_id, conversation_id="c1", channel="presales", report=True)


def line(row_id: str, after: str = "root", **more: Any) -> Sending:
    return effects.PostLine(id=row_id, conversation_id="c1", who="customer", text="请发报价", after=after, **more)


async def put(db: Database, *sendings: Sending, lane: str = "l1", connector: str = "teams") -> None:
    rows = [OutRow(sending=s, connector=connector, lane=lane, customer_id="k1") for s in sendings]
    await db.write(lambda u: outbox.put(u, rows, now=NOW), label="turn")


async def claim(db: Database, now: datetime = NOW, *, node: str = "n1", lease_s: float = 60) -> list[Claim]:
    return await db.write(
        lambda u: outbox.claim_outbox(u, node, now, limit=10, lease_s=lease_s), label="delivery_claim"
    )


async def finish(db: Database, claim: Claim, end: End, now: datetime = NOW) -> None:
    await db.write(lambda u: outbox.finish_outbox(u, claim, end, now=now), label="delivery")


async def state(db: Database, row_id: str) -> str:
    return (await row(db, row_id)).state


async def row(db: Database, row_id: str) -> Sent:
    found = await db.read(lambda u: outbox.sent(u, row_id))
    assert found is not None
    return found


def ids(claims: list[Claim]) -> list[str]:
    return [c.id for c in claims]


async def test_a_lane_goes_out_in_order_one_at_a_time(db: Database) -> None:
    await put(db, text("a"), text("b"))
    await put(db, text("x"), lane="l2")
    first = await claim(db)
    assert ids(first) == ["a", "x"] and first[0].attempt == 1 and first[0].sending == text("a")
    assert await claim(db) == []
    await finish(db, first[0], DELIVERED)
    assert ids(await claim(db)) == ["b"]
    done = await row(db, "a")
    assert (done.state, done.wire_id, done.part_id, done.facts) == (
        "delivered",
        "19:thread",
        "171",
        {"response_code": "rc"},
    )


async def test_the_same_row_is_written_once(db: Database) -> None:
    await put(db, text("a"))
    await put(db, text("a"))
    assert ids(await claim(db)) == ["a"]
    assert await claim(db) == []


async def test_a_line_waits_for_its_root_and_learns_its_ids(db: Database) -> None:
    await put(db, root())
    await put(db, line("l"), lane="elsewhere")
    [first] = await claim(db)
    await finish(db, first, DELIVERED)
    [second] = await claim(db)
    assert second.id == "l" and second.after is not None
    assert (second.after.wire_id, second.after.part_id) == ("19:thread", "171")
    await put(db, line("m"), lane="elsewhere")
    await finish(db, second, DELIVERED)
    assert ids(await claim(db)) == ["m"]


@pytest.mark.parametrize("end", ["undeliverable", "skipped"])
async def test_what_waited_for_a_root_that_is_gone_is_skipped(db: Database, end: Any) -> None:
    await put(db, root(), line("l"), effects.EditLine(id="e", conversation_id="c1", who="customer", after="l"))
    [first] = await claim(db)
    await finish(db, first, End(state=end, reason="channel_gone"))
    await put(db, line("late"))
    assert await claim(db) == []
    for waited in ("l", "e", "late"):
        assert ((await row(db, waited)).state, (await row(db, waited)).reason) == ("skipped", "root_gone")


async def test_unknown_blocks_nobody_but_what_needs_it(db: Database) -> None:
    await put(db, root(), line("l"), text("t"))
    [first] = await claim(db)
    await finish(db, first, End(state="unknown", reason="broken_after_send"))
    assert ids(await claim(db)) == ["t"]
    assert [r.id for r in await db.read(outbox.unknown_rows)] == ["root"]
    assert await db.read(lambda u: outbox.unknown_ids(u, "k1")) == ["root"]
    assert await db.read(lambda u: outbox.unknown_ids(u, "k2")) == []


async def test_settled_as_arrived_releases_what_waited(db: Database) -> None:
    await put(db, root(), line("l"))
    [first] = await claim(db)
    await finish(db, first, End(state="unknown"))
    settled = await db.write(
        lambda u: outbox.settle(u, "root", "arrived", now=NOW, wire_id="19:found", part_id="9"), label="turn"
    )
    assert settled
    [second] = await claim(db)
    assert second.after is not None and (second.after.wire_id, second.after.part_id) == ("19:found", "9")
    assert not await db.write(lambda u: outbox.settle(u, "root", "again", now=NOW), label="turn")


async def test_settled_as_lost_is_sent_again(db: Database) -> None:
    await put(db, text("a"))
    [first] = await claim(db)
    await finish(db, first, End(state="unknown"))
    assert await db.write(lambda u: outbox.settle(u, "a", "again", now=NOW), label="turn")
    [again] = await claim(db)
    assert (again.id, again.attempt, again.interrupted) == ("a", 2, False)


async def test_a_sender_who_never_came_back_is_shown(db: Database) -> None:
    await put(db, text("a"), text("b"))
    [first] = await claim(db, lease_s=0)
    [again] = await claim(db, node="n2")
    assert (again.id, again.interrupted, again.attempt) == ("a", True, 2)
    with pytest.raises(Conflict):
        await finish(db, first, DELIVERED)
    await finish(db, again, DELIVERED)
    assert ids(await claim(db)) == ["b"]


async def test_a_dead_node_gives_its_rows_back_as_interrupted(db: Database) -> None:
    await put(db, text("a"))
    assert len(await claim(db)) == 1
    await db.write(lambda u: nodes.release_node(u, "n1"), label="start")
    [again] = await claim(db, node="n2")
    assert again.interrupted


async def test_later_means_later_and_holds_the_lane(db: Database) -> None:
    await put(db, text("a"), text("b"))
    [first] = await claim(db)
    await finish(db, first, End(state="try_later", reason="429", seconds=30))
    assert (await row(db, "a")).reason == "429"
    assert await claim(db, NOW + timedelta(seconds=29)) == []
    [again] = await claim(db, NOW + timedelta(seconds=30))
    assert (again.id, again.attempt) == ("a", 2)


@pytest.mark.parametrize(("scope", "free"), [("lane", ["c", "k", "w"]), ("app", ["k", "w"]), ("platform", ["w"])])
async def test_what_rests_depends_on_the_scope(db: Database, scope: Any, free: list[str]) -> None:
    await put(db, text("a"))
    [first] = await claim(db)
    await put(db, text("b"), lane="l1")
    await put(db, text("c"), lane="l2")
    await put(db, root("k"), lane="l3")
    await put(db, text("w"), lane="l4", connector="wecom")
    await finish(db, first, End(state="try_later", seconds=30, scope=scope))
    assert ids(await claim(db)) == free
    assert "a" in ids(await claim(db, NOW + timedelta(seconds=31)))


async def test_a_newer_row_takes_an_older_ones_place_unless_it_is_on_its_way(db: Database) -> None:
    await put(db, text("old", supersedes="card/c1"), text("other"))
    await put(db, text("new", supersedes="card/c1"))
    assert await state(db, "old") == "skipped"
    [other] = await claim(db)
    await finish(db, other, DELIVERED)
    [new] = await claim(db)
    await put(db, text("newest", supersedes="card/c1"))
    assert await state(db, "new") == "sending"
    await finish(db, new, DELIVERED)
    assert ids(await claim(db)) == ["newest"]


@pytest.mark.parametrize("ended", [True, False])
async def test_a_row_that_is_there_already_takes_nobodys_place(db: Database, ended: bool) -> None:
    """A notice that is told once only, told again while others are held, must not make them go silently."""
    if ended:
        await put(db, text("once"))
        await finish(db, (await claim(db))[0], DELIVERED)
    else:
        await put(db, text("once", supersedes="held/r1"))
    await put(db, text("other", supersedes="held/r1"))
    await put(db, text("once", supersedes="held/r1"))
    assert await state(db, "once") == ("delivered" if ended else "skipped")
    assert await state(db, "other") == "new"


async def test_cancelled_until_claimed(db: Database) -> None:
    await put(db, text("a", cancel_key="wake/c1"), text("b"))
    assert await db.write(lambda u: outbox.cancel(u, "wake/c1", "she_wrote", now=NOW), label="turn") == ["a"]
    assert ((await row(db, "a")).state, (await row(db, "a")).reason) == ("skipped", "she_wrote")
    await put(db, text("late", cancel_key="wake/c1"), lane="l2")
    assert ids(await claim(db)) == ["b", "late"]
    assert await db.write(lambda u: outbox.cancel(u, "wake/c1", "she_wrote", now=NOW), label="turn") == []
    assert await db.write(lambda u: outbox.cancel(u, "", "nothing", now=NOW), label="turn") == []


async def test_what_is_taken_back_while_being_sent_is_not_tried_a_second_time(db: Database) -> None:
    await put(db, text("mail", cancel_key="wake/c1"), lane="l1")
    await put(db, text("card", supersedes="card/c1"), lane="l2")
    await put(db, text("sent", cancel_key="wake/c1"), lane="l3")
    mail, card, arrived = await claim(db)
    assert await db.write(lambda u: outbox.cancel(u, "wake/c1", "she_wrote", now=NOW), label="turn") == []
    await put(db, text("newer", supersedes="card/c1"), lane="l2")
    for tried in (mail, card):
        await finish(db, tried, End(state="try_later", seconds=1))
    await finish(db, arrived, DELIVERED)
    found = [(r.state, r.reason) for r in [await row(db, i) for i in ("mail", "card", "sent")]]
    assert found == [("skipped", "cancelled"), ("skipped", "superseded"), ("delivered", "")]
    assert ids(await claim(db, NOW + timedelta(seconds=2))) == ["newer"]


async def test_planned_for_later_waits_and_blocks_nobody(db: Database) -> None:
    await put(db, text("mail", not_before=NOW + timedelta(hours=1)), text("b"))
    [now] = await claim(db)
    assert now.id == "b"
    await finish(db, now, DELIVERED)
    assert ids(await claim(db, NOW + timedelta(hours=1))) == ["mail"]


async def test_deadlines_go_first(db: Database) -> None:
    await put(db, text("a"), lane="l1")
    await put(db, text("welcome", deadline=NOW + timedelta(seconds=20)), lane="l2")
    assert ids(await claim(db)) == ["welcome", "a"]


async def test_the_line_about_a_sending_is_found(db: Database) -> None:
    await put(db, root(), line("l1", about="a"), line("l2", about="b"))
    found = await db.read(lambda u: outbox.line_of(u, "a"))
    assert found is not None and found.id == "l1"
    assert await db.read(lambda u: outbox.line_of(u, "")) is None
    assert await db.read(lambda u: outbox.sent(u, "nobody")) is None


async def test_what_cannot_be_read_any_more_ends_alone(db: Database) -> None:
    await put(db, root("broken"), line("l", after="broken"))
    await put(db, text("fine"), lane="l2")
    spoilt = update(tables.outbox).where(tables.outbox.c.id == "broken").values(sealed=b"spoilt")
    await db.write(lambda u: u.run(spoilt), label="test")
    assert ids(await claim(db)) == ["fine"]
    told = select(tables.outbox.c.id, tables.outbox.c.state, tables.outbox.c.reason).order_by(tables.outbox.c.seq)
    ended = await db.read(lambda u: [tuple(r) for r in u.conn.execute(told)])
    assert ended[:2] == [("broken", "undeliverable", "unreadable"), ("l", "skipped", "root_gone")]


async def test_a_heartbeat_keeps_only_what_is_under_way(db: Database) -> None:
    await put(db, text("a"))
    await put(db, text("b"), lane="l2")
    assert ids(await claim(db, lease_s=0.4)) == ["a", "b"]
    await db.write(lambda u: nodes.extend_leases(u, "n1", 60, held=[], sending=["a"]), label="node")
    gone: list[Claim] = []
    async with asyncio.timeout(10):
        while not gone:
            gone = await claim(db, node="n2")
    assert [(c.id, c.interrupted) for c in gone] == [("b", True)]


async def test_what_was_not_out_when_she_wrote_is_on_its_way(db: Database) -> None:
    await put(db, text("early"), text("late"), text("waits"), line("told", after=""))
    wrote = NOW + timedelta(minutes=5)
    [early] = await claim(db)
    await finish(db, early, DELIVERED, now=NOW)
    [late] = await claim(db)
    assert await db.read(lambda u: outbox.on_way(u, "c1", wrote)) == 2, "one is being sent, one waits"
    await finish(db, late, DELIVERED, now=wrote)
    assert await db.read(lambda u: outbox.on_way(u, "c1", wrote)) == 2, "it went out after her words"
    assert await db.read(lambda u: outbox.on_way(u, "c1", wrote + timedelta(seconds=1))) == 1
    assert await db.read(lambda u: outbox.on_way(u, "c2", wrote)) == 0
