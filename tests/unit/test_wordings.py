"""A company's own wording: what is taken, and every mistake told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from bots import wordings
from rules import wording
from rules.errors import ConfigError
from rules.model import Words

CATALOGUES = Path("docs/reference")
TOO_LONG = 'msgid "\\"{field}\\" is too long; at most {most} characters"\n'


def folder(tmp_path: Path, text: str, name: str = "sentences.en.po") -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def wrong(at: Path) -> str:
    with pytest.raises(ConfigError) as told:
        wordings.read(at, CATALOGUES)
    return str(told.value)


def test_what_a_company_says_instead_is_said(tmp_path: Path) -> None:
    assert wordings.read(folder(tmp_path, 'msgid "1 hour"\nmsgstr ""\n'), CATALOGUES) == {}
    at = folder(tmp_path, 'msgid "1 hour"\nmsgstr "an hour"\n')
    found = wordings.read(at, CATALOGUES)
    try:
        wording.use(found)
        assert Words(zh="1 小时", en="1 hour").in_("en") == "an hour"
        assert Words(zh="1 小时", en="1 hour").in_("zh-CN") == "1 小时"
    finally:
        wording.use({})


def test_a_whole_catalogue_may_be_copied_and_changes_nothing_that_it_may_not(tmp_path: Path) -> None:
    lines = (CATALOGUES / "sentences.zh_CN.po").read_text(encoding="utf-8")
    kept = [part for part in lines.split("\n\n") if "#, filled" not in part and "#, playbook" not in part]
    found = wordings.read(folder(tmp_path, "\n\n".join(kept) + "\n", "sentences.zh_CN.po"), CATALOGUES)
    assert len(found) > 300


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('msgid "1 hors"\nmsgstr "x"\n', "did you mean '1 hour'?"),
        (TOO_LONG + 'msgstr "{field}"\n', "expected field, most"),
        (TOO_LONG + 'msgstr "{field} {most"\n', "every brace closed"),
        (TOO_LONG + 'msgstr "{field.x} {most}"\n', "found field.x"),
        ('msgctxt "询价"\nmsgid "Asked for a price"\nmsgstr "x"\n', "stands in the playbook"),
        ("msgid nothing\n", "gettext"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, told: str) -> None:
    found = wrong(folder(tmp_path, text))
    assert told in found and "sentences.en.po" in found


def test_a_folder_or_a_name_that_is_none(tmp_path: Path) -> None:
    assert "no such folder" in wrong(tmp_path / "none")
    assert "sentences.zh_TW.po" in wrong(folder(tmp_path, "", "french.po"))
