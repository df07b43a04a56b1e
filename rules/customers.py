"""Who she is: a conversation begins, facts come in, touches count, consent is given and taken back."""

from __future__ import annotations

from collections.abc import Mapping

from rules import quiet
from rules.draft import Draft
from rules.effects import (
    AddTag,
    AskProfile,
    Classify,
    Describe,
    LinkIdentity,
    OpenConversation,
    RecordConsent,
    RecordTouch,
    SetStatus,
    Suppress,
)
from rules.model import Address, Consent, Identity, Tag

ATTRIBUTES = ("mail", "company", "title", "region", "size", "phone", "industry")
"""What a form may tell about her; anything else in it is left out."""
MAX_FACT = 200


def begin(draft: Draft, address: Address, identity: Identity, name: str = "") -> None:
    """Make sure that the conversation exists, and keep the name she goes by."""
    if draft.conversation is None:
        # A conversation she is known by on another platform does not carry this address: it gets its own.
        draft.conversation_id = draft.snapshot.conversation_id or draft.id("conversation")
        draft.do(
            OpenConversation(conversation_id=draft.conversation_id, address=address, opened_at=draft.event.at),
            LinkIdentity(identity=identity),
        )
        if identity.platform == "wecom" and not (name or draft.customer.name):
            draft.do(
                AskProfile(
                    id=draft.id("profile"), conversation_id=draft.conversation_id, address=address, identity=identity
                )
            )
    if name and not draft.customer.name:
        draft.do(Describe(name=name[:MAX_FACT]))


def source(draft: Draft, code: str) -> None:
    """Where she came from, by the code she scanned; the first source stays, its tag is added each time."""
    known = draft.playbook.sources.get(code)
    if known is None:
        if code:
            draft.skip("未登记的来源码", "A source code the playbook does not know", code=code[:64])
        return
    draft.do(Classify(source=code, industry="" if draft.customer.industry else known.industry))
    if known.tag and not any(t.name == known.tag for t in draft.customer.tags):
        draft.do(AddTag(tag=Tag(name=known.tag, by="source", rule=code, at=draft.now)))
    draft.because("rule", f"来源：{known.name.zh}", f"Source: {known.name.en}", rule=code)


def touched(draft: Draft, *, page: str = "", in_chat: bool = False) -> None:
    """She did something: it counts, and whatever was about to go out to wake her is taken back.

    Only words in the chat itself open that platform's reply window; a mail, a form or a click does not.
    """
    talk = draft.conversation
    at = draft.event.at
    if in_chat and talk is not None and talk.last_customer_at is not None:
        at = max(at, talk.last_customer_at)
    inside = draft.conversation_id if in_chat or page else ""
    draft.do(
        RecordTouch(
            conversation_id=inside,
            side="customer",
            at=at,
            page=page[:MAX_FACT],
            on_way=draft.snapshot.on_way if in_chat else 0,
        )
    )
    draft.drawn = True
    quiet.call_off(draft, "spoke")


def reopen(draft: Draft) -> bool:
    """Open the conversation again if it was snoozed or closed; whether it was."""
    talk = draft.conversation
    if talk is None or talk.status == "open":
        return False
    draft.do(SetStatus(conversation_id=talk.id, status="open"))
    draft.cancel_timer(f"snooze/{talk.id}")
    draft.raised = True
    draft.because("act", "会话重新打开", "The conversation is open again", seen={"was": talk.status})
    return True


def describe(draft: Draft, fields: Mapping[str, str]) -> None:
    """Take in what she wrote about herself."""
    facts = {k: fields[k].strip()[:MAX_FACT] for k in ATTRIBUTES if fields.get(k, "").strip()}
    draft.do(Describe(name=fields.get("name", "").strip()[:MAX_FACT], attributes=facts))
    if mail := facts.get("mail"):
        # She says it is hers; nobody has proved it, so it may never join two records.
        draft.do(LinkIdentity(identity=Identity(platform="mail", kind="address", value=mail.lower(), verified=False)))
    industry = draft.playbook.industry_of(facts.get("industry", ""), facts.get("company", ""))
    if industry and industry != draft.customer.industry:
        draft.do(Classify(industry=industry))
    draft.drawn = True


def consent(draft: Draft, purpose: str, *, given: bool, source: str, text_version: str = "") -> None:
    """Her newest word on mails for a purpose; saying yes again lifts her own earlier no."""
    word = Consent(
        purpose=purpose, medium="mail", given=given, at=draft.event.at, source=source, text_version=text_version
    )
    draft.do(RecordConsent(consent=word))
    if given and draft.customer.suppressed in ("unsubscribed", "hard_bounce"):
        draft.do(Suppress(reason=""))
    draft.drawn = True


def withdraw(draft: Draft, source: str, *, chat: bool) -> None:
    """She wants no more: mails stop at once, and unasked messages in the chat too when she says so there."""
    purposes = {c.purpose for c in draft.customer.consents} | {draft.playbook.wakeup.purpose}
    for purpose in sorted(purposes):
        for medium in ("mail", "chat"):
            if medium == "mail" or chat:
                word = Consent(
                    purpose=purpose,
                    medium="chat" if medium == "chat" else "mail",
                    given=False,
                    at=draft.event.at,
                    source=source,
                )
                draft.do(RecordConsent(consent=word))
    draft.do(Suppress(reason="unsubscribed"))
    quiet.call_off(draft, "unsubscribed")
    draft.drawn = True
    draft.because(
        "send", "客户退订：立即撤回同意", "She unsubscribed: consent is withdrawn at once", seen={"by": source}
    )
