"""The envelope as it came, before its signature is known: the one text inside `<Encrypt>`, found without parsing XML.

Entity tricks, deep nesting and odd encodings cannot hurt what never parses them.
"""

from __future__ import annotations

import re

from rules.errors import BadSignature

LARGEST_BODY = 256 * 1024
"""Bytes. Callbacks carry events and short messages only; media come by id."""
_OPEN, _CLOSE = b"<Encrypt>", b"</Encrypt>"
_CDATA = re.compile(rb"\s*<!\[CDATA\[(.*)\]\]>\s*\Z", re.DOTALL)
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{24,}={0,2}\Z")
_FORBIDDEN = (b"<!doctype", b"<!entity")


def encrypted_text(body: bytes) -> str:
    """The base64 text of the envelope's only `<Encrypt>`. Raises BadSignature (403) for anything else."""
    folded = body.lower()
    if any(word in folded for word in _FORBIDDEN):
        raise BadSignature("a declaration in an envelope", status=403)
    if folded.count(_OPEN.lower()) != 1 or body.count(_OPEN) != 1 or body.count(_CLOSE) != 1:
        raise BadSignature("not exactly one Encrypt", status=403)
    inside = body[body.index(_OPEN) + len(_OPEN) : body.index(_CLOSE)]
    wrapped = _CDATA.match(inside)
    text = (wrapped[1] if wrapped else inside).strip()
    return checked_text(text)


def checked_text(text: bytes) -> str:
    """`text` if it can be a ciphertext at all. Raises BadSignature (403)."""
    if len(text) % 4 or not _BASE64.match(text):
        raise BadSignature("Encrypt is no base64", status=403)
    return text.decode("ascii")
