"""Small words: masking, languages, what people type, reasons."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.teams.notetaking import plain
from rules.commands import HELP, WORDS, parse
from rules.language import guessed
from rules.masking import NOTICE, masked, masked_mail, mirrored
from rules.reasons import REASONS, reason_words
from rules.vocabulary import Phrases
from tests.unit.builders import playbook


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("我的电话 13812345678", "13812345678"),
        ("call +86 138-1234-5678", "138-1234-5678"),
        ("电话１３８１２３４５６７８", "１３８１２３４５６７８"),
        ("身份证 11010519491231002X", "11010519491231002X"),
        ("卡号 6222 0212 3456 7890 123", "6222 0212 3456 7890 123"),
        ("write to wang.min@example.com.", "wang.min"),
        ("护照 E12345678", "E12345678"),
    ],
)
def test_numbers_of_people_are_hidden(text: str, hidden: str) -> None:
    assert hidden not in masked(text) and "***" in masked(text)


@pytest.mark.parametrize("text", ["报价 20 万，分 3 期", "2026-11-23 下午 3:30", "型号 A-100", "好的！", ""])
def test_the_message_itself_stays(text: str) -> None:
    assert masked(text) == text


def test_a_thread_shows_all_some_or_nothing() -> None:
    assert mirrored("13812345678", "full") == "13812345678"
    assert mirrored("13812345678", "masked") != "13812345678"
    assert mirrored("13812345678", "notice", "en") == NOTICE.en
    assert masked_mail("wang@example.com") == "w***@example.com" and masked_mail("") == ""


@given(st.text())
def test_masking_takes_any_text(text: str) -> None:
    assert isinstance(masked(text), str)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("请发报价", "zh-CN"),
        ("Please send a quote", "en"),
        ("发我 A-100 datasheet 谢谢您了", "zh-CN"),
        ("ok", ""),
        ("123", ""),
    ],
)
def test_the_language_is_guessed_from_her_words(text: str, language: str) -> None:
    assert guessed(text) == language


@pytest.mark.parametrize(
    ("text", "verb", "inputs"),
    [
        ("reply 您好", "reply", {"text": "您好"}),
        ("回复 您好 王敏", "reply", {"text": "您好 王敏"}),
        ("回复您好", "reply", {"text": "您好"}),
        ("回复：您好", "reply", {"text": "您好"}),
        ("Help", "help", {}),
        ("帮助", "help", {}),
        ("snooze 2h", "snooze", {"hours": "2"}),
        ("稍后 3天", "snooze", {"hours": "72"}),
        ("snooze 30min", "snooze", {"hours": "0.5"}),
        ("snooze soon", "snooze", {"hours": "?"}),
        ("find 王", "find", {"words": "王"}),
        ("标签 高意向", "tag", {"tag": "高意向"}),
        ("settle abc123 again", "settle", {"about": "abc123", "verdict": "again"}),
        ("核实 abc123 到达", "settle", {"about": "abc123", "verdict": "arrived"}),
        ("关闭", "close", {}),
        ("why", "why", {}),
        ("me", "mine", {}),
        ("reply\n第一行\n第二行", "reply", {"text": "第一行\n第二行"}),
    ],
)
def test_typed_words_are_buttons(text: str, verb: str, inputs: dict[str, str]) -> None:
    command = parse(text)
    assert command is not None and (command.verb, dict(command.inputs)) == (verb, inputs)


@pytest.mark.parametrize("text", ["这个客户很重要", "找时间再聊", "记得跟进", "closed yesterday", "replying soon", ""])
def test_other_words_are_no_commands(text: str) -> None:
    assert parse(text) is None


def test_help_names_what_is_understood() -> None:
    for verb in ("queue", "find", "claim", "reply", "note", "tag", "snooze", "form", "why", "close", "settle"):
        assert WORDS[verb][0] in HELP.en and any(w in HELP.zh for w in WORDS[verb])


def test_every_reason_has_both_languages_and_an_unknown_one_is_shown() -> None:
    assert all(w.zh and w.en for w in REASONS.values())
    assert reason_words("brand_new").en == "brand_new"


@pytest.mark.parametrize(
    ("text", "human"), [("人工", True), ("转人工！", True), ("Human", True), ("人工智能怎么用", False)]
)
def test_a_person_is_asked_for_by_these_words_only(text: str, human: bool) -> None:
    assert playbook().vocabulary.human.found(text) is human


@pytest.mark.parametrize(("text", "stop"), [("退订", True), ("STOP.", True), ("td", True), ("退订流程怎么走", False)])
def test_stop_means_stop(text: str, stop: bool) -> None:
    assert playbook().vocabulary.stop.found(text) is stop


def test_a_phrase_is_found_whatever_stands_around_it_and_in_no_time() -> None:
    phrases = Phrases(exact=("人工",))
    assert phrases.found(" 。人工!! ") and not phrases.found("人工智能") and not phrases.found(" … ")
    began = time.process_time()
    assert not phrases.found("a" + " ." * 100_000 + "a")
    assert plain("<" * 200_000) == "<" * 200_000
    assert time.process_time() - began < 2
