"""The event log of the simulated world: what really happened, numbered, for tests and stories to assert on.

It is the log of the platforms, not the hub's: it alone decides what went in, arrived, was lost or doubled.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing that happened in the world."""

    seq: int
    at: datetime
    """Virtual time, UTC."""
    place: str
    """Where: `teams`, `webchat`, `wecom`, `mail`, `graph`, `clock`, `fault`, `story`."""
    kind: str
    """What: `said`, `shown`, `card`, `refused`, ... (each server's module documents its own)."""
    data: dict[str, object]

    def as_json(self) -> dict[str, object]:
        """The entry as JSON-ready values."""
        return {**asdict(self), "at": self.at.isoformat()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """The four numbers every story ends with."""

    said: int
    delivered: int
    lost: int
    doubled: int


class Log:
    """Append-only list of entries, with a way to wait for the next one."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.entries: list[Entry] = []
        self._added = asyncio.Condition()

    async def add(self, place: str, kind: str, **data: object) -> Entry:
        """Write one entry and wake everybody who waits for news."""
        entry = Entry(seq=len(self.entries) + 1, at=self._now(), place=place, kind=kind, data=data)
        self.entries.append(entry)
        async with self._added:
            self._added.notify_all()
        return entry

    async def after(self, seq: int, wait: float) -> list[Entry]:
        """Entries numbered above `seq`; waits up to `wait` wall seconds for the first."""
        async with self._added:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._added.wait_for(lambda: len(self.entries) > seq), wait)
        return self.entries[seq:]

    def counts(self) -> Counts:
        """Compare what people said with what the other side was shown.

        A person's message to the other side is an entry of kind `said` with `text` and `toward` (`customer` or
        `team`); what a person then sees is an entry of kind `shown` with `text` and `toward`. A text is found when it
        stands anywhere in a shown text, so the hub may frame it ("Wang Min: ...") but not change it.
        """
        delivered = lost = doubled = 0
        said: Counter[tuple[str, str]] = Counter()
        shown: list[tuple[str, str]] = []
        for entry in self.entries:
            if entry.kind in ("said", "shown"):
                key = (str(entry.data["toward"]), str(entry.data["text"]))
                if entry.kind == "said":
                    said[key] += 1
                else:
                    shown.append(key)
        for (toward, text), times in said.items():
            seen = sum(1 for side, body in shown if side == toward and text in body)
            delivered += min(times, seen)
            lost += max(0, times - seen)
            doubled += max(0, seen - times)
        return Counts(said=sum(said.values()), delivered=delivered, lost=lost, doubled=doubled)
