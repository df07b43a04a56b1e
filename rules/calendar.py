"""Office hours and sending windows: when the week is open somewhere, holidays and make-up work days given as data."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from rules.strict import Strict

Span = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
"""An open time of a day, `09:00-18:00`; `24:00` is the end of the day."""

LOOK_AHEAD_DAYS = 400
"""How far an opening is looked for; a calendar with none in that time never opens."""
FALLBACK_ZONE = "Asia/Shanghai"


class Week(Strict):
    """The open times of each week day; a day that is left out is closed."""

    mon: tuple[Span, ...] = ()
    tue: tuple[Span, ...] = ()
    wed: tuple[Span, ...] = ()
    thu: tuple[Span, ...] = ()
    fri: tuple[Span, ...] = ()
    sat: tuple[Span, ...] = ()
    sun: tuple[Span, ...] = ()

    @property
    def days(self) -> tuple[tuple[Span, ...], ...]:
        """The seven days, Monday first."""
        return (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)


class Holidays(Strict):
    """Days that differ from their week day."""

    off: frozenset[date] = frozenset()
    """Closed, whatever the week says."""
    worked: frozenset[date] = frozenset()
    """Make-up work days: open like the first open day of the week."""


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The zone with this IANA name; an unknown one is taken for the office's."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(FALLBACK_ZONE)


@lru_cache(maxsize=256)
def _minutes(span: str) -> tuple[int, int]:
    start, _, end = span.partition("-")
    return _minute(start), _minute(end)


def _minute(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


def spans_of(week: Week, holidays: Holidays, day: date) -> tuple[tuple[int, int], ...]:
    """The open times of one day, as minutes from its midnight."""
    if day in holidays.off:
        return ()
    spans = week.days[day.weekday()]
    if day in holidays.worked and not spans:
        spans = next((s for s in week.days if s), ())
    return tuple(sorted(_minutes(s) for s in spans))


def in_window(week: Week, holidays: Holidays, zone: str, at: datetime) -> bool:
    """Whether it is open at a moment, on the wall clocks of the zone."""
    local = at.astimezone(zone_of(zone))
    minute = local.hour * 60 + local.minute
    return any(start <= minute < end for start, end in spans_of(week, holidays, local.date()))


def next_opening(week: Week, holidays: Holidays, zone: str, at: datetime) -> datetime | None:
    """The first moment at or after `at` when it is open, in UTC; None if it never opens."""
    if in_window(week, holidays, zone, at):
        return at
    tz = zone_of(zone)
    day = at.astimezone(tz).date()
    for _ in range(LOOK_AHEAD_DAYS):
        for start, _end in spans_of(week, holidays, day):
            opening = _moment(day, start, tz)
            if opening >= at:
                return opening
        day += timedelta(days=1)
    return None


def open_minutes(week: Week, holidays: Holidays, zone: str, start: datetime, end: datetime) -> float:
    """How many minutes it is open between two moments; looks at most LOOK_AHEAD_DAYS days far."""
    total, tz = 0.0, zone_of(zone)
    day, last = start.astimezone(tz).date(), end.astimezone(tz).date()
    for _ in range(LOOK_AHEAD_DAYS):
        if day > last:
            break
        for opens, closes in _openings(week, holidays, zone, day):
            total += max(0.0, (min(end, closes) - max(start, opens)).total_seconds() / 60)
        day += timedelta(days=1)
    return total


def after_open_minutes(week: Week, holidays: Holidays, zone: str, start: datetime, minutes: float) -> datetime:
    """The moment at which it has been open for so many minutes since `start`, in UTC.

    A calendar that is never open does not stop the clock: the minutes then run on the wall.
    """
    left, tz = minutes, zone_of(zone)
    day = start.astimezone(tz).date()
    for _ in range(LOOK_AHEAD_DAYS):
        for opens, end in _openings(week, holidays, zone, day):
            begin = max(start, opens)
            span = (end - begin).total_seconds() / 60
            if span > 0 and left <= span:
                return begin + timedelta(minutes=left)
            left -= max(0.0, span)
        day += timedelta(days=1)
    return start + timedelta(minutes=minutes)


next_window = next_opening
"""A sending window opens like an office."""


@lru_cache(maxsize=4096)
def _openings(week: Week, holidays: Holidays, zone: str, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """The open times of one day as moments in UTC. Lists of who waits ask for the same days again and again."""
    tz = zone_of(zone)
    return tuple((_moment(day, a, tz), _moment(day, b, tz)) for a, b in spans_of(week, holidays, day))


def _moment(day: date, minute: int, tz: ZoneInfo) -> datetime:
    local = datetime.combine(day, time(), tzinfo=tz) + timedelta(minutes=minute)
    return local.astimezone(UTC)
