"""A mail as it lies in a mailbox: the raw bytes, and what a mail program makes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

from simulator.mail.markup import plain_of, references_of

_URL = re.compile(r"https?://[^\s<>\"')\]]+")
_ANGLED = re.compile(r"<([^<>\s]+)>")


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """One arrival of one mail in one mailbox. The same Message-ID arriving twice makes two letters."""

    id: str
    address: str
    """The mailbox, lower case."""
    sender: str
    """Envelope sender (Return-Path); empty for the null sender."""
    at: datetime
    """Virtual time of arrival, UTC."""
    raw: bytes = field(repr=False)
    headers: dict[str, str]
    """Decoded; a header that stands several times is joined by line feeds."""
    text: str
    """The plain part, or the words of the HTML part when there is no plain one. Line feeds only."""
    html: str
    links: tuple[str, ...]
    """http(s) links in the order of the HTML part, else of the plain one."""
    images: tuple[str, ...]

    def header(self, name: str) -> str:
        """The header's value, or an empty string; the name in any case."""
        return next((v for k, v in self.headers.items() if k.lower() == name.lower()), "")

    @property
    def unsubscribe(self) -> tuple[str, ...]:
        """The URIs of List-Unsubscribe (RFC 2369), in order."""
        return tuple(_ANGLED.findall(self.header("List-Unsubscribe")))

    def as_json(self) -> dict[str, object]:
        """The letter as the control API shows it."""
        return {
            "id": self.id,
            "from": self.header("From"),
            "to": self.header("To"),
            "address": self.address,
            "sender": self.sender,
            "subject": self.header("Subject"),
            "message_id": self.header("Message-ID"),
            "headers": self.headers,
            "text": self.text,
            "html": self.html,
            "links": list(self.links),
            "at": self.at.isoformat(),
        }


def open_letter(raw: bytes, *, letter_id: str, address: str, sender: str, at: datetime) -> Letter:
    """Read a mail the way a mail program does."""
    message = message_from_bytes(raw, policy=policy.default)
    html = _part(message, "html")
    text = _part(message, "plain") or plain_of(html)
    links, images = references_of(html)
    return Letter(
        id=letter_id,
        address=address.lower(),
        sender=sender,
        at=at,
        raw=raw,
        headers=read_headers(raw),
        text=text,
        html=html,
        links=links if html else tuple(_URL.findall(text)),
        images=images,
    )


def read_headers(raw: bytes) -> dict[str, str]:
    """The top headers, decoded; never raises on a malformed one."""
    found: dict[str, str] = {}
    for name, value in message_from_bytes(raw, policy=policy.compat32).items():
        text = _decoded(str(value))
        found[name] = f"{found[name]}\n{text}" if name in found else text
    return found


def address_in(raw: bytes, name: str) -> str:
    """The bare address in a From or Reply-To header, lower case; empty when there is none.

    It is read before the header is decoded: a comma inside an encoded name separates nothing.
    """
    value = message_from_bytes(raw, policy=policy.compat32)[name]
    return parseaddr(str(value or ""))[1].lower()


def _decoded(value: str) -> str:
    unfolded = re.sub(r"\r?\n[ \t]", " ", value)
    try:
        return str(make_header(decode_header(unfolded)))
    except (LookupError, ValueError):
        return unfolded


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    if body is None:
        return ""
    payload = body.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        text = payload.decode(body.get_content_charset("utf-8"), "replace")
    except LookupError:
        text = payload.decode("utf-8", "replace")
    return text.replace("\r\n", "\n").strip("\n")
