"""The clock port: business time from the system, or from a virtual clock that a simulator keeps.

Leases, heartbeats, timeouts and token lifetimes never use it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from aiohttp import ClientError, ClientSession, ClientTimeout


class BusinessClock(Protocol):
    """Business time, and a way to notice that it jumped."""

    version: int
    """Raised whenever the clock was pushed; 0 for a clock nobody can push."""

    def now(self) -> datetime:
        """The moment, aware UTC."""

    async def start(self) -> None:
        """Learn the time. Raises ConnectionError when the clock cannot be reached."""

    async def stop(self) -> None:
        """Stop following."""

    async def jumped(self, after: int) -> None:
        """Return when `version` is above `after`."""


class SystemClock:
    """The machine's own clock."""

    version = 0

    def now(self) -> datetime:
        """The moment, aware UTC."""
        return datetime.fromtimestamp(time.time(), UTC)

    async def start(self) -> None:
        """Nothing to learn."""

    async def stop(self) -> None:
        """Nothing to stop."""

    async def jumped(self, after: int) -> None:
        """Never returns: this clock does not jump."""
        await asyncio.Event().wait()


class RemoteClock:
    """A clock somebody else pushes: `GET url` tells the time, `GET url?after=N&wait=S` waits for the next push."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.version = 0
        self._base = datetime.fromtimestamp(0, UTC)
        self._since = time.monotonic()
        self._running = False
        self._moved = asyncio.Condition()
        self._session: ClientSession | None = None
        self._follower: asyncio.Task[None] | None = None

    def now(self) -> datetime:
        """The moment the clock showed when we last heard of it, plus what passed since if it is running."""
        if not self._running:
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._since)

    async def start(self) -> None:
        """Learn the time, then follow it."""
        self._session = ClientSession(timeout=ClientTimeout(total=40))
        for _ in range(50):
            with contextlib.suppress(ClientError, TimeoutError):
                await self._ask(0, 0)
                break
            await asyncio.sleep(0.1)
        else:
            await self._session.close()
            raise ConnectionError(f"the clock at {self._url} does not answer")
        self._follower = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Stop following."""
        if self._follower:
            self._follower.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._follower
        if self._session:
            await self._session.close()

    async def jumped(self, after: int) -> None:
        """Return when `version` is above `after`."""
        async with self._moved:
            await self._moved.wait_for(lambda: self.version > after)

    async def _follow(self) -> None:
        while True:
            try:
                await self._ask(self.version, 25)
            except (ClientError, TimeoutError):
                await asyncio.sleep(0.2)

    async def _ask(self, after: int, wait: float) -> None:
        assert self._session is not None  # noqa: S101
        async with self._session.get(self._url, params={"after": str(after), "wait": str(wait)}) as answer:
            answer.raise_for_status()
            told = await answer.json()
        async with self._moved:
            self._base = datetime.fromisoformat(told["now"])
            self._since = time.monotonic()
            self._running = bool(told["running"])
            self.version = int(told["version"])
            self._moved.notify_all()
