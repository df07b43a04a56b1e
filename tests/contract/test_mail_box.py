"""Reading a mailbox over IMAP, against a small IMAP server of the test's own."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from connectors.mail import MailConnector
from connectors.mail.mailbox import Mailbox
from connectors.mail.settings import Imap
from connectors.mail.verdict import Verdict
from rules.errors import Unavailable
from rules.events import MailBounced, MailReceived
from tests.contract.mail_parts import ADDRESSES, MAIL_ID, SECRET, TOKENS, URL, FakeHub, answer, now, seal, settings


@dataclass(kw_only=True)
class Box:
    """Enough of IMAP4rev1 (RFC 3501) for a reader: LOGIN, SELECT, UID SEARCH, UID FETCH, LOGOUT."""

    mails: dict[int, bytes] = field(default_factory=dict)
    validity: int = 7
    arrived: str = ""
    said: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := (await reader.readline()).decode().strip():
            tag, _, command = line.partition(" ")
            self.said.append(re.sub(r"LOGIN (\S+) .*", r"LOGIN \1", command))
            writer.write(self._answer(command) + f"{tag} {self._end(command)}\r\n".encode())
            await writer.drain()
            if command == "LOGOUT":
                break
        writer.close()

    def _end(self, command: str) -> str:
        if command.startswith("LOGIN"):
            return "OK in" if command == 'LOGIN tower "s3cret word"' else "NO wrong password"
        return "OK [READ-ONLY] done" if command.startswith("EXAMINE") else "OK done"

    def _answer(self, command: str) -> bytes:
        if command == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n"
        if command.startswith("EXAMINE"):
            return f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] valid\r\n".encode()
        if command.startswith("UID SEARCH"):
            # RFC 3501 6.4.8: `n:*` always includes the last mail, even when its UID is below n.
            first = int(re.findall(r"(\d+):\*", command)[0])
            listed = sorted({u for u in self.mails if u >= first} | set(sorted(self.mails)[-1:]))
            return f"* SEARCH {' '.join(map(str, listed))}".rstrip().encode() + b"\r\n"
        if command.startswith("UID FETCH"):
            uid = int(command.split()[2])
            raw = self.mails[uid]
            head = f'* {uid} FETCH (UID {uid} INTERNALDATE "{self.arrived}" BODY[]<0> {{{len(raw)}}}\r\n'
            return head.encode() + raw + b")\r\n"
        return b""


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    box = Box(arrived=time.strftime("%d-%b-%Y %H:%M:%S +0000", time.gmtime()))
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    yield box
    server.close()
    await server.wait_closed()


def imap(box: Box) -> dict[str, object]:
    return {
        "host": "127.0.0.1",
        "port": box.port,
        "user": "tower",
        "password": "s3cret word",
        "tls": "none",
        "poll_seconds": 0.05,
    }


def mailbox(box: Box, hub: FakeHub) -> Mailbox:
    return Mailbox(Imap.model_validate(imap(box)), ADDRESSES, Verdict(keys=(SECRET.encode(),)), hub, now)


def bounce() -> bytes:
    return (
        f"Delivered-To: {ADDRESSES.bounce(MAIL_ID)}\r\nReturn-Path: <>\r\nFrom: mailer-daemon@mx.test\r\n"
        "Message-ID: <d@mx>\r\n\r\n550 5.1.1 no such user\r\n"
    ).encode()


async def test_new_mail_is_taken_once_and_left_as_it_is(box: Box) -> None:
    hub = FakeHub()
    box.mails = {3: answer(), 4: b"From: spam@x\r\nMessage-ID: <s@x>\r\nTo: info@in.hub.test\r\n\r\nhi", 5: bounce()}
    reader = mailbox(box, hub)
    assert await reader.look() is False
    assert await reader.look() is False
    reply, bounced = hub.events
    assert isinstance(reply, MailReceived)
    assert (reply.verified, reply.automatic, reply.text) == (True, False, "好的，请发报价。")
    assert isinstance(bounced, MailBounced)
    assert bounced.bounce == "hard"
    assert hub.cursors == {"mail": "7:5"}
    assert not any(c.startswith(("STORE", "UID STORE", "SELECT", "EXPUNGE")) for c in box.said)
    box.mails[6] = answer(Message_ID="<second@x>", sealed=False)
    await reader.look()
    assert len(hub.events) == 3


async def test_a_reply_that_lost_our_address_is_known_by_its_thread(box: Box) -> None:
    hub = FakeHub()
    box.mails = {1: answer(To="sales@hub.test", References=f"<a@x> {ADDRESSES.message_id(MAIL_ID)}")}
    await mailbox(box, hub).look()
    event = hub.events[0]
    assert isinstance(event, MailReceived)
    assert event.mail_id == MAIL_ID


async def test_a_verdict_is_as_old_as_the_mail_not_as_our_look(box: Box) -> None:
    hub = FakeHub()
    hour_ago = time.time() - 3600
    box.arrived = time.strftime("%d-%b-%Y %H:%M:%S +0000", time.gmtime(hour_ago))
    fresh = seal("<reply.1@customer.test>", "wang.min@customer.test", wall=hour_ago)
    box.mails = {1: f"X-Tower-MX: {fresh}\r\n".encode() + answer(sealed=False), 2: answer(Message_ID="<2@x>")}
    await mailbox(box, hub).look()
    assert [e.verified for e in hub.events if isinstance(e, MailReceived)] == [True, False]


async def test_pages_and_a_mailbox_made_anew(box: Box) -> None:
    hub = FakeHub()
    box.mails = {n: answer(Message_ID=f"<{n}@x>") for n in range(1, 26)}
    reader = mailbox(box, hub)
    assert await reader.look() is True
    assert await reader.look() is False
    assert len(hub.events) == 25
    box.validity, box.mails = 8, {1: answer(Message_ID="<1@x>"), 2: answer(Message_ID="<new@x>")}
    await reader.look()
    assert len(hub.events) == 26, "what was seen before is the same event"
    assert hub.cursors == {"mail": "8:2"}


async def test_nothing_moves_when_nothing_can_be_stored(box: Box) -> None:
    hub = FakeHub(away=True)
    box.mails = {1: answer()}
    with pytest.raises(Unavailable):
        await mailbox(box, hub).look()
    assert hub.cursors == {}


async def test_another_node_that_was_faster_wins(box: Box) -> None:
    class Racing(FakeHub):
        async def cursor(self, account: str) -> str:
            was = await super().cursor(account)
            self.cursors[account] = "7:9"
            return was

    hub = Racing()
    box.mails = {1: answer()}
    assert await mailbox(box, hub).look() is False
    assert hub.events == []


async def test_the_connector_looks_by_itself_and_goes_on_after_trouble(box: Box) -> None:
    hub = FakeHub()
    box.mails = {1: answer()}
    connector = MailConnector(settings(1, listener=None, imap=imap(box)), hub, now, TOKENS, URL)
    await connector.start()
    await hub.until(1)
    hub.cursors["mail"] = "broken"
    box.mails[2] = answer(Message_ID="<2@x>")
    await hub.until(2)
    await connector.stop()
    assert "LOGIN tower" in box.said
