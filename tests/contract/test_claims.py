"""Several colleagues press Claim at once, from every face and on two nodes: exactly one gets her, and all learn who."""

from __future__ import annotations

import asyncio

from bots.turn import Turns
from rules.decision import Answer
from rules.events import RepActed
from rules.model import Address, Rep, RepHandle
from storage import customers, inbox, places, reps
from storage.database import Database
from storage.inbox import Accepted
from storage.unit import Unit
from tests.contract.people import KF, NOW, WANG, accept, accepted, message
from tests.unit.builders import LIMITS, playbook

TEAM = tuple(Rep(id=f"r{n}", name=f"Rep {n}", team="sales", aad_id=f"aad-{n}", userid=f"u{n}") for n in range(6))


def turns(db: Database, node: str, heard: dict[str, Answer | None]) -> Turns:
    return Turns(
        db=db,
        node=node,
        playbook=playbook(),
        now=lambda: NOW,
        limits=LIMITS,
        lease_s=60,
        batch=64,
        answered=heard.__setitem__,
        decided=lambda: None,
    )


def press(rep: Rep, conversation_id: str, number: int) -> Accepted:
    """A press of Claim: every second one in WeCom, so that they do not even share a lane."""
    by = RepHandle(platform="teams", value=rep.aad_id) if number % 2 else RepHandle(platform="wecom", value=rep.userid)
    event = RepActed(id=f"claim-{rep.id}", at=NOW, by=by, verb="claim", conversation_id=conversation_id)
    return Accepted(event=event, order=Address(connector=by.platform, account="a", wire_id=rep.id), keys=(), raw=b"")


async def test_a_double_claim_has_exactly_one_owner(db: Database) -> None:
    heard: dict[str, Answer | None] = {}

    def hire(unit: Unit) -> None:
        for rep in TEAM:
            reps.upsert(unit, rep)

    await db.write(hire, label="test")
    first, second = turns(db, "n1", heard), turns(db, "n2", heard)
    await accept(db, accepted(message()))
    assert await first.round()
    customer_id = await db.read(lambda unit: places.by_identity(unit, WANG))
    known = await db.read(lambda unit: customers.load(unit, customer_id))
    assert known is not None and known.conversations[0].address == KF
    presses = [press(rep, known.conversations[0].id, n) for n, rep in enumerate(TEAM)]
    assert await db.join(inbox.accept_many, presses, label="intake") == [True] * len(TEAM)
    async with asyncio.timeout(20):
        while not all(f"claim-{rep.id}" in heard for rep in TEAM):
            await asyncio.gather(first.round(), second.round())
    after = await db.read(lambda unit: customers.load(unit, customer_id))
    assert after is not None
    claims = {rep.id: heard[f"claim-{rep.id}"] for rep in TEAM}
    winners = [rep for rep, answer in claims.items() if answer is not None and not answer.refused]
    assert winners == [after.conversations[0].claimed_by] == [after.owner]
    name = next(rep.name for rep in TEAM if rep.id == after.owner)
    losers = [answer for rep, answer in claims.items() if rep != after.owner]
    assert all(answer is not None and name in answer.words.en for answer in losers)
    assert sum(rep.load for rep in await db.read(reps.all_reps)) == 1
