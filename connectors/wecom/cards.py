"""The customer's card as a WeCom template card of kind button_interaction, within the limits of WeCom doc 90236.

Six lines of facts, six buttons, titles of fixed length: what does not fit is on the conversation page the card opens.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import RepNotice
from connectors.wecom import words
from connectors.wecom.buttons import Button
from connectors.wecom.words import fit, fit_wide
from rules.card import CardView, ReplyWindow
from rules.language import spoken
from rules.model import Words

_TITLE, _DESCRIPTION, _SUBTITLE = 26, 30, 112
"""In ideographs, as the page counts them (字)."""
_KEY, _VALUE, _FACTS = 5, 26, 6
_BUTTON, _BUTTONS = 10, 6
Json = dict[str, object]


def notice_card(job: RepNotice, task_id: str) -> Json:
    """A card with the buttons of a notice. `task_id` must be new for every card of the app."""
    language = job.language
    card = job.card
    title = (words.MARKED.in_(language) if job.marked else "") + job.title.in_(language)
    made: Json = {
        "card_type": "button_interaction",
        "source": {"desc": words.BRAND.in_(language), "desc_color": 0},
        "main_title": {
            "title": fit_wide(title, _TITLE),
            "desc": fit_wide(_who(card, language) if card else "", _DESCRIPTION),
        },
        "sub_title_text": fit_wide(job.text.in_(language), _SUBTITLE),
        "task_id": task_id,
        "button_list": [_button(job, verb, label) for verb, label in job.actions[:_BUTTONS]],
    }
    if card:
        made["horizontal_content_list"] = facts(card, language)
    if job.page_url:
        made["card_action"] = {"type": 1, "url": job.page_url}
    return made


def facts(card: CardView, language: str) -> list[Json]:
    """The lines below the title, at most six; the heaviest first."""
    pairs: list[tuple[Words, str]] = [
        (words.SCORE, f"{card.score} · {card.heat_words.in_(language)}"),
        (words.OWNER, card.owner or words.NOBODY.in_(language)),
        (words.WINDOW, window(card.window, language)),
        (words.CHANNEL, card.channel),
        (words.TAGS, " · ".join(tag.shown for tag in card.tags)),
        (words.WHY, card.why.in_(language)),
    ]
    shown = [(key.in_(language), value) for key, value in pairs if value]
    return [{"keyname": fit_wide(key, _KEY), "value": fit_wide(value, _VALUE)} for key, value in shown[:_FACTS]]


def window(left: ReplyWindow, language: str) -> str:
    """How long and how often we may still write, in a few words."""
    if not left.open:
        return words.CLOSED.in_(language)
    parts = []
    if left.hours_left is not None:
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


def _button(job: RepNotice, verb: str, label: Words) -> Json:
    key = Button(
        verb=verb,
        conversation_id=job.conversation_id,
        card_version=job.card.version if job.card else 0,
        about=job.about,
        language=spoken(job.language),
    ).key
    return {"text": fit_wide(label.in_(job.language), _BUTTON), "style": 1, "key": key}
