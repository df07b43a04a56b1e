"""Timers and what is pending: each due moment becomes one event, and nobody has to guess when the next one is."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from rules import effects, events
from rules.effects import Change
from rules.model import Timer
from storage import inbox, outbox, timers
from storage.database import Database
from storage.outbox import End, OutRow
from storage.pending import Pending, pending
from tests.contract.people import NOW, accept, accepted, loaded, message, newcomer, save

QUIET = message().at + timedelta(days=30)


async def fire(db: Database, now: object = QUIET) -> int:
    return await db.write(lambda u: timers.fire_due(u, now, 100), label="timers")  # type: ignore[arg-type]


async def fired(db: Database) -> list[events.Event]:
    lanes = await db.write(lambda u: inbox.claim_inbox(u, "n1", limit=10, lease_s=60), label="turn_claim")
    return [row.event for lane in lanes for row in lane.rows]


async def test_a_due_timer_is_one_event_in_the_conversations_own_lane(db: Database) -> None:
    customer = await newcomer(db)
    assert await fire(db, QUIET - timedelta(microseconds=1)) == 0
    assert sorted(await asyncio.gather(fire(db), fire(db))) == [0, 1]
    await accept(db, accepted(message(9)))
    first, second = await fired(db)
    assert isinstance(first, events.ChannelWentQuiet)
    assert (first.at, first.conversation_id, first.episode) == (
        QUIET,
        customer.conversations[0].id,
        message().at.isoformat(),
    )
    assert second == message(9)


async def test_a_fired_timer_stays_hers_until_a_turn_says_otherwise(db: Database) -> None:
    customer = await newcomer(db)
    await fire(db)
    assert (await loaded(db, customer.id)).timers == customer.timers
    assert await fire(db) == 0


async def test_set_again_it_fires_again(db: Database) -> None:
    customer = await newcomer(db)
    await fire(db)
    moved = Timer(
        key=customer.timers[0].key,
        kind="quiet",
        conversation_id=customer.conversations[0].id,
        due_at=QUIET + timedelta(days=7),
        episode=customer.timers[0].episode,
    )
    changes: list[Change] = [effects.SetTimer(timer=moved)]
    await db.write(lambda u: save(u, message(2), customer, changes), label="turn")
    assert await fire(db, QUIET + timedelta(days=6)) == 0
    assert await fire(db, QUIET + timedelta(days=8)) == 1
    assert len(await fired(db)) == 2


async def test_a_cancelled_timer_never_fires(db: Database) -> None:
    customer = await newcomer(db)
    changes: list[Change] = [effects.CancelTimer(key=customer.timers[0].key)]
    await db.write(lambda u: save(u, message(2), customer, changes), label="turn")
    assert await fire(db) == 0


async def test_a_customers_own_timer_is_a_timer_event(db: Database) -> None:
    customer = await newcomer(db)
    silent = Timer(key="silent", kind="silent_add", due_at=NOW, episode="add")
    await db.write(lambda u: save(u, message(2), customer, [effects.SetTimer(timer=silent)]), label="turn")
    assert await fire(db, NOW) == 1
    [event] = await fired(db)
    assert isinstance(event, events.TimerFired)
    assert (event.customer_id, event.key, event.timer, event.episode) == (customer.id, "silent", "silent_add", "add")


async def look(db: Database, now: object = NOW) -> Pending:
    return await db.read(lambda u: pending(u, now))  # type: ignore[arg-type]


async def test_pending_tells_what_is_left_and_when_there_is_more(db: Database) -> None:
    assert await look(db) == Pending(inbox=0, outbox=0, timers=0, next_due=None)
    await newcomer(db)
    await accept(db, accepted(message(7)))
    found = await look(db)
    assert (found.inbox, found.timers, found.next_due, found.idle) == (1, 0, QUIET, False)
    assert (await look(db, QUIET)).timers == 1


async def test_pending_knows_planned_and_resting_rows(db: Database) -> None:
    planned, retried = NOW + timedelta(hours=2), NOW + timedelta(seconds=30)
    sendings = [
        effects.SendText(id="a", text="a"),
        effects.SendText(id="b", text="b", not_before=planned),
    ]
    rows = [OutRow(sending=s, connector="wecom", lane=s.id) for s in sendings]
    await db.write(lambda u: outbox.put(u, rows, now=NOW), label="turn")
    assert ((await look(db)).outbox, (await look(db)).next_due) == (1, planned)
    [claim] = await db.write(lambda u: outbox.claim_outbox(u, "n1", NOW, limit=5, lease_s=60), label="delivery_claim")
    assert (await look(db)).outbox == 1
    end = End(state="try_later", seconds=30, scope="platform")
    await db.write(lambda u: outbox.finish_outbox(u, claim, end, now=NOW), label="delivery")
    assert await look(db) == Pending(inbox=0, outbox=0, timers=0, next_due=retried)
    assert (await look(db, retried)).outbox == 1


async def test_an_unknown_end_is_not_pending(db: Database) -> None:
    row = OutRow(sending=effects.SendText(id="a", text="a"), connector="wecom", lane="l")
    await db.write(lambda u: outbox.put(u, [row], now=NOW), label="turn")
    [claim] = await db.write(lambda u: outbox.claim_outbox(u, "n1", NOW, limit=5, lease_s=60), label="delivery_claim")
    await db.write(lambda u: outbox.finish_outbox(u, claim, End(state="unknown"), now=NOW), label="delivery")
    assert (await look(db)).idle
