"""Two languages, whole: every sentence has both sides, they fill in the same, they use the same words, none hides."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bots.wordings import FILES
from docs import catalogues, sentences
from docs.sentences import Sentence
from rules import language
from tests.house.tree import ROOT

HEARD = {
    "rules/commands.py": "what reps type",
    "rules/peace.py": "how quiet hours are typed",
    "rules/preferences.py": "what reps type to choose",
    "rules/vocabulary.py": "what customers type",
    "rules/language.py": "letters that tell a language, and one correction of the converter",
    "connectors/mail/codes.py": "what mail servers answer",
    "connectors/mail/quotes.py": "how mail programs quote",
    "connectors/mail/translate.py": "how automatic answers begin",
    "connectors/mail/settings.py": "what the law wants before a subject, in one language only",
    "connectors/teams/manifest.py": "Teams shows one text for a command, or has a file of its own for Chinese",
    "connectors/wecom/checks.py": "labels on WeCom's own pages, inside English",
    "connectors/wecom/company_checks.py": "labels on WeCom's own pages, inside English",
}
"""Files with Chinese that is heard, or is not one half of a pair, and why."""
SAID_ALIKE = {
    "频道": r"channel|routing|fits better|re-route|moved here|thread in teams|default cell",
    "首响": r"first repl(y|ies)|answer",
    "唤醒": r"wake-up|the mail|never",
    "话术": r"script|repl(y|ies)|sent by hand",
    "线索": r"\blead|qualified",
    "剧本": r"playbook",
    "评分": r"score|signal",
    "退订": r"unsubscrib|stop",
}
"""Words of the glossary, and how the English side of the same sentence says it."""
SAID_SO = {"first reply": "首响", "wake-up": "唤醒", "playbook's": "剧本"}
NEVER = {
    "zh": {"首次回复": "首响", "客群": "分群", "用户": "客户 or 同事", "渠道": "频道 or 来源", "工单": "待办"},
    "en": {"user": "rep or customer", "ticket": "conversation or task", "agent": "rep"},
}
"""Words with another one in their place."""


@cache
def every() -> tuple[Sentence, ...]:
    return tuple(catalogues.collected())


def where(found: Sentence) -> str:
    return f"{found.path}:{found.line} {found.zh!r} / {found.en!r}"


@cache
def written(name: str) -> Catalog:
    with (ROOT / "docs" / "reference" / name).open("rb") as file:
        return read_po(file, abort_invalid=True)


@pytest.mark.parametrize("name", FILES)
def test_a_catalogue_is_whole_and_babel_finds_no_fault(name: str) -> None:
    catalog = written(name)
    assert not list(catalog.check())
    messages = [m for m in catalog if m.id]
    assert len(messages) == len({(m.id, m.context) for m in messages}) > 500
    assert not [m.id for m in messages if not str(m.string).strip() or m.fuzzy]


def test_both_sides_fill_in_the_same() -> None:
    assert not [where(s) for s in every() if sentences.places(s.zh) != sentences.places(s.en)]


def test_each_side_is_in_its_language() -> None:
    assert not [where(s) for s in every() if not s.zh.strip() or not s.en.strip()]
    assert not [where(s) for s in every() if sentences.HAN.search(s.en) or re.search("[，。；：！？（）、]", s.en)]
    han = sentences.HAN.pattern
    half = re.compile(rf"{han}[,;:!?()]|[,;:!?(]{han}|{han}\.(\s|$)")
    assert not [where(s) for s in every() if half.search(s.zh)], "full-width punctuation between Chinese letters"


def test_no_chinese_stands_outside_a_pair() -> None:
    lonely: dict[str, list[str]] = {}
    for path, tree in sentences.trees(ROOT, sentences.HUB):
        told = [s.zh for s in every() if s.path == path]
        left = [text for _, text in sentences.texts(tree) if not any(text in zh for zh in told)]
        if left:
            lonely[path] = left
    assert lonely.keys() <= HEARD.keys(), {path: lonely[path] for path in lonely.keys() - HEARD.keys()}
    assert lonely.keys() == HEARD.keys(), "named here and needed no more"


def _bare(path: Path) -> str:
    """What a template says by itself: no tags, no code, but the attributes that people read."""
    page = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    read = re.findall(r'(?:alt|title|placeholder|aria-label)="([^"]*)"', page)
    return re.sub(r"<[^>]*>", " ", page) + " ".join(read)


@pytest.mark.parametrize("path", sorted((ROOT / "sidebar" / "pages").rglob("*.html")), ids=lambda p: p.name)
def test_a_template_has_no_words_of_its_own(path: Path) -> None:
    assert not re.findall(r"[^\W\d_]{2,}", _bare(path))


@pytest.mark.parametrize("path", sorted((ROOT / "sidebar" / "pages").rglob("*.js")), ids=lambda p: p.name)
def test_a_script_says_nothing_in_one_language_only(path: Path) -> None:
    assert not sentences.HAN.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("word", SAID_ALIKE)
def test_a_word_of_the_glossary_is_translated_alike(word: str) -> None:
    english = re.compile(SAID_ALIKE[word], re.IGNORECASE)
    assert not [where(s) for s in every() if word in s.zh and not english.search(s.en)]


@pytest.mark.parametrize("word", SAID_SO)
def test_and_back(word: str) -> None:
    assert not [where(s) for s in every() if word in s.en.lower() and SAID_SO[word] not in s.zh]


def test_no_word_stands_where_another_one_is_the_house_word() -> None:
    assert not [where(s) for s in every() for word in NEVER["zh"] if word in s.zh]
    english = re.compile(rf"\b({'|'.join(NEVER['en'])})s?\b", re.IGNORECASE)
    assert not [where(s) for s in every() if english.search(s.en)]


def test_english_words_follow_the_number_before_them() -> None:
    stiff = re.compile(r"\{\w*\} (day|hour|minute|week|message|mail|file|customer|conversation|tag|task|rep)s?\b")
    right = ("at most", "{total} messages")
    found = [s for s in every() if stiff.search(s.en) and not any(part in s.en for part in right)]
    assert not [where(s) for s in found], "write {n:day|days} and give it a Count"


def test_inside_we_say_ni_and_to_customers_nin() -> None:
    outside = [s for s in every() if s.path.startswith("sidebar/outside")]
    inside = [s for s in every() if s.path.startswith(("sidebar/inside", "sidebar/manage", "connectors/teams"))]
    assert outside and not [where(s) for s in outside if "你" in s.zh]
    assert inside and not [where(s) for s in inside if "您" in s.zh]


def test_taiwan_is_converted_whole() -> None:
    left = [m.id for m in written("sentences.zh_TW.po") if m.id and set(str(m.string)) & language._SIMPLIFIED]
    assert not left
    for message in written("sentences.zh_TW.po"):
        if message.id:
            assert sentences.places(str(message.string)) == sentences.places(str(message.id)), message.id
