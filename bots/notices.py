"""What a rep is told in her own chat, made when it is sent: the notice, what was held over night, her digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bots.desk import Desk
from bots.making import NotNow, base, reference
from connectors.contract import Job, RepNotice, Skipped, Undeliverable
from rules import digests
from rules.effects import NotifyRep
from rules.model import Conversation, Customer, Rep, Words
from rules.seeing import channels_of
from rules.talk import FORM_LINK
from rules.verbs import label
from storage import customers, outbox, places, references, reps, worklists
from storage.outbox import Claim
from storage.unit import Unit

NOTHING_TO_SAY = "nothing_to_say"
"""Reason of a digest that was not sent, because nothing waits and nothing is due."""
LONGEST = 20
"""So many held notices are named; the others are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """The words of a notice, with what it is about."""

    title: Words
    text: Words
    actions: tuple[str, ...] = ()
    about: str = ""
    customer: Customer | None = None
    talk: Conversation | None = None


def make(desk: Desk, public_url: str, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
    """The notice of a row at this moment."""
    sending = claim.sending
    assert isinstance(sending, NotifyRep)  # noqa: S101 - the only kind this is called for
    rep = reps.by_id(unit, sending.rep)
    if rep is None:
        return NotNow(outcome=Undeliverable(reason="no_such_rep"))
    there = reference(references.of_member(unit, rep.aad_id) if rep.aad_id else None)
    if sending.via == "teams" and there is None and rep.wishes.notices == "both":
        return NotNow(outcome=Skipped(reason="no_reference"))  # its twin goes by WeCom
    told = _told(desk, unit, sending, rep, now)
    if told is None:
        return NotNow(outcome=Skipped(reason=NOTHING_TO_SAY))
    talk = told.talk
    shown = desk.view(unit, told.customer, talk, now, viewer=rep) if told.customer and talk else None
    return RepNotice(
        **base(claim, rep.language),
        rep=rep,
        reference=there,
        title=told.title,
        text=told.text,
        card=shown,
        conversation_id=talk.id if talk is not None else "",
        actions=tuple((verb, label(verb)) for verb in told.actions),
        about=told.about,
        page_url=f"{public_url}/sidebar/c/{talk.id}" if talk is not None else "",
    )


def _told(desk: Desk, unit: Unit, sending: NotifyRep, rep: Rep, now: datetime) -> Told | None:
    if sending.query == "digest":
        words = _digest(desk, unit, rep, now)
        return Told(title=sending.title, text=digests.with_hint(words, sending.text)) if words else None
    held = outbox.held(unit, sending.supersedes) if sending.supersedes else []
    if len(held) > 1:
        return _together(desk, unit, [s for s in held if isinstance(s, NotifyRep)], rep, now)
    customer, talk = _whom(unit, sending.conversation_id)
    text = _quoted(unit, sending)
    if sending.query:
        text = desk.listing(unit, sending.query, rep, text, now)
    return Told(
        title=sending.title,
        text=text,
        actions=sending.actions,
        about=sending.about,
        customer=customer,
        talk=talk,
    )


def _together(desk: Desk, unit: Unit, held: Sequence[NotifyRep], rep: Rep, now: datetime) -> Told:
    """Everything that was held, as one notice: a line each, and how it stands by now."""
    lines = []
    for sending in held[:LONGEST]:
        customer, talk = _whom(unit, sending.conversation_id)
        seen = desk.view(unit, customer, talk, now, viewer=rep) if customer and talk else None
        lines.append(digests.held_line(sending.title, sending.text, seen))
    return Told(title=digests.HELD, text=digests.together(lines, more=len(held) - len(lines)))


def _digest(desk: Desk, unit: Unit, rep: Rep, now: datetime) -> Words | None:
    """What waits for her and what is due, as it stands now."""
    mine = [c for c in desk.listed(unit, "mine", rep, digests.LONGEST, now) if c.sla is not None]
    due = worklists.due_tasks(unit, rep.id, before=now + timedelta(hours=digests.DUE_HOURS), limit=digests.LONGEST)
    unclaimed = worklists.count(unit, rep, channels_of(rep, desk.playbook))
    unknown = len(worklists.conversations_for(unit, "unknown", rep, channels_of(rep, desk.playbook)))
    return digests.digest(mine, due, unclaimed=unclaimed, unknown=unknown, zone=rep.zone, now=now)


def _whom(unit: Unit, conversation_id: str) -> tuple[Customer | None, Conversation | None]:
    customer = customers.load(unit, places.by_conversation(unit, conversation_id).customer_id)
    return customer, customer.conversation(conversation_id) if customer else None


def _quoted(unit: Unit, sending: NotifyRep) -> Words:
    """The notice's text; one about a sending whose end is unknown quotes it, or nobody could settle it."""
    about = outbox.sent(unit, sending.about) if "settle_arrived" in sending.actions else None
    words = getattr(about.sending, "text", "") if about else ""
    if not words:
        return sending.text
    zh, en = (words.replace("{form}", link) for link in (FORM_LINK.zh, FORM_LINK.en))
    return Words(zh=f"{sending.text.zh}\n“{zh}”", en=f"{sending.text.en}\n“{en}”")
