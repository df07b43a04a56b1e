"""How a call to a Microsoft service ended, in the hub's words: one table for all of them."""

from __future__ import annotations

import math
from datetime import UTC
from email.utils import parsedate_to_datetime
from time import time

from connectors.contract import Outcome, TryLater, Undeliverable, Unknown

MAX_WAIT = 3_600.0
PAUSE = 2.0
"""Seconds until the next try when the service names none; the hub makes it longer from try to try."""


class Ended(Exception):
    """The call is over without an answer we can use; the outcome says how."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome


def retry_after(header: str | None) -> float | None:
    """Seconds of a Retry-After header, in its number or date form; None when it is missing or nonsense."""
    if not header or len(header) > 60:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            when = parsedate_to_datetime(header)
        except ValueError:
            return None
        seconds = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - time()
    return min(MAX_WAIT, max(0.5, seconds)) if math.isfinite(seconds) else None


def of_status(status: int, code: str, after: float | None) -> Outcome:
    """What a refusal means (Teams, send proactive messages; rate limits). Only what surely was not done is TryLater.

    Microsoft's page says to try 412, 502 and 504 again; a message may have been posted then, so they are Unknown.
    """
    if status == 429:
        return TryLater(reason="throttled", seconds=after or PAUSE)
    if status == 503 and after is not None:
        return TryLater(reason="throttled", seconds=after)
    if status == 401:
        return TryLater(reason="token_refused", seconds=300.0, scope="app", alarm=True)
    if status in (408, 412) or status >= 500:
        return Unknown(reason="interrupted")
    reason = {403: "no_reference", 404: "root_gone", 413: "text_too_long"}.get(status, "refused")
    if code == "MessageWritesBlocked":
        reason = "blocked"
    return Undeliverable(reason=reason, detail=f"{status} {code}".strip()[:100])
