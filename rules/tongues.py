"""Which language we speak with a customer: hers, by her words; another one when she asks for it; both until we know."""

from __future__ import annotations

from rules.draft import Draft
from rules.effects import Classify
from rules.language import Language, guessed, spoken
from rules.model import Words

NAMES: dict[Language, Words] = {
    "zh-CN": Words(zh="简体中文", en="Simplified Chinese"),
    "zh-TW": Words(zh="繁体中文", en="Traditional Chinese"),
    "en": Words(zh="英文", en="English"),
}


def learn(draft: Draft, text: str, told: str) -> bool:
    """Take in what her message tells; whether she asked for another language than the one we spoke.

    A language she asked for stays until she asks for another one, whatever she writes in.
    """
    customer = draft.customer
    asked = asked_for(draft, text)
    if asked:
        changed = asked != spoken(customer.language)
        if changed or customer.language_by != "choice":
            draft.do(Classify(language=asked, language_by="choice"))
            name = NAMES[asked]
            draft.because("act", f"客户希望使用{name.zh}", f"She asks for {name.en}")
        return changed
    if customer.language_by == "choice":
        return False
    known = customer.language if customer.language_by else ""
    found = guessed(text, known) or (told if not customer.recent else "")
    if found and (found != customer.language or not customer.language_by):
        draft.do(Classify(language=found, language_by="words"))
    return False


def asked_for(draft: Draft, text: str) -> Language | None:
    """The language that the whole message asks for, if it does."""
    languages = draft.playbook.vocabulary.languages
    return next((language for language, phrases in languages.items() if phrases.found(text)), None)


def greeting(draft: Draft) -> str:
    """The welcome: in her language, in Chinese and English until we know it, if the platform takes so many letters."""
    said, customer = draft.playbook.texts.welcome, draft.customer
    if customer.language_by:
        return said.in_(customer.language)
    both = f"{said.in_('zh-CN')}\n\n{said.in_('en')}"
    talk = draft.conversation
    fits = talk is None or len(both.encode()) <= min(draft.limits(talk).text_bytes, GREETING_BYTES)
    return both if fits else said.in_(customer.language)


GREETING_BYTES = 2048
"""The shortest limit of a welcome: WeCom's messages on an event (WeCom doc 95122)."""
