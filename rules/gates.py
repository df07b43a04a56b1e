"""Whether a mail may go to a customer at all: every gate is looked at, and every value it saw is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from rules.book import Playbook
from rules.decision import Because
from rules.model import Customer, Words
from rules.reasons import reason_words


def may_send(customer: Customer, now: datetime, playbook: Playbook, paused: bool) -> tuple[bool, Because]:
    """Whether a wake-up mail may go to her now; asked when it is decided and again when it is claimed for sending."""
    plan = playbook.wakeup
    consent = customer.consent(plan.purpose, "mail")
    recent = [t for t in customer.woken if t > now - timedelta(days=plan.cap.days)]
    gates = (
        ("paused", paused, "yes" if paused else "no"),
        ("no_mail", not customer.attributes.get("mail"), "yes" if customer.attributes.get("mail") else "no"),
        (customer.suppressed or "suppressed", bool(customer.suppressed), customer.suppressed or "no"),
        ("no_consent", consent is None, "none" if consent is None else "given" if consent.given else "withdrawn"),
        ("withdrawn", consent is not None and not consent.given, consent.source if consent else "-"),
        ("cap", len(recent) >= plan.cap.mails, f"{len(recent)} of {plan.cap.mails} in {plan.cap.days:g} days"),
    )
    names = ("paused", "mail address", "suppressed", "consent", "consent source", "cap")
    seen = {name: value for name, (_code, _fails, value) in zip(names, gates, strict=True)}
    failed = next((code for code, fails, _value in gates if fails), "")
    if failed:
        words = reason_words(failed)
        because = Words(zh=f"不发送唤醒邮件：{words.zh}", en=f"No wake-up mail: {words.en}")
        return False, Because(about="skip", words=because, rule=failed, seen=seen)
    fine = Words(
        zh="可以发送唤醒邮件：已同意、未停发、未超频", en="A wake-up mail may go: agreed, not stopped, under the cap"
    )
    return True, Because(about="send", words=fine, rule="may-send", seen=seen)
