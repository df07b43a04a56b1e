"""What comes back by mail: answers, bounces, clicks, unsubscribes. Only what is proven to be hers counts."""

from __future__ import annotations

from dataclasses import replace

from rules import customers, incoming, quiet, rulebook
from rules.draft import Draft
from rules.effects import SetWakeup, Suppress
from rules.events import LinkClicked, MailBounced, MailReceived, Unsubscribed
from rules.masking import masked_mail
from rules.model import Words
from rules.reasons import reason_words
from rules.talk import into_thread


def received(draft: Draft, event: MailReceived) -> None:
    """An answer to a mail of ours: the thread reopens with its owner. Machine mail and unproven mail do not count."""
    if draft.conversation is None or not event.mail_id:
        draft.skip("邮件与任何会话无关，已搁置", "The mail belongs to no conversation: parked")
        return
    if not event.verified:
        draft.notice("收到一封未能验证发件人的邮件，已搁置", "A mail came whose sender could not be verified: parked")
        draft.skip("发件人未通过验证，已搁置", "The sender is not verified: parked", verified="no")
        return
    if event.automatic:
        draft.notice("收到自动回复邮件（不计为互动）", "An automatic answer came by mail (it does not count)")
        draft.skip("自动回复，不计为互动", "Machine mail: no touch", automatic="yes")
        return
    if event.sender.strip().lower() != draft.customer.attributes.get("mail", "").strip().lower():
        _somebody_else(draft, event)
        return
    _answered(draft, event)


def _somebody_else(draft: Draft, event: MailReceived) -> None:
    """Our mail was passed on, and whoever got it answered: shown to the owner, but it is not her word."""
    sender = masked_mail(event.sender) or "?"
    text = event.text or event.subject or "…"
    draft.notice(
        f"{sender} 回复了发给客户的邮件（不是客户本人的邮箱，不计为互动）：\n{text}",
        f"{sender} answered the mail to her (not from her own address: it does not count):\n{text}",
        mention=draft.customer.owner,
        files=incoming.take_in(draft, None, event.attachments),
    )
    draft.skip("不是客户本人的邮箱，不计为互动", "Not from her own address: no touch", sender=sender)


def _answered(draft: Draft, event: MailReceived) -> None:
    customers.touched(draft)
    customers.reopen(draft)
    if draft.playbook.vocabulary.stop.found(event.text):
        customers.withdraw(draft, "mail reply", chat=False)
    rulebook.consider(draft)
    by_mail = Words(zh="邮件", en="e-mail").in_(draft.playbook.language)
    author = f"{draft.customer.name or masked_sender(event)} · {by_mail}"
    files = incoming.take_in(draft, None, event.attachments)
    into_thread(draft, event.text or event.subject or "…", author=author, reopened=True, files=files)
    draft.because(
        "act",
        "客户回复了邮件：会话回到负责人",
        "She answered the mail: the thread is back with its owner",
        seen={"owner": draft.customer.owner or "-"},
    )
    quiet.arm(draft)


def masked_sender(event: MailReceived) -> str:
    """The sender as far as a thread may show him."""
    return event.sender[:1] + "***" if event.sender else "?"


def bounced(draft: Draft, event: MailBounced) -> None:
    """A mail came back: a dead address is never written to again, a complaint is a withdrawal."""
    code = {"hard": "hard_bounce", "soft": "soft_bounce", "policy": "policy", "complaint": "complaint"}[event.bounce]
    words = reason_words(code)
    if event.bounce == "complaint":
        customers.withdraw(draft, "complaint", chat=False)
    if event.bounce in ("hard", "complaint"):
        draft.do(Suppress(reason=code))
    talk = draft.conversation
    if talk is not None and talk.wakeup is not None and talk.wakeup.mail_id == event.mail_id:
        draft.do(SetWakeup(conversation_id=talk.id, wakeup=replace(talk.wakeup, state="skipped", at=draft.now)))
    draft.drawn = True
    draft.because("send", f"邮件退回：{words.zh}", f"Mail came back: {words.en}", seen={"status": event.status[:20]})
    draft.notice(f"邮件退回：{words.zh}", f"The mail came back: {words.en}", about=event.mail_id)
    if event.bounce != "soft":
        draft.tell_owner(Words(zh="邮件退回", en="A mail came back"), words)


def clicked(draft: Draft, event: LinkClicked) -> None:
    """A click by a person is a touch; one by a machine is kept apart."""
    if event.robot:
        draft.skip("机器点击，已隔离", "A machine followed the link: quarantined", robot="yes")
        return
    customers.touched(draft, page=event.target)
    rulebook.consider(draft)
    quiet.arm(draft)


def unsubscribed(draft: Draft, event: Unsubscribed) -> None:
    """No more mail, at once, also over one that is queued."""
    customers.withdraw(draft, f"unsubscribe/{event.how}", chat=False)
    draft.notice("客户退订了邮件", "She unsubscribed from mails")
    quiet.arm(draft)
