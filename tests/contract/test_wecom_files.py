"""Pictures, voice and documents over the simulated WeCom: fetched and sent within its rules, and bounded."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Literal, cast

import pytest

from connectors.contract import CustomerFile, Delivered, FileFetch, Outcome, TryLater, Undeliverable
from connectors.wecom.media import TAKEN
from rules.events import MessageReceived
from rules.files import fitting
from rules.model import Address, FileRule
from simulator.faults import Fault
from tests.contract.wecom_hub import Tower, tower
from tests.unit.samples import AMR, JPEG, PDF, PNG

HER = Address(connector="wecom", account="wk-1", wire_id="wm-9")
Form = Literal["image", "voice", "video", "file"]


@pytest.fixture
async def t() -> AsyncIterator[Tower]:
    async with tower() as made:
        yield made


async def sends(t: Tower, kind: Form, name: str, content: bytes) -> MessageReceived:
    """She sends a file from her phone; what is pulled of it."""
    await t.wecom.control("/enter", person="王敏")
    coded = base64.b64encode(content).decode()
    await t.wecom.control("/send_media", person="王敏", kind=kind, name=name, base64=coded)
    assert await t.pull("") == Delivered()
    return [e for e in t.hub.events if isinstance(e, MessageReceived)][-1]


async def fetch(t: Tower, wire_id: str, *, most: int = 1_000_000) -> Outcome:
    job = FileFetch(
        row_id=t.next_row(), attempt=1, address=HER, reference=None, form="image", wire_id=wire_id, url="", most=most
    )
    assert t.connector.takes(job)
    assert t.connector.certainty(job) == "again"
    return await t.connector.deliver(job)


async def send(t: Tower, form: Form, name: str, content: bytes, *, kind: str, row: str = "") -> Outcome:
    job = CustomerFile(
        row_id=row or t.next_row(), attempt=1, address=HER, reference=None, form=form, name=name, type=kind,
        content=content, url="https://tower.example/m/x",
    )  # fmt: skip
    assert t.connector.takes(job)
    return await t.connector.deliver(job)


async def phone(t: Tower) -> list[dict[str, Any]]:
    """What stands on her phone from us."""
    chat = await t.wecom.look("/chat", person="王敏")
    return [line for line in cast("list[dict[str, Any]]", chat["lines"]) if line["by"] == "hub"]


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [
        ("image", "a.jpg", JPEG),
        ("voice", "a.amr", AMR),
        ("file", "报价.pdf", PDF),
        ("file", "说明.json", b'{"errcode":40007}'),
    ],
)
async def test_what_she_sends_is_fetched_as_it_is(t: Tower, kind: Form, name: str, content: bytes) -> None:
    message = await sends(t, kind, name, content)
    [came] = message.attachments
    assert (came.media, came.name) == (kind, name if kind == "file" else "")
    assert await fetch(t, came.wire_id) == Delivered(content=content)


async def test_after_three_days_the_platform_has_forgotten_it(t: Tower) -> None:
    [came] = (await sends(t, "image", "a.png", PNG)).attachments
    await t.wecom.pass_time(days=3, seconds=1)
    assert await fetch(t, came.wire_id) == Undeliverable(reason="file_expired", detail="errcode 40007")
    assert t.connector.limits.file_hours == timedelta(days=3) / timedelta(hours=1)


async def test_more_than_we_take_is_not_taken_whatever_is_announced(t: Tower) -> None:
    [came] = (await sends(t, "file", "a.bin", b"x" * 5000)).attachments
    assert await fetch(t, came.wire_id, most=4999) == Undeliverable(reason="file_too_large")
    assert await fetch(t, came.wire_id, most=5000) == Delivered(content=b"x" * 5000)


@pytest.mark.parametrize("fault", ["error", "throttle"])
async def test_a_bad_day_of_the_platform_means_later(t: Tower, fault: Any) -> None:
    [came] = (await sends(t, "image", "a.png", PNG)).attachments
    t.world.faults.set(Fault(place="wecom.api/cgi-bin/media/get", kind=fault))
    assert isinstance(await fetch(t, came.wire_id), TryLater)
    assert await fetch(t, came.wire_id) == Delivered(content=PNG)


async def test_a_voided_token_is_renewed_for_a_file_too(t: Tower) -> None:
    [came] = (await sends(t, "image", "a.png", PNG)).attachments
    await t.wecom.control("/expire_token")
    assert await fetch(t, came.wire_id) == Delivered(content=PNG)


@pytest.mark.parametrize(
    ("kind", "name", "content", "form"),
    [
        ("image/png", "架构.png", PNG, "image"),
        ("image/jpeg", "photo.jpeg", JPEG, "image"),
        ("image/png", "no ending", PNG, "image"),
        ("audio/amr", "a.amr", AMR, "voice"),
        ("application/pdf", '报价 "v2".pdf', PDF, "file"),
    ],
)
async def test_what_a_rep_sends_appears_on_her_phone(
    t: Tower, kind: str, name: str, content: bytes, form: Form
) -> None:
    await t.say("hello")
    way = fitting(TAKEN, kind, len(content))
    assert isinstance(way, FileRule)
    assert way.kind == form
    assert isinstance(await send(t, form, name, content, kind=kind), Delivered)
    [line] = await phone(t)
    assert line["msgtype"] == form
    held = t.wecom.room.media.take(line["content"]["media_id"])
    assert held.data == content


async def test_the_same_row_sent_twice_reaches_her_once(t: Tower) -> None:
    await t.say("hello")
    for _ in range(2):
        assert isinstance(await send(t, "image", "a.png", PNG, kind="image/png", row="1" * 32), Delivered)
    assert len(await phone(t)) == 1


async def test_a_file_is_one_message_of_the_window(t: Tower) -> None:
    await t.say("hello")
    for _ in range(5):
        assert isinstance(await send(t, "file", "a.pdf", PDF, kind="application/pdf"), Delivered)
    sixth = await send(t, "file", "a.pdf", PDF, kind="application/pdf")
    assert sixth == Undeliverable(reason="window_spent", detail="errcode 95001")


async def test_an_upload_that_breaks_is_no_message_that_may_have_arrived(t: Tower) -> None:
    await t.say("hello")
    t.world.faults.set(Fault(place="wecom.api/cgi-bin/media/upload", kind="lose_answer"))
    assert await send(t, "image", "a.png", PNG, kind="image/png") == TryLater(reason="interrupted", seconds=2)
    assert await phone(t) == []


def test_what_the_platform_takes_is_known_before_it_is_asked() -> None:
    assert fitting(TAKEN, "image/gif", 100) == TAKEN[3]
    assert fitting(TAKEN, "image/png", 11 * 1024 * 1024) == TAKEN[3]
    assert fitting(TAKEN, "image/png", 21 * 1024 * 1024) == "file_too_large"
    assert fitting((), "image/png", 1) == "file_not_taken"
    assert fitting(TAKEN[:1], "image/gif", 1) == "file_type_not_taken"
