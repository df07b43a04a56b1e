"""Something heavy that is loaded in a thread, once, when there is time for it or when it is first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Late(Generic[T]):
    """Loaded later."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._loading: asyncio.Task[T] | None = None

    def begin(self) -> asyncio.Task[T]:
        """Begin to load, if that has not begun."""
        if self._loading is None:
            self._loading = asyncio.create_task(asyncio.to_thread(self._load))
        return self._loading

    async def close(self, close: Callable[[T], Awaitable[None]]) -> None:
        """Close it, if it was ever loaded."""
        if self._loading is not None:
            await asyncio.wait([self._loading])
            if self._loading.exception() is None:
                await close(self._loading.result())

    async def __call__(self) -> T:
        """The thing, loaded."""
        return await asyncio.shield(self.begin())
