"""The one view of a customer that every face shows, worked out once from what the hub holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rules import cardparts
from rules.book import Playbook
from rules.card import NOT_TOLD, CardView, TouchView, WakeupView
from rules.decision import Because
from rules.events import Happened
from rules.facts import Facts
from rules.gates import may_send
from rules.heat import HEAT_WORDS, heat_of
from rules.listrow import state_of
from rules.masking import masked_mail
from rules.model import STAGE_WORDS, Conversation, Customer, Entry, Identity, Rep, ReplyLimits, Words
from rules.nextstep import Standing, next_step
from rules.reasons import reason_words
from rules.routing import choose, explain
from rules.sla import Sla, sla_of
from rules.window import reply_window, why_closed

NO_LIMITS = ReplyLimits()
TOUCHES_SHOWN = 5
SCORES_SHOWN = 5
TAKES_OVER = "wecom"
"""The platform with a client of its own in which a colleague can take a session."""
RISK_HOURS = 24
"""After how many hours without an answer of ours a waiting customer is a risk."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """Everything a card is drawn from."""

    customer: Customer
    conversation: Conversation
    playbook: Playbook
    now: datetime
    reps: Sequence[Rep] = ()
    limits: ReplyLimits = NO_LIMITS
    touches: Sequence[TouchView] = ()
    """Newest first."""
    touch_count: int = 0
    entries: Sequence[Entry] = ()
    """Lines of the score ledger; the heaviest are shown."""
    route: Because | None = None
    """The routing step of the newest trace that has one."""
    assigned: Because | None = None
    """The same for whoever owns her."""
    staged: Because | None = None
    """The same for her stage."""
    woken: Because | None = None
    """The same for her wake-up mail."""
    identities: Sequence[Identity] = ()
    unknown: int = 0
    paused: bool = False
    viewer: Rep | None = None
    channel_was: str = ""
    """What a channel that left the playbook was called last."""


def build(seen: Seen) -> CardView:
    """The card as it is now."""
    customer, talk, book = seen.customer, seen.conversation, seen.playbook
    heat = heat_of(book, _facts(seen))
    industry = book.industries.get(customer.industry)
    source = book.sources.get(customer.source)
    segment = next((s.name for s in book.segments if s.id == customer.segment), None)
    language = seen.viewer.language if seen.viewer else book.language
    channel = book.channels.get(talk.channel)
    sla = sla_of(talk, book, seen.now)
    stopped = why_closed(talk, seen.limits, seen.now)
    return CardView(
        conversation_id=talk.id,
        customer_id=customer.id,
        version=talk.card_version,
        state=state_of(talk),
        name=customer.name,
        title=customer.attributes.get("title", ""),
        company=customer.attributes.get("company", ""),
        stage=customer.stage,
        stage_words=STAGE_WORDS[customer.stage],
        score=round(customer.score(seen.now)),
        heat=heat,
        heat_words=HEAT_WORDS[heat],
        qualified=customer.qualified,
        segment=segment.in_(language) if segment else customer.segment,
        industry=industry.name.in_(language) if industry else customer.industry,
        source=source.name.in_(language) if source else customer.source,
        owner=_name(seen, customer.owner),
        connector=talk.address.connector,
        channel=channel.name if channel else seen.channel_was or talk.channel,
        why=_why(seen),
        next_step=next_step(_standing(seen)),
        risk=_risk(seen),
        window=reply_window(talk, seen.limits, seen.now),
        paused=seen.paused,
        mail_allowed=may_send(customer, seen.now, book, seen.paused)[1].words,
        tags=cardparts.tags(customer, book, seen.reps, language),
        touches=tuple(seen.touches[:TOUCHES_SHOWN]),
        touch_count=seen.touch_count or len(seen.touches),
        score_lines=cardparts.score_lines(seen.entries, book, seen.now, SCORES_SHOWN),
        tasks=cardparts.tasks(customer, seen.reps, seen.now),
        unknown=seen.unknown,
        wakeup=_wakeup(seen, language),
        mail_masked=masked_mail(customer.attributes.get("mail", "")),
        zone=seen.viewer.zone if seen.viewer else book.office.zone,
        hers=customer.zone,
        owner_id=customer.owner,
        owner_why=_told(seen.assigned),
        stage_why=_told(seen.staged),
        next_owner=_next_owner(seen),
        next_due=_next_due(seen, sla),
        sla=sla,
        may_reply=not stopped,
        no_reply=reason_words(stopped) if stopped else None,
        bant=cardparts.bant(customer, book, seen.reps),
        identities=cardparts.identities(seen.identities),
        scripts=cardparts.ready_scripts(customer, book, _name(seen, seen.viewer.id if seen.viewer else customer.owner)),
        channels=tuple((key, c.name) for key, c in book.channels.items() if key != talk.channel),
        stages=tuple((stage.value, words) for stage, words in STAGE_WORDS.items() if stage != customer.stage),
        taken_over=talk.taken_over,
        can_take_over=talk.address.connector == TAKES_OVER,
    )


def _facts(seen: Seen) -> Facts:
    nothing = Happened(id="", at=seen.now)
    return Facts(customer=seen.customer, conversation=seen.conversation, event=nothing, now=seen.now)


def _name(seen: Seen, rep_id: str) -> str:
    return cardparts.name_of(seen.reps, rep_id)


def _why(seen: Seen) -> Words:
    if seen.route is not None:
        return seen.route.words
    if seen.conversation.cell == "by-hand":
        return Words(zh="同事手动转到这里", en="A colleague moved it here by hand")
    return explain(choose(seen.customer, seen.playbook), seen.playbook).words


def _told(step: Because | None) -> Words:
    return step.words if step is not None else NOT_TOLD


def _next_owner(seen: Seen) -> str:
    """The one who does the next step: who claimed it, or else her owner."""
    return _name(seen, seen.conversation.claimed_by or seen.customer.owner)


def _next_due(seen: Seen, sla: Sla | None) -> datetime | None:
    """By when: the answer she waits for, or else the first task."""
    if sla is not None:
        return sla.due_at
    return min((t.due_at for t in seen.customer.tasks), default=None)


def _standing(seen: Seen) -> Standing:
    customer, newest = seen.customer, seen.touches[0] if seen.touches else None
    return Standing(
        talk=seen.conversation,
        owner=_name(seen, customer.owner),
        claimed=_name(seen, seen.conversation.claimed_by),
        unknown=bool(seen.unknown),
        failed=newest is not None and newest.state == "failed",
        mailed=newest is not None and (newest.who, newest.where) == ("customer", "mail"),
        task=min(customer.tasks, key=lambda t: (t.due_at, t.id)).title if customer.tasks else None,
        has_mail=bool(customer.attributes.get("mail")),
    )


def _risk(seen: Seen) -> Words | None:
    """What may go wrong, if anything."""
    talk = seen.conversation
    since = talk.waiting_since
    window = reply_window(talk, seen.limits, seen.now)
    if talk.channel and talk.channel not in seen.playbook.channels and talk.status != "closed":
        return Words(
            zh="风险：剧本里已没有这个频道，请转到其他频道",
            en="Risk: the playbook has no such channel any more; move it to another one",
        )
    if since is None:
        return None
    waited = (seen.now - since).total_seconds() / 3600
    if not window.open:
        return Words(
            zh="风险：回复窗口已关闭，消息发不出去", en="Risk: the reply window is closed, nothing can be sent"
        )
    if waited >= RISK_HOURS:
        days = max(1, round(waited / 24))
        return Words(zh=f"风险：已 {days} 天没有回复客户", en=f"Risk: no answer to her for {days} d")
    if window.hours_left is not None and window.hours_left <= 6:
        left = f"{window.hours_left:.0f}"
        return Words(zh=f"风险：回复窗口只剩 {left} 小时", en=f"Risk: only {left} h of the reply window left")
    return None


def _wakeup(seen: Seen, language: str) -> WakeupView | None:
    wakeup = seen.conversation.wakeup
    if wakeup is None or wakeup.state in ("cancelled", "skipped"):
        return None
    preview = seen.customer.timer(f"preview/{seen.conversation.id}")
    at = preview.due_at if preview is not None and wakeup.state == "proposed" else wakeup.at
    subject = seen.playbook.wakeup.subject.in_(language)
    return WakeupView(mail_id=wakeup.mail_id, state=wakeup.state, subject=subject, at=at, why=_told(seen.woken))
