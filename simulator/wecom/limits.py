"""The platform's numbers, all settable by the control API so that a test reaches a limit with three calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict


class Limits(BaseModel):
    """Numbers of the WeCom documents; `doubtful` ones are not published or differ between pages."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    token_seconds: float = 7200
    """Wall time (doc 91039)."""
    gettoken_per_hour: int = 2000
    """Virtual hour; doubtful, no number is published."""
    api_per_minute: int = 10_000
    """Per path and virtual minute (doc 90454)."""
    callback_timeout: float = 5.0
    """Wall seconds (doc 90930)."""
    verify_timeout: float = 1.0
    """Wall seconds for the answer to URL verification (doc 90930)."""
    resend_waits: tuple[float, ...] = (1.0, 4.0, 7.0)
    """Wall seconds before each of the three resends; the number three is documented, the waits are doubtful."""
    kf_window_hours: int = 48
    kf_window_messages: int = 5
    """Both per customer message (doc 94677)."""
    kf_history_days: int = 3
    kf_token_minutes: int = 10
    kf_page: int = 1000
    """At most so many items a pull, however many were asked for (doc 94670)."""
    kf_empty_pages: int = 0
    """The next so many pulls answer an empty page with has_more=1, as the real one may (doc 94670)."""
    kf_pulls_without_token: int = 30
    """Per virtual minute; doubtful, the page only says 'strict' (doc 94670)."""
    media_days: int = 3
    welcome_seconds: int = 20
    member_per_minute: int = 30
    """App messages to one member, more are dropped without a word (doc 90236)."""
    member_per_hour: int = 1000
    response_code_hours: int = 72
    admin_welcome: bool = False
    """True plays an admin who set a welcome in the console: added contacts then come without a WelcomeCode."""
    follow_page: int = 500
    """Followers a page of externalcontact/get (doc 92114)."""
    oauth_code_seconds: float = 300
    """Wall time (doc 91022)."""
    ticket_seconds: float = 7200
    """Wall time (doc 90506)."""
    corp_tickets_per_hour: int = 400
    agent_tickets_per_hour: int = 100
    racing_welcomes: int = 0
    """The next so many welcomes are refused with 41096, another app being about to send (doc 92137)."""
    kf_managed: bool = True
    """False plays an admin who took the kf account away from the app (doc 94661: manage_privilege)."""
    trusted_ip: bool = True
    """False plays a hub whose address the admin did not list: 60020."""


class Window:
    """A sliding window on virtual time: at most so many hits in so long."""

    def __init__(self, now: Callable[[], datetime], length: timedelta) -> None:
        self._now = now
        self._length = length
        self._hits: deque[datetime] = deque()

    def hit(self, limit: int) -> bool:
        """Count one more; false when that is one too many (then it is not counted)."""
        now = self._now()
        while self._hits and self._hits[0] <= now - self._length:
            self._hits.popleft()
        if len(self._hits) >= limit:
            return False
        self._hits.append(now)
        return True
