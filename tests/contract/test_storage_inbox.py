"""The inbox: stored once, taken in order, never by two, never stopped by one bad event."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from rules.decision import Answer
from rules.errors import BadRequest, Conflict
from rules.model import Address, Words
from storage import inbox, nodes
from storage.database import Database
from storage.inbox import Accepted, LaneClaim
from tests.contract.people import KF, accept, accepted, message

OTHER = Address(connector="wecom", account="wkAJ2GCAAA", wire_id="wmOther")


async def claim(db: Database, node: str = "n1", *, limit: int = 10, lease_s: float = 60) -> list[LaneClaim]:
    return await db.write(lambda u: inbox.claim_inbox(u, node, limit=limit, lease_s=lease_s), label="turn_claim")


async def test_the_same_event_twice_is_one_event(db: Database) -> None:
    assert await accept(db, accepted(message(1))) == [True]
    assert await accept(db, accepted(message(1)), accepted(message(2))) == [False, True]
    [lane] = await claim(db)
    assert [r.event for r in lane.rows] == [message(1), message(2)]


async def test_twice_in_one_call_is_one_event(db: Database) -> None:
    assert await accept(db, accepted(message(1)), accepted(message(1))) == [True, False]


async def test_any_extra_key_seen_before_makes_a_duplicate(db: Database) -> None:
    assert await accept(db, accepted(message(1), "digest-a", "semantic-b")) == [True]
    assert await accept(db, accepted(message(2), "semantic-b")) == [False]
    assert await accept(db, accepted(message(3), "digest-c"), accepted(message(4), "digest-c")) == [True, False]


async def test_many_callers_at_once_each_get_their_own_verdicts(db: Database) -> None:
    numbers = [n % 7 for n in range(40)]
    verdicts = await asyncio.gather(*(accept(db, accepted(message(n))) for n in numbers))
    assert sum(v for [v] in verdicts) == 7


async def test_one_unusable_event_fails_alone(db: Database) -> None:
    bad = Accepted(event=message(1, text="\ud800"), order=KF)
    results = await asyncio.gather(
        accept(db, bad), accept(db, accepted(message(2))), accept(db, accepted(message(3))), return_exceptions=True
    )
    assert isinstance(results[0], BadRequest)
    assert list(results[1:]) == [[True], [True]]


@pytest.mark.parametrize("event_id", ["", "a\0b", "x" * 256, "new\nline"])
async def test_an_event_without_a_usable_id_is_refused(db: Database, event_id: str) -> None:
    broken = Accepted(event=replace(message(1), id=event_id), order=KF)
    with pytest.raises(BadRequest):
        await accept(db, broken)


async def test_a_lane_is_held_by_one_node_and_comes_back_when_the_lease_ends(db: Database) -> None:
    await accept(db, accepted(message(1)))
    [first] = await claim(db, "n1", lease_s=0)
    [second] = await claim(db, "n2")
    assert second.fence == first.fence + 1
    assert await claim(db, "n3") == []
    with pytest.raises(Conflict):
        await _finish(db, first)
    await _finish(db, second)
    assert await claim(db, "n3") == []


async def test_lanes_side_by_side_deadlines_first(db: Database) -> None:
    late, urgent = accepted(message(1)), message(2, address=OTHER)
    await accept(db, late, Accepted(event=urgent, order=OTHER, deadline=urgent.at))
    lanes = await claim(db)
    assert [lane.rows[0].event.id for lane in lanes] == [urgent.id, message(1).id]
    assert lanes[0].rows[0].deadline == urgent.at


async def test_a_failing_event_rests_comes_alone_and_is_parked_in_the_end(db: Database) -> None:
    await accept(db, accepted(message(1)), accepted(message(2)))
    for attempt in range(1, inbox.MAX_ATTEMPTS + 1):
        [lane] = await claim(db)
        assert lane.rows[0].attempts == attempt
        assert len(lane.rows) == (2 if attempt == 1 else 1)
        assert await _fail(db, lane) is (attempt == inbox.MAX_ATTEMPTS)
    [lane] = await claim(db)
    assert [r.event.id for r in lane.rows] == [message(2).id]
    assert await db.read(inbox.parked) == [(message(1).id, "ValueError")]
    await _finish(db, lane)
    assert await db.write(lambda u: inbox.replay(u, message(1).id), label="replay")
    await db.write(lambda u: inbox.release_lane(u, lane.lane, lane.fence), label="turn")
    [lane] = await claim(db)
    assert lane.rows[0].attempts == 1


async def test_an_event_whose_node_always_dies_is_parked(db: Database) -> None:
    await accept(db, accepted(message(1)))
    for _ in range(inbox.MAX_ATTEMPTS):
        assert len(await claim(db, lease_s=0)) == 1
    assert await claim(db) == []
    assert [e for _, e in await db.read(inbox.parked)] == ["never came back"]


async def test_a_resting_lane_is_not_taken(db: Database) -> None:
    await accept(db, accepted(message(1)))
    [lane] = await claim(db)
    assert not await _fail(db, lane, rest_s=3600)
    assert not await db.read(inbox.any_ready)
    assert await claim(db) == []


async def test_answers_are_kept_under_every_key(db: Database) -> None:
    act, again = message(1), message(2)
    await accept(db, accepted(act, "semantic"))
    assert await db.read(lambda u: inbox.answer_of(u, [act.id])) == (False, None)
    [lane] = await claim(db)
    answer = Answer(show="toast", words=Words(zh="已认领", en="claimed"))
    await _finish(db, lane, answer)
    assert await accept(db, accepted(again, "semantic")) == [False]
    assert await db.read(lambda u: inbox.answer_of(u, [again.id, "semantic"])) == (True, answer)
    assert await db.read(lambda u: inbox.answer_of(u, ["never seen"])) == (False, None)


async def test_done_twice_is_refused(db: Database) -> None:
    await accept(db, accepted(message(1)))
    [lane] = await claim(db)
    await _finish(db, lane)
    with pytest.raises(Conflict):
        await _finish(db, lane)


async def test_raw_payloads_are_kept(db: Database) -> None:
    await accept(db, accepted(message(1), raw=b"<xml>\x00</xml>"), accepted(message(2)))
    assert await db.read(lambda u: inbox.raw_of(u, message(1).id)) == b"<xml>\x00</xml>"
    assert await db.read(lambda u: inbox.raw_of(u, message(2).id)) == b""


async def test_a_node_keeps_and_lets_go_of_its_lanes(db: Database) -> None:
    await accept(db, accepted(message(1)))
    [lane] = await claim(db, "n1", lease_s=60)
    await db.write(lambda u: nodes.extend_leases(u, "n1", 600, held=[lane.lane], sending=[]), label="beat")
    assert await claim(db, "n2") == []
    await db.write(lambda u: nodes.release_node(u, "n1"), label="stop")
    [again] = await claim(db, "n2")
    assert again.fence == lane.fence + 1
    assert await db.write(lambda u: inbox.claim_lane(u, "n3", lane.lane, lease_s=1), label="act") is None


async def test_nodes_are_heard(db: Database) -> None:
    await db.write(lambda u: nodes.heartbeat(u, "n1", clock=3), label="beat")
    assert await db.read(lambda u: nodes.alive(u, within_s=60)) == {"n1": 3}
    assert await db.read(lambda u: nodes.alive(u, within_s=-60)) == {}


async def _finish(db: Database, lane: LaneClaim, answer: Answer | None = None) -> None:
    row = lane.rows[0].id
    await db.write(lambda u: inbox.finish_inbox(u, row, lane.lane, lane.fence, answer), label="turn")


async def _fail(db: Database, lane: LaneClaim, *, rest_s: float = 0) -> bool:
    row = lane.rows[0].id
    return await db.write(
        lambda u: inbox.fail_inbox(u, row, lane.lane, lane.fence, error="ValueError", rest_s=rest_s), label="turn"
    )
