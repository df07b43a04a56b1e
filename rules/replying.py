"""Speaking to the customer: only on purpose, only within the platform's window, and seen in the thread."""

from __future__ import annotations

from collections.abc import Mapping

from rules import claiming, customers, quiet
from rules.draft import Draft
from rules.model import Conversation, Rep
from rules.reasons import reason_words
from rules.talk import send_text
from rules.window import why_closed

Inputs = Mapping[str, str]
FORM_ADDRESS_BYTES = 200
"""Room kept for the form's address, which is filled in when the message is sent."""


def reply(draft: Draft, actor: Rep, talk: Conversation, inputs: Inputs) -> None:
    """Send a rep's words to the customer."""
    text = inputs.get("text", "").strip()
    if _stopped(draft, talk, text):
        return
    _send(draft, actor, talk, text, "reply")
    draft.because("act", f"{actor.name}回复客户", f"{actor.name} answers her")
    draft.show_card("已发送，等待送达", "Sent; waiting for delivery")


def form(draft: Draft, actor: Rep, talk: Conversation, _inputs: Inputs) -> None:
    """Send her the one-time address of the form, where she leaves her mail address and her consent herself."""
    text = draft.playbook.texts.form.in_(draft.language)
    if _stopped(draft, talk, text, room=FORM_ADDRESS_BYTES):
        return
    _send(draft, actor, talk, text, "form", form_id=draft.id("form"))
    draft.because("act", f"{actor.name}发送了表单链接", f"{actor.name} sent the form")
    draft.show_card("已发送表单链接", "The form is on its way")


def _stopped(draft: Draft, talk: Conversation, text: str, *, room: int = 0) -> bool:
    limits = draft.limits(talk)
    if not text:
        code = "text_empty"
    elif len(text.encode()) + room > limits.text_bytes:
        code = "text_too_long"
    else:
        code = why_closed(talk, limits, draft.now)
    if not code:
        return False
    words = reason_words(code)
    seen = {
        "sent since her last word": str(talk.sent_since_customer),
        "her last word": talk.last_customer_at.isoformat() if talk.last_customer_at else "-",
    }
    draft.refuse(f"没有发送：{words.zh}", f"Not sent: {words.en}", reason=code, **seen)
    draft.drawn = True
    return True


def _send(draft: Draft, actor: Rep, talk: Conversation, text: str, what: str, *, form_id: str = "") -> None:
    customers.reopen(draft)
    if not talk.claimed_by:
        claiming.take(draft, actor, talk)
    send_text(draft, talk, text, what, form_id=form_id, by=actor.id, author=actor.name)
    quiet.call_off(draft, "spoke")
    draft.cancel_timer(f"silent/{talk.id}")
    quiet.arm(draft)
