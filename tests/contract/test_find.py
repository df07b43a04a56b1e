"""Reps find customers by two Chinese characters of a name, a company or a note, though all of it is sealed; and every
command is answered well within two seconds however much there is."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bots.desk import Desk
from rules import effects
from rules.book import Team
from rules.effects import Change, fold
from rules.model import Address, Conversation, Customer, Rep, RepHandle
from storage import customers, names, reps, rows, tables
from storage.database import Database
from storage.unit import Unit
from tests.contract.people import NOW, message, trace
from tests.unit.builders import LI, LIMITS, MA, WANG, playbook

BOOK = playbook()
CHANNELS = list(BOOK.channels)
MANY = 5_000
WELL_UNDER = 1.0
"""Seconds of computing, on a machine that runs other tests too; promised are two until the answer stands there."""


def known(unit: Unit, number: int, name: str, *, company: str = "", note: str = "", channel: str = "") -> str:
    """A customer who wrote once; her id."""
    address = Address(connector="wecom", account="kf", wire_id=f"wm-{number}")
    event = replace(message(number, address=address), at=NOW + timedelta(seconds=number))
    before = Customer(id=f"c-{number}", created_at=event.at)
    talk = f"t-{number}"
    changes: list[Change] = [
        effects.OpenConversation(conversation_id=talk, address=address, opened_at=event.at),
        effects.Describe(name=name, attributes={"company": company} if company else {}),
        effects.RecordTouch(conversation_id=talk, side="customer", at=event.at),
        effects.Route(conversation_id=talk, channel=channel or CHANNELS[0], cell="x"),
    ]
    after = fold(before, changes)
    customers.save(unit, before, after, event=event, changes=changes, trace=trace(event), now=event.at)
    if note:
        names.index_note(unit, after.id, note)
    return after.id


@pytest.fixture
async def people(db: Database) -> Database:
    def work(unit: Unit) -> None:
        for rep in (WANG, LI, MA):
            reps.upsert(unit, replace(rep, team=BOOK.channels[CHANNELS[0]].team))
        known(unit, 1, "张伟", company="华东智造", note="下周二前要报价，预算三十万。决策人是李总")
        known(unit, 2, "张大伟", note="问了价格")
        known(unit, 3, "Michael Meyer", company="Meyer GmbH", note="wants a demo, then a quote")

    await db.write(work, label="turn")
    return db


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("张伟", [1]),
        ("大伟", [2]),
        ("张", [2, 1]),
        ("智造", [1]),
        ("报价", [1]),
        ("价格", [2]),
        ("决策人", [1]),
        ("张伟 报价", []),
        ("mich", [3]),
        ("MEYER", [3]),
        ("demo", [3]),
        ("quote", [3]),
        ("伟张", []),
        ("。", []),
    ],
)
async def test_two_characters_find(people: Database, words: str, found: list[int]) -> None:
    assert await people.read(lambda u: names.find(u, words)) == [f"c-{n}" for n in found]


async def test_a_name_stands_before_a_note(people: Database) -> None:
    def work(unit: Unit) -> list[str]:
        known(unit, 9, "王五", note="张伟介绍来的")
        return names.find(unit, "张伟")

    assert await people.write(work, label="turn") == ["c-1", "c-9"]


async def test_no_word_of_a_note_is_readable(people: Database) -> None:
    rows = await people.read(lambda u: repr(list(u.rows(select(tables.note_pieces)))))
    assert "报价" not in rows and "demo" not in rows and "c-1" in rows


# --- however much there is ------------------------------------------------------------------------------------------


async def test_every_list_is_answered_at_once_and_hides_nobodys_own(people: Database) -> None:
    """Five thousand wait, most of them with another team: the first hundreds of a list may all be theirs."""
    await people.write(crowd, label="turn")
    desk = Desk(playbook=TWO_TEAMS, limits=LIMITS, now=lambda: NOW + timedelta(hours=3), db=people)
    took: dict[tuple[str, str], float] = {}
    for rep in (WANG, MA, OUTSIDER):
        for query in ASKED:
            spans = []
            for _ in range(3):  # the best of three: this machine may be busy with something else
                begun = time.perf_counter()
                found = await desk.cards(query, handle(rep), limit=10)
                spans.append(time.perf_counter() - begun)
            took[rep.id, query] = min(spans)
            assert len(found) <= 10
            assert found or query in ("mine", "unknown", "find:nobody") or rep is OUTSIDER, query
    assert max(took.values()) < WELL_UNDER, took
    seen = await desk.cards("queue", handle(OUTSIDER), limit=10)
    assert len(seen) == 10 and {card.channel for card in seen} == {BOOK.channels[LAST].name}


ASKED = ("queue", "mine", "unknown", "find:张伟", "find:报价", "find:客户4321", "find:nobody")
LAST = CHANNELS[-1]
TWO_TEAMS = BOOK.model_copy(
    update={
        "teams": {**BOOK.teams, "other": Team(name="外组")},
        "channels": {**BOOK.channels, LAST: BOOK.channels[LAST].model_copy(update={"team": "other"})},
    }
)
OUTSIDER = Rep(id="out", name="外组", team="other", aad_id="aad-out")


def crowd(unit: Unit) -> None:
    """As many turns would have left them, written in one go."""
    reps.upsert(unit, OUTSIDER)
    people, talks, pieces = [], [], []
    for number in range(100, 100 + MANY):
        at = NOW + timedelta(seconds=number)
        name = "张伟" if number % 50 == 0 else f"客户{number}"
        talk = Conversation(
            id=f"t-{number}", address=Address(connector="wecom", account="kf", wire_id=f"wm-{number}"), opened_at=at,
            last_customer_at=at, waiting_since=at, channel=LAST if number > 4_500 else CHANNELS[0],
        )  # fmt: skip
        customer = Customer(id=f"c-{number}", created_at=at, name=name, conversations=(talk,), version=1)
        people.append(rows.customer_row(unit, customer) | {"version": 1, "touches": 1})
        talks.append(rows.conversation_row(unit, customer.id, talk, 0))
        said = names.pieces(name) | ({"报价"} if number % 7 == 0 else set())
        pieces += [{"piece": unit.vault.digest("name", p), "customer_id": customer.id} for p in said]
    for table, made in ((tables.customers, people), (tables.conversations, talks), (tables.name_pieces, pieces)):
        unit.run(unit.insert(table), made)


def handle(rep: Rep) -> RepHandle:
    return RepHandle(platform="teams", value=rep.aad_id)
