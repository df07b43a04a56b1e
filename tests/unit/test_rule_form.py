"""A rule as YAML, as a form and as YAML again is the same rule, and the same text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.book import Rule
from rules.conditions import OPERATORS_OF
from rules.errors import PlaybookError
from rules.facts import FIELDS
from rules.model import Stage
from rules.playbook import parse
from rules.ruletext import read_rule, rule_block, rule_text, with_rule
from sidebar.manage.ruleform import LISTED, data_of, fields_of, of_fields, of_rule, places, pressed

SHIPPED = Path("playbooks/default.yaml").read_text("utf-8")
BOOK = parse(SHIPPED, "default.yaml")


def rule_of(data: object) -> Rule:
    return Rule.model_validate_json(orjson.dumps(data))


def through_the_form(rule: Rule) -> Rule:
    """What comes back when a browser sends the form untouched: line ends are its own."""
    sent = {name: value.replace("\n", "\r\n").replace("\r\n", "\n") for name, value in fields_of(of_rule(rule)).items()}
    return rule_of(data_of(of_fields(sent)))


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda r: str(r.id))
def test_every_rule_that_is_shipped_stays_as_it_is_written(rule: Rule) -> None:
    written = rule_block(SHIPPED, rule.id)
    again = through_the_form(rule)
    assert again == rule
    assert rule_text(again) == written
    assert with_rule(SHIPPED, rule.id, rule_text(again)) == SHIPPED


names = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,12}", fullmatch=True)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
said = st.fixed_dictionaries({"zh": words, "en": words})
numbers = st.one_of(st.integers(-9999, 9999).map(float), st.integers(-9999, 9999).map(lambda n: n / 8))


@st.composite
def conditions_of_one(draw: st.DrawFn) -> dict[str, Any]:
    known = FIELDS[draw(st.sampled_from(sorted(FIELDS)))]
    operator = draw(st.sampled_from(OPERATORS_OF[known.kind]))
    if operator in LISTED:
        value: Any = draw(st.lists(st.one_of(words, st.just("")), min_size=1, max_size=4))
    elif known.kind == "number":
        value = draw(numbers)
    else:
        value = draw(st.booleans() if known.kind == "yes_no" else st.one_of(words, st.just("")))
    return {"field": known.name, "operator": operator, "value": value}


conditions = st.recursive(
    conditions_of_one(),
    lambda below: st.one_of(
        st.lists(below, min_size=1, max_size=3).map(lambda c: {"all": c}),
        st.lists(below, min_size=1, max_size=3).map(lambda c: {"any": c}),
        below.map(lambda c: {"not": c}),
    ),
    max_leaves=8,
)
actions = st.one_of(
    st.builds(lambda n, k: {"do": "tag", "name": n, "keep": k}, words, st.booleans()),
    st.builds(lambda n: {"do": "untag", "name": n}, words),
    st.builds(lambda n: {"do": "score", "signal": n}, names),
    st.builds(lambda s: {"do": "stage", "to": s.value}, st.sampled_from(Stage)),
    st.builds(lambda n: {"do": "industry", "to": n}, names),
    st.builds(
        lambda k, t, h: {"do": "task", "kind": k, "title": t, "due_hours": h / 4}, names, said, st.integers(1, 900)
    ),
    st.builds(lambda a, b: {"do": "notify", "title": a, "text": b}, said, said),
)
rules = st.builds(
    lambda i, w, c, t, b: rule_of(({"if": c} if c else {}) | {"id": i, "when": w, "then": t, "because": b}),
    names,
    st.lists(names, min_size=1, max_size=3, unique=True),
    st.one_of(st.none(), conditions),
    st.lists(actions, min_size=1, max_size=3),
    said,
)


@given(rules)
@settings(max_examples=80, deadline=None)
def test_any_rule_goes_through_text_and_form_unchanged(rule: Rule) -> None:
    text = rule_text(rule)
    assert rule_of(read_rule(text)) == rule
    again = through_the_form(rule)
    assert again == rule
    assert rule_text(again) == text
    assert rule_block(with_rule("rules:\n  - id: A\n", "", text), rule.id) == text


def test_only_the_rule_itself_is_replaced() -> None:
    text = (
        "# a\nrules:\n  # first\n  - id: one  # why\n    when: [always]\n\n  # second\n  - id: two\n    x: 1\n# end\n"
    )
    assert rule_block(text, "one") == "- id: one  # why\n  when: [always]"
    assert with_rule(text, "two", "- id: two\n  x: 2") == text.replace("x: 1", "x: 2")
    assert "# second" in with_rule(text, "one", "") and "one" not in with_rule(text, "one", "").replace("# end", "")
    added = with_rule(text, "", "- id: three")
    assert added.index("two") < added.index("three") < added.index("# end")


@pytest.mark.parametrize("text", ["rules: []\n", "rules: [{id: a}]\n", "a: 1\n", "- a\n"])
def test_a_playbook_whose_rules_stand_on_one_line_is_not_touched(text: str) -> None:
    with pytest.raises(PlaybookError):
        with_rule(text, "a", "- id: a")


@pytest.mark.parametrize("text", ["", "a: [", "- id: a\n- id: b", "just words", "id: &x a"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    try:
        found = read_rule(text)
    except PlaybookError:
        return
    assert not isinstance(found, dict)


def test_the_small_buttons_keep_a_tree() -> None:
    draft = of_rule(next(r for r in BOOK.rules if r.id == "interested"))
    for press in ("if-add-1", "if-group-4", "if-drop-3", "if-in-2", "if-out-4", "then-add", "then-drop-0", "if-x-1"):
        draft = pressed(draft, press)
        assert of_fields(fields_of(draft)) == draft
        assert isinstance(data_of(draft), dict)
    empty = pressed(pressed(of_fields({}), "if-add"), "if-add-0")
    assert [(r.kind, r.depth) for r in empty.rows] == [("all", 0), ("test", 1), ("test", 1)]
    assert places(empty) == {("if",): 0, ("if", "all", 0): 1, ("if", "all", 1): 2}
    assert pressed(empty, "if-drop-0").rows == ()
