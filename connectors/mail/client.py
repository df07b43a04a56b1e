"""Sending over SMTP: one kept connection, and an honest word on how each sending ended.

Until the last line of a mail has gone out, nothing was processed and it may be tried again. From then on only the
server's answer tells; without one the end is unknown (RFC 1047).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import time

import aiosmtplib

from connectors.contract import Delivered, Outcome, TryLater, Undeliverable, Unknown
from connectors.mail.codes import enhanced, kind_of
from connectors.mail.message import Letter
from connectors.mail.settings import Smtp

_KEEP_SECONDS = 60.0
"""A connection unused for longer is closed and opened anew: servers hang up without a word."""
PATIENT_ATTEMPTS = 100
"""With the hub's pauses about a day: a wake-up mail that comes later is of no use to anybody."""
_REASONS = {"hard": "hard_bounce", "soft": "soft_bounce", "policy": "policy"}
_GONE = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError)

_LONGEST_STAND = 2.0
"""Wall seconds one mail waits for those before it."""


class SmtpClient:
    """Sends mails one after the other over one connection."""

    def __init__(self, settings: Smtp, *, hello: str) -> None:
        self._settings = settings
        self._hello = settings.hello or hello
        self._smtp: aiosmtplib.SMTP | None = None
        self._turn = asyncio.Lock()
        self._used = 0.0

    async def send(self, letter: Letter, attempt: int) -> Outcome:
        """Send one mail. Never raises for anything the server or the network does.

        A mail that would stand behind others for long goes back to the outbox: whether it may still go is asked there
        again, and the answer must not be minutes old when the server takes it.
        """
        try:
            await asyncio.wait_for(self._turn.acquire(), _LONGEST_STAND)
        except TimeoutError:
            return TryLater(reason="mail_server_busy", seconds=5)
        try:
            smtp = await self._connected()
        except (aiosmtplib.SMTPException, OSError, ValueError) as problem:
            self._drop()
            return _not_connected(problem)
        else:
            outcome = await self._hand_over(smtp, letter, attempt)
            self._used = time.monotonic()
            return outcome
        finally:
            self._turn.release()

    async def greet(self) -> TryLater | None:
        """Connect, secure the connection and sign in, but send nothing; how that failed, or None."""
        async with self._turn:
            try:
                await self._connected()
            except (aiosmtplib.SMTPException, OSError, ValueError) as problem:
                self._drop()
                return _not_connected(problem)
        return None

    async def close(self) -> None:
        """Say goodbye, shortly."""
        async with self._turn:
            smtp, self._smtp = self._smtp, None
            if smtp is not None and smtp.is_connected:
                with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                    await smtp.quit(timeout=2)
                smtp.close()

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._smtp is not None and time.monotonic() - self._used < _KEEP_SECONDS and await _alive(self._smtp):
            return self._smtp
        self._drop()
        s = self._settings
        self._smtp = aiosmtplib.SMTP(
            hostname=s.host,
            port=s.port,
            username=s.user or None,
            password=s.password.get_secret_value() if s.password and s.user else None,
            local_hostname=self._hello,
            timeout=s.timeout_seconds,
            use_tls=s.tls == "tls",
            start_tls=s.tls == "starttls",
            tls_context=None if s.tls == "none" else ssl.create_default_context(cafile=s.ca_file or None),
        )
        await self._smtp.connect()
        return self._smtp

    async def _hand_over(self, smtp: aiosmtplib.SMTP, letter: Letter, attempt: int) -> Outcome:
        try:
            await _envelope(smtp, letter)
            start = await smtp.execute_command(b"DATA")
        except aiosmtplib.SMTPResponseException as refused:
            return _refused(refused.code, refused.message, attempt)
        except aiosmtplib.SMTPNotSupported:
            return Undeliverable(reason="policy", detail="the server does not take this kind of address")
        except _GONE:
            self._drop()
            return TryLater(reason="unreachable", seconds=5)
        if start.code != 354:
            return _refused(start.code, start.message, attempt)
        return await self._content(smtp, letter, attempt)

    async def _content(self, smtp: aiosmtplib.SMTP, letter: Letter, attempt: int) -> Outcome:
        protocol = smtp.protocol
        if protocol is None or not protocol.is_connected:
            self._drop()
            return TryLater(reason="unreachable", seconds=5)
        protocol.write(_dotted(letter.data))
        try:
            answer = await protocol.read_response(timeout=self._settings.timeout_seconds)
        except aiosmtplib.SMTPResponseException:
            self._drop()
            return Unknown(reason="interrupted")
        except _GONE:
            self._drop()
            return Unknown(reason="interrupted")
        if answer.code == 250:
            return Delivered(wire_id=letter.message_id, extra={"message_id": letter.message_id})
        return _refused(answer.code, answer.message, attempt)

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None


async def _alive(smtp: aiosmtplib.SMTP) -> bool:
    """Whether a kept connection still answers; RSET also forgets a mail that was refused half-way."""
    if not smtp.is_connected:
        return False
    try:
        await smtp.rset(timeout=10)
    except (aiosmtplib.SMTPException, OSError):
        return False
    return True


async def _envelope(smtp: aiosmtplib.SMTP, letter: Letter) -> None:
    if letter.to.isascii():
        await smtp.mail(letter.sender)
        await smtp.rcpt(letter.to)
        return
    if not smtp.supports_extension("smtputf8"):
        raise aiosmtplib.SMTPNotSupported("SMTPUTF8")
    await smtp.mail(letter.sender, options=["SMTPUTF8"], encoding="utf-8")
    await smtp.rcpt(letter.to, encoding="utf-8")


def _dotted(data: bytes) -> bytes:
    """The mail with its lines that begin with a dot doubled, and the line that ends it (RFC 5321 4.5.2)."""
    whole = data if data.endswith(b"\r\n") else data + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", whole) + b".\r\n"


def _not_connected(problem: Exception) -> TryLater:
    """Nothing went out: everything on the platform waits. A server that refuses us needs an operator."""
    wrong = _needs_an_operator(problem)
    return TryLater(
        reason="mail_server_refuses_us" if wrong else "unreachable",
        seconds=300 if wrong else 10,
        scope="platform",
        alarm=wrong,
    )


def _needs_an_operator(problem: Exception) -> bool:
    """A password refused, TLS not offered or not trusted, settings that contradict: time alone mends none of them."""
    if isinstance(problem, aiosmtplib.SMTPResponseException):
        return problem.code >= 500
    if isinstance(problem.__cause__, ssl.SSLError) or isinstance(problem, ssl.SSLError):
        return True
    return not isinstance(problem, OSError)


def _refused(code: int, words: str, attempt: int) -> Outcome:
    """The server's no, before or after the mail. Its words may hold the address, so only codes are kept."""
    detail = f"{code} {enhanced(words)}".strip()
    if code == 421:
        return TryLater(reason="throttled", seconds=30, scope="platform")
    if code in (530, 535, 538):
        return TryLater(reason="mail_server_refuses_us", seconds=300, scope="platform", alarm=True)
    if 400 <= code < 500 and attempt < PATIENT_ATTEMPTS:
        return TryLater(reason="soft_bounce", seconds=60)
    kind = "soft" if code < 500 else kind_of(enhanced(words), f"{code} {words}")
    return Undeliverable(reason=_REASONS[kind], detail=detail)
