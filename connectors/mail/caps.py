"""How many mails go to one domain in an hour: big providers distrust whoever sends many at once."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

from connectors.contract import Hub

_WINDOW = timedelta(hours=1)


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


_FAR = 4102444800.0
"""Notes expire by the wall clock but this one is about business time, so it does not expire by itself (2100)."""


def _read(words: str) -> list[datetime]:
    try:
        return [datetime.fromtimestamp(float(t), UTC) for t in json.loads(words or "[]")]
    except (ValueError, TypeError, OverflowError):
        return []
