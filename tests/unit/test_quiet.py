"""Nothing goes quiet unnoticed; every wake-up that does not go has a reason a rep can read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rules.effects import CancelSendings, EditLine, NotifyRep, PostLine, SendMail, SendText
from rules.events import LinkClicked, MailBounced, Unsubscribed
from rules.gates import may_send
from rules.quiet import touch_in
from tests.unit.builders import MA, WANG, Life, effects, playbook, quiet_life


def answered() -> Life:
    life = Life()
    life.says("你好，想了解方案")
    life.acts("reply", text="您好")
    return life


def reasons(life: Life) -> list[str]:
    return [s.rule for s in life.last.because.steps if s.about == "skip"]


def test_the_limit_of_her_stage_counts_from_the_last_word_on_either_side() -> None:
    life = answered()
    timer = next(t for t in life.customer.timers if t.kind == "quiet")
    assert timer.due_at == life.now + timedelta(days=14), "connected"
    life.with_mail()
    timer = next(t for t in life.customer.timers if t.kind == "quiet")
    assert timer.due_at == life.now + timedelta(days=7), "interested"
    assert touch_in(timer.episode) == life.now.isoformat()


def test_a_timer_that_fires_after_a_touch_does_nothing_and_is_set_again() -> None:
    life = answered().with_mail()
    timer = next(t for t in life.customer.timers if t.kind == "quiet")
    life.passes(days=1)
    life.says("在")
    life.now = timer.due_at
    decision = life.ring(timer)
    assert reasons(life) == ["spoke"] and life.talk.wakeup is None and not effects(decision, PostLine)
    assert next(t for t in life.customer.timers if t.kind == "quiet").due_at > life.now


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda life: None, "no_mail"),
        (lambda life: life.submits(mail="a@example.com", consented=False), "withdrawn"),
        (lambda life: life.with_mail().on_hold(), "paused"),
        (lambda life: life.with_mail().acts("snooze", hours="700"), "snoozed"),
    ],
)
def test_why_no_mail_goes(make: object, reason: str) -> None:
    life = answered()
    make(life)  # type: ignore[operator]
    decision = life.fire("quiet")
    assert reasons(life) == [reason]
    assert life.waking() == "skipped"
    assert not effects(decision, PostLine) and not effects(decision, NotifyRep)


def test_the_gates_show_every_value_they_saw() -> None:
    life = answered().with_mail()
    may, because = may_send(life.customer, life.now, playbook(), False)
    assert may and because.seen["consent"] == "given" and because.seen["cap"] == "0 of 1 in 14 days"
    may, because = may_send(replace(life.customer, woken=(life.now,)), life.now, playbook(), False)
    assert not may and because.rule == "cap"
    may, because = may_send(replace(life.customer, suppressed="hard_bounce"), life.now, playbook(), False)
    assert not may and because.rule == "hard_bounce"


def test_the_cap_is_looked_at_again_when_it_is_over() -> None:
    life = answered().with_mail()
    life.customer = replace(life.customer, woken=(life.now + timedelta(days=1),))
    life.fire("quiet")
    assert reasons(life) == ["cap"]
    life.fire("quiet")
    assert life.waking() == "proposed"


def test_without_an_owner_the_managers_see_it_and_nothing_is_sent() -> None:
    life = answered().with_mail()
    life.reps = (replace(WANG, active=False), MA)
    decision = life.fire("quiet")
    assert [t.rep for t in effects(decision, NotifyRep)] == [MA.id]
    assert not [t for t in life.customer.timers if t.kind == "preview"]
    decision = life.acts("wake_now", MA)
    assert effects(decision, SendMail)


def test_send_now_goes_at_once() -> None:
    life = quiet_life()
    (mail,) = effects(life.acts("wake_now"), SendMail)
    assert mail.not_before is None and not [t for t in life.customer.timers if t.kind == "preview"]
    life.acts("wake_now")
    assert life.last.answer is not None and life.last.answer.refused


def test_hold_waits_seven_days_and_asks_once_more() -> None:
    life = quiet_life()
    life.acts("wake_hold")
    assert life.waking() == "held"
    held = life.now
    decision = life.fire("hold")
    assert life.now == held + timedelta(days=7)
    assert life.waking() == "proposed" and effects(decision, PostLine)
    decision = life.acts("wake_hold")
    assert life.waking() == "cancelled"
    assert not [t for t in life.customer.timers if t.kind in ("hold", "preview", "quiet")]


def test_i_write_myself_makes_a_task() -> None:
    life = quiet_life()
    life.acts("wake_mine")
    assert life.waking() == "cancelled"
    assert life.customer.tasks[0].kind == "write-yourself" and life.customer.tasks[0].rep == WANG.id


@pytest.mark.parametrize("touch", ["says", "visits", "reply", "submits", "clicks", "close"])
def test_any_touch_on_any_channel_takes_it_back(touch: str) -> None:
    life = quiet_life()
    if touch == "says":
        life.says("在吗")
    elif touch == "visits":
        life.visits("/pricing")
    elif touch == "reply":
        life.says("在吗")
    elif touch == "submits":
        life.submits(company="x")
    elif touch == "close":
        life.acts("close")
    else:
        life.happens(LinkClicked(id="k", at=life.now, mail_id="m", target="/case", robot=False))
    assert life.waking() == "cancelled"
    (edit,) = effects(life.last, EditLine)
    assert edit.words is not None and "does not go" in edit.words.en and not edit.actions
    assert not [t for t in life.customer.timers if t.kind == "preview"]


def test_a_robot_click_counts_nothing() -> None:
    life = quiet_life()
    before = life.customer
    life.happens(LinkClicked(id="k", at=life.now, mail_id="m", target="/case", robot=True))
    assert life.customer == before


def test_a_missed_window_goes_in_the_next_one() -> None:
    life = quiet_life()
    timer = next(t for t in life.customer.timers if t.kind == "preview")
    life.now = timer.due_at + timedelta(hours=12)
    decision = life.ring(timer)
    assert not effects(decision, SendMail)
    again = next(t for t in life.customer.timers if t.kind == "preview")
    assert again.due_at > life.now and again.episode != timer.episode
    assert effects(life.fire("preview"), SendMail)


def test_holidays_are_no_days_for_mails() -> None:
    life = Life(now=Life().now.replace(month=9, day=23))
    life.customer = replace(life.customer, created_at=life.now)
    life.says("你好")
    life.acts("reply", text="您好")
    life.with_mail()
    life.fire("quiet")
    assert (life.now.month, life.now.day) == (9, 30)
    life.passes(hours=8)
    timer = next(t for t in life.customer.timers if t.kind == "preview")
    life.ring(replace(timer, due_at=life.now))
    again = next(t for t in life.customer.timers if t.kind == "preview")
    assert (again.due_at.month, again.due_at.day) == (10, 8), "after the National Day week"


def test_unsubscribe_wins_over_a_queued_mail() -> None:
    life = quiet_life()
    life.fire("preview")
    mail_id = life.talk.wakeup.mail_id if life.talk.wakeup else ""
    decision = life.happens(Unsubscribed(id="u", at=life.now, mail_id=mail_id, how="one_click"))
    assert effects(decision, CancelSendings)
    assert life.customer.suppressed == "unsubscribed"
    consent = life.customer.consent("wakeup", "mail")
    assert consent is not None and not consent.given
    assert may_send(life.customer, life.now, playbook(), False)[0] is False


def test_stop_in_the_chat_withdraws_at_once_and_is_confirmed() -> None:
    life = answered().with_mail()
    (text,) = effects(life.says("退订"), SendText)
    assert "退订" in text.text
    for medium in ("chat", "mail"):
        consent = life.customer.consent("wakeup", medium)
        assert consent is not None and not consent.given
    life.submits(mail="a@example.com")
    assert not life.customer.suppressed, "saying yes again lifts her own no"


def test_a_dead_address_is_never_written_to_again() -> None:
    life = quiet_life()
    life.fire("preview")
    mail_id = life.talk.wakeup.mail_id if life.talk.wakeup else ""
    decision = life.happens(MailBounced(id="b", at=life.now, mail_id=mail_id, bounce="hard", status="5.1.1"))
    assert life.customer.suppressed == "hard_bounce" and effects(decision, NotifyRep)
    life.happens(MailBounced(id="b2", at=life.now, mail_id=mail_id, bounce="complaint"))
    assert life.customer.suppressed == "complaint"
    soft = answered()
    soft.happens(MailBounced(id="b3", at=soft.now, mail_id="m", bounce="soft"))
    assert not soft.customer.suppressed


def test_machine_mail_and_unproven_mail_touch_nothing() -> None:
    life = quiet_life()
    before = life.customer
    (line,) = effects(life.mails("我在休假", automatic=True), PostLine)
    assert line.who == "notice" and "休假" not in str(line)
    (line,) = effects(life.mails("假的", verified=False), PostLine)
    assert "假的" not in str(line)
    assert life.customer == before


def test_a_forwarded_mail_is_somebody_elses_word() -> None:
    life = quiet_life()
    before = life.customer
    (line,) = effects(life.mails("我是她的同事，退订", sender="li.si@example.com"), PostLine)
    assert line.who == "notice" and line.words is not None and line.mention == before.owner
    assert "l***@example.com" in line.words.zh and "我是她的同事" in line.words.zh and "li.si" not in str(line)
    assert replace(life.customer, version=before.version) == before, (
        "no touch, no consent withdrawn, no mail taken back"
    )
    life.mails("是我", sender="Wang.Min@Example.com")
    assert life.customer.recent != before.recent, "letters' case does not make another person"


def test_an_address_that_refuses_at_once_is_never_written_to_again() -> None:
    life = quiet_life()
    life.fire("preview")
    mail_id = life.talk.wakeup.mail_id if life.talk.wakeup else ""
    life.reported(mail_id, "send_mail", "undeliverable", "hard_bounce")
    assert life.customer.suppressed == "hard_bounce"
    other = quiet_life()
    other.fire("preview")
    mail_id = other.talk.wakeup.mail_id if other.talk.wakeup else ""
    other.reported(mail_id, "send_mail", "undeliverable", "policy")
    assert not other.customer.suppressed


def test_a_mail_that_may_not_go_any_more_is_shown_so() -> None:
    life = quiet_life()
    life.fire("preview")
    mail_id = life.talk.wakeup.mail_id if life.talk.wakeup else ""
    decision = life.reported(mail_id, "send_mail", "skipped", "no_consent")
    assert life.waking() == "skipped"
    assert effects(decision, EditLine)[0].reason == "no_consent"


def test_our_mail_arms_no_new_episode() -> None:
    life = quiet_life()
    life.fire("preview")
    mail_id = life.talk.wakeup.mail_id if life.talk.wakeup else ""
    life.reported(mail_id, "send_mail", "delivered")
    life.fire("recheck")
    assert not [t for t in life.customer.timers if t.kind == "quiet"]
