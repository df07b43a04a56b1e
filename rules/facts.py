"""What a condition can look at: every field by name, with its type and where its value comes from.

The docstrings of the readers are the documentation of the fields; a playbook editor shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from rules.events import (
    FormSubmitted,
    Happened,
    LinkClicked,
    MailReceived,
    MessageReceived,
    PageVisited,
    SessionEntered,
)
from rules.model import Conversation, Customer

Value = str | float | bool | tuple[str, ...]
Kind = Literal["text", "number", "yes_no", "list"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """One customer at one moment, with what has just happened."""

    customer: Customer
    conversation: Conversation | None
    event: Happened
    now: datetime
    heat: Callable[[Facts], str] = lambda _facts: "cold"
    """How hot she is: asked only when a condition wants to know."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FactField:
    """One thing a condition can name."""

    name: str
    kind: Kind
    read: Callable[[Facts], Value]
    moves: bool = False
    """Whether it changes with time alone, so that a moment must be found at which a condition on it may flip."""

    @property
    def words(self) -> str:
        """What it means."""
        return (self.read.__doc__ or "").strip()


def last_touch(customer: Customer, conversation: Conversation | None) -> datetime:
    """The last word on either side, on any platform; a click or a form counts too."""
    times = [customer.created_at] if conversation is None else [conversation.touched_at]
    times += [t for c in customer.conversations for t in (c.last_customer_at, c.last_our_at) if t is not None]
    times += customer.recent[-1:]
    return max(times)


def touches_since(customer: Customer, since: datetime) -> int:
    """How many of her touches are newer than a moment."""
    count = 0
    for at in reversed(customer.recent):
        if at <= since:
            break
        count += 1
    return count


def _days(delta: timedelta) -> float:
    return max(0.0, delta.total_seconds()) / 86400


def _happened(f: Facts) -> Value:
    """What has just happened: the kind of the event, e.g. `message_received`."""
    return str(getattr(f.event, "kind", ""))


def _text(f: Facts) -> Value:
    """Her words, in a message or a mail that has just come; empty otherwise."""
    return f.event.text if isinstance(f.event, MessageReceived | MailReceived) else ""


def _page(f: Facts) -> Value:
    """The page or asset she has just looked at."""
    if isinstance(f.event, PageVisited):
        return f.event.page
    return f.event.target if isinstance(f.event, LinkClicked) and not f.event.robot else ""


def _consented(f: Facts) -> Value:
    """Whether the form that has just come gives consent."""
    return isinstance(f.event, FormSubmitted) and f.event.consented


def _scene(f: Facts) -> Value:
    """The code she has just scanned to come here."""
    return (f.event.scene_param or f.event.scene) if isinstance(f.event, SessionEntered) else ""


def _stage(f: Facts) -> Value:
    """Her life-cycle stage."""
    return f.customer.stage.value


def _segment(f: Facts) -> Value:
    """Her segment, as last computed."""
    return f.customer.segment


def _industry(f: Facts) -> Value:
    """Her industry, by its name in the playbook."""
    return f.customer.industry


def _source(f: Facts) -> Value:
    """Where she first came from."""
    return f.customer.source


def _language(f: Facts) -> Value:
    """The language she writes in."""
    return f.customer.language


def _heat(f: Facts) -> Value:
    """cold, warm or hot."""
    return f.heat(f)


def _tags(f: Facts) -> Value:
    """The tags on her now."""
    return tuple(t.name for t in f.customer.tags if t.active)


def _pages(f: Facts) -> Value:
    """Pages and assets she has looked at, the last twenty."""
    return f.customer.seen_pages


def _score(f: Facts) -> Value:
    """Her score now, after decay."""
    return round(f.customer.score(f.now), 2)


def _touches_1d(f: Facts) -> Value:
    """Her touches in the last day, this one included."""
    return float(touches_since(f.customer, f.now - timedelta(days=1)))


def _touches_7d(f: Facts) -> Value:
    """Her touches in the last seven days."""
    return float(touches_since(f.customer, f.now - timedelta(days=7)))


def _touches_30d(f: Facts) -> Value:
    """Her touches in the last thirty days."""
    return float(touches_since(f.customer, f.now - timedelta(days=30)))


def _days_silent(f: Facts) -> Value:
    """Days since the last word on either side, on any platform."""
    return _days(f.now - last_touch(f.customer, f.conversation))


def _days_known(f: Facts) -> Value:
    """Days since we first met her."""
    return _days(f.now - f.customer.created_at)


def _has_written(f: Facts) -> Value:
    """Whether she has ever written to us in a chat."""
    return any(c.last_customer_at is not None for c in f.customer.conversations)


def _has_owner(f: Facts) -> Value:
    """Whether somebody on our side owns her."""
    return bool(f.customer.owner)


def _qualified(f: Facts) -> Value:
    """Whether she is marketing-qualified (MQL)."""
    return f.customer.qualified


def _has_mail(f: Facts) -> Value:
    """Whether we hold a mail address of hers."""
    return bool(f.customer.attributes.get("mail"))


def _connector(f: Facts) -> Value:
    """The platform of the conversation."""
    return f.conversation.address.connector if f.conversation else ""


def _attribute(name: str, words: str) -> Callable[[Facts], Value]:
    def read(f: Facts) -> Value:
        return f.customer.attributes.get(name, "")

    read.__doc__ = words
    return read


def _fields() -> Mapping[str, FactField]:
    texts = {
        "event": _happened,
        "text": _text,
        "page": _page,
        "scene": _scene,
        "stage": _stage,
        "segment": _segment,
        "industry": _industry,
        "source": _source,
        "language": _language,
        "heat": _heat,
        "connector": _connector,
        "title": _attribute("title", "Her job title."),
        "company": _attribute("company", "Her company."),
        "region": _attribute("region", "Her region."),
        "size": _attribute("size", "How big her company is."),
    }
    numbers = {"score": _score, "touches_1d": _touches_1d, "touches_7d": _touches_7d, "touches_30d": _touches_30d}
    numbers |= {"days_silent": _days_silent, "days_known": _days_known}
    yes_no = {"consented": _consented, "has_written": _has_written, "has_owner": _has_owner}
    yes_no |= {"qualified": _qualified, "has_mail": _has_mail}
    lists = {"tags": _tags, "pages": _pages}
    return {
        **{n: FactField(name=n, kind="text", read=r) for n, r in texts.items()},
        **{n: FactField(name=n, kind="number", read=r, moves=True) for n, r in numbers.items()},
        **{n: FactField(name=n, kind="yes_no", read=r) for n, r in yes_no.items()},
        **{n: FactField(name=n, kind="list", read=r) for n, r in lists.items()},
    }


FIELDS: Mapping[str, FactField] = _fields()
"""Every field a condition can name."""

WINDOW_DAYS: Mapping[str, int] = {"touches_1d": 1, "touches_7d": 7, "touches_30d": 30}
"""Fields that count touches in a moving window, with its length."""


def shown(value: Value) -> str:
    """A value as a person reads it in a trace."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, tuple):
        return ", ".join(value) or "-"
    # Her own words do not belong into a trace: the trace is read by more people than the thread.
    return value or "-"
