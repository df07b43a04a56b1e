"""How long a customer may wait for a colleague, in open office minutes: one arithmetic for every face and list.

`Playbook.sla` says how long; nobody is asked to answer at night.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from rules.book import Playbook
from rules.calendar import after_open_minutes, in_window, open_minutes
from rules.model import Conversation, Words
from rules.moments import clock_words


@dataclass(frozen=True, kw_only=True, slots=True)
class Sla:
    """A customer waits: what was promised, and how it stands now."""

    what: Literal["first", "next"]
    """Nobody has answered in this conversation yet, or a colleague has."""
    since: datetime
    due_at: datetime
    """When the promise ends, on the wall clock."""
    minutes_left: int
    """Open office minutes until then, rounded up; below zero: so many too late."""
    state: Literal["fine", "risk", "breached"]
    open_now: bool
    """Whether the office is open: only then the minutes run."""
    words: Words


def sla_of(talk: Conversation, book: Playbook, now: datetime) -> Sla | None:
    """How long she may still wait in this conversation; None when she waits for nobody."""
    since = talk.waiting_since
    if since is None or talk.status == "closed":
        return None
    return waiting(since, first=talk.last_our_at is None, book=book, now=now)


def waiting(since: datetime, *, first: bool, book: Playbook, now: datetime) -> Sla:
    """The same from the bare facts, for lists made from columns."""
    plan, office = book.sla, book.office
    allowed = plan.first_reply_minutes if first else plan.next_reply_minutes
    week, zone = office.hours, office.zone
    due_at = after_open_minutes(week, book.holidays, zone, since, allowed)
    late = now > due_at
    between = open_minutes(week, book.holidays, zone, *((due_at, now) if late else (now, due_at)))
    left = -int(between) if late else -int(-between // 1)
    state: Literal["fine", "risk", "breached"] = "fine"
    if late:
        state = "breached"
    elif left <= plan.risk_minutes:
        state = "risk"
    open_now = in_window(week, book.holidays, zone, now)
    return Sla(
        what="first" if first else "next",
        since=since,
        due_at=due_at,
        minutes_left=left,
        state=state,
        open_now=open_now,
        words=_words(first=first, left=left, late=late) if late or open_now else _closed(first, due_at, zone, now),
    )


def _words(*, first: bool, left: int, late: bool) -> Words:
    """ "18 min left for the first reply"."""
    zh, en = _WHAT[first]
    span_zh, span_en = _span(abs(left))
    if late:
        return Words(zh=f"{zh}已超时 {span_zh}", en=f"{en.capitalize()} is {span_en} late")
    return Words(zh=f"{zh}剩余 {span_zh}", en=f"{span_en} left for the {en}")


def _closed(first: bool, due_at: datetime, zone: str, now: datetime) -> Words:
    """While the office is closed no minute runs: until when, instead."""
    (zh, en), (due_zh, due_en) = _WHAT[first], clock_words(due_at, zone, now)
    return Words(zh=f"{zh}最晚{due_zh}（现在是非工作时间）", en=f"{en.capitalize()} is due {due_en} (closed now)")


_WHAT = {True: ("首响", "first reply"), False: ("回复", "reply")}


def _span(minutes: int) -> tuple[str, str]:
    """So many minutes as people say it."""
    if minutes < 120:
        return f"{minutes} 分钟", f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return (f"{hours} 小时 {rest} 分钟", f"{hours} h {rest} min") if rest else (f"{hours} 小时", f"{hours} h")
