"""The outsiders' pages' facts, from the hub's own memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.contract import Clock
from rules.book import Playbook
from rules.effects import SendMail
from rules.model import Words
from sidebar.outside.facts import FormState, LinkTarget
from storage import customers, inbox, mails, outbox
from storage.database import Database
from storage.unit import Unit

FORM_DAYS = 14
"""How long a one-time form may wait for her."""


@dataclass(kw_only=True)
class StoredFacts:
    """Looks up forms, links and mails."""

    db: Database
    playbook: Playbook
    clock: Clock
    company: str
    """Who asks, as a customer knows us."""
    links: Callable[[str, str], Sequence[str]]
    """Where a template's links lead, by its name and language: for mails whose own list was never stored, because
    nobody knew at first whether they had arrived."""

    async def form_state(self, form_id: str) -> FormState | None:
        """The form with this id; None when there is none."""
        now = self.clock()
        return await self.db.read(lambda unit: self._form(unit, form_id, now))

    async def link_target(self, mail_id: str, index: int) -> LinkTarget | None:
        """The link of a mail by its place in the template's list; None when there is none."""

        def look(unit: Unit) -> LinkTarget | None:
            row = outbox.sent(unit, mail_id)
            if row is None or not isinstance(row.sending, SendMail):
                return None
            kept = row.facts.get("links")
            urls = json.loads(kept) if kept else self.links(row.sending.template, row.sending.language)
            if not 0 <= index < len(urls):
                return None
            wall = row.facts.get("sent_wall")
            return LinkTarget(url=urls[index], sent_wall=float(wall) if wall else None)

        return await self.db.read(look)

    async def mail_language(self, mail_id: str) -> str | None:
        """The language a mail of ours was written in; None when we never sent it."""

        def look(unit: Unit) -> str | None:
            row = outbox.sent(unit, mail_id)
            return row.sending.language if row is not None and isinstance(row.sending, SendMail) else None

        return await self.db.read(look)

    def _form(self, unit: Unit, form_id: str, now: datetime) -> FormState | None:
        form = mails.form(unit, form_id)
        customer = customers.load(unit, form.customer_id) if form else None
        if form is None or customer is None:
            return None
        return FormState(
            conversation_id=form.conversation_id,
            language=customer.language,
            used=form.used_at is not None or inbox.known(unit, f"form-{form_id}"),
            expired=now - form.at > timedelta(days=FORM_DAYS),
            purpose=self.playbook.wakeup.purpose,
            company=self.company,
            industries=tuple(
                (key, Words(zh=kind.name.zh, en=kind.name.en)) for key, kind in self.playbook.industries.items()
            ),
        )
