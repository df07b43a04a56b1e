"""The platform's reply window: how long and how often we may still write to a customer."""

from __future__ import annotations

from datetime import datetime

from rules.card import ReplyWindow
from rules.model import Conversation, ReplyLimits


def reply_window(talk: Conversation, limits: ReplyLimits, now: datetime) -> ReplyWindow:
    """What is left of it. A conversation she never wrote in has no window where the platform demands one."""
    hours = _hours_left(talk, limits, now)
    messages = None if limits.messages is None else max(0, limits.messages - talk.sent_since_customer)
    is_open = (hours is None or hours > 0) and (messages is None or messages > 0)
    return ReplyWindow(open=is_open, hours_left=hours, messages_left=messages, messages_total=limits.messages)


def _hours_left(talk: Conversation, limits: ReplyLimits, now: datetime) -> float | None:
    if limits.hours is None:
        return None
    if talk.last_customer_at is None:
        return 0.0
    return max(0.0, limits.hours - (now - talk.last_customer_at).total_seconds() / 3600)


def why_closed(talk: Conversation, limits: ReplyLimits, now: datetime) -> str:
    """The reason code when nothing can be sent now, or empty."""
    if talk.taken_over:
        return "taken_over"
    window = reply_window(talk, limits, now)
    if window.messages_left == 0:
        return "window_spent"
    return "" if window.open else "window_closed"


def why_too_late(talk: Conversation, limits: ReplyLimits, now: datetime) -> str:
    """The reason code when a message that was decided earlier, and is counted, may not go any more; or empty."""
    if talk.taken_over:
        return "taken_over"
    return "window_closed" if _hours_left(talk, limits, now) == 0 else ""
