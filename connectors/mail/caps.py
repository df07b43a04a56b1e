"""How many mails go to one domain in an hour, and to anybody in a day: providers distrust whoever sends many at once,
and mail servers stop taking mail for the rest of the day."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

from connectors.contract import Hub

_WINDOW = timedelta(hours=1)
_DAY = timedelta(hours=24)


class DomainCap:
    """Counts sendings per domain in a shared note, so that a restart or a second node does not forget them.

    Two nodes may count at the same moment and one mail may go beyond the cap; that does no harm.
    """

    def __init__(self, hub: Hub, per_hour: int) -> None:
        self._hub = hub
        self._per_hour = per_hour
        self._turn = asyncio.Lock()

    async def take(self, domain: str, now: datetime) -> float:
        """Count one sending at business time `now` and return 0, or return the seconds until there is room."""
        key = f"mail:sent:{domain.lower()}"
        async with self._turn:
            note = await self._hub.note(key)
            sent = [t for t in _read(note[0] if note else "") if now - _WINDOW < t <= now]
            if len(sent) >= self._per_hour:
                return max(1.0, (sent[-self._per_hour] + _WINDOW - now).total_seconds())
            words = json.dumps([t.timestamp() for t in (*sent, now)])
            await self._hub.keep_note(key, words, _FAR)
            return 0.0


class DayCap:
    """Counts all sendings of the last 24 hours, hour by hour, in a shared note; as exact as `DomainCap`."""

    def __init__(self, hub: Hub, per_day: int) -> None:
        self._hub = hub
        self._per_day = per_day
        self._turn = asyncio.Lock()

    async def take(self, now: datetime) -> float:
        """Count one sending at business time `now` and return 0, or return the seconds until there is room."""
        async with self._turn:
            note = await self._hub.note(_TODAY)
            hours = {
                h: n for h, n in _counts(note[0] if note else "").items() if now - _DAY < _end(h) and h <= _hour(now)
            }
            if sum(hours.values()) >= self._per_day:
                return max(1.0, (_end(min(hours)) + _DAY - now).total_seconds())
            hours[_hour(now)] = hours.get(_hour(now), 0) + 1
            await self._hub.keep_note(_TODAY, json.dumps(hours), _FAR)
            return 0.0


_TODAY = "mail:sent"


def _hour(now: datetime) -> int:
    return int(now.timestamp() // 3600)


def _end(hour: int) -> datetime:
    return datetime.fromtimestamp((hour + 1) * 3600, UTC)


def _counts(words: str) -> dict[int, int]:
    try:
        return {int(hour): int(count) for hour, count in json.loads(words or "{}").items()}
    except (ValueError, TypeError, AttributeError):
        return {}


_FAR = 4102444800.0
"""Notes expire by the wall clock but this one is about business time, so it does not expire by itself (2100)."""


def _read(words: str) -> list[datetime]:
    try:
        return [datetime.fromtimestamp(float(t), UTC) for t in json.loads(words or "[]")]
    except (ValueError, TypeError, OverflowError):
        return []
