"""Named places where the process may be made to die, to prove that nothing is lost or doubled when it does.

A failpoint stands before and after every kind of commit, and after the last byte of every kind of outgoing call but
before its answer is stored. `python app.py serve --list-failpoints` prints them; the environment variable
TOWER_FAILPOINT=name or name:3 kills the process (SIGKILL) when it passes that place the first or the third time.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field

COMMITS = (
    "intake",
    "act",
    "page",
    "turn_claim",
    "turn",
    "delivery_claim",
    "delivery",
    "timers",
    "note",
    "node",
    "staff",
)
"""Labels of the commits the hub makes on its way."""
CALLS = (
    "thread_post",
    "card_edit",
    "line_post",
    "line_edit",
    "customer_text",
    "welcome",
    "rep_notice",
    "mail",
    "question",
    "pull",
    "provision_channels",
)
"""Kinds of outgoing calls, named after their jobs."""


def names() -> tuple[str, ...]:
    """Every failpoint there is."""
    commits = (f"{label}.{when}_commit" for label in COMMITS for when in ("before", "after"))
    return (*commits, *(f"{call}.sent" for call in CALLS))


@dataclass(kw_only=True)
class Failpoints:
    """The one failpoint that is armed, if any."""

    armed: str = ""
    """`name` or `name:count`; empty = none."""
    _left: int = field(init=False, default=0)
    _name: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self._name, _, count = self.armed.partition(":")
        self._left = int(count or 1)
        if self._name and self._name not in names():
            raise ValueError(f"no failpoint is called {self._name!r}")

    def reach(self, name: str) -> None:
        """Die here if this place is armed and its count has come."""
        if name == self._name:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
