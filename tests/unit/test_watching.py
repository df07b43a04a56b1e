"""Managers hear of a customer who waits too long: at the right minute, once for one stretch of waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rules.effects import NotifyRep
from rules.model import Preferences
from tests.unit.builders import LI, MA, MONDAY, Life, effects, without


def waiting(**more: object) -> Life:
    life = Life(**more)  # type: ignore[arg-type]
    life.says("你好，想了解方案", name="张伟")
    return life


def told(life: Life, kind: str) -> list[NotifyRep]:
    return [n for n in effects(life.fire(kind), NotifyRep) if n.rep == MA.id]


def timers(life: Life, kind: str) -> list[datetime]:
    return [t.due_at for t in life.customer.timers if t.kind == kind]


def test_a_first_answer_that_is_nearly_late_is_told() -> None:
    life = waiting()
    plan = life.book.sla
    assert timers(life, "sla") == [MONDAY + timedelta(minutes=plan.first_reply_minutes - plan.risk_minutes)]
    (notice,) = told(life, "sla")
    assert "张伟" in notice.text.zh and "李强" in notice.text.zh and notice.actions == ("claim",)
    assert "10 min left" in notice.text.en


def test_one_stretch_of_waiting_is_told_once() -> None:
    life = waiting()
    first = told(life, "sla")
    life.says("在吗？")
    life.acts("note", text="先放着")
    timer = next(t for t in life.customer.timers if t.kind == "sla")
    again = [n for n in effects(life.ring(timer), NotifyRep) if n.rep == MA.id]
    assert [n.id for n in again] == [n.id for n in first], "the outbox takes one id once"


def test_an_answer_takes_the_timers_back_and_her_next_word_begins_anew() -> None:
    life = waiting()
    life.acts("reply", text="您好")
    assert timers(life, "sla") == timers(life, "unrouted") == []
    life.passes(minutes=5)
    life.says("多少钱？")
    plan = life.book.sla
    assert timers(life, "sla") == [life.now + timedelta(minutes=plan.next_reply_minutes - plan.risk_minutes)]


def test_an_automatic_answer_is_no_answer() -> None:
    night = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
    life = waiting(now=night)
    assert timers(life, "sla") == [datetime(2026, 11, 24, 1, 20, tzinfo=UTC)], "twenty minutes into the next office day"


def test_a_customer_nobody_has_is_told_sooner() -> None:
    life = waiting(reps=(MA,))
    minutes = life.book.reminders.unrouted_minutes
    assert timers(life, "unrouted") == [MONDAY + timedelta(minutes=minutes)]
    (notice,) = told(life, "unrouted")
    assert notice.title.en == "Nobody has this customer"


def test_who_is_put_aside_taken_over_or_closed_is_left_in_peace() -> None:
    life = waiting()
    life.acts("snooze", LI, hours="2")
    assert timers(life, "sla") == []
    life = waiting()
    timer = next(t for t in life.customer.timers if t.kind == "sla")
    life.acts("close", LI)
    life.now = timer.due_at
    assert not effects(life.ring(timer), NotifyRep)


def test_a_managers_quiet_hours_hold_here_too() -> None:
    asleep = without(MA, wishes=Preferences(quiet="00:00-23:59"))
    (notice,) = told(waiting(reps=(LI, asleep)), "sla")
    assert notice.not_before is not None and notice.supersedes
