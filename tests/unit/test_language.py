"""Languages: who is shown which, what a customer writes in, Taiwan's letters, moments, numbers and plurals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from rules import language, moments, wording
from rules.counts import Count, number, percent
from rules.language import guessed, spoken, taiwan
from rules.model import Words
from rules.strict import Said
from sidebar.inside.shown import Reading

NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
CHINA, BERLIN = "Asia/Shanghai", "Europe/Berlin"


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        ("zh-CN", "zh-CN"),
        ("zh_CN", "zh-CN"),
        ("zh", "zh-CN"),
        ("zh-Hans-HK", "zh-CN"),
        ("zh-TW", "zh-TW"),
        ("zh-tw,zh;q=0.9,en;q=0.8", "zh-TW"),
        ("zh-Hant", "zh-TW"),
        ("zh-Hant-MO", "zh-TW"),
        ("zh-HK", "zh-TW"),
        ("en-GB", "en"),
        ("de-DE,zh;q=0.5", "en"),
        ("", "en"),
    ],
)
def test_a_tag_gets_one_of_three_languages(tag: str, shown: str) -> None:
    assert spoken(tag) == shown


def test_a_pair_reads_in_three_languages() -> None:
    pair = {"zh": "软件的默认邮件频道：{name}", "en": "The mail channel: {name}"}
    for words in (Words(**pair), Said(**pair)):
        assert words.in_("zh-CN") == pair["zh"] and words.in_("de") == words.in_("en") == pair["en"]
        assert words.in_("zh-TW") == "軟體的預設郵件頻道：{name}"


@given(st.text())
def test_the_conversion_takes_any_text(text: str) -> None:
    assert isinstance(taiwan(text), str)


def test_the_telling_letters_are_each_written_so_on_one_side_only() -> None:
    simplified, traditional = OpenCC("t2s").convert, OpenCC("s2t").convert
    assert all(simplified(letter) != letter for letter in language._TRADITIONAL)
    assert all(traditional(letter) != letter for letter in language._SIMPLIFIED)


@pytest.mark.parametrize(
    ("text", "known", "found"),
    [
        ("請問這個產品多少錢", "", "zh-TW"),
        ("请问这个产品多少钱", "zh-TW", "zh-CN"),
        ("你好", "", "zh-CN"),
        ("你好", "zh-TW", "zh-TW"),
        ("好的", "en", "zh-CN"),
        ("見積もりをお願いします", "", "en"),
        ("Guten Tag", "zh-CN", "en"),
        ("ok", "zh-TW", ""),
    ],
)
def test_letters_tell_which_chinese_she_writes(text: str, known: str, found: str) -> None:
    assert guessed(text, known) == found


def test_a_company_may_say_it_otherwise() -> None:
    words = Words(zh="认领", en="Claim")
    try:
        wording.use({("en", "Claim", "认领"): "Take it", ("zh-TW", "Claim", ""): "接手"})
        assert (words.in_("en"), words.in_("zh-TW"), words.in_("zh-CN")) == ("Take it", "接手", "认领")
        other = Words(zh="领取", en="Claim")
        assert (other.in_("en"), other.in_("zh-TW")) == ("Claim", "接手")
    finally:
        wording.use({})


@pytest.mark.parametrize(
    ("gone", "zh", "en"),
    [
        (timedelta(seconds=20), "刚刚", "just now"),
        (timedelta(minutes=3), "3分钟前", "3 min ago"),
        (timedelta(minutes=59, seconds=59), "59分钟前", "59 min ago"),
        (timedelta(hours=1, minutes=50), "1小时前", "1 h ago"),
        (timedelta(hours=23, minutes=59), "23小时前", "23 h ago"),
        (timedelta(days=1), "11月19日 14:30", "19 Nov, 14:30"),
        (timedelta(days=400), "2025年10月16日 14:30", "16 Oct 2025, 14:30"),
    ],
)
def test_what_was_is_relative_for_a_day(gone: timedelta, zh: str, en: str) -> None:
    assert moments.when(NOW - gone, NOW, CHINA, "zh-CN") == zh
    assert moments.when(NOW - gone, NOW, CHINA, "en") == en


@pytest.mark.parametrize(
    ("ahead", "zh", "tw", "en"),
    [
        (timedelta(hours=2), "今天 16:30", "今天 16:30", "today 16:30"),
        (timedelta(hours=20), "明天 10:30", "明天 10:30", "tomorrow 10:30"),
        (timedelta(days=3), "11月23日周一 14:30", "11月23日 週一 14:30", "Mon 23 Nov, 14:30"),
        (timedelta(days=60), "2027年1月19日周二 14:30", "2027年1月19日 週二 14:30", "Tue, 19 Jan 2027, 14:30"),
    ],
)
def test_what_is_to_come_has_its_hour(ahead: timedelta, zh: str, tw: str, en: str) -> None:
    for tongue, text in (("zh-CN", zh), ("zh-TW", tw), ("en", en)):
        assert moments.when(NOW + ahead, NOW, CHINA, tongue) == text


def test_two_zones_are_told_apart_and_one_is_not_told_twice() -> None:
    due = NOW + timedelta(hours=2)
    assert moments.for_both(due, NOW, CHINA, CHINA, "zh-CN") == "今天 16:30"
    assert moments.for_both(due, NOW, CHINA, "Asia/Singapore", "en") == "today 16:30"
    assert moments.for_both(due, NOW, CHINA, BERLIN, "en") == "today 16:30 (09:30 for the customer, Berlin)"
    assert moments.for_both(due, NOW, BERLIN, CHINA, "zh-CN") == "今天 09:30（客户当地 16:30，上海）"
    page = Reading(language="en", now=NOW)
    assert page.for_both(due, CHINA, BERLIN) == "today 16:30 (09:30 for the customer, Berlin)"
    assert page.for_both(NOW - timedelta(minutes=3), CHINA, BERLIN) == "3 min ago"
    assert moments.exactly(NOW, BERLIN, "en") == "20 Nov 2026, 07:30 (Berlin time)"
    assert moments.exactly(NOW, "Asia/Taipei", "zh-TW") == "2026年11月20日 14:30（台北時間）"


@given(st.integers(0, 4_000_000_000), st.sampled_from(["zh-CN", "zh-TW", "en", "de"]))
def test_any_moment_reads_in_any_language(seconds: int, tongue: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    for zone in (CHINA, BERLIN, "no/such"):
        assert moments.when(at, NOW, zone, tongue) and moments.exactly(at, zone, tongue)


def test_english_words_follow_the_number() -> None:
    sentence = "{n} {n:message|messages}"
    assert [sentence.format(n=Count(n)) for n in (0, 1, 2)] == ["0 messages", "1 message", "2 messages"]
    assert f"{Count(7):03d}" == "007"
    for wrong in ("{n:a|}", "{n:a|b|c}"):
        with pytest.raises(ValueError, match="exactly two words"):
            wrong.format(n=Count(1))
    with pytest.raises(ValueError, match="Invalid format specifier"):
        sentence.format(n=1)


def test_numbers_are_grouped() -> None:
    assert number(1234567, "en") == number(1234567, "zh-CN") == "1,234,567"
    assert number(0.25, "en") == "0.25" and percent(0.256, "zh-TW") == "26%"
