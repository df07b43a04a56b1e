"""What reps type: words and their Chinese glued forms, settings, and what never dead-ends."""

from __future__ import annotations

import pytest

from connectors.teams.manifest import COMMANDS
from rules import commands
from rules.effects import IndexNote, NotifyRep, PostLine, Prefer
from rules.model import Preferences, Rep
from rules.peace import span_of
from tests.unit.builders import LI, WANG, Life, effects, without


@pytest.fixture
def life() -> Life:
    life = Life()
    life.says("你好，想了解方案", name="张伟")
    return life


@pytest.mark.parametrize(
    ("typed", "verb", "inputs"),
    [
        ("find 张伟", "find", {"words": "张伟"}),
        ("查找张伟", "find", {"words": "张伟"}),
        ("me", "mine", {}),
        ("SETTINGS digest off", "settings", {"words": "digest off"}),
        ("设置 安静 21-8", "settings", {"words": "安静 21-8"}),
        ("Thanks!", "thanks", {}),
        ("谢谢", "thanks", {}),
        ("thank you!", "thanks", {}),
        ("hi", "help", {}),
    ],
)
def test_words_are_commands(typed: str, verb: str, inputs: dict[str, str]) -> None:
    found = commands.parse(typed)
    assert found is not None and (found.verb, dict(found.inputs)) == (verb, inputs)


@pytest.mark.parametrize("typed", ["Thank you for waiting, the price is 3,000", "谢谢 您的耐心，报价已发"])
def test_a_sentence_that_begins_with_thanks_can_be_sent_on(life: Life, typed: str) -> None:
    assert commands.parse(typed) is None
    [line] = effects(life.types(typed), PostLine)
    assert line.text == typed and line.actions


def test_every_suggested_command_is_understood() -> None:
    assert len(COMMANDS) <= 10
    for title, _ in COMMANDS:
        assert commands.parse(title) is not None, title


@pytest.mark.parametrize(
    ("typed", "span"),
    [("21-8", "21:00-08:00"), ("22:30到7:15", "22:30-07:15"), ("9-9", ""), ("25-8", ""), ("soon", "")],
)
def test_quiet_hours_as_people_write_them(typed: str, span: str) -> None:
    assert span_of(typed) == span


@pytest.mark.parametrize(
    ("typed", "wishes"),
    [
        ("设置 语言 英文", Preferences(language="en")),
        ("settings language zh-TW", Preferences(language="zh-TW")),
        ("设置 安静 21-8", Preferences(quiet="21:00-08:00")),
        ("设置 安静 关", Preferences(quiet="off")),
        ("设置 摘要 关", Preferences(digest=False)),
        ("settings notices both", Preferences(notices="both")),
        ("设置 提醒 企业微信", Preferences(notices="wecom")),
    ],
)
def test_settings_are_changed_by_word_and_shown(life: Life, typed: str, wishes: Preferences) -> None:
    decision = life.types(typed, personal=True)
    assert effects_of(decision.effects) == [Prefer(rep=WANG.id, wishes=wishes)]
    answer = decision.answer
    assert answer is not None and answer.private and not answer.refused
    assert "摘要：" in answer.words.zh and "Quiet hours:" in answer.words.en


def effects_of(found: object) -> list[Prefer]:
    return [e for e in found if isinstance(e, Prefer)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "typed", ["settings colour red", "设置 安静 永远", "settings notices pigeon", "settings digest"]
)
def test_what_is_not_understood_changes_nothing(life: Life, typed: str) -> None:
    decision = life.types(typed, personal=True)
    assert effects_of(decision.effects) == []
    assert decision.answer is not None and decision.answer.refused and "设置 语言" in decision.answer.words.zh


def test_a_way_she_has_not_cannot_be_chosen(life: Life) -> None:
    only_teams = without(LI, userid="")
    assert effects_of(life.types("settings notices wecom", only_teams, personal=True).effects) == []


def test_settings_asked_in_a_thread_are_answered_to_her_alone(life: Life) -> None:
    decision = life.types("settings")
    assert not effects(decision, PostLine)
    (told,) = effects(decision, NotifyRep)
    assert told.rep == WANG.id and told.via == "" and "Digest:" in told.text.en


@pytest.mark.parametrize("typed", ["claim", "note x", "close", "why", "snooze 2h", "tag VIP"])
def test_a_command_without_a_customer_says_where_it_belongs(life: Life, typed: str) -> None:
    life.conversation_id = ""
    decision = life.types(typed, personal=True)
    (told,) = effects(decision, NotifyRep)
    assert "find <name>" in told.text.en


def test_notes_are_made_findable_and_refused_ones_are_not(life: Life) -> None:
    noted = [e for e in life.acts("note", text="报价下周给").effects if isinstance(e, IndexNote)]
    assert noted == [IndexNote(customer_id=life.customer.id, text="报价下周给")]
    plain = life.types("预算三十万", mentioned=False)
    assert [e.text for e in plain.effects if isinstance(e, IndexNote)] == ["预算三十万"]
    stranger = Rep(id="x", name="X", team="other", aad_id="aad-x")
    assert not [e for e in life.acts("note", stranger, text="偷看").effects if isinstance(e, IndexNote)]
