"""Pages say in which language they are, to programs that read aloud as well: the tag goes with the letters."""

from __future__ import annotations

import re

import pytest

from sidebar.inside.page import Family
from sidebar.inside.page import message as inside_message
from sidebar.outside.page import show

TAGS = ("zh-CN", "zh-TW", "en")


@pytest.mark.parametrize("language", TAGS)
def test_a_page_for_outsiders_is_tagged_with_its_language(language: str) -> None:
    page = str(show("message", language, title="gone_title", text="gone_text").text)
    assert re.search(rf'<html[^>]* lang="{language}"', page)
    assert ("連結" in page, "链接" in page) == (language == "zh-TW", language == "zh-CN")


@pytest.mark.parametrize("language", TAGS)
def test_a_page_for_reps_is_tagged_with_its_language(language: str) -> None:
    page = str(inside_message(language, Family(), "gone", status=404).text)  # type: ignore[arg-type]
    assert re.search(rf'<html[^>]* lang="{language}"', page)
    assert ("聯絡" in page or "聯繫" in page) == (language == "zh-TW")


def test_a_card_in_wecom_is_in_the_letters_of_its_reader() -> None:
    from connectors.wecom import words

    assert words.CHANNEL.in_("zh-TW") == "頻道" and words.OWNER.in_("zh-Hant") == "負責人"
