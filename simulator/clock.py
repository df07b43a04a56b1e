"""The one virtual clock of a run: business time for hub and platforms alike.

Frozen, it moves only when pushed. Running, it follows the wall clock from where the last push left it. Tokens,
one-time codes and sessions do not use it: those live in wall time on both sides.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

Action = Callable[[], Awaitable[None]]
"""Something the simulator does when its virtual moment has come."""


class Clock:
    """Virtual time, its due actions and its watchers. All times are aware UTC."""

    def __init__(self, start: datetime, *, running: bool) -> None:
        self.running = running
        self.version = 1
        self._base = start.astimezone(UTC)
        self._since = time.monotonic()
        self._due: list[tuple[datetime, int, Action]] = []
        self._order = itertools.count()
        self._moved = asyncio.Condition()

    def now(self) -> datetime:
        """The virtual moment, to the microsecond."""
        if not self.running:
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._since)

    def at(self, moment: datetime, action: Action) -> None:
        """Run `action` once virtual time reaches `moment`."""
        heapq.heappush(self._due, (moment.astimezone(UTC), next(self._order), action))

    def next_due(self) -> datetime | None:
        """The earliest moment at which the simulator itself has something to do."""
        return self._due[0][0] if self._due else None

    async def jump(self, moment: datetime) -> None:
        """Set the clock to `moment` (never backwards), run what fell due, tell the watchers."""
        async with self._moved:
            if moment.astimezone(UTC) > self.now():
                self._base = moment.astimezone(UTC)
                self._since = time.monotonic()
                self.version += 1
            self._moved.notify_all()
        await self.run_due()

    async def run_due(self) -> None:
        """Run every action whose moment has come, in order of time."""
        while self._due and self._due[0][0] <= self.now():
            _, _, action = heapq.heappop(self._due)
            await action()

    async def set_running(self, running: bool) -> None:
        """Let the clock follow the wall clock, or stop it where it is."""
        async with self._moved:
            self._base = self.now()
            self._since = time.monotonic()
            self.running = running
            self.version += 1
            self._moved.notify_all()

    async def changed(self, after: int, wait: float) -> int:
        """Wait until the version is above `after`, at most `wait` wall seconds; return the version."""
        async with self._moved:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait_for(lambda: self.version > after), wait)
            return self.version
