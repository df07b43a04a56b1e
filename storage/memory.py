"""What this process remembers of rows it has read or written, so that hot ones are not read and opened again.

A sealed blob has a random nonce, so it is a perfect stamp: while the row's blob is the one remembered with the value,
the value is what the row says, whoever wrote it and whether or not our own write was committed.
"""

from __future__ import annotations

from typing import Any

MOST = 2000


class Memory:
    """A bounded table of key -> (stamp, value), shared by the threads of a process."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[str, tuple[bytes, Any]] = {}

    def get(self, key: str, stamp: bytes) -> Any | None:
        """The value remembered under this key, if the stamp is still the same."""
        found = self._kept.get(key)
        return found[1] if found is not None and found[0] == stamp else None

    def put(self, key: str, stamp: bytes, value: Any) -> None:
        """Remember a value. When there is no more room, everything is forgotten: cheap, rare, and always right."""
        if len(self._kept) >= MOST:
            self._kept = {}
        self._kept[key] = (stamp, value)
