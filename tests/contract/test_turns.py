"""The turn loop over a real database: many at once, nobody left behind, no lane kept that was given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, cast

import pytest

from bots.turn import Turns
from rules.errors import Conflict, Unavailable
from rules.model import Address, Identity, Rep
from storage import inbox, reps
from storage.database import Database
from storage.unit import Unit
from tests.contract.people import NOW, accept, accepted, message
from tests.unit.builders import LIMITS, playbook

MANY = 40
LONGER = inbox.MAX_ATTEMPTS + 3


class Full:
    """A database on a full disk: lanes can still be claimed and given back, what a turn decided cannot be stored."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.read = db.read

    async def write(self, work: Callable[[Unit], object], *, label: str) -> object:
        if label == "turn":
            raise Unavailable("no room")
        return await self._db.write(work, label=label)


def turns(db: Database) -> Turns:
    return Turns(
        db=db,
        node="n1",
        playbook=playbook(),
        now=lambda: NOW,
        limits=LIMITS,
        lease_s=60,
        batch=64,
        answered=lambda event_id, answer: None,
        decided=lambda: None,
    )


async def test_new_customers_who_come_at_once_are_all_taken_care_of(db: Database) -> None:
    def hire(unit: Unit) -> None:
        for name in ("li", "wang"):
            reps.upsert(unit, Rep(id=name, name=name, team="sales", userid=name))

    await db.write(hire, label="test")
    for number in range(MANY):
        who = f"wm-{number}"
        address = Address(connector="wecom", account="kf-1", wire_id=who)
        identity = Identity(platform="wecom", kind="external_userid", value=who)
        await accept(db, accepted(message(number, address=address, identity=identity)))
    loop = turns(db)
    assert await loop.round()
    assert not await loop.round()
    loads = [rep.load for rep in await db.read(reps.all_reps)]
    assert sorted(loads) == [MANY // 2, MANY // 2]


async def test_a_lane_given_up_is_free_again_although_the_heart_beats(db: Database) -> None:
    await accept(db, accepted(message(1)))
    loop = turns(db)
    [claim] = await db.write(lambda u: inbox.claim_inbox(u, "n1", limit=1, lease_s=60), label="turn_claim")
    with pytest.raises(Conflict):
        await loop._turn(replace(claim, fence=claim.fence + 1), claim.rows[0], release=True)
    await loop._lane(replace(claim, fence=claim.fence + 1))
    assert loop._lost
    loop._lost[:] = [claim]
    assert await loop.round()
    assert await db.read(lambda u: inbox.answer_of(u, [claim.rows[0].id])) == (True, None)


async def test_an_event_is_never_given_up_because_the_database_was_away(db: Database) -> None:
    first, second = await accept(db, accepted(message(1))), await accept(db, accepted(message(2)))
    assert first and second
    loop = turns(db)
    loop.db = cast(Any, Full(db))
    for _ in range(LONGER):
        with pytest.raises(Unavailable):
            await loop.round()
    loop.db = db
    while await loop.round():
        pass
    assert await db.read(inbox.parked) == []
    ids = [message(1).id, message(2).id]
    assert [await db.read(partial(inbox.answer_of, keys=[i])) for i in ids] == [(True, None)] * 2


async def test_a_lane_that_went_to_somebody_else_is_not_given_back(db: Database) -> None:
    await accept(db, accepted(message(1)))
    [claim] = await db.write(lambda u: inbox.claim_inbox(u, "n1", limit=1, lease_s=60), label="turn_claim")
    await db.write(lambda u: inbox.give_back(u, replace(claim, fence=claim.fence + 1)), label="node")
    assert not await db.read(inbox.any_ready)
    await db.write(lambda u: inbox.give_back(u, claim), label="node")
    [again] = await db.write(lambda u: inbox.claim_inbox(u, "n1", limit=1, lease_s=60), label="turn_claim")
    assert again.rows[0].attempts == 1
