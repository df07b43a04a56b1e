"""What of her words another platform's thread may show: all, all but numbers and addresses, or nothing."""

from __future__ import annotations

import re
from typing import Literal

from rules.model import Words

Mirror = Literal["full", "masked", "notice"]

NOTICE = Words(zh="客户发来一条消息，请在原平台查看。", en="The customer wrote a message; read it where she wrote it.")
"""What a thread shows where her words may not be."""

_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
# 身份证 (18 digits, the last may be X), bank cards (12-19 digits) and phones, also with spaces or dashes between.
_NUMBER = re.compile(r"(?<![0-9A-Za-z])\+?\d(?:[ \-]?\d){6,21}[Xx]?(?![0-9A-Za-z])")
# Passport and travel papers: one or two letters and seven to nine digits.
_PAPER = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{1,2}\d{7,9}(?![0-9A-Za-z])")
_DATE = re.compile(r"^(?:19|20)\d\d[ \-](?:0?[1-9]|1[0-2])[ \-](?:0?[1-9]|[12]\d|3[01])$")
_WIDE = str.maketrans("０１２３４５６７８９＠．＋－", "0123456789@.+-")


def masked_mail(address: str) -> str:
    """A mail address that shows whose it may be and no more: `w***@example.com`."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}***{at}{domain}" if at else ""


def masked_name(kind: str, value: str) -> str:
    """A name she goes by on a platform, so that two can be told apart and neither be used."""
    if kind in ("mail", "address") or "@" in value:
        return masked_mail(value) or "***"
    return f"{value[:3]}****{value[-2:]}" if len(value) > 7 else f"{value[:1]}***"


def _masked_number(match: re.Match[str]) -> str:
    found = match.group()
    if _DATE.match(found):
        return found
    kept = [c for c in found if c.isalnum()]
    return f"{''.join(kept[:3])}****{''.join(kept[-2:])}" if len(kept) > 7 else "****" + "".join(kept[-2:])


def masked(text: str) -> str:
    """The text with phones, mail addresses, numbers of papers and of accounts hidden; the message itself stays.

    Full-width digits are hidden too; dates and numbers of fewer than seven digits stay readable.
    """
    plain = text.translate(_WIDE)
    # The wide forms become narrow only where something is hidden nearby: otherwise her words stay as written.
    if plain != text and not (_MAIL.search(plain) or _NUMBER.search(plain) or _PAPER.search(plain)):
        return text
    hidden = _MAIL.sub(lambda m: masked_mail(m.group()), plain)
    hidden = _NUMBER.sub(_masked_number, hidden)
    return _PAPER.sub(_masked_number, hidden)


def mirrored(text: str, mirror: Mirror, language: str = "zh-CN") -> str:
    """Her words as another platform's thread may show them."""
    if mirror == "full":
        return text
    return masked(text) if mirror == "masked" else NOTICE.in_(language)
