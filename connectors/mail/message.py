"""One outgoing mail as bytes: headers that thread, route replies and bounces home, and let her leave with one click."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any

from connectors.contract import Mail
from connectors.mail.addresses import Addresses
from connectors.mail.templates import Rendered


class _Wire(EmailPolicy):
    """The SMTP policy, but ASCII headers stay as they are: the stdlib would turn a long Message-ID or List-Unsubscribe
    into encoded words, which nobody decodes there.
    """

    def fold(self, name: str, value: Any) -> str:
        """One header line, folded only when it must be encoded."""
        text = str(value)
        return f"{name}: {text}{self.linesep}" if text.isascii() else str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        """The same as bytes."""
        return self.fold(name, value).encode("ascii")


_POLICY = _Wire(linesep="\r\n", cte_type="7bit", raise_on_defect=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A mail with its envelope, ready for the wire."""

    sender: str
    """Envelope sender."""
    to: str = field(repr=False)
    message_id: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Writer:
    """Writes our mails: who we are and where people answer."""

    addresses: Addresses
    from_name: str
    from_address: str
    public_url: str

    def unsubscribe_url(self, mail_id: str) -> str:
        """The page where she asks for no more mail."""
        return f"{self.public_url}/u/{self.addresses.tokens.mint('unsubscribe', mail_id)}"

    def click_url(self, mail_id: str, index: int) -> str:
        """The address of a mail's link, by its place in the template's list."""
        return f"{self.public_url}/r/{self.addresses.tokens.mint('click', f'{mail_id}-{index}')}"

    def write(self, job: Mail, rendered: Rendered, mark: str, now: datetime) -> Letter:
        """The mail for a job, with `mark` before its subject.

        Raises ValueError for a recipient or header with line breaks or other control characters, or an address that is
        none.
        """
        message = EmailMessage(policy=_POLICY)
        for name, value in self._headers(job, f"{mark}{rendered.subject}", now):
            if any(ord(c) < 32 or ord(c) == 127 for c in str(value)):
                raise ValueError(f"control characters in the header {name}")
            message[name] = value
        message.set_content(rendered.text, cte="base64" if not rendered.text.isascii() else "quoted-printable")
        message.add_alternative(rendered.html, subtype="html", cte="base64")
        message.set_boundary(f"=_{job.row_id}")
        return Letter(
            sender=self.addresses.bounce(job.row_id),
            to=job.to,
            message_id=self.addresses.message_id(job.row_id),
            data=message.as_bytes(),
        )

    def _headers(self, job: Mail, subject: str, now: datetime) -> list[tuple[str, Any]]:
        mail_id = job.row_id
        threading = [("In-Reply-To", job.in_reply_to), ("References", job.in_reply_to)] if job.in_reply_to else []
        leave = f"<{self.unsubscribe_url(mail_id)}>, <mailto:{self.addresses.unsubscribe(mail_id)}?subject=unsubscribe>"
        return [
            ("From", _address(self.from_name, self.from_address)),
            ("To", _address(job.to_name, job.to)),
            ("Subject", subject),
            ("Date", format_datetime(now)),
            ("Message-ID", self.addresses.message_id(mail_id)),
            ("Reply-To", self.addresses.reply(mail_id)),
            *threading,
            ("List-Unsubscribe", leave),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("Auto-Submitted", "auto-generated"),
            ("Feedback-ID", f"{job.template}:{job.purpose}:tower:{self.addresses.sending_domain}"),
            ("X-Tower-Mail", job.template),
        ]


def _address(name: str, address: str) -> Address:
    """An address header's value. Raises ValueError."""
    if any(ord(c) < 32 or ord(c) == 127 for c in name + address):
        raise ValueError("control characters in a name or address")
    try:
        return Address(display_name=name, addr_spec=address)
    except (MessageError, ValueError, IndexError, AttributeError) as problem:
        # The stdlib's parser raises all of these for malformed addresses.
        raise ValueError("not a mail address") from problem
