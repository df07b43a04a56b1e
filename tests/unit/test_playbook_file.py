"""A playbook file: all mistakes at once, each with its line, what was found, what was expected and the nearest name."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.book import json_schema
from rules.calendar import spans_of
from rules.errors import Mistake, PlaybookError
from rules.playbook import parse
from tests.unit.builders import playbook

TEXT = Path("playbooks/default.yaml").read_text("utf-8")


def mistakes(text: str) -> list[Mistake]:
    with pytest.raises(PlaybookError) as caught:
        parse(text, "mine.yaml")
    return caught.value.mistakes


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_shipped_playbook_is_right_and_knows_its_content() -> None:
    assert playbook().name == "default.yaml" and len(playbook().version) == 16
    assert parse(TEXT + "\n# a word\n", "default.yaml").version != playbook().version


def test_all_mistakes_are_told_at_once() -> None:
    text = (
        TEXT.replace("to: hot-leads", "to: hot-lead")
        .replace("{do: score, signal: scan}", "{do: score, signal: scam}")
        .replace("field: touches_7d", "field: touchs_7d")
        .replace("{do: tag, name: 询价}", "{do: tag, name: 问价}")
        .replace("  leave: 55", "  leave: 90")
    )
    found = {m.found: m for m in mistakes(text)}
    assert found["the unknown channel 'hot-lead'"].nearest == "hot-leads"
    assert found["the unknown score 'scam'"].nearest == "scan"
    assert found["the unknown field 'touchs_7d'"].nearest == "touches_7d"
    assert "the unknown tag '问价'" in found
    assert any(m.expected.startswith("less than") for m in found.values())
    where = found["the unknown channel 'hot-lead'"].where
    assert where.startswith(f"mine.yaml:{line_of(text, 'to: hot-lead')} ")


def test_an_unknown_key_gets_the_nearest_known_one_and_its_line() -> None:
    text = TEXT.replace("  preview_hours: 4", "  preview_hour: 4")
    (mistake,) = mistakes(text)
    assert mistake.nearest == "preview_hours"
    assert mistake.where.startswith(f"mine.yaml:{line_of(text, 'preview_hour:')} ")
    assert "did you mean" in str(mistake)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: &x [1]\nb: *x\n", "alias or anchor"),
        ("a: 1\na: 2\n", "second time"),
        ("a: [" * 30 + "1" + "]" * 30, "levels"),
        ("x: " + "y" * 300_000, "KiB"),
        ("a: !!python/object/apply:os.system [ls]\n", "the type"),
        ("a: [1, 2", "expected"),
        ("a: \x00", "special characters"),
        ("just words", "no keys"),
        ("", "no keys"),
    ],
)
def test_yaml_that_is_refused(text: str, found: str) -> None:
    assert any(found in m.found for m in mistakes(text)), mistakes(text)


def test_a_billion_laughs_stay_one() -> None:
    bomb = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n"
    assert "alias or anchor" in mistakes(bomb)[0].found


def test_words_stay_what_they_look_like() -> None:
    text = TEXT.replace("name: {zh: 金融, en: Finance}", "name: {zh: 金融, en: no}")
    assert parse(text, "x").industries["finance"].name.en == "no"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("operator: more_than, value: 3}", "operator: contains, value: 3}", "one of is, more_than"),
        ("operator: more_than, value: 3}", "operator: more_than, value: three}", "fits 'touches_30d'"),
        ("when: [session_entered, contact_added]", "when: [session_enterd]", "a kind of event"),
        ("sun-opening", "", ""),
        ("（可随时退订）：{form}", "（可随时退订）", "the text needs it"),
        ("我们将在{opening}回复您", "我们将在{openning}回复您", "{opening}"),
        ('mon: ["09:00-18:00"]', 'mon: ["9-18"]', "match"),
        ("- id: nurture\n    segment: [nurture]", "- id: clients\n    segment: [nurture]", "an id of its own"),
        ("    if: {field: tags, operator: contains, value: 培育期}\n", "", "only the last has none"),
        (
            "{field: touches_7d, operator: at_least, value: 1}",
            "{field: heat, operator: is, value: hot}",
            "conditions on",
        ),
    ],
)
def test_what_the_types_cannot_know_is_checked_too(before: str, after: str, expected: str) -> None:
    if before not in TEXT:
        assert not expected
        return
    assert any(expected in m.expected for m in mistakes(TEXT.replace(before, after))), mistakes(
        TEXT.replace(before, after)
    )


def test_a_rule_that_is_always_looked_at_may_not_repeat_itself() -> None:
    text = TEXT.replace("when: [session_entered, contact_added]", "when: [always]")
    assert any("looked at always" in m.found for m in mistakes(text))


@given(st.text(max_size=200))
def test_any_text_gives_a_list_of_mistakes_and_nothing_else(text: str) -> None:
    with pytest.raises(PlaybookError) as caught:
        parse(text, "x")
    assert caught.value.mistakes


@settings(max_examples=40, deadline=None)
@given(st.integers(0, TEXT.count("\n")), st.sampled_from(["delete", "indent", "double"]))
def test_a_damaged_line_never_breaks_the_reader(number: int, damage: str) -> None:
    lines = TEXT.split("\n")
    line = lines[number]
    lines[number : number + 1] = {"delete": [], "indent": ["   " + line], "double": [line, line]}[damage]
    try:
        parse("\n".join(lines), "x")
    except PlaybookError as error:
        assert error.mistakes


def test_the_schema_for_editors_explains_the_keys() -> None:
    schema = json_schema()
    assert schema["properties"]["silent_after_add_days"]["description"]
    assert schema["$defs"]["Rule"]["properties"]["if"]


def test_the_work_days_of_2026_agree_with_the_official_calendar() -> None:
    official = holidays.country_holidays("CN", years=2026)
    book = playbook()
    for number in range(365):
        day = date.fromordinal(date(2026, 1, 1).toordinal() + number)
        assert bool(spans_of(book.office.hours, book.holidays, day)) == official.is_working_day(day), day
