"""How long she may wait, in office minutes: nights, weekends and the hub's own words count nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.calendar import Holidays, Week, after_open_minutes, open_minutes
from rules.card import TouchView
from rules.cardview import Seen, build
from rules.effects import RecordTouch, SendText
from rules.sla import Sla, sla_of
from tests.unit.builders import LIMITS, MONDAY, Life, effects, playbook

FRIDAY = MONDAY + timedelta(days=4, hours=7, minutes=45)
"""17:45 in Shanghai, a quarter of an hour before the office closes."""
OFFICE = playbook().office


def sla(life: Life) -> Sla:
    found = sla_of(life.talk, life.book, life.now)
    assert found is not None
    return found


def asked(at: datetime = MONDAY, text: str = "在吗") -> Life:
    life = Life(now=at)
    life.says(text)
    return life


def test_minutes_run_down_and_then_it_is_late() -> None:
    life = asked()
    assert (sla(life).what, sla(life).minutes_left, sla(life).state) == ("first", 30, "fine")
    life.passes(minutes=12)
    assert sla(life).words.zh == "首响剩余 18 分钟" and sla(life).words.en == "18 min left for the first reply"
    life.passes(minutes=8)
    assert sla(life).state == "risk"
    life.passes(minutes=35)
    late = sla(life)
    assert (late.minutes_left, late.state) == (-25, "breached")
    assert late.words.zh == "首响已超时 25 分钟" and late.words.en == "First reply is 25 min late"


def test_she_waits_since_her_first_unanswered_word() -> None:
    life = asked()
    life.passes(minutes=20)
    life.says("有人吗")
    assert sla(life).minutes_left == 10 and life.talk.last_customer_at == life.now
    life.acts("reply", text="在的")
    assert sla_of(life.talk, life.book, life.now) is None
    life.passes(minutes=1)
    life.says("多少钱")
    assert (sla(life).what, sla(life).minutes_left) == ("next", 120)
    assert "2 小时" in sla(life).words.zh


def test_a_weekend_is_not_counted() -> None:
    life = asked(FRIDAY)
    assert sla(life).minutes_left == 30
    life.passes(hours=20)
    assert sla(life).minutes_left == 15 and not sla(life).open_now
    assert "closed now" in sla(life).words.en and "非工作时间" in sla(life).words.zh
    assert sla(life).due_at == datetime(2026, 11, 30, 1, 15, tzinfo=UTC)


def test_what_the_hub_says_by_itself_answers_nobody() -> None:
    life = asked(FRIDAY + timedelta(hours=4), "报价多少")
    [told] = effects(life.last, SendText)
    assert not told.by and life.talk.sent_since_customer == 1
    assert life.talk.waiting_since is not None and life.talk.last_our_at is None
    seen = Seen(
        customer=life.customer, conversation=life.talk, playbook=life.book, now=life.now, limits=LIMITS["wecom"]
    )
    view = build(seen)
    assert view.sla is not None and "认领" in view.next_step.zh and view.window.messages_left == 4


def test_an_answer_that_did_not_arrive_is_no_answer() -> None:
    life = asked()
    life.passes(minutes=5)
    [sent] = effects(life.acts("reply", text="您好"), SendText)
    assert life.talk.waiting_since is None
    life.passes(minutes=1)
    life.reported(sent.id, "send_text", "undeliverable", "blocked")
    assert life.talk.waiting_since == MONDAY and sla(life).minutes_left == 114


def test_the_next_step_says_that_our_last_word_was_lost() -> None:
    life = asked()
    lost = TouchView(at=life.now, who="us", where="wecom", text="您好", state="failed")
    seen = Seen(customer=life.customer, conversation=life.talk, playbook=life.book, now=life.now, touches=[lost])
    assert "没有送达" in build(seen).next_step.zh


def test_who_is_closed_waits_for_nobody() -> None:
    life = asked()
    life.acts("close")
    assert life.talk.waiting_since is None and sla_of(life.talk, life.book, life.now) is None
    life.passes(days=3)
    life.says("又来了")
    assert life.talk.waiting_since == life.now


def since(life: Life) -> datetime | None:
    return life.talk.waiting_since


def test_a_closing_that_is_taken_back_forgets_nobody_who_waits() -> None:
    life = asked()
    life.passes(minutes=5)
    life.acts("close")
    life.acts("reopen")
    assert life.talk.waiting_since == MONDAY and life.customer.timer(f"sla/{life.conversation_id}") is not None
    [sent] = effects(life.acts("reply", text="您好"), SendText)
    life.acts("close")
    life.acts("reopen")
    assert since(life) is None, "she was answered"
    life.reported(sent.id, "send_text", "undeliverable", "blocked")
    assert since(life) == MONDAY, "and the answer was lost"


@given(
    st.integers(0, 60 * 24 * 30).map(lambda m: MONDAY + timedelta(minutes=m)),
    st.floats(min_value=0.5, max_value=5_000),
)
def test_the_end_of_a_wait_is_so_many_open_minutes_away(start: datetime, minutes: float) -> None:
    holidays = playbook().holidays
    end = after_open_minutes(OFFICE.hours, holidays, OFFICE.zone, start, minutes)
    assert open_minutes(OFFICE.hours, holidays, OFFICE.zone, start, end) == pytest.approx(minutes)


def test_an_office_that_never_opens_still_lets_time_pass() -> None:
    never = after_open_minutes(Week(), Holidays(), "Asia/Shanghai", MONDAY, 30)
    assert never == MONDAY + timedelta(minutes=30)
    assert open_minutes(Week(), Holidays(), "Asia/Shanghai", MONDAY, never) == 0


def test_the_hubs_own_word_still_spends_the_window() -> None:
    life = asked()
    by_itself = RecordTouch(conversation_id=life.conversation_id, side="us", at=life.now, automatic=True)
    life.customer = by_itself.apply(life.customer)
    assert (life.talk.sent_since_customer, life.talk.last_our_at) == (1, None)
