"""Which days a page is about, as its address says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from rules.calendar import zone_of
from rules.lateness import midnight

QUICK = (1, 7, 30, 90)
"""Lengths offered at a press, in days."""
_LONGEST = 4000


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """From the beginning of one day to the end of another, both on the reader's wall."""

    since: datetime
    until: datetime
    first: str
    """`2026-11-16`"""
    last: str

    @classmethod
    def asked(cls, query: Mapping[str, str], now: datetime, zone: str, days: int) -> Span:
        """What `from` and `to` say; the last `days` days, today included, for what is no day or the wrong way round."""
        today = now.astimezone(zone_of(zone)).date()
        since, until = midnight(query.get("from", ""), zone), midnight(query.get("to", ""), zone)
        if since is None or until is None or not timedelta(0) <= until - since <= timedelta(days=_LONGEST):
            return cls.of(str(today - timedelta(days=days - 1)), str(today), zone)
        return cls.of(query["from"], query["to"], zone)

    @classmethod
    def of(cls, first: str, last: str, zone: str) -> Span:
        """From one day to another, both included."""
        end = date.fromisoformat(last) + timedelta(days=1)
        until = datetime(end.year, end.month, end.day, tzinfo=zone_of(zone)).astimezone(UTC)
        since = midnight(first, zone)
        assert since is not None  # noqa: S101  # the callers have looked
        return cls(since=since, until=until, first=first, last=last)

    @property
    def ends(self) -> tuple[datetime, datetime]:
        """As storage asks for it."""
        return self.since, self.until

    @property
    def query(self) -> dict[str, str]:
        """As an address says it."""
        return {"from": self.first, "to": self.last}
