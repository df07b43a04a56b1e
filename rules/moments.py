"""How moments read: relative for a day, then a date; on the reader's wall, with the customer's own hour beside it.

The names of days and months, their order and the words for "ago" are those of the Unicode CLDR, through babel.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_skeleton, format_timedelta, get_timezone_location

from rules.calendar import zone_of
from rules.language import Language, spoken
from rules.model import Words

# English as colleagues in Europe and Asia read it: the day before the month, 24 hours.
_LOCALES: dict[Language, str] = {"zh-CN": "zh_Hans_CN", "zh-TW": "zh_Hant_TW", "en": "en_GB"}
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_NOW = Words(zh="刚刚", en="just now")
_TODAY = Words(zh="今天 {clock}", en="today {clock}")
_TOMORROW = Words(zh="明天 {clock}", en="tomorrow {clock}")
_DATED = Words(zh="{day} {clock}", en="{day}, {clock}")
_PLACED = Words(zh="{moment}（{place}时间）", en="{moment} ({place} time)")
_HERS = Words(zh="{moment}（客户当地 {clock}，{place}）", en="{moment} ({clock} for the customer, {place})")


@cache
def locale(language: str) -> Locale:
    """The conventions that go with a language tag."""
    return Locale.parse(_LOCALES[spoken(language)])


def clock(at: datetime, zone: str) -> str:
    """The hour and minute on a wall in a zone."""
    return f"{at.astimezone(zone_of(zone)):%H:%M}"


def day(at: datetime, now: datetime, zone: str, language: str, *, weekday: bool = False) -> str:
    """The date, with its year when it is not this year's."""
    there, today = at.astimezone(zone_of(zone)), now.astimezone(zone_of(zone))
    skeleton = ("" if there.year == today.year else "y") + ("MMMEd" if weekday else "MMMd")
    return _written(there.date(), skeleton, language)


@lru_cache(maxsize=4096)
def _written(day: date, skeleton: str, language: str) -> str:
    """A list asks for the same few days a hundred times, and Babel takes a millisecond for each."""
    return str(format_skeleton(skeleton, datetime.combine(day, time(12)), locale=locale(language)))


def when(at: datetime, now: datetime, zone: str, language: str) -> str:
    """A moment as short as it stays clear: "3 min ago" for a day, then the date; what is to come has its hour."""
    if at > now:
        return coming(at, now, zone, language)
    gone = now - at
    if gone < timedelta(minutes=1):
        return _NOW.in_(language)
    if gone < _DAY:
        # Cut down, never rounded up: an hour ago has passed in full.
        whole = gone - gone % (_HOUR if gone >= _HOUR else timedelta(minutes=1))
        ago = format_timedelta(
            -whole, "minute", threshold=1, add_direction=True, format="short", locale=locale(language)
        )
        return ago.replace("hr", "h")
    return _DATED.in_(language).format(day=day(at, now, zone, language), clock=clock(at, zone))


def coming(at: datetime, now: datetime, zone: str, language: str) -> str:
    """A moment to plan for: its hour, and the day when it is not today."""
    tz, hour = zone_of(zone), clock(at, zone)
    days = (at.astimezone(tz).date() - now.astimezone(tz).date()).days
    if days == 0:
        return _TODAY.in_(language).format(clock=hour)
    if days == 1:
        return _TOMORROW.in_(language).format(clock=hour)
    return _DATED.in_(language).format(day=day(at, now, zone, language, weekday=True), clock=hour)


def dated(at: datetime, zone: str, language: str) -> str:
    """Day and hour without a year, for what stands longer than "today" means today."""
    there = at.astimezone(zone_of(zone))
    date = str(format_skeleton("MMMd", there, tzinfo=zone_of(zone), locale=locale(language)))
    return _DATED.in_(language).format(day=date, clock=clock(at, zone))


def clock_words(at: datetime, zone: str, now: datetime) -> tuple[str, str]:
    """`coming` in Chinese and in English, for a pair."""
    return coming(at, now, zone, "zh-CN"), coming(at, now, zone, "en")


def exactly(at: datetime, zone: str, language: str) -> str:
    """A moment in full, with its year and its zone's name."""
    there = at.astimezone(zone_of(zone))
    date = str(format_skeleton("yMMMd", there, tzinfo=zone_of(zone), locale=locale(language)))
    moment = _DATED.in_(language).format(day=date, clock=clock(at, zone))
    return _PLACED.in_(language).format(moment=moment, place=place(zone, language))


def for_both(at: datetime, now: datetime, zone: str, hers: str, language: str) -> str:
    """A moment to plan for on the reader's wall, and the customer's own hour where that is another one."""
    moment = coming(at, now, zone, language)
    if at.astimezone(zone_of(zone)).utcoffset() == at.astimezone(zone_of(hers)).utcoffset():
        return moment
    return _HERS.in_(language).format(moment=moment, clock=clock(at, hers), place=place(hers, language))


def place(zone: str, language: str) -> str:
    """The city a zone is named after, in the reader's language."""
    return str(get_timezone_location(zone_of(zone), locale=locale(language), return_city=True))
