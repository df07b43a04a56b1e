"""Reports of mail servers about a mail of ours: it bounced (RFC 3464), or its reader complained (ARF, RFC 5965)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from connectors.mail.codes import enhanced, kind_of
from connectors.mail.reading import Opened, clean_line

_FIELD = re.compile(r"^([A-Za-z-]{1,40}):[ \t]*(.*)$", re.MULTILINE)
_MACHINES = ("mailer-daemon@", "postmaster@", "mail-daemon@")
_MAIL_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"]+@[^\s<>()\[\]:;,\"]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a server says became of a mail. `delivered` and the like are no bounce."""

    bounce: Literal["hard", "soft", "policy", "complaint", ""]
    status: str = ""
    diagnostic: str = ""
    """The other server's words, mail addresses taken out."""


def report_of(mail: Opened) -> Report | None:
    """The report a mail carries; None when it is no report at all."""
    if (feedback := mail.part("message/feedback-report")) is not None:
        kind = _fields(feedback).get("feedback-type", "abuse").lower()
        return Report(bounce="" if kind == "not-spam" else "complaint", status=clean_line(kind, 40))
    if (delivery := mail.part("message/delivery-status")) is not None:
        return _delivery(delivery)
    if mail.sender.startswith(_MACHINES) or mail.all("x-failed-recipients"):
        words = _without_people(clean_line(mail.text[:5000], 300))
        return Report(bounce=kind_of("", mail.text[:5000]), status=enhanced(mail.text[:5000]), diagnostic=words)
    return None


def _delivery(text: str) -> Report:
    """The first recipient that failed or is delayed; our mails have one."""
    for block in text.split("\n\n"):
        fields = _fields(block)
        action = fields.get("action", "").lower()
        if action not in ("failed", "delayed"):
            continue
        status, diagnostic = enhanced(fields.get("status", "")), fields.get("diagnostic-code", "")
        bounce: Literal["hard", "soft", "policy"] = "soft" if action == "delayed" else kind_of(status, diagnostic)
        return Report(bounce=bounce, status=status, diagnostic=_without_people(clean_line(diagnostic, 300)))
    return Report(bounce="")


def _fields(block: str) -> dict[str, str]:
    unfolded = re.sub(r"\n[ \t]+", " ", block)
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(unfolded):
        found.setdefault(name.lower(), value.strip())
    return found


def _without_people(text: str) -> str:
    return _MAIL_ADDRESS.sub("<address>", text)
