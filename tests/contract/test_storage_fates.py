"""How our messages fared, found from the events that caused them; and the newest why of anything, found unopened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from rules import effects
from rules.decision import Because, Trace
from rules.effects import SendFile, SendText, SendWelcome, new_id
from rules.model import Words
from storage import fates, outbox, traces
from storage.database import Database
from storage.outbox import End, OutRow
from storage.unit import Unit
from tests.contract.people import NOW
from tests.unit.builders import Life
from tests.unit.test_laws import lives


async def said(db: Database, event: str, saying: str = "send/reply") -> str:
    """A message that an event caused, on its way."""
    row = effects.SendText(id=new_id(event, saying), conversation_id="c1", text="您好", report=True)
    sent = OutRow(sending=row, connector="wecom", lane=event, customer_id="k1")
    await db.write(lambda u: outbox.put(u, [sent], now=NOW), label="turn")
    return row.id


async def ends(db: Database, state: Any) -> None:
    """Whatever can be sent is sent, and ends so."""
    end = End(state=state, reason="blocked" if state != "delivered" else "")

    def work(unit: Unit) -> None:
        for claim in outbox.claim_outbox(unit, "n1", NOW, limit=10, lease_s=60):
            outbox.finish_outbox(unit, claim, end, now=NOW)

    await db.write(work, label="delivery")


@pytest.mark.parametrize(
    ("state", "fate"), [("delivered", "delivered"), ("undeliverable", "failed"), ("unknown", "unknown")]
)
async def test_a_message_tells_how_it_fared(db: Database, state: str, fate: str) -> None:
    await said(db, "ev-1")
    assert await db.read(lambda u: fates.fates(u, ["ev-1", "ev-2"])) == {"ev-1": "waiting"}
    await ends(db, state)
    assert await db.read(lambda u: fates.fates(u, ["ev-1"])) == {"ev-1": fate}


async def test_what_the_platform_lost_later_is_not_delivered(db: Database) -> None:
    row = await said(db, "ev-1")
    await ends(db, "delivered")
    lost = effects.EditLine(id="e1", conversation_id="c1", who="rep", state="failed", reason="blocked", about=row)
    edit = OutRow(sending=lost, connector="teams", lane="t", customer_id="k1")
    await db.write(lambda u: outbox.put(u, [edit], now=NOW), label="turn")
    assert await db.read(lambda u: fates.fates(u, ["ev-1"])) == {"ev-1": "failed"}
    again = effects.EditLine(id="e2", conversation_id="c1", who="rep", state="delivered", about=row)
    edit = OutRow(sending=again, connector="teams", lane="t", customer_id="k1")
    await db.write(lambda u: outbox.put(u, [edit], now=NOW), label="turn")
    assert await db.read(lambda u: fates.fates(u, ["ev-1"])) == {"ev-1": "delivered"}


@settings(max_examples=60, deadline=None)
@given(lives())
def test_every_word_to_a_customer_is_found_by_its_event(life: Life) -> None:
    for decision in life.decisions:
        event = decision.because.event_id
        for sending in decision.sendings:
            if isinstance(sending, SendText | SendWelcome | SendFile):
                assert sending.id in {new_id(event, saying) for saying in fates.SAYINGS}


async def test_the_newest_why_of_a_thing_is_found(db: Database) -> None:
    def step(about: str, text: str) -> Because:
        return Because(about=about, words=Words(zh=text, en=text))  # type: ignore[arg-type]

    kept = [("assign", "first"), ("stage", "connected"), ("assign", "second"), ("skip", "nothing")]

    def remember(unit: Unit) -> None:
        for version, (about, text) in enumerate(kept, 1):
            at, steps = NOW + timedelta(seconds=version), (step("act", "any"), step(about, text))
            trace = Trace(event_id=f"ev-{version}", event="x", at=at, playbook="p", steps=steps)
            traces.keep(unit, trace, customer_id="k1", conversation_id="c1", version=version)

    await db.write(remember, label="turn")

    def newest(unit: Unit) -> list[str]:
        found = [traces.newest(unit, "k1", about) for about in ("assign", "stage", "score")]
        return [because.words.en if because else "" for because in found]

    assert await db.read(newest) == ["second", "connected", ""]
    assert await db.read(lambda u: traces.newest(u, "somebody else", "assign")) is None
