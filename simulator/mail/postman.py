"""Mail from the world to the hub: the trusted mail server's verdict on it, and stubborn SMTP as servers speak
it.

The hub's listener must tell this server from a stranger who connects. So the server drops every verdict that
came with the mail and writes its own: `Authentication-Results` for people, and `X-Tower-MX: v1;t=<unix
seconds>;h=<hex>` where h is HMAC-SHA256, keyed with the shared mail secret, over `v1`, t, the Message-ID
header, the lower-case From address and `pass`, joined by line feeds. t is wall time: it is a security stamp,
not business time.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time

import aiosmtplib

from simulator.mail.compose import MX
from simulator.mail.letter import address_in, read_headers
from simulator.mail.room import MailRoom

_PATIENCE = 20.0
"""Wall seconds during which a mail is tried again; a real server keeps trying for days."""
_PAUSE = 0.25


class MailLostError(Exception):
    """The hub refused the mail for good, or could not be reached in time."""


async def send(room: MailRoom, raw: bytes, *, sender: str, to: str, honest: bool = True) -> str:
    """Bring a mail to the hub and return its last answer; `honest=False` plays a stranger with a forged From.

    The mail is the same at each attempt, so a lost answer brings it twice. Raises MailLostError.
    """
    faults = room.world.faults
    wire = stamp(room, raw) if honest else _unstamped(raw)
    if await faults.take("mail.out", "reorder"):
        room.held.append((wire, sender, to))
        return "held"
    twice = await faults.take("mail.out", "duplicate") is not None
    answer = await _insist(room, wire, sender, to)
    if twice:
        answer = await _insist(room, wire, sender, to)
    held, room.held = room.held, []
    for late in held:
        await _insist(room, *late)
    return answer


def stamp(room: MailRoom, raw: bytes) -> bytes:
    """The mail with the trusted server's verdict on top: DMARC passed."""
    sender, message_id = address_in(raw, "From"), read_headers(raw).get("Message-ID", "")
    seconds = str(int(time.time()))
    signed = "\n".join(("v1", seconds, message_id, sender, "pass"))
    key = room.world.settings.mail_secret.encode()
    seal = hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
    return _verdict("pass", sender) + f"X-Tower-MX: v1;t={seconds};h={seal}\r\n".encode() + raw


def _unstamped(raw: bytes) -> bytes:
    return _verdict("fail", address_in(raw, "From")) + raw


def _verdict(result: str, sender: str) -> bytes:
    domain = sender.rpartition("@")[2]
    return f"Authentication-Results: {MX}; dmarc={result} header.from={domain}\r\n".encode()


async def _insist(room: MailRoom, wire: bytes, sender: str, to: str) -> str:
    """Try until the hub took the mail, refused it for good, or patience ran out."""
    deadline = time.monotonic() + _PATIENCE
    with room.calling():
        while True:
            try:
                return await _attempt(room, wire, sender, to)
            except (aiosmtplib.SMTPException, OSError) as trouble:
                await room.world.log.add("mail", "mail_delayed", to=to, by=sender, rule=str(trouble))
                if _final(trouble) or time.monotonic() > deadline:
                    raise MailLostError(str(trouble)) from trouble
            await asyncio.sleep(_PAUSE)


async def _attempt(room: MailRoom, wire: bytes, sender: str, to: str) -> str:
    """One SMTP session with the hub."""
    faults, settings = room.world.faults, room.world.settings
    if fault := await faults.take("mail.out", "delay"):
        await asyncio.sleep(fault.seconds)
    if await faults.take("mail.out", "drop"):
        raise ConnectionResetError("fault: connection broken on purpose")
    client = aiosmtplib.SMTP(
        hostname=settings.hub_smtp_host,
        port=settings.hub_smtp_port,
        local_hostname=MX,
        timeout=15,
        start_tls=False,
    )
    async with client:
        options = ["BODY=8BITMIME"] if client.supports_extension("8bitmime") else []
        _, answer = await client.sendmail(sender, [to], wire, mail_options=options)
    if await faults.take("mail.out", "lose_answer"):
        raise ConnectionResetError("fault: answer lost on purpose")
    await room.world.log.add("mail", "mail_sent", to=to, by=sender, answer=answer)
    return answer


def _final(trouble: Exception) -> bool:
    """Whether the hub said no for good (5xx), as opposed to not now or not at all."""
    if isinstance(trouble, aiosmtplib.SMTPRecipientsRefused):
        return all(refused.code >= 500 for refused in trouble.recipients)
    return isinstance(trouble, aiosmtplib.SMTPResponseException) and trouble.code >= 500
