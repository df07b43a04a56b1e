"""The wake-up mail itself: what it is about, what its preview says, and when it goes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from rules.book import Playbook
from rules.calendar import next_window
from rules.draft import Draft
from rules.effects import EditLine, SendMail, new_id
from rules.model import Conversation, Customer, Wakeup, Words
from rules.moments import clock_words
from rules.reasons import reason_words


def send_at(draft: Draft) -> datetime:
    """After the owner had time to look, in the next sending window of her zone, holidays left out."""
    plan = draft.playbook.wakeup
    earliest = draft.now + timedelta(hours=plan.preview_hours)
    return next_window(plan.window, draft.playbook.holidays, draft.customer.zone, earliest) or earliest


def preview(draft: Draft, due: datetime | None) -> Words:
    """What the owner sees first; without a moment it goes only if somebody says so."""
    plan = draft.playbook.wakeup
    topic = topic_of(draft)
    zh, en = clock_words(due, draft.customer.zone, draft.now) if due else ("（需要你决定）", "(only if you say so)")
    return Words(
        zh=f"客户安静了。拟发邮件《{plan.subject.zh}》：{topic.zh}。发送时间：{zh}（客户当地）",
        en=f"She went quiet. Mail to send: “{plan.subject.en}”, on {topic.en}. It goes {en} (her time)",
    )


def topic_of(draft: Draft) -> Words:
    """What the mail talks about: the first topic that fits her industry."""
    return _topic(draft.customer, draft.playbook)


def _topic(customer: Customer, book: Playbook) -> Words:
    topics = book.wakeup.topics
    fit = next((t for t in topics if t.industry in ("", customer.industry)), topics[-1])
    return Words(zh=fit.words.zh, en=fit.words.en)


def variables(customer: Customer, book: Playbook, language: str, owner: str) -> dict[str, str]:
    """What the template is filled in with; `owner` is how her owner is called. A preview shows the very same words."""
    industry = book.industries.get(customer.industry)
    return {
        "name": customer.name,
        "company": customer.attributes.get("company", ""),
        "industry": industry.name.in_(language) if industry else "",
        "owner": owner,
        "topic": _topic(customer, book).in_(language),
        "subject": book.wakeup.subject.in_(language),
    }


def mail(draft: Draft, talk: Conversation, wakeup: Wakeup, by: str) -> SendMail:
    """The mail as it is handed to the outbox, in her language; it can be taken back until it is claimed. `by` is the
    rep who sends it now, or empty."""
    c, plan, language = draft.customer, draft.playbook.wakeup, draft.language
    return SendMail(
        id=wakeup.mail_id,
        conversation_id=talk.id,
        template=wakeup.template,
        language=language,
        purpose=plan.purpose,
        variables=variables(c, draft.playbook, language, draft.name_of(c.owner)),
        by=by,
        cancel_key=f"wake/{talk.id}",
        report=True,
    )


def redraw(
    draft: Draft,
    talk: Conversation,
    mail_id: str,
    state: Literal["waiting", "delivered", "failed", "unknown", "dropped"],
    reason: str = "",
) -> None:
    """The line with the preview loses its buttons and says how it ended; `dropped` was decided, it did not fail."""
    if not talk.root:
        return
    why = reason_words(reason)
    words = Words(zh=f"这封唤醒邮件不发送：{why.zh}", en=f"This wake-up mail does not go: {why.en}")
    draft.do(
        EditLine(
            id=draft.id(f"wakeup-line/{mail_id}/{state}"),
            conversation_id=talk.id,
            after=new_id(mail_id, "line"),
            supersedes=f"line/{mail_id}",
            who="wakeup",
            words=words if state == "dropped" else None,
            state="" if state == "dropped" else state,
            reason=reason,
            about=mail_id,
        )
    )
