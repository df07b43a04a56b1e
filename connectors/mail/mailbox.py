"""Reading a mailbox over IMAP, for companies that collect the reply domain's mail in one.

The place reached is a cursor (UIDVALIDITY and UID) that moves in the same commit as the events, so nothing is lost or
read twice, whoever else opens the mailbox. The mailbox itself is never changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import re
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC

from connectors.contract import Clock, Hub, Inbound
from connectors.mail.addresses import Addresses, Recipient
from connectors.mail.reading import open_mail
from connectors.mail.settings import Imap
from connectors.mail.translate import Arrival, translate
from connectors.mail.verdict import Verdict
from rules.errors import BadRequest, Conflict, HubError

_PAGE = 20
_MOST_BYTES = 10 * 1024 * 1024
_TIMEOUT = 30.0
_ACCOUNT = "mail"
_RECIPIENT_HEADERS = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")
_ADDRESS = re.compile(r"[A-Za-z0-9.+_-]{1,64}@[A-Za-z0-9.-]{1,253}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One mail in the mailbox."""

    uid: int
    raw: bytes = field(repr=False)
    arrived: float
    """Epoch seconds when the mailbox took it."""


class Mailbox:
    """Looks again and again; several nodes may, the cursor lets one of them win."""

    def __init__(self, settings: Imap, addresses: Addresses, verdict: Verdict, hub: Hub, clock: Clock) -> None:
        self._settings = settings
        self._addresses = addresses
        self._verdict = verdict
        self._hub = hub
        self._clock = clock
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._loop = asyncio.get_running_loop().create_task(self._look_again())

    async def stop(self) -> None:
        """Stop looking."""
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop

    async def _look_again(self) -> None:
        while True:
            more = False
            # A mailbox or database that is away is tried again; nothing was moved.
            with contextlib.suppress(OSError, imaplib.IMAP4.error, HubError):
                more = await self.look()
            if not more:
                await asyncio.sleep(self._settings.poll_seconds)

    async def look(self) -> bool:
        """Take one page of new mail; whether there may be more.

        Raises OSError or imaplib.IMAP4.error when the mailbox cannot be read, Unavailable when nothing could be stored.
        """
        before = await self._hub.cursor(_ACCOUNT)
        validity, found = await asyncio.to_thread(_fetch, self._settings, before)
        after = f"{validity}:{max((f.uid for f in found), default=_uid(before, validity))}"
        if after == before:
            return False
        events = await asyncio.to_thread(lambda: [e for f in found for e in self._events(f)])
        try:
            await self._hub.accept_page(events, account=_ACCOUNT, before=before, after=after)
        except Conflict:
            return False
        return len(found) == _PAGE

    def _events(self, found: Found) -> Sequence[Inbound]:
        try:
            mail = open_mail(found.raw)
        except BadRequest:
            return ()
        if mail.files and len(found.raw) >= _MOST_BYTES:
            mail = replace(mail, files=(*mail.files[:-1], replace(mail.files[-1], cut=True)))
        sender = mail.first("return-path").strip()
        arrival = Arrival(
            raw=found.raw,
            envelope_sender=sender or mail.sender,
            at=self._clock().astimezone(UTC),
            wall=found.arrived,
        )
        words = " ".join(v for name in _RECIPIENT_HEADERS for v in mail.all(name))
        recipients = list(dict.fromkeys(self._ours(words)))
        if not recipients and (by_thread := self._addresses.answered(_threading(mail.headers))):
            recipients = [by_thread]
        events = (translate(arrival, mail, to, self._verdict) for to in recipients)
        return [e for e in events if e is not None]

    def _ours(self, words: str) -> Iterator[Recipient]:
        for address in _ADDRESS.findall(words)[:50]:
            if (to := self._addresses.open(address)) is not None:
                yield to


def _threading(headers: Sequence[tuple[str, str]]) -> str:
    return " ".join(v for n, v in headers if n in ("references", "in-reply-to"))


def _uid(cursor: str, validity: str) -> int:
    """The last UID taken; 0 when the mailbox was made anew (RFC 9051 2.3.1.1)."""
    kept, _, uid = cursor.partition(":")
    return int(uid) if kept == validity and uid.isdigit() else 0


def _fetch(settings: Imap, cursor: str) -> tuple[str, list[Found]]:
    """Read the next page. Blocking, for a thread."""
    box = _open(settings)
    try:
        box.login(settings.user, settings.password.get_secret_value())
        box.select(f'"{settings.folder}"', readonly=True)
        validity = (box.response("UIDVALIDITY")[1] or [b"0"])[-1]
        name = validity.decode() if isinstance(validity, bytes) else "0"
        last = _uid(cursor, name)
        _, listed = box.uid("SEARCH", f"UID {last + 1}:*")
        uids = sorted(int(u) for u in (listed[0] or b"").split() if int(u) > last)[:_PAGE]
        return name, [_one(box, uid) for uid in uids]
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            box.logout()


def _open(settings: Imap) -> imaplib.IMAP4:
    if settings.tls == "none":
        return imaplib.IMAP4(settings.host, settings.port, timeout=_TIMEOUT)
    context = ssl.create_default_context(cafile=settings.ca_file or None)
    return imaplib.IMAP4_SSL(settings.host, settings.port, ssl_context=context, timeout=_TIMEOUT)


def _one(box: imaplib.IMAP4, uid: int) -> Found:
    """One mail by its UID, without marking it read."""
    _, answer = box.uid("FETCH", str(uid), f"(INTERNALDATE BODY.PEEK[]<0.{_MOST_BYTES}>)")
    head, raw = next((a for a in answer if isinstance(a, tuple)), (b"", b""))
    arrived = imaplib.Internaldate2tuple(head)
    return Found(uid=uid, raw=raw, arrived=_epoch(arrived))


def _epoch(local: object) -> float:
    """imaplib gives local time; 0 makes any verdict stale."""
    return time.mktime(local) if isinstance(local, time.struct_time) else 0.0
