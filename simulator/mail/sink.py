"""The internet's mail server as the hub sees it: takes or refuses mail over SMTP, and fails on demand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP

from simulator.mail.compose import MX
from simulator.mail.room import MailRoom, missing_headers

if TYPE_CHECKING:
    from aiosmtpd.smtp import Envelope, Session

_MOST_BYTES = 25 * 1024 * 1024
"""What the big providers take."""
_TAKEN = "250 2.0.0 queued"
_LATER = "451 4.7.1 too many messages, slow down"


class Sink:
    """The handler that aiosmtpd asks at each step.

    Faults at the place `mail.in`: `delay`, `drop` (before the mail is taken), `lose_answer` (after),
    `throttle` (451), `error` (its `status` is the SMTP code, 400 to 599).
    """

    def __init__(self, room: MailRoom) -> None:
        self._room = room

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Check a recipient while the sender still waits."""
        refusal = self._room.verdict(address)
        if refusal is not None:
            await self._room.refuse(address, str(envelope.mail_from), refusal)
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take the mail into every recipient's mailbox, or answer why not."""
        faults, room = self._room.world.faults, self._room
        sender, raw = _bare(str(envelope.mail_from)), bytes(envelope.original_content or b"")
        if fault := await faults.take("mail.in", "delay"):
            await asyncio.sleep(fault.seconds)
        if await faults.take("mail.in", "drop"):
            return _hang_up(server)
        refusal = await self._refusal(raw)
        if refusal is not None:
            for address in envelope.rcpt_tos:
                await room.refuse(address, sender, refusal)
            return refusal
        await room.take(raw, sender, list(envelope.rcpt_tos))
        if await faults.take("mail.in", "lose_answer"):
            return _hang_up(server)
        return _TAKEN

    async def _refusal(self, raw: bytes) -> str | None:
        fault = await self._room.world.faults.take("mail.in", "throttle", "error")
        if fault is not None:
            return _LATER if fault.kind == "throttle" else f"{fault.status} fault on purpose"
        if missing := missing_headers(raw):
            return f"550 5.7.1 not RFC 5322 compliant: {', '.join(missing)} missing or repeated"
        return None


def _bare(sender: str) -> str:
    """The null sender arrives as `<>`."""
    return "" if sender == "<>" else sender


def _hang_up(server: SMTP) -> str:
    """End the session without an answer; what is returned goes into a dead connection."""
    if server.transport is not None:
        server.transport.abort()
    return "421 connection lost"


async def listen(room: MailRoom) -> asyncio.Server:
    """Start the server on the settings' host and port (0: any free one)."""
    loop = asyncio.get_running_loop()
    settings = room.world.settings

    def session() -> SMTP:
        return SMTP(
            Sink(room),
            data_size_limit=_MOST_BYTES,
            enable_SMTPUTF8=True,
            hostname=MX,
            ident="mail",
            loop=loop,
        )

    server = await loop.create_server(session, settings.host, settings.smtp_port)
    room.server = server
    room.smtp_port = server.sockets[0].getsockname()[1]
    return server
