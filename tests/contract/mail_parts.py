"""Parts that the mail tests share: a hub that keeps what it accepts, a mail server, and mails from outside."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from connectors.contract import Inbound, Mail
from connectors.mail.addresses import Addresses
from connectors.mail.settings import MailSettings
from rules.card import CardView
from rules.decision import Answer
from rules.errors import Conflict, Unavailable
from rules.events import Event
from rules.model import Rep, RepHandle
from rules.tokens import Tokens

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SECRET = "the shared mail secret"
TOKENS = Tokens(key=b"k" * 32)
MAIL_ID = "0123456789abcdef0123456789abcdef"
MIN = "wang.min@customer.test"
URL = "https://hub.test"
ADDRESSES = Addresses(tokens=TOKENS, reply_domain="in.hub.test", sending_domain="hub.test")


def now() -> datetime:
    """Business time of the tests."""
    return NOW


@dataclass(kw_only=True)
class FakeHub:
    """Keeps events as the inbox does: the same id is the same event."""

    accepted: list[Inbound] = field(default_factory=list)
    away: bool = False
    seen: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    """Events whose turn was waited for."""
    notes: dict[str, tuple[str, float]] = field(default_factory=dict)
    cursors: dict[str, str] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def events(self) -> list[Event]:
        """What was accepted, once each."""
        return [i.event for i in self.accepted]

    async def accept(self, inbound: Sequence[Inbound]) -> None:
        if self.away:
            raise Unavailable("no room")
        for one in inbound:
            if one.event.id not in self.seen:
                self.seen.add(one.event.id)
                self.accepted.append(one)
        async with self.changed:
            self.changed.notify_all()

    async def accept_page(self, inbound: Sequence[Inbound], *, account: str, before: str, after: str) -> None:
        if self.cursors.get(account, "") != before:
            raise Conflict("somebody else pulled")
        await self.accept(inbound)
        self.cursors[account] = after

    async def cursor(self, account: str) -> str:
        return self.cursors.get(account, "")

    async def act(self, inbound: Inbound, *, limit: float) -> Answer | None:
        await self.accept([inbound])
        self.taken.add(inbound.event.id)
        return None

    async def card(self, conversation_id: str, by: RepHandle) -> CardView | None:
        raise NotImplementedError

    async def cards(self, query: str, by: RepHandle, *, limit: int = 10) -> Sequence[CardView]:
        raise NotImplementedError

    async def rep(self, by: RepHandle) -> Rep | None:
        return None

    async def note(self, key: str) -> tuple[str, float] | None:
        if self.away:
            raise Unavailable("no room")
        return self.notes.get(key)

    async def keep_note(self, key: str, value: str, expires: float) -> None:
        self.notes[key] = (value, expires)

    async def until(self, count: int) -> None:
        """Wait until so many events are there."""
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: len(self.accepted) >= count)


@dataclass(kw_only=True)
class Post:
    """A mail server out there. `answers` are given to the steps named (MAIL, RCPT, DATA), one after the other;
    `hang_up` breaks the connection there instead.
    """

    answers: dict[str, list[str]] = field(default_factory=dict)
    mails: list[Envelope] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    users: dict[str, str] = field(default_factory=dict)
    port: int = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.sessions.append(session)
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self._answer(server, "MAIL") or "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := self._answer(server, "RCPT"):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self._answer(server, "DATA")
        if answer == "hang up after":
            self.mails.append(envelope)
        if answer:
            return answer
        self.mails.append(envelope)
        return "250 2.0.0 queued"

    def _answer(self, server: SMTP, step: str) -> str:
        waiting = self.answers.get(step, [])
        answer = waiting.pop(0) if waiting else ""
        if answer.startswith("hang up") and server.transport is not None:
            server.transport.abort()
        return answer


@asynccontextmanager
async def post_office(**options: Any) -> AsyncIterator[Post]:
    """A running mail server."""
    post = Post()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(post, hostname="mx.test", loop=loop, enable_SMTPUTF8=True, **options), "127.0.0.1", 0
    )
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        server.close()
        await server.wait_closed()


def settings(port: int, **more: Any) -> MailSettings:
    """A mail configuration that sends to a server on this machine."""
    raw: dict[str, Any] = {
        "smtp": {"host": "127.0.0.1", "port": port, "tls": "none", "timeout_seconds": 5},
        "from_name": "塔台 销售",
        "from_address": "hello@hub.test",
        "reply_domain": "in.hub.test",
        "mx_secret": SECRET,
        "listener": {"port": 0},
    }
    return MailSettings.model_validate(raw | more)


def job(**more: Any) -> Mail:
    """A wake-up mail."""
    raw: dict[str, Any] = {
        "row_id": MAIL_ID,
        "attempt": 1,
        "to": MIN,
        "to_name": "王敏",
        "template": "wakeup",
        "purpose": "wakeup",
        "variables": {"name": "王敏", "topic": "智能工厂落地的三个关键步骤"},
    }
    return Mail(**(raw | more))


def seal(message_id: str, sender: str, *, wall: float | None = None, key: str = SECRET) -> str:
    """The trusted server's verdict on a mail, as its header's value."""
    t = str(int(time.time() if wall is None else wall))
    signed = "\n".join(("v1", t, message_id, sender.lower(), "pass"))
    return f"v1;t={t};h={hmac.new(key.encode(), signed.encode(), hashlib.sha256).hexdigest()}"


def answer(text: str = "好的，请发报价。", *, sealed: bool = True, **headers: str) -> bytes:
    """Her reply as the trusted server hands it in; headers replace or (empty) remove what stands there."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = f"王敏 <{MIN}>"
    message["To"] = ADDRESSES.reply(MAIL_ID)
    message["Subject"] = "Re: 给您留了一份行业参考"
    message["Date"] = "Tue, 03 Mar 2026 01:00:00 +0000"
    message["Message-ID"] = "<reply.1@customer.test>"
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        if value:
            message[name.replace("_", "-")] = value
    message.set_content(text + "\n")
    raw = message.as_bytes()
    if sealed:
        stamp = seal(str(message["Message-ID"] or ""), MIN)
        raw = f"X-Tower-MX: {stamp}\r\n".encode() + raw
    return raw
