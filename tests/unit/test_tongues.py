"""The language we speak with her: by her words, by her wish, and both until we know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.effects import SendText, SendWelcome
from tests.unit.builders import LIMITS, Life, effects, playbook

TEXTS = playbook().texts


def welcome(life: Life) -> str:
    (sent,) = effects(life.enters(), SendWelcome)
    return sent.text


def test_the_first_welcome_is_in_both_languages_and_fits_the_platform() -> None:
    text = welcome(Life())
    assert TEXTS.welcome.zh in text and TEXTS.welcome.en in text
    limit = LIMITS["wecom"].text_bytes
    assert len(text.encode()) <= limit
    long = TEXTS.model_copy(update={"welcome": TEXTS.welcome.model_copy(update={"en": "w" * 1990})})
    assert welcome(Life(book=playbook().model_copy(update={"texts": long}))) == TEXTS.welcome.zh


@pytest.mark.parametrize(
    ("words", "language"), [("Hello, a question", "en"), ("请问价格", "zh-CN"), ("請問價格", "zh-TW")]
)
def test_once_she_wrote_she_is_greeted_in_her_language(words: str, language: str) -> None:
    life = Life()
    life.says(words)
    assert (life.customer.language, life.customer.language_by) == (language, "words")
    assert welcome(life) == TEXTS.welcome.in_(language)


def test_her_letters_tell_when_they_tell_and_else_nothing_changes() -> None:
    life = Life()
    life.says("請問價格")
    life.says("好的")
    assert life.customer.language == "zh-TW"
    life.says("ok")
    assert life.customer.language == "zh-TW"
    life.says("这个产品多少钱")
    assert life.customer.language == "zh-CN"


@pytest.mark.parametrize(
    ("wish", "language"), [("English", "en"), ("english please!", "en"), ("繁體中文", "zh-TW"), ("繁体", "zh-TW")]
)
def test_she_asks_for_a_language_and_it_stays(wish: str, language: str) -> None:
    life = Life()
    life.says("您好，请问价格")
    decision = life.says(wish)
    (said,) = effects(decision, SendText)
    assert said.text == TEXTS.language.in_(language)
    assert any("language" in str(step.words.en) or "asks for" in step.words.en for step in decision.because.steps)
    life.says("这个产品多少钱")
    assert (life.customer.language, life.customer.language_by) == (language, "choice")
    life.says("中文")
    assert life.customer.language == "zh-CN"


def test_what_she_has_already_needs_no_answer_and_a_sentence_is_no_wish() -> None:
    life = Life()
    life.says("请问价格")
    assert not effects(life.says("中文"), SendText) and life.customer.language_by == "choice"
    other = Life()
    other.says("Do you have an English manual?")
    assert other.customer.language_by == "words"


def test_the_last_message_of_the_window_is_not_spent_on_it() -> None:
    life = Life()
    life.says("请问价格")
    life.customer = replace(
        life.customer, conversations=(replace(life.talk, address=replace(life.talk.address, connector="tight")),)
    )
    LIMITS["tight"] = replace(LIMITS["wecom"], messages=1)
    try:
        decision = life.says("English")
    finally:
        del LIMITS["tight"]
    assert not effects(decision, SendText) and life.customer.language == "en"


def test_closed_hours_are_told_in_her_letters() -> None:
    life = Life()
    life.passes(hours=12)
    (said,) = effects(life.says("請問價格"), SendText)
    assert "明天 09:00" in said.text and "訊息" in said.text
