"""What an operator may set about mail: the `[mail]` table of hub.toml."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator

_DOMAIN = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_LOOPBACK = frozenset(("127.0.0.1", "::1", "localhost"))


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Smtp(_Table):
    """The server that takes our mail and signs it (DKIM must cover List-Unsubscribe and List-Unsubscribe-Post)."""

    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    user: str = ""
    password: SecretStr | None = None
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """`tls` from the first byte (port 465), `starttls` (587), or `none`: allowed with a user on this machine only."""
    ca_file: str = ""
    """Certificates to trust instead of the system's, for a server inside the company."""
    hello: str = ""
    """The name we give in EHLO; empty = the reply domain."""
    timeout_seconds: float = Field(default=60, gt=0)
    """Wall seconds for each answer of the server."""

    @field_validator("tls")
    @classmethod
    def _no_password_in_the_clear(cls, tls: str, info: ValidationInfo) -> str:
        if tls == "none" and info.data.get("user") and info.data.get("host") not in _LOOPBACK:
            raise ValueError("a user signs in over TLS: set tls to starttls or tls")
        return tls


class Listener(_Table):
    """Our own door for replies and bounces; the company's mail server hands the reply domain's mail in here."""

    host: str = "127.0.0.1"
    port: int = Field(default=2525, ge=0, le=65535)
    """0 takes any free port."""
    max_bytes: int = Field(default=10 * 1024 * 1024, ge=64 * 1024, le=50 * 1024 * 1024)
    idle_seconds: float = Field(default=60, gt=0)
    """Wall seconds without a command, and for the whole of one mail's data."""
    session_seconds: float = Field(default=600, gt=0)
    """Wall seconds for a whole session."""
    sessions: int = Field(default=50, ge=1, le=1000)
    """Sessions at once; more are told to come back."""
    certificate: str = ""
    """PEM file with certificate and key; when set, STARTTLS is offered."""


class Imap(_Table):
    """A mailbox that collects what comes to the reply domain (a catch-all), for companies that cannot route it."""

    host: str = Field(min_length=1)
    port: int = Field(default=993, ge=1, le=65535)
    user: str = Field(min_length=1)
    password: SecretStr
    tls: Literal["tls", "none"] = "tls"
    ca_file: str = ""
    """Certificates to trust instead of the system's."""
    folder: str = Field(default="INBOX", min_length=1)
    poll_seconds: float = Field(default=30, gt=0)
    """Wall seconds between looks."""

    @field_validator("tls")
    @classmethod
    def _no_password_in_the_clear(cls, tls: str, info: ValidationInfo) -> str:
        if tls == "none" and info.data.get("host") not in _LOOPBACK:
            raise ValueError("a mailbox is read over TLS")
        return tls


class MailSettings(_Table):
    """Everything about mail."""

    transport: Literal["smtp", "graph"] = "smtp"
    """`graph`: Microsoft Graph sends from the mailbox `from_address`, with the app of [teams] and its Mail.Send."""
    smtp: Smtp | None = None
    """Where mail goes out; not needed with Graph."""
    from_name: str = Field(min_length=1, max_length=100)
    from_address: str = Field(max_length=254)
    """Its domain must be aligned with SPF or DKIM (DMARC)."""
    reply_domain: str
    """Only the hub's own addresses live there: r+..., b+... and u+..."""
    mx_secret: SecretStr
    """Shared with the trusted mail server that hands mail in; proves its verdict on the sender."""
    mx_secret_old: SecretStr | None = None
    """The secret before, while it is being changed."""
    listener: Listener | None = None
    imap: Imap | None = None
    per_domain_per_hour: int = Field(default=200, ge=1)
    """Mails to one domain in one hour of business time; more wait."""
    per_day: int = Field(default=5000, ge=1)
    """Mails to anybody in 24 hours of business time; more wait. Doubtful: Exchange Online is known to take 10,000
    recipients a day from one mailbox, other servers have limits of their own."""
    subject_mark: dict[str, str] = Field(default_factory=lambda: {"zh": "（广告）"})
    """Put before the subject, by language; the Chinese rules of 2006 on e-mail ask for 广告 or AD."""
    templates: str = "playbooks/mail"
    dkim_selector: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,63}$")
    """Name of the key that our mail server signs with (RFC 6376); the doctor looks whether it is published."""
    dns: str = Field(default="", pattern=r"^([0-9a-fA-F.:]+:\d{1,5})?$")
    """Name server that the doctor asks, as `address:port`; empty = the system's."""

    @field_validator("from_name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("one printable line")
        return value

    @field_validator("from_address")
    @classmethod
    def _address(cls, value: str) -> str:
        local, _, domain = value.rpartition("@")
        if not re.fullmatch(r"[A-Za-z0-9._%+-]{1,64}", local) or not _DOMAIN.match(domain.lower()):
            raise ValueError("a mail address like sales@example.com")
        return value

    @field_validator("reply_domain")
    @classmethod
    def _domain(cls, value: str) -> str:
        if not _DOMAIN.match(value.lower()):
            raise ValueError("a domain like reply.example.com")
        return value.lower()

    @field_validator("imap")
    @classmethod
    def _a_way_in(cls, value: Imap | None, info: ValidationInfo) -> Imap | None:
        if value is not None and info.data.get("listener") is not None:
            raise ValueError("replies come in by [mail.listener] or by [mail.imap], not by both")
        return value

    @model_validator(mode="after")
    def _a_way_out(self) -> MailSettings:
        if self.transport == "smtp" and self.smtp is None:
            raise ValueError('a table [mail.smtp], or transport = "graph"')
        return self

    @property
    def mx_keys(self) -> tuple[bytes, ...]:
        """The secrets whose verdicts are believed."""
        secrets = (self.mx_secret, *([self.mx_secret_old] if self.mx_secret_old else []))
        return tuple(s.get_secret_value().encode() for s in secrets)

    @property
    def sending_domain(self) -> str:
        """The domain of the From address."""
        return self.from_address.rpartition("@")[2].lower()
