"""What a template card must be to be taken (WeCom doc 90236, errcodes of doc 90313)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from simulator.wecom.answers import Refusal

Card = Mapping[str, object]

INTERACTIVE = ("button_interaction", "vote_interaction", "multiple_interaction")
_NOTICES = ("text_notice", "news_notice")
_TASK_ID = re.compile(r"[0-9A-Za-z_@-]{1,128}\Z")
_KEY_BYTES = 1024


def check(card: Card) -> None:
    """Raise Refusal unless the card is well-formed."""
    kind = card.get("card_type")
    if kind not in (*_NOTICES, *INTERACTIVE):
        raise Refusal(42031, f"card_type {kind!r}")
    _check_title(card)
    _check_lists(card)
    if kind in _NOTICES:
        _check_notice(card)
    elif kind == "button_interaction":
        _check_buttons(card)
    else:
        _check_choices(card)
    if answers_back(card) and not _TASK_ID.match(_text(card, "task_id")):
        raise Refusal(42014, "task_id: 1 to 128 of 0-9 A-Z a-z _ - @")


def answers_back(card: Card) -> bool:
    """Whether a tap on the card makes a callback, and the card can be updated."""
    return card.get("card_type") in INTERACTIVE or "action_menu" in card


def keys(card: Card) -> set[str]:
    """The keys a rep can press on this card, its menu apart."""
    buttons = {_text(button, "key") for button in _parts(card, "button_list") if button.get("type", 0) != 1}
    submit = card.get("submit_button")
    return buttons | ({_text(submit, "key")} if isinstance(submit, dict) else set())


def menu_keys(card: Card) -> set[str]:
    """The keys of the menu in the card's corner."""
    menu = card.get("action_menu")
    return {_text(action, "key") for action in _parts(menu, "action_list")} if isinstance(menu, dict) else set()


def words(value: object) -> str:
    """Every text on the card that is not a key, an id or an address, in order."""
    return "\n".join(_words(value, ""))


def _words(value: object, name: str) -> Iterator[str]:
    if isinstance(value, str):
        if name not in ("card_type", "task_id", "key", "url", "icon_url", "appid", "pagepath", "userid"):
            yield value
    elif isinstance(value, Mapping):
        for inner, part in value.items():
            yield from _words(part, str(inner))
    elif isinstance(value, list):
        for part in value:
            yield from _words(part, name)


def _check_title(card: Card) -> None:
    title = card.get("main_title", {})
    told = isinstance(title, dict) and (title.get("title") or title.get("desc"))
    if not told and not card.get("sub_title_text"):
        raise Refusal(42033, "neither main_title.title nor sub_title_text")


def _check_lists(card: Card) -> None:
    for row in _parts(card, "horizontal_content_list", at_most=6, wrong=42035):
        if not _text(row, "keyname"):
            raise Refusal(42027, "horizontal_content_list without keyname")
        if row.get("type") == 1 and not _text(row, "url"):
            raise Refusal(42028, "horizontal_content_list without url")
    for row in _parts(card, "vertical_content_list", at_most=4, wrong=42036):
        if not _text(row, "title"):
            raise Refusal(42033, "vertical_content_list without title")
    for jump in _parts(card, "jump_list", at_most=3, wrong=42042):
        if not _text(jump, "title"):
            raise Refusal(42033, "jump_list without title")
        if jump.get("type") == 1 and not _text(jump, "url"):
            raise Refusal(42028, "jump_list without url")
    menu = card.get("action_menu")
    if menu is not None and not 1 <= len(menu_keys(card)) <= 3:
        raise Refusal(40058, "action_menu with 1 to 3 actions of different keys")


def _check_notice(card: Card) -> None:
    action = card.get("card_action")
    if not isinstance(action, dict) or action.get("type") not in (1, 2):
        raise Refusal(42045, "a notice needs card_action")
    if action["type"] == 1 and not _text(action, "url"):
        raise Refusal(42028, "card_action without url")
    if card["card_type"] == "news_notice":
        image = card.get("card_image")
        if not isinstance(image, dict) or not _text(image, "url"):
            raise Refusal(42044, "news_notice needs card_image.url")


def _check_buttons(card: Card) -> None:
    buttons = _parts(card, "button_list", at_most=6, wrong=42038)
    if not buttons:
        raise Refusal(42038, "button_list is empty")
    for button in buttons:
        if not _text(button, "text"):
            raise Refusal(42038, "button without text")
        if button.get("type", 0) == 1:
            if not _text(button, "url"):
                raise Refusal(42028, "button without url")
        elif not 1 <= len(_text(button, "key").encode()) <= _KEY_BYTES:
            raise Refusal(42039, "button key of 1 to 1024 bytes")
    selection = card.get("button_selection")
    if isinstance(selection, dict):
        _check_options(selection, 10)


def _check_choices(card: Card) -> None:
    submit = card.get("submit_button")
    if not isinstance(submit, dict) or not 1 <= len(_text(submit, "key").encode()) <= _KEY_BYTES:
        raise Refusal(42046, "submit_button.key of 1 to 1024 bytes")
    if card["card_type"] == "vote_interaction":
        box = card.get("checkbox")
        _check_options(box if isinstance(box, dict) else {}, 20)
        return
    selections = _parts(card, "select_list", at_most=3, wrong=42047)
    if not selections:
        raise Refusal(42047, "select_list is empty")
    for selection in selections:
        _check_options(selection, 10)


def _check_options(selection: Card, at_most: int) -> None:
    if not _text(selection, "question_key"):
        raise Refusal(40058, "selection without question_key")
    options = _parts(selection, "option_list", at_most=at_most, wrong=42037)
    if not options or not all(_text(option, "id") and _text(option, "text") for option in options):
        raise Refusal(42037, "option_list needs options with id and text")


def _parts(card: Card, name: str, *, at_most: int = 100, wrong: int = 40058) -> list[Card]:
    value = card.get(name, [])
    if not isinstance(value, list) or len(value) > at_most or not all(isinstance(v, dict) for v in value):
        raise Refusal(wrong, f"{name}: at most {at_most}")
    return value


def _text(card: Card, name: str) -> str:
    value = card.get(name, "")
    return value if isinstance(value, str) else ""
