"""Attacks on the mail door: strangers' addresses, forged verdicts, floods of bytes, endless sessions, hostile mails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from connectors.mail.listener import Door, MailServer
from connectors.mail.settings import Listener, MailSettings
from connectors.mail.verdict import Verdict
from rules.events import MailReceived
from rules.tokens import Tokens
from tests.contract.mail_parts import ADDRESSES, MAIL_ID, SECRET, TOKENS, FakeHub, answer, now

REPLY = ADDRESSES.reply(MAIL_ID)


class Talk:
    """A stranger with a socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, server: MailServer, *, hello: bool = True) -> Talk:
        talk = cls(*await asyncio.open_connection("127.0.0.1", server.port))
        await talk.heard()
        if hello:
            await talk.say("EHLO stranger.test")
        return talk

    async def say(self, line: str | bytes) -> str:
        self._writer.write((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        await self._writer.drain()
        return await self.heard()

    async def pour(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def heard(self) -> str:
        """The last line of the next answer; empty when the other side hung up."""
        async with asyncio.timeout(10):
            while True:
                try:
                    line = (await self._reader.readline()).decode("utf-8", "replace")
                except ConnectionError:
                    return ""
                if len(line) < 4 or line[3] != "-":
                    return line.strip()

    async def close(self) -> None:
        self._writer.close()


@pytest.fixture
async def hub() -> FakeHub:
    return FakeHub()


@pytest.fixture
async def server(hub: FakeHub) -> AsyncIterator[MailServer]:
    door = Door(ADDRESSES, Verdict(keys=(SECRET.encode(),)), hub, now)
    limits = Listener(port=0, max_bytes=64 * 1024, sessions=2, idle_seconds=1, session_seconds=3)
    server = MailServer(limits, door, name="in.hub.test")
    await server.start()
    yield server
    await server.stop()


@pytest.mark.parametrize(
    "address",
    [
        "postmaster@in.hub.test",
        "sales@in.hub.test",
        f"r+{MAIL_ID}@in.hub.test",
        f"r+{MAIL_ID}.@in.hub.test",
        f"r+{TOKENS.mint('bounce', MAIL_ID)}@in.hub.test",
        f"b+{TOKENS.mint('reply', MAIL_ID)}@in.hub.test",
        f"u+{TOKENS.mint('click', MAIL_ID)}@in.hub.test",
        f"r+{Tokens(key=b'z' * 32).mint('reply', MAIL_ID)}@in.hub.test",
        REPLY.replace("in.hub.test", "else.test"),
        REPLY.replace("in.hub.test", "in.hub.test.evil.test"),
        REPLY.replace("r+", "x+"),
        REPLY.replace("@in", "a@in"),
        f"{REPLY}@else.test",
        "somebody@else.test",
    ],
)
async def test_strangers_addresses_do_not_exist_here(server: MailServer, hub: FakeHub, address: str) -> None:
    talk = await Talk.to(server)
    await talk.say("MAIL FROM:<a@b.test>")
    assert (await talk.say(f"RCPT TO:<{address}>")).startswith(("550", "553", "501"))
    assert (await talk.say("DATA")).startswith("503")
    await talk.close()
    assert hub.events == []


async def test_it_relays_nothing_and_signs_nobody_in(server: MailServer) -> None:
    talk = await Talk.to(server)
    assert (await talk.say("AUTH PLAIN AGEAYg==")).startswith("5")
    assert (await talk.say("AUTH LOGIN")).startswith("5")
    assert (await talk.say("EXPN all")).startswith("5")
    await talk.say("MAIL FROM:<a@b.test>")
    assert (await talk.say("RCPT TO:<x@gmail.test>")).startswith("550")
    await talk.close()


async def test_a_mail_that_never_ends_is_cut_off(server: MailServer, hub: FakeHub) -> None:
    talk = await Talk.to(server)
    await talk.say("MAIL FROM:<a@b.test>")
    await talk.say(f"RCPT TO:<{REPLY}>")
    await talk.say("DATA")
    with pytest.raises(ConnectionError):
        while True:
            await talk.pour(b"x" * 65536)
    await talk.close()
    assert hub.events == []


async def test_a_mail_too_big_is_refused(server: MailServer, hub: FakeHub) -> None:
    talk = await Talk.to(server)
    await talk.say("MAIL FROM:<a@b.test>")
    await talk.say(f"RCPT TO:<{REPLY}>")
    await talk.say("DATA")
    await talk.pour(answer() + (b"x" * 78 + b"\r\n") * 1200)
    assert (await talk.say(".")).startswith("552")
    announced = await Talk.to(server)
    assert (await announced.say("MAIL FROM:<a@b.test> SIZE=10000000")).startswith("552")
    await announced.close()
    await talk.close()
    assert hub.events == []


async def test_a_session_that_says_nothing_or_drips_is_ended(server: MailServer) -> None:
    silent = await Talk.to(server, hello=False)
    dripping = await Talk.to(server)
    assert await silent.heard() == ""
    said = "250"
    while said:
        said = await dripping.say("NOOP")
    await silent.close()
    await dripping.close()


async def test_more_sessions_than_there_is_room_for_are_told_to_come_back(server: MailServer) -> None:
    talks = [await Talk.to(server) for _ in range(2)]
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    assert (await reader.readline()).startswith(b"421")
    writer.close()
    for talk in talks:
        await talk.close()


async def test_commands_are_bounded_and_injected_ones_are_words(server: MailServer, hub: FakeHub) -> None:
    talk = await Talk.to(server)
    assert (await talk.say("MAIL FROM:<" + "a" * 2000 + "@b.test>")).startswith("5")
    assert (await talk.say(b"\xff\xfe\x00")).startswith("5")
    assert (await talk.say("MAIL FROM:<a@b.test>")).startswith("250")
    for _ in range(5):
        await talk.say(f"RCPT TO:<{REPLY}>")
    assert (await talk.say(f"RCPT TO:<{REPLY}>")).startswith("452")
    await talk.close()
    assert hub.events == []


async def test_a_hidden_end_of_mail_smuggles_nothing_in(server: MailServer, hub: FakeHub) -> None:
    talk = await Talk.to(server)
    await talk.say("MAIL FROM:<a@b.test>")
    await talk.say(f"RCPT TO:<{REPLY}>")
    await talk.say("DATA")
    inner = answer(Message_ID="<smuggled@x>").replace(b"\r\n", b"\n")
    await talk.pour(
        answer() + b"\n.\nMAIL FROM:<c@d.test>\nRCPT TO:<" + REPLY.encode() + b">\nDATA\n" + inner + b"\r\n"
    )
    assert (await talk.say(".")).startswith("250")
    await talk.close()
    assert len(hub.events) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"nothing",
        b"\x00" * 5000,
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
        + b"--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" * 900,
        b"A: b\r\n" * 10_000,
        b"From: " + b"(" * 40_000 + b"\r\n\r\nx",
        b"From: " + b"a@b.test," * 5000 + b"\r\n\r\nx",
        b"Subject: " + b"=?utf-8?b?" * 4000 + b"\r\n\r\nx",
        b"Content-Type: text/plain; charset=" + b"x" * 5000 + b"\r\n\r\nx",
        b"Content-Type: text/plain; charset=\xff\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"=" * 5000,
        b"Content-Type: text/html\r\n\r\n" + b"<div" * 10_000,
        b"Content-Type: text/html\r\n\r\n" + b"<![CDATA[" * 5000,
        b"X: y\r\n\r\n" + b"On " * 15_000 + b"wrote:",
        b"X: y\r\n\r\n" + b"From: " + b"x" * 40_000,
        b"Content-Disposition: attachment; filename*=utf-8''" + b"%ff" * 9000 + b"\r\n\r\nx",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: message/delivery-status\r\n\r\n" + b"Action: failed\r\n\r\n" * 3000,
    ],
)
async def test_a_hostile_mail_harms_nobody(server: MailServer, hub: FakeHub, raw: bytes) -> None:
    loop = asyncio.get_running_loop()
    talk = await Talk.to(server)
    await talk.say("MAIL FROM:<a@b.test>")
    await talk.say(f"RCPT TO:<{REPLY}>")
    await talk.say("DATA")
    await talk.pour(raw + b"\r\n")
    began = loop.time()
    said = await talk.say(".")
    assert said.startswith(("250", "550", "552", "500")), said
    assert loop.time() - began < 2
    await talk.close()
    assert not any(isinstance(e, MailReceived) and e.verified for e in hub.events)


def test_secrets_are_never_shown() -> None:
    settings = MailSettings.model_validate(
        {
            "smtp": {"host": "mail.hub.test", "user": "tower", "password": "planted-secret-1"},
            "from_name": "x",
            "from_address": "a@hub.test",
            "reply_domain": "in.hub.test",
            "mx_secret": "planted-secret-2",
            "imap": {"host": "mail.hub.test", "user": "tower", "password": "planted-secret-3"},
        }
    )
    shown = f"{settings!r} {settings} {settings.model_dump()} {Verdict(keys=settings.mx_keys)!r}"
    assert "planted-secret" not in shown
