"""A notice that offered a conversation learns who took it: found in the outbox, once, and not for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bots.making import NotNow
from bots.marking import GOOD_FOR, marks
from connectors.contract import Job, Mark, NoticeMarks
from rules import effects
from rules.effects import Sending
from rules.model import Rep, Words
from storage import outbox, reps
from storage.database import Database
from storage.outbox import Claim, End, OutRow
from storage.unit import Unit
from tests.contract.people import NOW

LI = Rep(id="li", name="李强", team="sales", userid="LiQiang")
ANN = Rep(id="ann", name="Ann", team="sales", userid="Ann", language="en")


def told(row: str, rep: str, *actions: str) -> Sending:
    words = Words(zh="新会话", en="New")
    return effects.NotifyRep(id=row, conversation_id="c1", rep=rep, title=words, text=words, actions=actions)


def taken(row: str) -> Sending:
    words = Words(zh="王芳 已认领", en="Wang Fang took it")
    return effects.MarkNotices(id=row, conversation_id="c1", words=words)


async def put(db: Database, *sendings: Sending) -> None:
    rows = [OutRow(sending=s, connector="wecom", lane=s.id, customer_id="k1") for s in sendings]
    await db.write(lambda u: outbox.put(u, rows, now=NOW), label="turn")


async def claims(db: Database) -> list[Claim]:
    return await db.write(lambda u: outbox.claim_outbox(u, "n1", NOW, limit=20, lease_s=60), label="delivery_claim")


async def delivered(db: Database, found: list[Claim]) -> None:
    def work(unit: Unit) -> None:
        for claim in found:
            end = End(state="delivered", facts={"response_code": f"code-{claim.id}"})
            outbox.finish_outbox(unit, claim, end, now=NOW)

    await db.write(work, label="delivery")


async def job(db: Database, claim: Claim, now: datetime = NOW) -> Job | NotNow:
    made: Any = await db.read(lambda u: marks(None, u, claim, now))
    return made  # type: ignore[no-any-return]


async def test_only_what_offered_to_claim_is_marked_and_only_once(db: Database) -> None:
    await db.write(lambda u: [reps.upsert(u, r) for r in (LI, ANN)], label="test")
    await put(db, told("n1", "li", "claim", "snooze"), told("n2", "ann", "claim"), told("n3", "li", "settle_arrived"))
    await delivered(db, await claims(db))
    await put(db, taken("m1"))
    [first] = await claims(db)
    made = await job(db, first)
    assert isinstance(made, NoticeMarks)
    assert made.marks == (
        Mark(userid="LiQiang", response_code="code-n1", text="王芳 已认领"),
        Mark(userid="Ann", response_code="code-n2", text="Wang Fang took it"),
    )
    late = await job(db, first, NOW + GOOD_FOR + timedelta(seconds=1))
    assert isinstance(late, NotNow)
    await delivered(db, [first])
    await put(db, taken("m2"))
    [second] = await claims(db)
    again = await job(db, second)
    assert isinstance(again, NotNow) and getattr(again.outcome, "reason", "") == "nothing_to_mark"
