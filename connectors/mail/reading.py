"""An incoming mail taken apart with bounds: its headers, its words, and the reports machines put into it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email import policy
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses
from html.parser import HTMLParser

from rules.errors import BadRequest

MOST_READ = 1024 * 1024
"""Bytes of a mail that are looked at; words and reports come first, big attachments last."""
_MOST_HEADERS = 128 * 1024
_MOST_BOUNDARIES = 40
_MOST_PARTS = 100
_MOST_WORDS = 200_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A mail taken apart."""

    headers: tuple[tuple[str, str], ...] = field(repr=False)
    """Lower-case names with values as they stand, unfolded and not decoded."""
    text: str = field(repr=False)
    """Her words: the plain part, else the words of the HTML part; line feeds only."""
    files: tuple[str, ...] = field(repr=False)
    """Names of attachments."""
    parts: tuple[tuple[str, str], ...] = field(repr=False)
    """Machine-readable parts: (content type, content)."""
    content_type: str

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a header."""
        return tuple(v for n, v in self.headers if n == name)

    def first(self, name: str) -> str:
        """A header's first value, or nothing."""
        return next(iter(self.all(name)), "")

    @property
    def subject(self) -> str:
        """The subject, decoded, on one line."""
        return clean_line(_decoded(self.first("subject")), 300)

    def part(self, *types: str) -> str | None:
        """The content of the first part of one of these types; None if there is none."""
        return next((content for kind, content in self.parts if kind in types), None)

    @property
    def sender(self) -> str:
        """The one address in the one From header, lower case; empty when that is not so. Read before encoded words are
        decoded: a name must not turn into an address.
        """
        found = getaddresses(self.all("from")) if len(self.all("from")) == 1 else []
        address = found[0][1].lower() if len(found) == 1 else ""
        return address if address.count("@") == 1 and not re.search(r"\s", address) else ""


_REPORTS = ("message/delivery-status", "message/feedback-report", "message/rfc822", "text/rfc822-headers")


def open_mail(raw: bytes) -> Opened:
    """Take a mail apart. Raises BadRequest for one that is no mail: no headers, or too many, or nested too deep."""
    head = re.split(rb"\r?\n\r?\n", raw[: _MOST_HEADERS + 1], maxsplit=1)[0]
    if len(head) > _MOST_HEADERS or not re.match(rb"[!-9;-~]+[ \t]*:", head):
        raise BadRequest("not a mail: no headers, or too many")
    seen = raw[:MOST_READ]
    if len(re.findall(rb"boundary\s*=", seen, re.IGNORECASE)) > _MOST_BOUNDARIES:
        raise BadRequest("nested too deep")
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(seen)
        parts = _parts(message)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError) as problem:
        # The stdlib's parser is not made for hostile input; these are what it raises for it.
        raise BadRequest("malformed mail") from problem
    return Opened(
        headers=tuple((n.lower(), _unfolded(str(v))) for n, v in message.items()),
        text=_words(parts),
        files=tuple(_file_name(p) for p in parts if _attached(p))[:20],
        parts=tuple((p.get_content_type(), _report(p)) for p in parts if p.get_content_type() in _REPORTS),
        content_type=message.get_content_type(),
    )


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
    unfolded = _unfolded(value)
    if "=?" not in unfolded:
        return unfolded
    try:
        return str(make_header(decode_header(unfolded)))
    except (LookupError, ValueError, TypeError):
        return unfolded


class _Words(HTMLParser):
    """Collects the words of an HTML mail, without what is quoted or hidden in it."""

    _BREAKS = frozenset(("br", "p", "div", "tr", "li", "h1", "h2", "h3", "table"))
    _SILENT = frozenset(("script", "style", "head", "title", "blockquote"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Break lines where a reader sees them broken; fall silent where she sees nothing of her own."""
        if tag in self._SILENT:
            self._silent += 1
        elif tag in self._BREAKS:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """Speak again after a silent element."""
        if tag in self._SILENT and self._silent:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        """Keep words."""
        if not self._silent:
            self.found.append(re.sub(r"\s+", " ", data))


def _plain(html: str) -> str:
    reader = _Words()
    reader.feed(html)
    reader.close()
    lines = (line.strip() for line in "".join(reader.found).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
