"""Files in the database: sealed, judged once, bound to one customer, and never half there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from rules.effects import FetchFile
from rules.errors import BadRequest, Conflict, Unreadable
from storage import files, inbox, outbox
from storage.database import Database
from storage.files import Brought, Held
from storage.held import hold
from storage.inbox import Accepted
from storage.outbox import End, OutRow
from storage.tables import file_contents
from tests.contract.people import KF, NOW, accepted, message
from tests.unit.samples import HTML, PDF, PNG

FETCH = FetchFile(
    id="f" * 32, conversation_id="c1", address=KF, form="image", wire_id="m1", name="架构.png",
    until=NOW + timedelta(days=3),
)  # fmt: skip
BROUGHT = Brought(id="b" * 32, form="file", name="报价.pdf", type="application/pdf", content=PDF)


async def expected(db: Database) -> None:
    await db.write(lambda u: files.expect(u, FETCH, customer_id="k1", event_id="e1", rep="", now=NOW), label="turn")


async def held(db: Database, file_id: str = FETCH.id) -> Held:
    found = await db.read(lambda u: files.held(u, file_id))
    assert found is not None
    return found


async def arrives(db: Database, content: bytes) -> None:
    await db.write(lambda u: files.arrived(u, FETCH.id, content, claimed="", now=NOW), label="delivery")


async def test_a_content_comes_back_as_it_was_and_is_sealed_at_rest(db: Database) -> None:
    await expected(db)
    assert (await held(db)).state == "waiting"
    await arrives(db, PNG)
    found = await held(db)
    assert (found.state, found.type, found.size, found.name) == ("ready", "image/png", len(PNG), "架构.png")
    assert await db.read(lambda u: files.content(u, FETCH.id)) == PNG
    raw: bytes = await db.read(lambda u: u.run(select(file_contents.c.sealed)).scalar_one())
    assert PNG[:8] not in raw


async def test_a_content_moved_to_another_row_does_not_open(db: Database) -> None:
    await expected(db)
    await arrives(db, PNG)
    await db.write(lambda u: u.run(update(file_contents).values(id="other")).rowcount, label="harm")
    with pytest.raises(Unreadable):
        await db.read(lambda u: files.content(u, "other"))


async def test_what_is_refused_is_noted_and_not_kept(db: Database) -> None:
    await expected(db)
    await arrives(db, HTML)
    found = await held(db)
    assert (found.state, found.reason, found.type) == ("refused", "file_type_differs", "text/html")
    assert await db.read(lambda u: files.content(u, FETCH.id)) is None


async def test_a_file_ends_once(db: Database) -> None:
    await expected(db)
    await arrives(db, PNG)
    await arrives(db, HTML)
    await db.write(lambda u: files.never(u, FETCH.id, "expired", "file_expired", now=NOW), label="delivery")
    await expected(db)
    assert (await held(db)).state == "ready"


async def test_one_that_never_comes_says_why(db: Database) -> None:
    await expected(db)
    await db.write(lambda u: files.never(u, FETCH.id, "too_large", "file_too_large", now=NOW), label="delivery")
    assert ((await held(db)).state, (await held(db)).reason) == ("too_large", "file_too_large")


async def test_a_file_that_comes_with_an_event_is_kept_in_its_commit_and_once(db: Database) -> None:
    event = message()
    item = Accepted(event=event, order=event.address, files=(BROUGHT,))
    for new in (True, False):
        assert await db.join(inbox.accept_many, [item], label="intake") == [new]
    found = await held(db, BROUGHT.id)
    assert (found.state, found.conversation_id) == ("ready", "")
    assert (await db.read(lambda u: files.of_events(u, [event.id]))) == {}


async def test_it_belongs_to_whom_it_was_bound_to_first(db: Database) -> None:
    event = message()
    await db.join(inbox.accept_many, [Accepted(event=event, order=event.address, files=(BROUGHT,))], label="intake")

    def bind(customer: str) -> Any:
        whose = {"customer_id": customer, "conversation_id": f"talk-{customer}", "event_id": event.id, "rep": "r1"}
        return db.write(lambda u: files.bind(u, [BROUGHT.id], **whose), label="turn")

    await bind("k1")
    await bind("k2")
    assert (await held(db, BROUGHT.id)).conversation_id == "talk-k1"
    assert [f.id for f in (await db.read(lambda u: files.of_events(u, [event.id])))[event.id]] == [BROUGHT.id]


async def test_one_that_nobody_was_given_is_forgotten(db: Database) -> None:
    event = message()
    await db.join(inbox.accept_many, [Accepted(event=event, order=event.address, files=(BROUGHT,))], label="intake")
    await db.write(lambda u: files.forget(u, [BROUGHT.id]), label="turn")
    assert await db.read(lambda u: files.held(u, BROUGHT.id)) is None
    assert await db.read(lambda u: files.content(u, BROUGHT.id)) is None
    await expected(db)
    await db.write(lambda u: files.forget(u, [FETCH.id]), label="turn")
    assert (await held(db)).conversation_id == "c1"


async def test_one_too_large_to_be_taken_in_is_noted_with_its_size(db: Database) -> None:
    event = message()
    large = Brought(id=BROUGHT.id, form="file", name="big.zip", type="", content=b"", size=99)
    await db.join(inbox.accept_many, [Accepted(event=event, order=event.address, files=(large,))], label="intake")
    found = await held(db, BROUGHT.id)
    assert (found.state, found.size) == ("too_large", 99)


async def test_an_event_that_cannot_be_stored_leaves_no_file(db: Database) -> None:
    broken = accepted(message())
    bad = Accepted(event=type(broken.event)(**{**_fields(broken.event), "id": ""}), order=KF, files=(BROUGHT,))
    with pytest.raises(BadRequest):
        await db.join(inbox.accept_many, [bad], label="intake")
    assert await db.read(lambda u: files.held(u, BROUGHT.id)) is None


def _fields(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__dataclass_fields__ if name != "kind"}


async def test_who_lost_the_row_keeps_nothing_of_what_he_fetched(db: Database) -> None:
    """Two nodes fetch a file after a lease ran out: content and end are one commit, so only one of them counts."""
    await expected(db)
    await db.write(lambda u: outbox.put(u, [OutRow(sending=FETCH, connector="wecom", lane="f")], now=NOW), label="turn")

    def claim() -> Any:
        return db.write(lambda u: outbox.claim_outbox(u, "n", NOW, limit=1, lease_s=-1), label="delivery_claim")

    [first] = await claim()
    [second] = await claim()
    assert second.interrupted

    def ends(claim: Any, content: bytes) -> Any:
        def work(unit: Any) -> None:
            outbox.finish_outbox(unit, claim, End(state="delivered"), now=NOW)
            files.arrived(unit, FETCH.id, content, claimed="", now=NOW)

        return db.write(work, label="delivery")

    with pytest.raises(Conflict):
        await ends(first, HTML)
    assert (await held(db)).state == "waiting"
    await ends(second, PNG)
    assert (await held(db)).state == "ready"


async def test_a_restore_loses_no_file_that_was_being_fetched(db: Database) -> None:
    """Nobody could settle it, and it would be shown as on its way for ever."""
    await expected(db)
    await db.write(lambda u: outbox.put(u, [OutRow(sending=FETCH, connector="wecom", lane="f")], now=NOW), label="turn")
    await db.write(lambda u: outbox.claim_outbox(u, "n1", NOW, limit=1, lease_s=60), label="delivery_claim")
    assert (await db.write(lambda u: hold(u, NOW), label="hold")).unknown == 0
    [again] = await db.write(lambda u: outbox.claim_outbox(u, "n2", NOW, limit=1, lease_s=60), label="delivery_claim")
    assert again.sending == FETCH
