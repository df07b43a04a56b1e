"""Whole lists against the promised reply times: which waits end before a moment, and how many open minutes spans took.

The arithmetic of one conversation is rules/sla.py; here it is turned round, so that a database can count with it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from rules.book import Playbook
from rules.calendar import after_open_minutes, spans_of, zone_of

_TICK = timedelta(microseconds=1)
_FARTHEST = timedelta(days=400)


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """Who began to wait at or before these moments is due at or before one moment."""

    first: datetime
    """Where nobody has answered yet."""
    next: datetime
    """Where a colleague has answered before."""


def due_by(book: Playbook, at: datetime) -> Due:
    """The waits that end at or before `at`."""
    plan = book.sla
    return Due(
        first=_latest_start(book, plan.first_reply_minutes, at), next=_latest_start(book, plan.next_reply_minutes, at)
    )


def due_at(book: Playbook, since: datetime, minutes: float) -> datetime:
    """When so many open minutes are over."""
    office = book.office
    return after_open_minutes(office.hours, book.holidays, office.zone, since, minutes)


def risk_until(book: Playbook, now: datetime) -> datetime:
    """A wait that is not over yet and ends by then is at risk."""
    return due_at(book, now, book.sla.risk_minutes)


def _latest_start(book: Playbook, minutes: float, at: datetime) -> datetime:
    """The last moment from which so many open minutes are over at `at`: found by halving, as it only grows."""
    low, high = 0, _FARTHEST // _TICK
    while low < high:
        middle = (low + high) // 2
        over = due_at(book, at - middle * _TICK, minutes) <= at
        low, high = (low, middle) if over else (middle + 1, high)
    return at - low * _TICK


class OpenTime:
    """How long the office was open between moments, asked very often: the open spans of some days, added up once."""

    def __init__(self, book: Playbook, since: datetime, until: datetime) -> None:
        office, tz = book.office, zone_of(book.office.zone)
        day, last = since.astimezone(tz).date(), until.astimezone(tz).date()
        spans: list[tuple[float, float]] = []
        while day <= last:
            midnight = datetime(day.year, day.month, day.day, tzinfo=tz)
            for opens, closes in spans_of(office.hours, book.holidays, day):
                spans.append(tuple((midnight + timedelta(minutes=m)).timestamp() for m in (opens, closes)))  # type: ignore[arg-type]
            day += timedelta(days=1)
        self._starts = [start for start, _ in spans]
        self._spans = spans
        self._before = [0.0, *accumulate(end - start for start, end in spans)]

    def seconds(self, start: float, end: float) -> float:
        """Open seconds between two moments, both as epoch seconds."""
        return max(0.0, self._until(end) - self._until(start))

    def _until(self, at: float) -> float:
        number = bisect_right(self._starts, at)
        if not number:
            return 0.0
        start, end = self._spans[number - 1]
        return self._before[number - 1] + min(at, end) - start


def midnight(day: str, zone: str) -> datetime | None:
    """The beginning of a day, `2026-11-22`, in a zone, in UTC; None for what is no day."""
    try:
        local = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=zone_of(zone))
    except ValueError:
        return None
    written_so = local.date().isoformat() == day
    return local.astimezone(UTC) if written_so and 2000 <= local.year <= 2100 else None
