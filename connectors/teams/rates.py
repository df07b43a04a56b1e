"""The service's limits, kept before a call is made. Windows up to two seconds run on the monotonic clock, longer ones
on business time.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from datetime import datetime

from connectors.teams.settings import Window

SHORT = 2.0
SLACK = 0.15
"""Seconds a short window is longer for us than for the service: calls do not arrive as evenly as they leave."""
MAX_KEYS = 10_000


class Rates:
    """Counts calls per key."""

    def __init__(self, clock: Callable[[], datetime], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._monotonic = clock, monotonic
        self._calls: OrderedDict[tuple[str, float], deque[float]] = OrderedDict()

    def take(self, *wanted: tuple[str, Sequence[Window]]) -> float:
        """Count one call under each key. Returns 0, or the seconds to wait when a window is full (then not counted)."""
        wait = max((self.wait(key, windows) for key, windows in wanted), default=0.0)
        if wait > 0:
            return wait
        for key, windows in wanted:
            for window in windows:
                self._of(key, window).append(self._time(window))
        self._forget()
        return 0.0

    def wait(self, key: str, windows: Sequence[Window]) -> float:
        """Seconds until a call under this key would be taken; 0 when now."""
        return max((self._wait(key, window) for window in windows), default=0.0)

    def _wait(self, key: str, window: Window) -> float:
        calls, now = self._of(key, window), self._time(window)
        lasts = window.seconds + (SLACK if window.seconds <= SHORT else 0.0)
        while calls and calls[0] <= now - lasts:
            calls.popleft()
        return calls[0] + lasts - now if len(calls) >= window.calls else 0.0

    def _of(self, key: str, window: Window) -> deque[float]:
        calls = self._calls.setdefault((key, window.seconds), deque(maxlen=window.calls))
        self._calls.move_to_end((key, window.seconds))
        return calls

    def _time(self, window: Window) -> float:
        return self._monotonic() if window.seconds <= SHORT else self._clock().timestamp()

    def _forget(self) -> None:
        """Keys that were not used for longest go first: a full window is used often."""
        while len(self._calls) > MAX_KEYS:
            self._calls.popitem(last=False)
