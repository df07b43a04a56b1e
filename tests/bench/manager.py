"""How long the manager's pages take in a house with 20,000 conversations, asked for one after another."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rules.decision import Because, Trace
from rules.model import Address, Conversation, Customer, Rep, Stage, Words
from storage import reps, rows, traces
from storage.tables import conversations, customers, inbox, stage_moves
from storage.unit import Unit
from tests.contract.manage_world import BOSS, START, Office, office

PAGES = (
    "today",
    "people",
    "matrix",
    "funnel",
    "dormant",
    "deliveries",
    "rules",
    "sources",
    "audit",
    "talks?status=live",
)
HOUSE = 20_000
LOOKS = 30
TEAM = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One page."""

    page: str
    median: float
    p95: float
    """Milliseconds, of the whole answer over loopback."""
    bytes: int
    """Over the wire, compressed."""


async def measure(folder: Path, house: int = HOUSE) -> list[Look]:
    """Fill a house and look at every page of it."""
    async with office(_room(folder), views_per_minute=1_000_000) as o:
        await fill(o, house)
        return [await _look(o, page) for page in PAGES]


async def fill(o: Office, house: int = HOUSE) -> None:
    """As many conversations, and the team that has them."""
    for start in range(0, house, 1000):
        await o.hub.db.write(lambda unit, start=start: _fill(unit, start, min(1000, house - start)), label="staff")  # type: ignore[misc]
    await o.hub.db.write(_hire, label="staff")


def _room(folder: Path) -> Path:
    room = folder / "manager"
    room.mkdir()
    return room


async def _look(o: Office, page: str) -> Look:
    browser, _ = await o.signed_in()
    took: list[float] = []
    size = 0
    for _ in range(LOOKS):
        began = time.perf_counter()
        async with browser.http.get(f"{o.base}/manage/{page}") as answer:
            await answer.read()
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status == 200, page
            size = int(answer.headers.get("Content-Length", "0"))
    p95 = statistics.quantiles(took, n=20)[-1]
    return Look(page=page, median=statistics.median(took), p95=p95, bytes=size)


def _hire(unit: Unit) -> None:
    for number in range(TEAM):
        reps.upsert(unit, Rep(id=f"rep-{number}", name=f"同事{number}", team="sales", userid=f"u{number}"))


def _fill(unit: Unit, start: int, count: int) -> None:
    """Customers with one conversation each, begun over the last month; one in three waits, one in four is closed."""
    people, talks, moves, kept = [], [], [], []
    for number in range(start, start + count):
        one, talk, answered = _one(number)
        people.append(rows.customer_row(unit, one) | {"version": 1, "touches": 1})
        row = rows.conversation_row(unit, one.id, talk, 0)
        talks.append(row | {"first_reply_at": answered})
        moves.append(_move(one, talk))
        kept.append(_event(unit, number, one, talk))
    unit.run(customers.insert(), people)
    unit.run(conversations.insert(), talks)
    unit.run(stage_moves.insert(), moves)
    unit.run(inbox.insert(), kept)


def _one(number: int) -> tuple[Customer, Conversation, object]:
    began = START - timedelta(minutes=number * 2)
    waits, closed = number % 3 == 0, number % 4 == 0
    answered = None if waits and number % 2 else began + timedelta(minutes=5 + number % 60)
    talk = Conversation(
        id=f"talk-{number:06}",
        address=Address(connector="wecom", account="wk-1", wire_id=f"wm-{number}"),
        status="closed" if closed else "open",
        channel="new-leads",
        cell=("default", "manufacturing", "active")[number % 3],
        claimed_by=f"rep-{number % TEAM}" if number % 5 else "",
        opened_at=began,
        last_customer_at=began + timedelta(minutes=number % 50),
        last_our_at=answered,
        waiting_since=began + timedelta(minutes=number % 50) if waits and not closed else None,
    )
    one = Customer(
        id=f"customer-{number:06}",
        created_at=began,
        name=f"客户{number}",
        stage=list(Stage)[number % 6],
        source=("expo-2026", "website", "")[number % 3],
        industry=("manufacturing", "retail", "")[number % 3],
        segment="general",
        owner=f"rep-{number % TEAM}",
        qualified=number % 9 == 0,
        conversations=(talk,),
    )
    return one, talk, answered


def _move(one: Customer, talk: Conversation) -> dict[str, object]:
    at = talk.opened_at + timedelta(hours=3)
    went = one.stage.value
    took = 3 * 3600 * 1_000_000
    move = {"customer_id": one.id, "version": 1, "at": at, "came": "prospect", "went": went, "by": "rule", "rule": "x"}
    return move | {"known_for": took, "stayed_for": took, "again": went == "prospect"}


def _event(unit: Unit, number: int, one: Customer, talk: Conversation) -> dict[str, object]:
    """The turn of her first message: its trace, and the row of the inbox it came by."""
    steps = [Because(about=a, words=Words(zh="理由", en="reason"), rule=r) for a, r in _STEPS]  # type: ignore[arg-type]
    name = f"event-{number}"
    trace = Trace(event_id=name, event="message_received", at=talk.opened_at, playbook="v1", steps=tuple(steps))
    traces.keep(unit, trace, customer_id=one.id, conversation_id=talk.id, version=1)
    lane = f"lane-{number}"
    return {
        "id": name,
        "lane": lane,
        "kind": "message_received",
        "state": "done",
        "at": talk.opened_at,
        "sealed": b"",
    }


_STEPS: Sequence[tuple[str, str]] = (("rule", "asked-price"), ("rule", "first-talk"), ("route", "default"))

__all__ = ["BOSS", "Look", "measure"]
