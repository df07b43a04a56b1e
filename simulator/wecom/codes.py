"""One-time codes of the platform: opaque, good for one use, dead after a virtual while."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from simulator.wecom.answers import Refusal

T = TypeVar("T")


@dataclass(kw_only=True)
class _Issued(Generic[T]):
    meaning: T
    until: datetime
    used: bool = False


class OneTimeCodes(Generic[T]):
    """Codes of one kind and what each stands for."""

    def __init__(self, now: Callable[[], datetime], *, unknown: int, used: int) -> None:
        self._now = now
        self._unknown = unknown
        self._used = used
        self._issued: dict[str, _Issued[T]] = {}

    def issue(self, meaning: T, life: timedelta) -> str:
        """A new code that stands for `meaning` for so long."""
        code = secrets.token_urlsafe(24)
        self._issued[code] = _Issued(meaning=meaning, until=self._now() + life)
        return code

    def look(self, code: str) -> T:
        """What `code` stands for. Raises Refusal when it is unknown, too old or used."""
        issued = self._issued.get(code)
        if issued is None:
            raise Refusal(self._unknown, "code never issued")
        if issued.used:
            raise Refusal(self._used, "code was used before")
        if self._now() > issued.until:
            raise Refusal(self._unknown, "code is too old")
        return issued.meaning

    def spend(self, code: str) -> None:
        """Mark a code that `look` accepted as used."""
        self._issued[code].used = True
