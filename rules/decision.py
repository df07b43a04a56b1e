"""What a decision is made of: effects, and the reason why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

from rules.effects import Change, Effect, Order, Sending
from rules.model import Words


@dataclass(frozen=True, kw_only=True, slots=True)
class Because:
    """One step of a trace: what was decided here, in words a rep can read, with the values that were seen."""

    about: Literal["route", "rule", "assign", "score", "stage", "quiet", "send", "act", "skip"]
    words: Words
    rule: str = ""
    """Id of the rule or matrix cell."""
    seen: Mapping[str, str] = field(default_factory=dict)
    """Every condition that was looked at, with the value it saw."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """The why of one turn."""

    event_id: str
    event: str
    """Kind of the event."""
    at: datetime
    playbook: str
    """Version (content hash) of the playbook that decided."""
    steps: tuple[Because, ...]

    def about(self, about: str) -> tuple[Because, ...]:
        """The steps about one thing."""
        return tuple(s for s in self.steps if s.about == about)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the person who acted sees at once, where the platform lets us answer in place."""

    show: Literal["card", "toast", "list"]
    """`card`: the current card of the conversation; `toast`: the words alone; `list`: words with rows."""
    words: Words
    refused: bool = False
    """The act was not done (somebody was faster, not allowed, nothing to do)."""
    private: bool = False
    """For the person alone, wherever it was asked."""
    rows: tuple[str, ...] = ()
    """Ids of conversations or outbox rows a list shows."""
    query: str = ""
    """For lists the caller must fetch: `queue`, `mine`, `unknown`, `find:<words>`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The outcome of one turn."""

    effects: tuple[Effect, ...]
    because: Trace
    answer: Answer | None = None

    @property
    def changes(self) -> tuple[Change, ...]:
        """What happens to the customer."""
        return tuple(e for e in self.effects if isinstance(e, Change))

    @property
    def sendings(self) -> tuple[Sending, ...]:
        """What leaves the house."""
        return tuple(e for e in self.effects if isinstance(e, Sending))

    @property
    def orders(self) -> tuple[Order, ...]:
        """What happens to the hub's own queues and switches."""
        return tuple(e for e in self.effects if isinstance(e, Order))


TRACE: TypeAdapter[Trace] = TypeAdapter(Trace)
"""Reads and writes traces as JSON."""
ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)
"""Reads and writes answers as JSON."""
