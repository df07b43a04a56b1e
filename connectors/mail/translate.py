"""From the bytes of an incoming mail to what happened. Pure: the same bytes at the same address are the same event."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b

from connectors.contract import Inbound, InboundFile
from connectors.mail.addresses import Recipient
from connectors.mail.quotes import own_words
from connectors.mail.reading import Opened, clean_line, open_mail
from connectors.mail.reports import Report, report_of
from connectors.mail.verdict import Verdict
from rules.events import Attachment, MailBounced, MailReceived, Unsubscribed
from rules.files import clean_name, form_of, sniff
from rules.model import Address

_MOST_RAW = 256 * 1024
"""How much of a mail is kept as it came; attachments are kept apart."""
_MACHINE_PRECEDENCE = frozenset(("auto_reply", "auto-reply", "bulk", "junk", "list"))
_MACHINE_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponder", "list-id", "list-unsubscribe")
_MACHINE_SUBJECTS = (
    "automatic reply",
    "auto reply",
    "auto-reply",
    "autoreply",
    "out of office",
    "自动回复",
    "自動回覆",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A mail at the door."""

    raw: bytes
    envelope_sender: str
    """Empty for the null sender."""
    at: datetime
    """Business time."""
    wall: float
    """Epoch seconds when the trusted server handed it over: what its verdict's age is measured against."""


def translate(arrival: Arrival, mail: Opened, to: Recipient, verdict: Verdict) -> Inbound | None:
    """The event a mail stands for; None for a report that nothing went wrong."""
    if to.purpose == "unsubscribe":
        # Asking again later must count again (she may have consented in between), so the mail names the event.
        event_id = _id("mail-unsubscribed", arrival, mail, to)
        return _inbound(arrival, to, Unsubscribed(id=event_id, at=arrival.at, mail_id=to.mail_id, how="mailto"))
    report = report_of(mail)
    if report is None:
        event = _received(arrival, mail, to, verified=verdict.passes(mail, arrival.wall))
        return _with_files(_inbound(arrival, to, event), event, mail)
    return _inbound(arrival, to, _bounced(arrival, mail, to, report)) if report.bounce else None


def read(arrival: Arrival, to: Recipient, verdict: Verdict) -> Inbound | None:
    """Open a mail and translate it. Raises BadRequest for one that is no mail."""
    return translate(arrival, open_mail(arrival.raw), to, verdict)


def _received(arrival: Arrival, mail: Opened, to: Recipient, *, verified: bool) -> MailReceived:
    words = own_words(mail.text)
    files = "\n".join(f"[{one.name}]" for one in mail.files)
    return MailReceived(
        id=_id("mail-verified" if verified else "mail-unverified", arrival, mail, to),
        at=arrival.at,
        mail_id=to.mail_id,
        sender=mail.sender[:254],
        subject=mail.subject,
        text=f"{words}\n{files}".strip() if files else words,
        automatic=to.purpose == "bounce" or is_automatic(mail, arrival.envelope_sender),
        verified=verified,
        message_id=clean_line(mail.first("message-id"), 998),
    )


def _with_files(inbound: Inbound, event: MailReceived, mail: Opened) -> Inbound:
    """The mail with what is enclosed. Whatever is not proven to be from a person stays in the mail system."""
    if not event.verified or event.automatic or not mail.files:
        return inbound
    files = tuple(
        InboundFile(
            id=blake2b(f"{event.id}\n{number}".encode(), digest_size=16).hexdigest(),
            form=form_of(sniff(one.content)),
            name=clean_name(one.name),
            type=one.type,
            content=b"" if one.cut else one.content,
            size=len(one.content) if one.cut else 0,
        )
        for number, one in enumerate(mail.files)
    )
    attachments = tuple(Attachment(media=f.form, name=f.name, type=f.type, file_id=f.id) for f in files)
    return replace(inbound, event=replace(event, attachments=attachments), files=files)


def _bounced(arrival: Arrival, mail: Opened, to: Recipient, report: Report) -> MailBounced:
    assert report.bounce  # noqa: S101 - told apart by the caller; for the type checker
    return MailBounced(
        id=_id("mail-bounced", arrival, mail, to),
        at=arrival.at,
        mail_id=to.mail_id,
        bounce=report.bounce,
        status=report.status,
        diagnostic=report.diagnostic,
    )


def is_automatic(mail: Opened, envelope_sender: str) -> bool:
    """Whether a machine wrote it (RFC 3834 and what mail programs do): never a touch, never answered."""
    submitted = mail.first("auto-submitted").split(";")[0].strip().lower()
    return (
        envelope_sender.strip("<> ") == ""
        or submitted not in ("", "no")
        or any(mail.all(name) for name in _MACHINE_HEADERS)
        or mail.first("precedence").strip().lower() in _MACHINE_PRECEDENCE
        or mail.subject.lower().removeprefix("re: ").startswith(_MACHINE_SUBJECTS)
    )


def _id(what: str, arrival: Arrival, mail: Opened, to: Recipient) -> str:
    """The same mail handed in twice is one event. The verdict belongs to `what`: a forgery that guesses a Message-ID
    must not take the place of the real mail.
    """
    name = mail.first("message-id").strip()
    same = name.encode("utf-8", "surrogateescape") if name else arrival.raw
    digest = blake2b(b"\n".join((what.encode(), to.mail_id.encode(), same)), digest_size=16)
    return f"{what}-{digest.hexdigest()}"


def _inbound(arrival: Arrival, to: Recipient, event: MailReceived | MailBounced | Unsubscribed) -> Inbound:
    order = Address(connector="hub", account="customer", wire_id=to.mail_id)
    return Inbound(event=event, order=order, raw=arrival.raw[:_MOST_RAW])
