"""One customer's conversation with the kf account: its state, its window and what she sees on her phone.

States (WeCom doc 94669): 0 new, 1 assistant (API), 2 waiting pool, 3 human, 4 ended or not started.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator.wecom.answers import Refusal
from simulator.wecom.limits import Limits
from simulator.world import Person

API_MOVES: Mapping[int, frozenset[int]] = {
    0: frozenset({1, 2, 3}),
    1: frozenset({2, 3}),
    2: frozenset({3}),
    3: frozenset({3, 4}),
    4: frozenset(),
}
"""What `service_state/trans` may do. Doubtful: whether 0, 1 and 2 may go to 4; the stricter reading is taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One bubble on the customer's phone."""

    by: str
    """`customer`, `hub` (sent by API) or `servicer` (a person in the WeCom client)."""
    text: str
    at: datetime
    msgid: str
    msgtype: str = "text"
    content: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The bubble as JSON-ready values."""
        return {
            "by": self.by, "text": self.text, "at": self.at.isoformat(), "msgid": self.msgid,
            "msgtype": self.msgtype, "content": dict(self.content),
        }  # fmt: skip


@dataclass(kw_only=True)
class Session:
    """The conversation of one customer with the one kf account."""

    person: Person
    limits: Limits
    state: int = 4
    servicer: str = ""
    spoke_at: datetime | None = None
    """The customer's last message."""
    welcomed_at: datetime | None = None
    sent: int = 0
    """Messages sent by API since then."""
    scene: str = ""
    scene_param: str = ""
    refuses: int | None = None
    """The fail_type with which messages to her fail after they were accepted, or None."""
    menu: dict[str, str] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def window(self) -> timedelta:
        """How long after her last message the account may write to her."""
        return timedelta(hours=self.limits.kf_window_hours)

    def settle(self, now: datetime) -> None:
        """Let the session end by itself 48 hours after her last message; no event tells anybody (doc 94669)."""
        if self.spoke_at is not None and now - self.spoke_at > self.window():
            self.state, self.servicer = 4, ""

    def hear(self, now: datetime) -> None:
        """She wrote: a new window, and a session that had ended is new again."""
        self.settle(now)
        self.spoke_at, self.sent = now, 0
        if self.state == 4:
            self.state = 0

    def may_send(self, now: datetime) -> None:
        """Raise Refusal unless one more API message is allowed now (doc 94677)."""
        if self.spoke_at is not None and now - self.spoke_at > self.window():
            raise Refusal(95002, "more than 48 h since the customer's last message")
        if self.state == 4 and self.spoke_at is not None:
            raise Refusal(95013, "the session has ended")
        if self.state not in (0, 1):
            raise Refusal(95018, f"no API messages in state {self.state}")
        if self.sent >= self.limits.kf_window_messages:
            raise Refusal(95001, "5 messages since the customer's last one")

    def may_welcome(self, now: datetime) -> bool:
        """Whether entering gives a welcome code: not welcomed and not written within 48 h (doc 94670; doubtful)."""
        return all(at is None or now - at > self.window() for at in (self.spoke_at, self.welcomed_at))

    def move(self, state: int, servicer: str) -> None:
        """Change the state by API. Raises Refusal (95016) for a move the table does not name."""
        if state not in API_MOVES[self.state] or (state == 3 and servicer == self.servicer):
            raise Refusal(95016, f"no way from state {self.state} to {state}")
        self.state, self.servicer = state, servicer if state == 3 else ""
