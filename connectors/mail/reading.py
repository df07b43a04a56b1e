"""An incoming mail taken apart with bounds: its headers, its words, and the reports machines put into it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from email import policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses
from html import unescape

from rules.errors import BadRequest

MOST_READ = 1024 * 1024
"""Bytes of a mail that are looked at; words and reports come first, big attachments last."""
_MOST_HEADERS = 128 * 1024
_MOST_BOUNDARIES = 40
_BOUNDARY = re.compile(rb"boundary\s*=", re.IGNORECASE)
_MOST_LINES = 1_000_000
"""Lines of a mail that is taken apart whole: 70 MB of encoded files."""
_MOST_PARTS = 100
_MOST_WORDS = 200_000
_MOST_FILES = 20
_MOST_LINE = 2000
"""Characters of a header that are decoded."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Enclosed:
    """An attachment."""

    name: str
    type: str
    """As the sender claims."""
    content: bytes
    cut: bool = False
    """Only its beginning was read: the mail was too long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A mail taken apart."""

    headers: tuple[tuple[str, str], ...] = field(repr=False)
    """Lower-case names with values as they stand, unfolded and not decoded."""
    text: str = field(repr=False)
    """Her words: the plain part, else the words of the HTML part; line feeds only."""
    files: tuple[Enclosed, ...] = field(repr=False)
    """Attachments, with their contents where the mail came whole."""
    parts: tuple[tuple[str, str], ...] = field(repr=False)
    """Machine-readable parts: (content type, content)."""
    sender: str = field(repr=False)
    """The one address in the one From header, lower case; empty when that is not so."""
    subject: str = field(repr=False)
    """Decoded, on one line."""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a header."""
        return tuple(v for n, v in self.headers if n == name)

    def first(self, name: str) -> str:
        """A header's first value, or nothing."""
        return next(iter(self.all(name)), "")

    def part(self, *types: str) -> str | None:
        """The content of the first part of one of these types; None if there is none."""
        return next((content for kind, content in self.parts if kind in types), None)


_REPORTS = ("message/delivery-status", "message/feedback-report", "message/rfc822", "text/rfc822-headers")


def open_mail(raw: bytes) -> Opened:
    """Take a mail apart. Raises BadRequest for one that is no mail: no headers, or too many, or nested too deep.

    Where only what lies behind the first MOST_READ bytes is too much to take apart, the file that was cut there is.
    """
    head = re.split(rb"\r?\n\r?\n", raw[: _MOST_HEADERS + 1], maxsplit=1)[0]
    if len(head) > _MOST_HEADERS or not re.match(rb"[!-9;-~]+[ \t]*:", head):
        raise BadRequest("not a mail: no headers, or too many")
    if len(_BOUNDARY.findall(raw[:MOST_READ])) > _MOST_BOUNDARIES:
        raise BadRequest("nested too deep")
    try:
        mail = _opened(BytesParser(policy=policy.compat32).parsebytes(raw[:MOST_READ]))
        if not mail.files or len(raw) <= MOST_READ:
            return mail
        if len(_BOUNDARY.findall(raw)) > _MOST_BOUNDARIES or raw.count(b"\n") > _MOST_LINES:
            return replace(mail, files=(*mail.files[:-1], replace(mail.files[-1], cut=True)))
        whole = BytesParser(policy=policy.compat32).parsebytes(raw)
        return replace(mail, files=_enclosed(_parts(whole)))
    except (RecursionError, MessageError, ValueError, LookupError, TypeError, AttributeError) as problem:
        # The stdlib's parsers are not made for hostile input; these are what they raise for it.
        raise BadRequest("malformed mail") from problem


def _opened(message: Message) -> Opened:
    parts = _parts(message)
    return Opened(
        headers=tuple((n.lower(), _unfolded(str(v))) for n, v in message.items()),
        text=_words(parts),
        files=_enclosed(parts),
        parts=tuple((p.get_content_type(), _report(p)) for p in parts if p.get_content_type() in _REPORTS),
        sender=_sender([_unfolded(str(v)) for v in message.get_all("from", [])]),
        subject=clean_line(_decoded(str(message.get("subject", ""))), 300),
    )


def _sender(headers: list[str]) -> str:
    """The address of a mail with one From that names one. Read before encoded words are decoded: a name must not turn
    into an address.
    """
    found = getaddresses(headers) if len(headers) == 1 and len(headers[0]) <= _MOST_LINE else []
    address = found[0][1].lower() if len(found) == 1 else ""
    return address if address.count("@") == 1 and not re.search(r"\s", address) else ""


def clean_line(text: str, most: int) -> str:
    """One line of at most `most` characters without control characters."""
    return " ".join(_CONTROL.sub(" ", text).split())[:most]


def _parts(message: Message) -> list[Message]:
    """The parts in order; what is inside an attached mail or a report is not walked into."""
    found: list[Message] = []
    waiting = [message]
    while waiting and len(found) < _MOST_PARTS:
        part = waiting.pop(0)
        inside = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inside, list):
            waiting = [p for p in inside if isinstance(p, Message)] + waiting
        else:
            found.append(part)
    return found


def _attached(part: Message) -> bool:
    named = part.get_filename() is not None or part.get_content_disposition() == "attachment"
    return named and part.get_content_type() not in _REPORTS


def _enclosed(parts: list[Message]) -> tuple[Enclosed, ...]:
    found = [p for p in parts if _attached(p)][:_MOST_FILES]
    return tuple(Enclosed(name=_file_name(p), type=p.get_content_type()[:100], content=_bytes(p)) for p in found)


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _file_name(part: Message) -> str:
    return clean_line(_decoded(part.get_filename() or "file"), 100)


def _words(parts: list[Message]) -> str:
    for kind in ("text/plain", "text/html"):
        found = [_text(p) for p in parts if p.get_content_type() == kind and not _attached(p)]
        joined = "\n".join(w for w in (_plain(t) if kind == "text/html" else t for t in found) if w.strip())
        if joined:
            return joined
    return ""


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    raw = payload[: _MOST_WORDS * 4] if isinstance(payload, bytes) else b""
    try:
        text = raw.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        text = raw.decode("utf-8", "replace")
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))[:_MOST_WORDS]


def _report(part: Message) -> str:
    """A report's own words: blocks of headers, or the top of the mail it sends back."""
    inside = part.get_payload()
    blocks = [p for p in inside if isinstance(p, Message)] if isinstance(inside, list) else []
    if not blocks:
        return _text(part)
    lines = ("\n".join(f"{n}: {_decoded(str(v))}" for n, v in block.items()) for block in blocks[:20])
    return "\n\n".join(lines)[:_MOST_WORDS]


def _unfolded(value: str) -> str:
    return re.sub(r"\r?\n[ \t]*", " ", value)


def _decoded(value: str) -> str:
    unfolded = _unfolded(value[:_MOST_LINE])
    if "=?" not in unfolded:
        return unfolded
    try:
        return str(make_header(decode_header(unfolded)))
    except (MessageError, LookupError, ValueError, TypeError):
        return unfolded


_TOKEN = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,20})[^<>]*>|(<!--)|(-->)|[^<\-]+|.", re.DOTALL)
"""Linear on purpose: the stdlib's HTML parser takes a minute for some mails of 200 kB."""
_BREAKS = frozenset(("br", "p", "div", "tr", "li", "h1", "h2", "h3", "table"))
_SILENT = frozenset(("script", "style", "head", "title", "blockquote"))


def _plain(markup: str) -> str:
    """The words of an HTML mail, without what is quoted or hidden in it."""
    found: list[str] = []
    silent, comment = 0, False
    for token in _TOKEN.finditer(markup):
        closing, tag = token[1], (token[2] or "").lower()
        if token[3] or token[4]:
            comment = bool(token[3])
        elif tag in _SILENT:
            silent = max(0, silent - 1) if closing else silent + 1
        elif tag in _BREAKS:
            found.append("\n")
        elif not tag and not silent and not comment:
            found.append(re.sub(r"\s+", " ", token[0]))
    lines = (line.strip() for line in unescape("".join(found)).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
