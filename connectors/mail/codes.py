"""What a refusal means: from the enhanced status code (RFC 3463), the SMTP code, or the words around them."""

from __future__ import annotations

import re
from typing import Literal

Bounce = Literal["hard", "soft", "policy"]

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
_POLICY_WORDS = re.compile(
    r"spam|block|blacklist|black list|denylist|reputation|policy|dmarc|dkim|\bspf\b|unauthenticated|content denied"
    r"|content reject|bulk|abuse|rate limit|too many|not allowed|greylist|ip name lookup|垃圾|拒绝内容",
    re.IGNORECASE,
)
_NOBODY_WORDS = re.compile(
    r"(user|mailbox|recipient|address|account|alias)( \S+){0,4} (unknown|not found|not exist|rejected|disabled|invalid"
    r"|unavailable|suspended)|no such (user|mailbox|recipient|address|domain)|(does not|doesn't|not) exist"
    r"|unknown (user|recipient|address|mailbox)|invalid (recipient|mailbox|address)|unrouteable|user not found",
    re.IGNORECASE,
)
_HARD = frozenset(("5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.1", "5.4.4", "5.4.310"))
"""5.4.1 and 5.4.310 as Exchange Online uses them (directory-based edge blocking, no such domain)."""
_SOFT = frozenset(("5.2.2", "5.3.1", "5.4.7"))
"""A full mailbox, a full system, a message that waited too long: final for this mail, not for the address."""


def enhanced(text: str) -> str:
    """The first enhanced status code in a text, or nothing."""
    found = _ENHANCED.search(text)
    return ".".join(found.groups()) if found else ""


def kind_of(status: str, diagnostic: str) -> Bounce:
    """Whether the address is dead (`hard`), the sender is not liked (`policy`), or it may go well later (`soft`).

    A generic status (x.0.0) says less than the Diagnostic-Code beside it. In doubt it is soft: an address is put aside
    for good only when a server said that it is no good.
    """
    code = enhanced(status)
    if not code or code.endswith(".0.0"):
        code = enhanced(diagnostic) or code
    if code.startswith("4."):
        return "soft"
    if code.startswith("5.") and not code.endswith(".0.0"):
        return _permanent(code, diagnostic)
    return _plain(diagnostic, final=code.startswith("5."))


def _permanent(code: str, diagnostic: str) -> Bounce:
    if code in _SOFT:
        return "soft"
    if code == "5.1.0" and not _NOBODY_WORDS.search(diagnostic):
        return "policy"
    return "hard" if code in _HARD else "policy"


def _plain(diagnostic: str, *, final: bool) -> Bounce:
    """By SMTP code and words alone."""
    found = _CODE.search(diagnostic)
    code = found.group(1) if found else ("550" if final else "")
    if code.startswith("4") or code == "552":
        return "soft"
    if _POLICY_WORDS.search(diagnostic):
        return "policy"
    if _NOBODY_WORDS.search(diagnostic):
        return "hard"
    return {"550": "hard", "551": "hard", "553": "hard", "554": "policy"}.get(code, "soft")  # type: ignore[return-value]
