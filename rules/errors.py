"""Every error the hub raises on purpose.

HubError
├─ ConfigError           the operator must mend a file; stop at start, exit 2
│  └─ PlaybookError      names the rule and the key
├─ Refused               the caller is wrong and is never retried; 4xx
│  ├─ BadSignature       401/403, uniform body
│  ├─ NotAllowed         404: not yours and not there look alike
│  └─ BadRequest         400/413
├─ PlatformAway          a platform did not give what a page needs; 502, try again
└─ StorageError
   ├─ Conflict           somebody else was faster: take the turn again
   │  └─ Busy            and Unavailable too: others were served first, the very same may be tried again
   ├─ Unavailable        no room or no database: 503, never a false 2xx
   └─ Unreadable         a sealed value that no key of ours opens
"""

from __future__ import annotations

from dataclasses import dataclass


class HubError(Exception):
    """Base of everything the hub raises on purpose."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """One thing wrong in a file the operator wrote."""

    where: str
    """File and line, or file and key."""
    found: str
    expected: str
    nearest: str = ""
    """The nearest known name, when a name was not known."""

    def __str__(self) -> str:
        hint = f"; did you mean {self.nearest!r}?" if self.nearest else ""
        return f"{self.where}: found {self.found}, expected {self.expected}{hint}"


class ConfigError(HubError):
    """The configuration has mistakes; all of them are listed."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(str(m) for m in mistakes))


class PlaybookError(ConfigError):
    """The playbook has mistakes; the running version stays in force."""


class Refused(HubError):
    """The caller did something that will not be accepted however often it is tried."""

    status = 400


class BadRequest(Refused):
    """Malformed, oversized or otherwise unusable input."""

    def __init__(self, reason: str, *, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


class BadSignature(Refused):
    """Not provably from the platform."""

    def __init__(self, reason: str, *, status: int = 401) -> None:
        super().__init__(reason)
        self.status = status


class NotAllowed(Refused):
    """Not yours, or not there: the two look alike."""

    status = 404


class PlatformAway(HubError):
    """A platform did not answer, or would not do what was asked of it."""


class StorageError(HubError):
    """The database could not do it."""


class Conflict(StorageError):
    """Somebody else changed it first; load again and decide again."""


class Unavailable(StorageError):
    """No room or no database; nothing was stored."""


class Busy(Conflict, Unavailable):
    """A deadlock or a lock held too long: nothing was stored, and nothing of ours was wrong; the same may be tried
    again. A turn decides again, as after any conflict; whoever cannot decide again waits, as for a database away."""


class Unreadable(StorageError):
    """A sealed value was changed, moved, or sealed with a key we do not hold."""
