"""Mails we can tell apart again: what they linked to and how they ended; and forms behind one-time links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update

from storage.tables import forms, mails
from storage.unit import Unit


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackedMail:
    """One mail of ours."""

    id: str
    customer_id: str
    conversation_id: str
    template: str
    purpose: str
    state: str = "queued"
    """queued, sent, bounced, failed."""
    at: datetime
    links: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Name of each link in the mail -> where it leads."""
    message_id: str = ""
    subject: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A form behind a link that can be used once."""

    id: str
    customer_id: str
    conversation_id: str
    at: datetime
    used_at: datetime | None = None


def track(unit: Unit, mail: TrackedMail) -> None:
    """Keep a mail, or bring it up to date."""
    sealed = {"links": dict(mail.links), "message_id": mail.message_id, "subject": mail.subject}
    names = ("id", "customer_id", "conversation_id", "template", "purpose", "state", "at")
    row = {name: getattr(mail, name) for name in names}
    unit.upsert(mails, [row | {"sealed": unit.seal("mails.sealed", mail.id, sealed)}])


def tracked(unit: Unit, mail_id: str) -> TrackedMail | None:
    """One mail of ours."""
    row = unit.row(select(mails).where(mails.c.id == mail_id))
    if row is None:
        return None
    plain = {name: row[name] for name in row if name != "sealed"}
    return TrackedMail(**plain, **unit.open("mails.sealed", mail_id, row["sealed"]))


def mark(unit: Unit, mail_id: str, state: str) -> None:
    """Note how a mail ended."""
    unit.run(update(mails).where(mails.c.id == mail_id).values(state=state))


def link(unit: Unit, mail_id: str, name: str) -> str:
    """Where a link of a mail leads, or empty: never an address somebody else chose."""
    found = tracked(unit, mail_id)
    return "" if found is None else found.links.get(name, "")


def offer_form(unit: Unit, form: Form) -> None:
    """Keep a form; offering the same again changes nothing."""
    row = {name: getattr(form, name) for name in Form.__dataclass_fields__}
    unit.insert_new(forms, row)


def form(unit: Unit, form_id: str) -> Form | None:
    """One form."""
    row = unit.row(select(forms).where(forms.c.id == form_id))
    return None if row is None else Form(**row)


def use_form(unit: Unit, form_id: str, now: datetime) -> Form | None:
    """Use a form's one time; None when it is not there or was used already."""
    fresh = update(forms).where(forms.c.id == form_id, forms.c.used_at.is_(None)).values(used_at=now)
    return form(unit, form_id) if unit.run(fresh).rowcount == 1 else None
