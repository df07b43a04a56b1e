"""The customer's card as a WeCom template card of kind button_interaction, within the limits of WeCom doc 90236.

Six lines of facts, six buttons, titles of fixed length: what does not fit is on the conversation page the card opens.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import RepNotice
from connectors.wecom import words
from connectors.wecom.buttons import Button
from connectors.wecom.words import fit, fit_wide, ideographs
from rules.card import CardView, ReplyWindow
from rules.language import spoken
from rules.model import Words

_TITLE, _DESCRIPTION, _SUBTITLE = 26, 30, 112
"""In ideographs, as the page counts them (字)."""
_KEY, _VALUE, _FACTS = 5, 26, 6
_BUTTON, _BUTTONS, _JUMP = 10, 6, 13
Json = dict[str, object]


def notice_card(job: RepNotice, task_id: str) -> Json:
    """A card with the buttons of a notice. `task_id` must be new for every card of the app."""
    language = job.language
    made: Json = {
        "card_type": "button_interaction",
        "source": {"desc": words.BRAND.in_(language), "desc_color": 0},
        "main_title": _title(job),
        "sub_title_text": fit_wide(_told(job), _SUBTITLE),
        "task_id": task_id,
        "button_list": [_button(job, verb, label, n) for n, (verb, label) in enumerate(job.actions[:_BUTTONS])],
    }
    if job.card:
        made["horizontal_content_list"] = facts(job.card, language)
    if job.page_url:
        made["card_action"] = {"type": 1, "url": job.page_url}
        made["jump_list"] = [{"type": 1, "title": fit_wide(words.OPEN_PAGE.in_(language), _JUMP), "url": job.page_url}]
    return made


def _title(job: RepNotice) -> Json:
    """Who it is about and her stage, and below what happened; without a customer only what happened."""
    language = job.language
    title = (words.MARKED.in_(language) if job.marked else "") + job.title.in_(language)
    if job.card is None:
        return {"title": fit_wide(title, _TITLE)}
    name, stage = job.card.name or words.NO_NAME.in_(language), job.card.stage_words.in_(language)
    # The stage is short and ours: a long name gives way to it.
    room = _TITLE - ideographs(stage) - 2
    return {"title": f"{fit_wide(name, room)} · {stage}", "desc": fit_wide(title, _DESCRIPTION)}


def _told(job: RepNotice) -> str:
    """What happened, and what to do next."""
    text = job.text.in_(job.language)
    if job.card is None:
        return text
    step = words.NEXT.in_(job.language).format(text=job.card.next_step.in_(job.language))
    return f"{text} {step}" if text else step


def facts(card: CardView, language: str) -> list[Json]:
    """The lines below the title, at most six; what presses comes first."""
    sla = card.sla.words.in_(language) if card.sla else ""
    pairs: list[tuple[Words, str]] = [
        (words.SCORE, f"{card.score} · {card.heat_words.in_(language)}"),
        (words.OWNER, card.owner or words.NOBODY.in_(language)),
        (words.SLA, sla),
        (words.WINDOW, window(card.window, language)),
        (words.CHANNEL, card.channel),
        (words.TAGS, " · ".join(tag.shown for tag in card.tags)),
    ]
    shown = [(key.in_(language), value) for key, value in pairs if value]
    return [{"keyname": fit_wide(key, _KEY), "value": fit_wide(value, _VALUE)} for key, value in shown[:_FACTS]]


def window(left: ReplyWindow, language: str) -> str:
    """How long and how often we may still write, in a few words."""
    if not left.open:
        return words.CLOSED.in_(language)
    parts = []
    if left.hours_left is not None and left.hours_left < 1:
        parts.append(words.MINUTES_LEFT.in_(language).format(minutes=int(left.hours_left * 60)))
    elif left.hours_left is not None:
        parts.append(words.HOURS_LEFT.in_(language).format(hours=int(left.hours_left)))
    if left.messages_left is not None:
        told = words.MESSAGES_LEFT.in_(language)
        parts.append(told.format(left=left.messages_left, total=left.messages_total))
    return " · ".join(parts) or words.NO_LIMIT.in_(language)


def list_lines(cards: Sequence[CardView], language: str) -> list[str]:
    """One line a customer, for lists in the app's chat."""
    score = words.SCORE.in_(language)
    return [
        f"{number}. {_who(card, language)} · {score} {card.score} · {fit(card.next_step.in_(language), 60)}"
        for number, card in enumerate(cards, 1)
    ]


def _who(card: CardView, language: str) -> str:
    return " · ".join(part for part in (card.name, card.company, card.stage_words.in_(language)) if part)


def _button(job: RepNotice, verb: str, label: Words, number: int) -> Json:
    """A button; the first stands out."""
    key = Button(
        verb=verb,
        conversation_id=job.conversation_id,
        card_version=job.card.version if job.card else 0,
        about=job.about,
        language=spoken(job.language),
    ).key
    return {"text": fit_wide(label.in_(job.language), _BUTTON), "style": 1 if number == 0 else 2, "key": key}
