"""Sliding rate windows. Windows up to two seconds run on the monotonic clock, longer ones on virtual time."""

from __future__ import annotations

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """At most `calls` within `seconds`."""

    calls: int
    seconds: int


class Rates:
    """Counts calls per key and says how long a caller over the limit has to wait."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._calls: dict[tuple[str, int], deque[float]] = defaultdict(deque)

    def take(self, key: str, *windows: Window) -> int:
        """Count one call on `key`. Returns 0, or the whole seconds to wait when a window is full (not counted)."""
        waits = [self._wait(key, window) for window in windows]
        if wait := max(waits, default=0):
            return wait
        for window in windows:
            self._calls[key, window.seconds].append(self._time(window))
        return 0

    def _wait(self, key: str, window: Window) -> int:
        calls, moment = self._calls[key, window.seconds], self._time(window)
        while calls and calls[0] <= moment - window.seconds:
            calls.popleft()
        if len(calls) < window.calls:
            return 0
        return max(1, math.ceil(calls[0] + window.seconds - moment))

    def _time(self, window: Window) -> float:
        """Seconds on the clock this window runs on."""
        return time.monotonic() if window.seconds <= 2 else self._now().timestamp()
