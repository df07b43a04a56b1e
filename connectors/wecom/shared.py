"""Short-lived secrets that all nodes share: access tokens and JS-SDK tickets, fetched once, kept in the hub's notes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from connectors.contract import Hub
from connectors.wecom.errors import Refusal


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A secret with the wall time, in epoch seconds, at which it dies."""

    value: str = field(repr=False)
    ends: float


Fetch = Callable[[], Awaitable[Lease]]
_BAR_SECONDS = 30.0
"""After a refusal nobody asks again so soon: WeCom blocks addresses that keep asking in vain."""


class Shared:
    """One such secret: single flight in this process, one note for all of them."""

    def __init__(self, *, hub: Hub, key: str, margin: float, fetch: Fetch) -> None:
        self._hub = hub
        self._key = key
        self._margin = margin
        self._fetch = fetch
        self._lock = asyncio.Lock()
        self._held: Lease | None = None
        self._barred: tuple[float, Refusal] | None = None

    async def get(self) -> str:
        """The secret, fetched if nobody holds a living one. Raises CallFailed, StorageError."""
        if self._held and _lives(self._held):
            return self._held.value
        return await self._renewed(refused="")

    async def replace(self, refused: str) -> str:
        """Another one than `refused`, which the platform did not take. Raises CallFailed, StorageError."""
        return await self._renewed(refused=refused)

    async def _renewed(self, *, refused: str) -> str:
        async with self._lock:
            for lease in (self._held, await self._noted()):
                if lease and lease.value != refused and _lives(lease):
                    self._held = lease
                    return lease.value
            self._held = await self._fetched()
            await self._hub.keep_note(self._key, self._held.value, self._held.ends)
            return self._held.value

    async def _noted(self) -> Lease | None:
        note = await self._hub.note(self._key)
        return Lease(value=note[0], ends=note[1]) if note else None

    async def _fetched(self) -> Lease:
        if self._barred and time.monotonic() < self._barred[0]:
            raise self._barred[1]
        try:
            lease = await self._fetch()
        except Refusal as refusal:
            self._barred = (time.monotonic() + _BAR_SECONDS, refusal)
            raise
        return replace(lease, ends=self._trusted_until(lease.ends))

    def _trusted_until(self, ends: float) -> float:
        """A margin longer than the rest of its life would fetch for ever, so it counts for half of that at least."""
        now = time.time()
        return now + max(ends - now - self._margin, (ends - now) / 2)


def _lives(lease: Lease) -> bool:
    return lease.ends > time.time()
