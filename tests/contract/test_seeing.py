"""Who may look at a conversation and who may act on it: one right, for drawing cards and for pressing buttons."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bots.desk import Desk
from rules.book import Playbook, Team
from rules.events import ContactAdded
from rules.model import Address, Conversation, Customer, Rep, RepHandle
from rules.seeing import may_act
from storage import customers, reps
from storage.database import Database
from storage.tables import conversations
from storage.unit import Unit
from tests.contract.test_notices import says, staffed, taken, turn
from tests.unit.builders import LI, LIMITS, MA, MONDAY, WANG, playbook

__all__ = ["staffed"]

OTHERS = Rep(id="out", name="外组", team="other", aad_id="aad-out", userid="Out")
BOOK: Playbook = playbook().model_copy(update={"teams": {**playbook().teams, "other": Team(name="外组")}})


def desk(db: Database) -> Desk:
    return Desk(playbook=BOOK, limits=LIMITS, now=lambda: MONDAY, db=db)


async def talk_of(db: Database) -> str:
    found = await db.read(lambda u: u.row(conversations.select()))
    assert found is not None
    return str(found["id"])


async def sees(db: Database, rep: Rep) -> bool:
    return await desk(db).card(await talk_of(db), RepHandle(platform="teams", value=rep.aad_id)) is not None


async def test_a_colleague_of_the_team_sees_what_she_may_act_on(staffed: Database) -> None:
    await staffed.write(lambda u: reps.upsert(u, OTHERS), label="staff")
    await taken(staffed, says(1, "你好"))
    assert [await sees(staffed, r) for r in (WANG, LI, MA, OTHERS)] == [True, True, True, False]
    claimed = {"claimed_by": WANG.id}
    await staffed.write(lambda u: u.run(conversations.update().values(**claimed)), label="turn")
    assert [await sees(staffed, r) for r in (WANG, LI, MA, OTHERS)] == [True, True, True, False]
    assert not await desk(staffed).cards("queue", RepHandle(platform="teams", value=OTHERS.aad_id), limit=10)
    assert not await desk(staffed).cards("find:张伟", RepHandle(platform="teams", value=OTHERS.aad_id), limit=10)


async def test_whose_contact_she_is_may_look(staffed: Database) -> None:
    await staffed.write(lambda u: reps.upsert(u, OTHERS), label="staff")
    await taken(staffed, says(1, "你好"))
    first = says(1, "x")
    added = ContactAdded(
        id="added", at=MONDAY, address=Address(connector="wecom", account="c", wire_id="contact:Out:wm-1"),
        identity=first.identity, rep=RepHandle(platform="wecom", value="Out"),
    )  # fmt: skip
    await staffed.write(lambda u: turn(u, added, MONDAY), label="turn")
    assert await sees(staffed, OTHERS)
    found = await desk(staffed).cards("find:张伟", RepHandle(platform="teams", value=OTHERS.aad_id), limit=10)
    assert found and {card.name for card in found} == {"张伟"}

    def her(unit: Unit) -> Customer | None:
        row = unit.row(conversations.select())
        return customers.load(unit, str(row["customer_id"])) if row is not None else None

    customer = await staffed.read(her)
    assert customer is not None
    talk = next(c for c in customer.conversations if c.address.wire_id == "wm-1")
    assert not may_act(OTHERS, customer, talk, BOOK, (WANG, LI, OTHERS))


@pytest.mark.parametrize(
    ("rep", "may"),
    [
        (replace(OTHERS, active=False, role="manager"), False),
        (replace(OTHERS, role="manager"), True),
        (replace(OTHERS, team=""), True),
        (replace(OTHERS, id="owner"), True),
        (OTHERS, False),
    ],
)
def test_the_right_itself(rep: Rep, may: bool) -> None:
    talk = Conversation(
        id="t", address=Address(connector="wecom", account="k", wire_id="w"), opened_at=MONDAY,
        channel=next(iter(BOOK.channels)),
    )  # fmt: skip
    customer = Customer(id="c", created_at=MONDAY, owner="owner", conversations=(talk,))
    assert may_act(rep, customer, talk, BOOK, (WANG, LI)) is may
