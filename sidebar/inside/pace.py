"""How fast one person may open pages with customers' data: enough for work, too slow for copying everybody.

Visitors who ask for a web chat are measured the same way, by their address.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field

from sidebar.inside.parts import Wall

_MOST_PEOPLE = 10_000
_SECONDS = 60.0


@dataclass(kw_only=True, slots=True)
class Pace:
    """At most `per_minute` views in any minute and process, by person."""

    per_minute: int
    wall: Wall
    _seen: OrderedDict[Hashable, deque[float]] = field(default_factory=OrderedDict)

    def allows(self, by: Hashable) -> bool:
        """Count one more view; whether it is still within the measure."""
        now = self.wall()
        times = self._seen.setdefault(by, deque())
        self._seen.move_to_end(by)
        while len(self._seen) > _MOST_PEOPLE:
            self._seen.popitem(last=False)
        while times and times[0] <= now - _SECONDS:
            times.popleft()
        if len(times) >= self.per_minute:
            return False
        times.append(now)
        return True
