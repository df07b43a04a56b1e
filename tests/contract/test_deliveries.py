"""The delivery loop over a real database: what is claimed ends, whatever happens to the hub on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest
from aiohttp import web

from bots.delivery import TRIES, Deliveries
from bots.desk import Desk
from bots.failpoints import Failpoints
from bots.jobs import Bench
from connectors.contract import Certainty, Delivered, Job, Outcome
from rules.effects import FetchFile, PullMessages, RecordConsent, Sending, SendMail, SendText, SetWakeup
from rules.errors import Busy
from rules.model import Address, Consent, ReplyLimits, Wakeup
from rules.tokens import Tokens
from storage import files, outbox
from storage.database import Database
from storage.outbox import OutRow, Sent
from tests.contract.people import NOW, message, newcomer, save
from tests.unit.builders import LIMITS, playbook

KF = Address(connector="wecom", account="corp", wire_id="kf:wk1")


@dataclass(kw_only=True)
class Platform:
    """A platform that takes every job when it is told to; until then its calls hang."""

    name: str = "wecom"
    limits: ReplyLimits = field(default_factory=ReplyLimits)
    sure: Certainty = "none"
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    got: list[str] = field(default_factory=list)
    ready: bool = True

    def routes(self) -> Sequence[web.RouteDef]:
        return ()

    def takes(self, job: Job) -> bool:
        return True

    def certainty(self, job: Job) -> Certainty:
        return self.sure

    async def deliver(self, job: Job) -> Outcome:
        self.got.append(job.row_id)
        await self.answers.wait()
        return Delivered()

    async def read_back(self, job: Job) -> Outcome | None:
        return None

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def deliveries(db: Database, *platforms: Platform, senders: int = 16) -> Deliveries:
    book = playbook()
    bench = Bench(
        desk=Desk(playbook=book, limits=LIMITS, now=lambda: NOW, db=db),
        mirror="full",
        tokens=Tokens(key=b"t" * 32),
        public_url="http://hub.test",
    )
    return Deliveries(
        db=db,
        node="n1",
        bench=bench,
        connectors=platforms,
        now=lambda: NOW,
        lease_s=60,
        senders=senders,
        failpoints=Failpoints(),
        accepted=lambda: None,
    )


def pull(row_id: str) -> Sending:
    return PullMessages(id=row_id, address=KF)


async def put(db: Database, *sendings: Sending, connector: str = "wecom") -> None:
    rows = [OutRow(sending=s, connector=connector, lane=f"lane {s.id}") for s in sendings]
    await db.write(lambda u: outbox.put(u, rows, now=NOW), label="turn")


async def row(db: Database, row_id: str) -> Sent:
    found = await db.read(lambda u: outbox.sent(u, row_id))
    assert found is not None
    return found


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


async def test_an_end_that_met_a_deadlock_is_recorded_all_the_same(db: Database, monkeypatch: Any) -> None:
    """Two nodes' commits may get into each other's way; that is no reason to forget how a call ended."""
    finish, tries = outbox.finish_outbox, []

    def busy_once(*given: Any, **named: Any) -> None:
        tries.append(given)
        if len(tries) == 1:
            raise Busy("40P01")
        finish(*given, **named)

    monkeypatch.setattr(outbox, "finish_outbox", busy_once)
    await put(db, pull("a"))
    platform = Platform()
    platform.answers.set()
    loop = deliveries(db, platform)
    assert await loop.round()
    await loop.drain()
    assert (await row(db, "a")).state == "delivered" and len(tries) == 2 and platform.got == ["a"]


async def test_a_stop_leaves_nothing_claimed_and_unsent(db: Database) -> None:
    await put(db, *(pull(f"r{n}") for n in range(20)))
    platform = Platform()
    loop = deliveries(db, platform)
    running = asyncio.create_task(loop.run())
    await until(lambda: bool(platform.got))
    loop.stop()
    platform.answers.set()
    async with asyncio.timeout(10):
        await running
        await loop.drain()
    states = [(await row(db, f"r{n}")).state for n in range(20)]
    assert set(states) <= {"new", "delivered"}
    assert states.count("delivered") == len(platform.got)


async def test_what_may_have_arrived_is_unknown_whatever_speaks_against_it_now(db: Database) -> None:
    """Its sender died under way; that it could not go any more says nothing about whether it went."""
    asked = SendText(id="text", conversation_id="gone", text="您好", report=True)
    late = SendMail(
        id="mail", template="wakeup", language="en", purpose="wakeup", deadline=NOW - timedelta(seconds=1), report=True
    )
    await put(db, asked, late, pull("pull"))
    await db.write(lambda u: outbox.claim_outbox(u, "n0", NOW, limit=9, lease_s=0), label="delivery_claim")
    platform = Platform(sure="again")
    platform.answers.set()
    loop = deliveries(db, platform)
    assert await loop.round()
    await loop.drain()
    assert [(await row(db, i)).state for i in ("text", "mail", "pull")] == ["unknown", "unknown", "delivered"]
    assert platform.got == ["pull"]


WINDOW = NOW.replace(month=3, day=3, hour=2)
"""A Tuesday, ten in the morning in Shanghai."""


async def wakeup_mail(db: Database, state: Literal["queued", "cancelled"], *, by: str = "") -> None:
    """A wake-up mail in the outbox, and what the hub holds of her."""
    she = await newcomer(db)
    talk = she.conversations[0].id
    wakeup = Wakeup(mail_id="mail", episode="e", template="wakeup", state=state, at=NOW)
    word = Consent(purpose=playbook().wakeup.purpose, medium="mail", given=True, at=NOW, source="form")
    changes = [SetWakeup(conversation_id=talk, wakeup=wakeup), RecordConsent(consent=word)]
    await db.write(lambda u: save(u, message(2), she, list(changes)), label="turn")
    letter = SendMail(id="mail", conversation_id=talk, template="wakeup", language="en", purpose="wakeup", by=by)
    rows = [OutRow(sending=letter, connector="wecom", lane="mail", customer_id=she.id)]
    await db.write(lambda u: outbox.put(u, rows, now=NOW), label="turn")


@pytest.mark.parametrize(
    ("state", "at", "by", "end"),
    [
        ("queued", WINDOW, "", ("delivered", "")),
        ("cancelled", WINDOW, "", ("skipped", "cancelled")),
        ("queued", WINDOW + timedelta(hours=14), "", ("new", "outside_window")),
        ("queued", WINDOW + timedelta(hours=14), "wang", ("delivered", "")),
    ],
)
async def test_a_wakeup_mail_goes_if_it_still_may_at_that_very_moment(
    db: Database, state: Any, at: datetime, by: str, end: tuple[str, str]
) -> None:
    """The mail server was away for the night, or a person pressed "send again" after she had written."""
    await wakeup_mail(db, state, by=by)
    platform = Platform()
    platform.answers.set()
    loop = replace(deliveries(db, platform), now=lambda: at)
    assert await loop.round()
    await loop.drain()
    ended = await row(db, "mail")
    assert (ended.state, ended.reason) == end and bool(platform.got) == (end[0] == "delivered")


async def test_a_platform_whose_calls_hang_takes_no_senders_from_the_others(db: Database) -> None:
    hangs, works = Platform(name="teams"), Platform()
    works.answers.set()
    await put(db, *(pull(f"t{n}") for n in range(5)), connector="teams")
    await put(db, *(pull(f"w{n}") for n in range(5)))
    loop = deliveries(db, hangs, works, senders=2)
    running = asyncio.create_task(loop.run())
    await until(lambda: len(works.got) == 5)
    assert sorted(hangs.got) == ["t0", "t1"]
    hangs.answers.set()
    await until(lambda: len(hangs.got) == 5)
    loop.stop()
    async with asyncio.timeout(10):
        await running
        await loop.drain()


@dataclass(kw_only=True)
class Broken(Platform):
    """A connector with a fault of ours in it."""

    async def deliver(self, job: Job) -> Outcome:
        self.got.append(job.row_id)
        raise LookupError(job.row_id)


async def test_a_fault_of_ours_while_a_file_is_fetched_leaves_nobody_waiting_for_it(db: Database) -> None:
    wish = FetchFile(id="f1", address=KF, form="image", wire_id="m1", until=NOW + timedelta(days=3))
    await db.write(lambda u: files.expect(u, wish, customer_id="c1", event_id="e1", rep="", now=NOW), label="turn")
    await put(db, wish)
    clock = [NOW]
    loop = deliveries(db, broken := Broken())
    loop.now = lambda: clock[0]
    for _ in range(TRIES):
        await loop.round()
        await loop.drain()
        clock[0] += timedelta(hours=1)
    assert len(broken.got) == TRIES and (await row(db, "f1")).state == "undeliverable"
    held = await db.read(lambda u: files.held(u, "f1"))
    assert held is not None and held.state == "failed"
