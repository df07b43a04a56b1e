"""The turn loop over a real database: many at once, nobody left behind, no lane kept that was given up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bots.turn import Turns
from rules.errors import Conflict
from rules.model import Address, Identity, Rep
from storage import inbox, reps
from storage.database import Database
from storage.unit import Unit
from tests.contract.people import NOW, accept, accepted, message
from tests.unit.builders import LIMITS, playbook

MANY = 40


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
