"""Office hours and sending windows, in every zone, over holidays and changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rules.calendar import Holidays, Week, in_window, next_opening
from tests.unit.builders import playbook

WEEK = Week.model_validate(dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:30-11:30", "14:00-17:00")))
NONE = Holidays()


def test_the_next_opening_is_today_tomorrow_or_after_the_holidays() -> None:
    book = playbook()
    hours, days, zone = book.office.hours, book.holidays, book.office.zone
    evening = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert next_opening(hours, days, zone, evening) == datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
    friday = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
    assert next_opening(hours, days, zone, friday) == datetime(2026, 11, 30, 1, 0, tzinfo=UTC)
    golden_week = datetime(2026, 10, 1, 2, 0, tzinfo=UTC)
    assert next_opening(hours, days, zone, golden_week) == datetime(2026, 10, 8, 1, 0, tzinfo=UTC)


def test_a_make_up_saturday_is_worked() -> None:
    book = playbook()
    saturday = datetime(2026, 10, 10, 2, 0, tzinfo=UTC)
    assert in_window(book.office.hours, book.holidays, book.office.zone, saturday)
    assert not in_window(book.office.hours, book.holidays, book.office.zone, saturday + timedelta(days=1))


def test_the_window_is_on_the_customers_wall_clock() -> None:
    at = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    assert in_window(WEEK, NONE, "Asia/Shanghai", at)
    assert not in_window(WEEK, NONE, "America/New_York", at)
    assert next_opening(WEEK, NONE, "America/New_York", at) == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def test_a_change_of_the_clock_keeps_the_wall_time() -> None:
    before = datetime(2026, 3, 27, 18, 0, tzinfo=UTC)
    opening = next_opening(WEEK, NONE, "Europe/Berlin", before)
    assert opening == datetime(2026, 3, 30, 7, 30, tzinfo=UTC), "summer time began on the Sunday between"


def test_an_unknown_zone_is_taken_for_the_office() -> None:
    at = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    assert in_window(WEEK, NONE, "Mars/Olympus", at) and in_window(WEEK, NONE, "../../etc/passwd", at)


def test_a_calendar_that_never_opens_says_so() -> None:
    assert next_opening(Week(), NONE, "Asia/Shanghai", datetime(2026, 1, 1, tzinfo=UTC)) is None
    off = Holidays(off=frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(500)))
    assert next_opening(WEEK, off, "Asia/Shanghai", datetime(2026, 1, 1, tzinfo=UTC)) is None


@given(
    st.integers(0, 700 * 1440).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]),
)
def test_every_opening_is_open_and_not_before_now(at: datetime, zone: str) -> None:
    opening = next_opening(WEEK, NONE, zone, at)
    assert opening is not None and opening >= at
    assert in_window(WEEK, NONE, zone, opening)
