"""Mail that leaves through Microsoft Graph: both real connectors, and a simulated Exchange."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.contract import Delivered, TryLater, Undeliverable, Unknown
from connectors.mail.connector import MailConnector
from connectors.mail.settings import MailSettings
from connectors.teams.connector import TeamsConnector
from rules.tokens import Tokens
from simulator.faults import Fault, Kind
from tests.company import ROOT
from tests.contract.mail_parts import SECRET, job
from tests.contract.teams_hub import NOW, Bench, RememberingHub, bench, connector_settings

MAILBOX = "wang@corp.example"


@dataclass
class Postbox:
    """Where the simulated Exchange puts what it took."""

    mails: list[tuple[bytes, str, list[str]]] = field(default_factory=list)

    async def deliver(self, raw: bytes, sender: str, recipients: list[str]) -> None:
        self.mails.append((raw, sender, recipients))


def settings(**more: Any) -> MailSettings:
    raw: dict[str, Any] = {
        "transport": "graph",
        "from_name": "塔台 销售",
        "from_address": MAILBOX,
        "reply_domain": "in.hub.test",
        "mx_secret": SECRET,
        "templates": str(ROOT / "playbooks" / "mail"),
    }
    return MailSettings.model_validate(raw | more)


@asynccontextmanager
async def exchange(**more: Any) -> AsyncIterator[tuple[MailConnector, Bench, Postbox]]:
    """A mail connector that sends through the Graph of a made-up company."""
    async with bench() as made:
        box = made.company.world.rooms["mail"] = Postbox()
        tokens, clock = Tokens(key=b"t" * 32), made.company.world.clock.now
        mail = MailConnector(settings(**more), made.hub, clock, tokens, "https://hub.test", post=made.teams.send_mail)
        yield mail, made, box
        await mail.stop()


async def test_the_mail_goes_out_whole() -> None:
    async with exchange() as (mail, _, box):
        outcome = await mail.deliver(job())
    assert isinstance(outcome, Delivered) and outcome.extra["links"].startswith("[")
    ((raw, sender, recipients),) = box.mails
    sent = message_from_bytes(raw, policy=policy.default)
    assert (sender, recipients) == (MAILBOX, [job().to])
    assert sent["Message-ID"].strip() == outcome.wire_id == outcome.extra["message_id"]
    assert sent["Reply-To"].strip().startswith("r+") and "@in.hub.test" in sent["Reply-To"]
    assert sent["List-Unsubscribe-Post"].strip() == "List-Unsubscribe=One-Click"
    assert {part.get_content_type() for part in sent.walk()} >= {"text/plain", "text/html"}


@pytest.mark.parametrize(
    ("kind", "status", "outcome", "reason"),
    [
        ("throttle", 429, TryLater, "throttled"),
        ("lose_answer", 0, Unknown, "interrupted"),
        ("error", 504, Unknown, "interrupted"),
        ("error", 500, Unknown, "interrupted"),
    ],
)
async def test_how_it_ends(kind: Kind, status: int, outcome: type[Any], reason: str) -> None:
    async with exchange() as (mail, made, box):
        assert isinstance(await mail.deliver(job()), Delivered)
        box.mails.clear()
        made.company.world.faults.set(Fault(place="graph", kind=kind, status=status, seconds=3))
        ended = await mail.deliver(job())
        assert isinstance(ended, outcome) and ended.reason == reason
        assert len(box.mails) == (1 if kind == "lose_answer" else 0), "an answer that is lost may mean that it went"


async def test_a_mailbox_that_is_not_ours_needs_an_operator() -> None:
    async with exchange(from_address="nobody@corp.example") as (mail, _, box):
        ended = await mail.deliver(job())
    assert isinstance(ended, TryLater) and ended.alarm and ended.reason == "mail_server_refuses_us"
    assert not box.mails


async def test_what_exchange_will_not_let_us_send_as_waits_for_an_operator() -> None:
    async def refuse(_sender: str, _mime: bytes) -> Undeliverable:
        return Undeliverable(reason="not_permitted", detail="403 ErrorSendAsDenied")

    async with bench() as made:
        clock = made.company.world.clock.now
        mail = MailConnector(settings(), made.hub, clock, Tokens(key=b"t" * 32), "https://hub.test", post=refuse)
        ended = await mail.deliver(job())
    assert isinstance(ended, TryLater) and ended.alarm and ended.scope == "platform"


async def test_before_graph_is_there_mail_waits() -> None:
    teams = TeamsConnector(connector_settings("http://127.0.0.1:1"), RememberingHub(), lambda: NOW)
    ended = await teams.send_mail(MAILBOX, b"")
    assert isinstance(ended, TryLater) and ended.reason == "starting"


def test_smtp_needs_its_table() -> None:
    with pytest.raises(ValidationError, match=r"\[mail.smtp\]"):
        settings(transport="smtp")
