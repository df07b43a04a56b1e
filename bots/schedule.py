"""The heartbeat. APScheduler only ticks here: everything that is due stands in the database, so a missed or doubled
tick changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC

from apscheduler.schedulers.asyncio import AsyncIOScheduler

Tick = Callable[[], Awaitable[None]]


class Heartbeat:
    """Calls each tick every so many wall seconds, never twice at once, however late."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def every(self, seconds: float, tick: Tick, name: str) -> None:
        """Add a tick. One that the stop cuts short is no error: whatever it had in hand is done at the next start."""

        async def beat() -> None:
            with contextlib.suppress(asyncio.CancelledError):
                await tick()

        self._scheduler.add_job(
            beat, "interval", seconds=seconds, id=name, max_instances=1, coalesce=True, misfire_grace_time=None
        )

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def stop(self) -> None:
        """End; a tick under way is not waited for."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
