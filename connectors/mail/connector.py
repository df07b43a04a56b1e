"""The mail connector: jobs become mails, and what comes back becomes events."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiohttp import web

from connectors.contract import (
    Certainty,
    Clock,
    Delivered,
    Finding,
    Hub,
    Job,
    Mail,
    Outcome,
    Preview,
    Site,
    TryLater,
    Undeliverable,
)
from connectors.mail.addresses import Addresses
from connectors.mail.caps import DayCap, DomainCap
from connectors.mail.checks import Checker
from connectors.mail.client import SmtpClient
from connectors.mail.listener import Door, MailServer
from connectors.mail.mailbox import Mailbox
from connectors.mail.message import Letter, Writer
from connectors.mail.settings import MailSettings
from connectors.mail.templates import Template, Templates
from connectors.mail.transport import GraphTransport, Post, Transport
from connectors.mail.verdict import Verdict
from rules.errors import Unavailable
from rules.language import taiwan
from rules.model import ReplyLimits
from rules.tokens import Tokens


class MailConnector:
    """Mail, out and in."""

    name = "mail"
    limits = ReplyLimits(text_bytes=100_000)

    def __init__(
        self,
        settings: MailSettings,
        hub: Hub,
        clock: Clock,
        tokens: Tokens,
        public_url: str,
        *,
        post: Post | None = None,
    ) -> None:
        """Compile the templates. `post` is how Graph sends, where it does. Raises PlaybookError with every mistake."""
        addresses = Addresses(tokens=tokens, reply_domain=settings.reply_domain, sending_domain=settings.sending_domain)
        verdict = Verdict(keys=settings.mx_keys)
        self._settings = settings
        self._tokens = tokens
        self._clock = clock
        self._templates = Templates.load(Path(settings.templates))
        self._writer = Writer(
            addresses=addresses,
            from_name=settings.from_name,
            from_address=settings.from_address,
            public_url=public_url.rstrip("/"),
        )
        self._cap = DomainCap(hub, settings.per_domain_per_hour)
        self._day = DayCap(hub, settings.per_day)
        self._transport = _transport(settings, post)
        door = Door(addresses, verdict, hub, clock)
        self._server = MailServer(settings.listener, door, name=settings.reply_domain) if settings.listener else None
        self._mailbox = Mailbox(settings.imap, addresses, verdict, hub, clock) if settings.imap else None
        self._ready = False

    def routes(self) -> Sequence[web.RouteDef]:
        """None: mail comes in by SMTP or IMAP."""
        return ()

    def takes(self, job: Job) -> bool:
        """Mails only."""
        return isinstance(job, Mail)

    def certainty(self, job: Job) -> Certainty:
        """SMTP has no key and cannot be asked later (RFC 1047): an unknown end waits for a person."""
        return "none"

    async def deliver(self, job: Job) -> Outcome:
        """Write the mail and hand it to the server."""
        assert isinstance(job, Mail)  # noqa: S101 - `takes` says so
        template = self._templates.get(job.template, job.language)
        if template is None:
            return Undeliverable(reason="no_template", detail=f"no template {job.template!r}")
        try:
            letter = self.write(job, template)
        except ValueError as problem:
            return Undeliverable(reason="no_address", detail=str(problem))
        try:
            if seconds := await self._cap.take(job.to.rpartition("@")[2], self._clock()):
                return TryLater(reason="domain_cap", seconds=seconds)
            if seconds := await self._day.take(self._clock()):
                return TryLater(reason="day_cap", seconds=seconds, scope="platform")
        except Unavailable:
            return TryLater(reason="unreachable", seconds=5, scope="platform")
        outcome = await self._transport.send(letter, job.attempt)
        if isinstance(outcome, Delivered):
            links = json.dumps([url for _, url in template.links])
            extra = {**outcome.extra, "links": links, "sent_wall": f"{time.time():.3f}"}
            return Delivered(wire_id=outcome.wire_id, extra=extra)
        return outcome

    def write(self, job: Mail, template: Template) -> Letter:
        """The mail as it goes out. Raises ValueError for a recipient that is none."""
        rendered = template.render(
            job.variables,
            click=lambda index: self._writer.click_url(job.row_id, index),
            unsubscribe=self._writer.unsubscribe_url(job.row_id),
        )
        mark = self._settings.subject_mark.get(template.language.split("-")[0], "")
        if template.language == "zh-TW":
            mark = taiwan(mark)
        return self._writer.write(job, rendered, mark, self._clock())

    def preview(self, template: str, language: str, variables: Mapping[str, str]) -> Preview | None:
        """See connectors.contract.Previews."""
        found = self._templates.get(template, language)
        if found is None:
            return None
        made = found.render(variables, click=lambda _: "#", unsubscribe="#")
        return Preview(subject=made.subject, text=made.text, html=made.html)

    def links(self, template: str, language: str) -> tuple[tuple[str, str], ...]:
        """(name, URL) of a template's links; their place here is the index in click addresses."""
        found = self._templates.get(template, language)
        return found.links if found else ()

    def addresses(self, template: str, language: str) -> tuple[str, ...]:
        """Where a template's links lead, in that order."""
        return tuple(url for _, url in self.links(template, language))

    @property
    def template_names(self) -> frozenset[str]:
        """Templates there are, for the check of a playbook."""
        return self._templates.names

    @property
    def template_languages(self) -> Mapping[str, frozenset[str]]:
        """The languages each template is written in."""
        return self._templates.languages

    @property
    def port(self) -> int:
        """The listener's port; 0 when there is none or it has not started."""
        return self._server.port if self._server else 0

    async def read_back(self, job: Job) -> Outcome | None:
        """SMTP cannot tell."""
        return None

    async def start(self) -> None:
        """Open the door. Raises OSError when the listener's port is taken."""
        if self._server is not None:
            await self._server.start()
        if self._mailbox is not None:
            self._mailbox.start()
        self._ready = True

    async def checks(self, site: Site) -> Sequence[Finding]:
        """Whether mail goes out, comes in, and can be refused."""
        return await Checker(settings=self._settings, tokens=self._tokens, site=site).all()

    async def stop(self) -> None:
        """Close the door and hang up."""
        self._ready = False
        if self._server is not None:
            await self._server.stop()
        if self._mailbox is not None:
            await self._mailbox.stop()
        await self._transport.close()

    @property
    def ready(self) -> bool:
        """Whether the door is open."""
        return self._ready


def _transport(settings: MailSettings, post: Post | None) -> Transport:
    """The way out that the configuration names."""
    if settings.smtp is not None and settings.transport == "smtp":
        return SmtpClient(settings.smtp, hello=settings.reply_domain)
    if post is None:
        raise ValueError("mail goes out through Graph, and nobody gave a way to it")
    return GraphTransport(post, mailbox=settings.from_address)
