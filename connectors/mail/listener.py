"""The embedded SMTP server: only the hub's own addresses exist here, and 250 is said after the commit, never before."""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP

from connectors.contract import Clock, Hub
from connectors.mail.addresses import Addresses
from connectors.mail.reading import MOST_READ, open_mail
from connectors.mail.settings import Listener
from connectors.mail.translate import Arrival, translate
from connectors.mail.verdict import Verdict
from rules.errors import BadRequest, HubError

if TYPE_CHECKING:
    from aiosmtpd.smtp import Envelope, Session

_NOBODY = "550 5.1.1 no such mailbox here"
_LATER = "451 4.3.0 cannot take it now, please try again"
_MOST_RECIPIENTS = 5
_SLACK = 64 * 1024
"""Bytes for the commands of a session, besides its mails."""


class Door:
    """What aiosmtpd asks at each step of a session."""

    def __init__(self, addresses: Addresses, verdict: Verdict, hub: Hub, clock: Clock) -> None:
        self._addresses = addresses
        self._verdict = verdict
        self._hub = hub
        self._clock = clock

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse whoever is not one of our addresses while the sender still waits."""
        if self._addresses.open(address) is None:
            return _NOBODY
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Store what happened; only then is the mail ours."""
        raw = bytes(envelope.original_content or b"")
        arrival = Arrival(raw=raw, envelope_sender=str(envelope.mail_from or ""), at=self._clock(), wall=time.time())
        try:
            await self._take(arrival, envelope.rcpt_tos)
        except BadRequest as refusal:
            return f"550 5.6.0 {refusal}"
        except HubError:
            return _LATER
        return "250 2.0.0 taken"

    async def _take(self, arrival: Arrival, addresses: list[str]) -> None:
        """Read the mail once for all its recipients; a big one in a thread, so that others need not wait."""
        if len(arrival.raw) > MOST_READ // 8:
            mail = await asyncio.to_thread(open_mail, arrival.raw)
        else:
            mail = open_mail(arrival.raw)
        recipients = dict.fromkeys(r for a in addresses if (r := self._addresses.open(a)))
        found = [translate(arrival, mail, to, self._verdict) for to in recipients]
        events = [f for f in found if f is not None]
        if events:
            await self._hub.accept(events)

    async def handle_exception(self, error: Exception) -> str:
        """Something we did not foresee: the sender keeps the mail and learns nothing about us."""
        return _LATER


class _Session(SMTP):
    """A session with limits on bytes and time that aiosmtpd itself does not have."""

    line_length_limit = 64 * 1024
    """Mail programs do send longer lines than RFC 5321 allows; refusing them would lose replies."""

    def __init__(self, door: Door, server: MailServer, settings: Listener) -> None:
        self._server = server
        self._bytes_left = 3 * settings.max_bytes + _SLACK
        self._end: asyncio.TimerHandle | None = None
        self._seconds = settings.session_seconds
        super().__init__(
            door,
            data_size_limit=settings.max_bytes,
            enable_SMTPUTF8=True,
            hostname=server.name,
            ident="tower",
            timeout=settings.idle_seconds,
            tls_context=server.tls,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            command_call_limit={"*": 100, "NOOP": 20, "VRFY": 5, "HELP": 5, "STARTTLS": 2},
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the session in, or say that there is no room."""
        if self.transport is None and not self._server.enter(self):
            assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - a TCP transport always is
            transport.write(b"421 4.7.0 too many sessions, please come back\r\n")
        super().connection_made(transport)
        if self._end is None:
            self._end = self.loop.call_later(self._seconds, self.abort)
        if self not in self._server.open:
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Hang up on a session that never ends its line or its mail."""
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            self.abort()
            return
        super().data_received(data)

    def connection_lost(self, error: Exception | None) -> None:
        """Count the session out."""
        if self._end is not None:
            self._end.cancel()
        self._server.open.discard(self)
        super().connection_lost(error)

    def abort(self) -> None:
        """End the session without a word."""
        if self.transport is not None:
            self.transport.abort()


class MailServer:
    """The listening socket and its sessions."""

    def __init__(self, settings: Listener, door: Door, *, name: str) -> None:
        self._settings = settings
        self._door = door
        self._listening: asyncio.Server | None = None
        self.name = name
        self.open: set[Any] = set()
        self.tls = _certificate(settings.certificate) if settings.certificate else None

    @property
    def port(self) -> int:
        """The port really taken; 0 before start."""
        return int(self._listening.sockets[0].getsockname()[1]) if self._listening else 0

    def enter(self, session: object) -> bool:
        """Whether there is room for one more session."""
        if len(self.open) >= self._settings.sessions:
            return False
        self.open.add(session)
        return True

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            lambda: _Session(self._door, self, self._settings), self._settings.host, self._settings.port
        )

    async def stop(self) -> None:
        """Stop listening and end every session; a mail without its 250 stays with its sender."""
        if self._listening is not None:
            self._listening.close()
            for session in tuple(self.open):
                session.abort()
            await self._listening.wait_closed()
            self._listening = None


def _certificate(path: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context
