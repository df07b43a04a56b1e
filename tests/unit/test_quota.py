"""WeCom customer service: five messages in 48 hours after her last one, a greeting once within 20 seconds.

A platform of the test's own counts by those rules alone, however customers, reps, timers and a late delivery mix.
Source: WeCom doc 94677 (sending messages) and 95122 (welcome on entering).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from rules.effects import Sending, SendText, SendWelcome
from rules.window import why_too_late
from tests.unit.builders import LI, LIMITS, MONDAY, WANG, Life

WINDOW = timedelta(hours=48)
WELCOME = timedelta(seconds=20)
MOST = 5
ALLOWANCE = timedelta(seconds=1)
"""What lies between the moment she opens the chat and our reading the code."""


@dataclass
class Platform:
    """What WeCom remembers of one customer."""

    spoke_at: datetime | None = None
    spent: int = 0
    codes: dict[str, datetime] = field(default_factory=dict)

    def hears(self, now: datetime) -> None:
        """She writes."""
        self.spoke_at, self.spent = now, 0

    def takes(self, sending: Sending, now: datetime) -> None:
        """We send: anything the platform would refuse is a failure of ours."""
        if isinstance(sending, SendWelcome):
            issued = self.codes.pop(sending.code, None)
            assert issued is not None, "a welcome code is spent once"
            assert now - issued <= WELCOME, "after 20 seconds a code is void"
            return
        assert self.spoke_at is not None, "she never wrote"
        assert now - self.spoke_at < WINDOW, "the 48 hours are over"
        self.spent += 1
        assert self.spent <= MOST, "a sixth message"


class Quota(RuleBasedStateMachine):
    """One customer, two reps, and a delivery that takes its time."""

    @initialize()
    def begin(self) -> None:
        self.life = Life(now=MONDAY)
        self.platform = Platform()
        self.waiting: list[Sending] = []
        self.codes = 0

    def _collect(self, decisions_before: int) -> None:
        for decision in self.life.decisions[decisions_before:]:
            self.waiting += [s for s in decision.sendings if isinstance(s, SendText | SendWelcome)]

    @rule(with_code=st.booleans())
    def enters(self, with_code: bool) -> None:
        """A code comes when there was no welcome and no word of hers in 48 hours; the test gives one more often."""
        before = len(self.life.decisions)
        self.codes += with_code
        code = f"code-{self.codes}" if with_code else ""
        if with_code:
            self.platform.codes[code] = self.life.now - ALLOWANCE
        self.life.enters(code=code)
        self._collect(before)

    @rule(text=st.sampled_from(["你好", "报价多少", "人工", "hello there", "退订"]))
    def says(self, text: str) -> None:
        before = len(self.life.decisions)
        self.platform.hears(self.life.now)
        self.life.on_way = sum(isinstance(s, SendText) for s in self.waiting)
        self.life.says(text)
        self._collect(before)

    @precondition(lambda self: self.life.conversation_id)
    @rule(times=st.integers(2, MOST))
    def answers(self, times: int) -> None:
        """A rep writes several lines in a row, as people do."""
        before = len(self.life.decisions)
        for _ in range(times):
            self.life.acts("reply", WANG, text="您好，报价今天给您")
        self._collect(before)

    @precondition(lambda self: self.life.conversation_id)
    @rule(
        verb=st.sampled_from(["claim", "reply", "form", "note", "close", "hand_back"]), rep=st.sampled_from([WANG, LI])
    )
    def acts(self, verb: str, rep: object) -> None:
        before = len(self.life.decisions)
        self.life.acts(verb, rep, text="您好，报价今天给您")  # type: ignore[arg-type]
        self._collect(before)

    @precondition(lambda self: self.life.customer.timers)
    @rule(data=st.data())
    def fires(self, data: st.DataObject) -> None:
        before = len(self.life.decisions)
        self.life.fire(data.draw(st.sampled_from(sorted({t.kind for t in self.life.customer.timers}))))
        self._collect(before)

    @rule(span=st.sampled_from([1, 15, 25, 60, 3600, 10 * 3600, 47 * 3600, 49 * 3600]))
    def passes(self, span: int) -> None:
        self.life.passes(seconds=span)

    @precondition(lambda self: self.waiting)
    @rule(rows=st.integers(1, 2 * MOST))
    def delivers(self, rows: int) -> None:
        for sending in self.waiting[:rows]:
            self._claims(sending)
        self.waiting = self.waiting[rows:]

    def _claims(self, sending: Sending) -> None:
        """A row is claimed: what the hub asks then decides whether the platform ever hears of it."""
        now = self.life.now
        if sending.deadline is not None and now > sending.deadline:
            return
        if isinstance(sending, SendText):
            talk = self.life.customer.conversation(sending.conversation_id)
            assert talk is not None
            if why_too_late(talk, LIMITS["wecom"], now):
                return
        self.platform.takes(sending, now)


TestQuota = Quota.TestCase
TestQuota.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
