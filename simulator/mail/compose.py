"""Mails that customers, their mail programs and their mail servers write: replies, auto-replies, bounces,
complaints.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from uuid import uuid4

from simulator.mail.letter import Letter, address_in

MX = "mx.sim"
"""The name of the world's trusted mail server."""
_WIRE = policy.SMTP.clone(max_line_length=None)
"""Headers are not folded: a folded Message-ID or References would be re-coded by the stdlib."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manners:
    """How mail programs of one language mark an answer."""

    again: str
    """Prefix of the subject."""
    automatic: str
    quoting: str
    """The line above the quoted mail."""


MANNERS = {
    "zh": Manners(again="回复: ", automatic="自动回复: ", quoting="{date},{sender} 写道:"),
    "en": Manners(again="Re: ", automatic="Automatic reply: ", quoting="On {date}, {sender} wrote:"),
}


def reply_to(letter: Letter, *, name: str, text: str, auto: bool, language: str, now: datetime) -> tuple[bytes, str]:
    """The owner's answer to `letter`: its bytes and the address it goes to.

    Threading as RFC 5322 3.6.4 asks; an automatic one carries Auto-Submitted (RFC 3834). Raises ValueError
    when the letter names nobody to answer.
    """
    to = address_in(letter.raw, "Reply-To") or address_in(letter.raw, "From")
    if not to:
        raise ValueError("the mail has no address to answer to")
    subject, manners = letter.header("Subject"), MANNERS["zh" if language.startswith("zh") else "en"]
    message = _blank(formataddr((name, letter.address)), to, now)
    parent = letter.header("Message-ID")
    message["In-Reply-To"] = parent
    message["References"] = " ".join((letter.header("References") + " " + parent).split())
    if auto:
        message["Subject"] = manners.automatic + subject
        message["Auto-Submitted"] = "auto-replied"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(text + "\n", cte="quoted-printable")
    else:
        message["Subject"] = subject if subject.startswith(manners.again) else manners.again + subject
        message.set_content(f"{text}\n\n{_quoted(letter, manners)}\n", cte="quoted-printable")
    return message.as_bytes(policy=_WIRE), to


def mail_from(*, name: str, address: str, to: str, subject: str, text: str, now: datetime) -> bytes:
    """A fresh mail that answers nothing."""
    message = _blank(formataddr((name, address)), to, now)
    message["Subject"] = subject
    message.set_content(text + "\n", cte="quoted-printable")
    return message.as_bytes(policy=_WIRE)


def bounce_for(raw: bytes, address: str, status: str, diagnostic: str, now: datetime) -> bytes:
    """A delivery status notification (RFC 3464) for the mail `raw` that did not reach `address`."""
    action = "delayed" if status.startswith("4") else "failed"
    words = "is delayed; we keep trying" if action == "delayed" else "could not be delivered"
    message = _report("delivery-status", address_in(raw, "From"), now)
    message["Subject"] = f"Delivery Status Notification ({action.capitalize()})"
    message["Auto-Submitted"] = "auto-replied"
    message.attach(_text_part(f"Your message to {address} {words}.\r\n\r\n{diagnostic}\r\n"))
    fields = (
        f"Reporting-MTA: dns; {MX}\r\n"
        f"Arrival-Date: {format_datetime(now)}\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\n"
        f"Action: {action}\r\n"
        f"Status: {status}\r\n"
        f"Remote-MTA: dns; mailbox.sim\r\n"
        f"Diagnostic-Code: smtp; {diagnostic}\r\n"
    )
    message.attach(_part("message/delivery-status", fields.encode()))
    message.attach(_part("text/rfc822-headers", _headers_of(raw)))
    return message.as_bytes(policy=_WIRE)


def complaint_for(letter: Letter, now: datetime) -> bytes:
    """An abuse report (ARF, RFC 5965): the owner pressed "this is spam"."""
    message = _report("feedback-report", letter.sender, now)
    message["Subject"] = f"FW: {letter.header('Subject')}"
    message.attach(_text_part(f"This is an email abuse report for a mail received by {letter.address}.\r\n"))
    fields = (
        "Feedback-Type: abuse\r\nUser-Agent: Mailbox-Sim/1.0\r\nVersion: 1\r\n"
        f"Original-Mail-From: <{letter.sender}>\r\n"
        f"Original-Rcpt-To: <{letter.address}>\r\n"
        f"Arrival-Date: {format_datetime(letter.at)}\r\n"
    )
    message.attach(_part("message/feedback-report", fields.encode()))
    message.attach(_part("message/rfc822", letter.raw))
    return message.as_bytes(policy=_WIRE)


def _blank(sender: str, to: str, now: datetime) -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = sender
    message["To"] = to
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{uuid4().hex}@{MX}>"
    return message


def _report(kind: str, to: str, now: datetime) -> EmailMessage:
    message = _blank(f"Mail Delivery System <mailer-daemon@{MX}>", to, now)
    message["MIME-Version"] = "1.0"
    message.add_header("Content-Type", "multipart/report", report_type=kind, boundary=f"=_{uuid4().hex}")
    return message


def _text_part(text: str) -> EmailMessage:
    return _part("text/plain; charset=utf-8", text.encode())


def _part(content_type: str, body: bytes) -> EmailMessage:
    """A part whose bytes stay exactly as given."""
    head = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return message_from_bytes(head.encode() + body, policy=policy.SMTP)


def _headers_of(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0].replace(b"\n", b"\r\n") + b"\r\n"


def _quoted(letter: Letter, manners: Manners) -> str:
    lines = "\n".join(f"> {line}" for line in letter.text.split("\n"))
    above = manners.quoting.format(date=format_datetime(letter.at), sender=letter.header("From"))
    return f"{above}\n{lines}"
