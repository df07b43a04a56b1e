"""Builders for storage tests: one customer's story in the words of the house."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rules import effects, events
from rules.decision import Because, Trace
from rules.effects import Change, fold
from rules.model import Address, Customer, Entry, Identity, Tag, Timer, Words
from storage import customers, inbox
from storage.database import Database
from storage.inbox import Accepted
from storage.unit import Unit

NOW = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)
KF = Address(connector="wecom", account="wkAJ2GCAAA", wire_id="wmAJ2GCAAAme1XQRC")
WANG = Identity(platform="wecom", kind="external_userid", value="wmAJ2GCAAAme1XQRC")


def message(
    number: int = 1, *, text: str = "请发报价", address: Address = KF, identity: Identity = WANG
) -> events.MessageReceived:
    return events.MessageReceived(
        id=f"wecom/kf/{address.wire_id}/{number}",
        at=NOW + timedelta(seconds=number),
        address=address,
        identity=identity,
        text=text,
        name="王敏",
    )


def accepted(event: events.MessageReceived, *keys: str, raw: bytes = b"") -> Accepted:
    return Accepted(event=event, order=event.address, keys=keys, raw=raw)


def trace(event: events.Event, *, about: str = "route") -> Trace:
    step = Because(about=about, words=Words(zh="制造业", en="manufacturing"), rule="m1", seen={"text": "请发报价"})  # type: ignore[arg-type]
    return Trace(event_id=event.id, event=event.kind, at=NOW, playbook="v1", steps=(step,))


def first_words(event: events.MessageReceived) -> list[Change]:
    """What the first message of a new customer usually does."""
    conversation = effects.new_id(event.id, "conversation")
    entry = Entry(id=effects.new_id(event.id, "score"), signal="message", weight=10, half_life_days=30, at=event.at)
    quiet = Timer(
        key=f"quiet/{conversation}",
        kind="quiet",
        conversation_id=conversation,
        due_at=event.at + timedelta(days=30),
        episode=event.at.isoformat(),
    )
    return [
        effects.OpenConversation(conversation_id=conversation, address=event.address, opened_at=event.at),
        effects.LinkIdentity(identity=event.identity),
        effects.Describe(name=event.name, attributes={"company": "沈阳机床", "mail": "Wang.Min@example.cn"}),
        effects.RecordTouch(conversation_id=conversation, side="customer", at=event.at),
        effects.AddTag(tag=Tag(name="制造业", by="rule", rule="r1", at=event.at)),
        effects.AddScore(entry=entry),
        effects.Route(conversation_id=conversation, channel="presales", cell="c1"),
        effects.SetTimer(timer=quiet),
    ]


def save(unit: Unit, event: events.Event, before: Customer, changes: list[Change]) -> Customer:
    after = fold(before, changes)
    customers.save(unit, before, after, event=event, changes=changes, trace=trace(event), now=NOW)
    return after


async def newcomer(db: Database, event: events.MessageReceived | None = None) -> Customer:
    """A customer who has written once, as a turn leaves her."""
    said = event or message()

    def work(unit: Unit) -> str:
        place = customers.locate(unit, said)
        save(unit, said, Customer(id=place.customer_id, created_at=NOW), first_words(said))
        return place.customer_id

    customer_id = await db.write(work, label="turn")
    return await loaded(db, customer_id)


async def loaded(db: Database, customer_id: str) -> Customer:
    """As the rows say, and as the process remembers: the same."""
    found, remembered = await db.read(
        lambda unit: (customers.load_rows(unit, customer_id), customers.load(unit, customer_id))
    )
    assert found is not None and found == remembered
    return found


async def accept(db: Database, *items: Accepted) -> list[bool]:
    return await db.join(inbox.accept_many, list(items), label="intake")
