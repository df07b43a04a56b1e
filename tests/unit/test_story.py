"""The main job, decided step by step: from a scan to the answer of a wake-up mail."""

from __future__ import annotations

from datetime import UTC, datetime

from rules.effects import (
    AskProfile,
    CancelSendings,
    EditLine,
    NotifyRep,
    PostLine,
    PostRoot,
    RecordWake,
    RefreshCard,
    SendMail,
    SendText,
    SendWelcome,
    new_id,
)
from rules.model import Stage
from tests.unit.builders import LI, MONDAY, WANG, Life, effects, quiet_life


def test_she_is_greeted_and_nobody_is_disturbed_before_she_writes() -> None:
    life = Life()
    decision = life.enters("expo-smart-factory")
    (welcome,) = effects(decision, SendWelcome)
    assert welcome.code == "wc-1" and welcome.deadline is not None and welcome.route == "session"
    assert effects(decision, AskProfile)
    assert not effects(decision, PostRoot) and not effects(decision, NotifyRep)
    assert life.customer.source == "expo-smart-factory" and life.customer.has_tag("展会")
    assert life.talk.last_customer_at is None, "a scan opens no reply window"


def test_her_first_words_make_a_thread_in_the_channel_of_her_segment_with_an_owner() -> None:
    life = Life()
    life.enters("expo-smart-factory")
    decision = life.says("你们的智能工厂方案有报价吗？")
    (root,) = effects(decision, PostRoot)
    (line,) = effects(decision, PostLine)
    assert root.channel == "manufacturing" and root.report
    assert (line.who, line.text, line.after) == ("customer", "你们的智能工厂方案有报价吗？", root.id)
    assert not effects(decision, RefreshCard), "the root draws the newest state by itself"
    assert life.customer.owner == LI.id, "least load"
    (told,) = effects(decision, NotifyRep)
    assert told.rep == LI.id and "claim" in told.actions
    assert life.stage() is Stage.CONNECTED


def test_later_words_are_lines_of_the_same_thread_and_the_card_is_drawn_again() -> None:
    life = Life()
    life.says("你好")
    root = life.talk.root
    decision = life.says("还在吗")
    assert not effects(decision, PostRoot) and not effects(decision, NotifyRep)
    assert effects(decision, PostLine)[0].after == root
    (card,) = effects(decision, RefreshCard)
    assert card.after == root and card.supersedes == f"card/{life.conversation_id}"


def test_a_reply_reaches_her_and_shows_waiting_then_delivered() -> None:
    life = Life()
    life.says("你好")
    decision = life.acts("reply", WANG, text="您好，我是王芳")
    (text,) = effects(decision, SendText)
    (line,) = effects(decision, PostLine)
    assert text.text == "您好，我是王芳" and text.report and text.by == WANG.id
    assert (line.who, line.state, line.about, line.author) == ("rep", "waiting", text.id, "王芳")
    assert decision.answer is not None and decision.answer.show == "card"
    assert life.talk.claimed_by == WANG.id and life.customer.owner == WANG.id
    assert life.talk.sent_since_customer == 1
    (edit,) = effects(life.reported(text.id, "send_text", "delivered"), EditLine)
    assert edit.after == line.id and edit.state == "delivered" and not edit.text


def test_the_form_goes_by_her_chat_and_brings_address_and_consent() -> None:
    life = Life()
    life.says("你好")
    decision = life.acts("form")
    (text,) = effects(decision, SendText)
    assert "{form}" in text.text and text.form_id
    assert not any("{form}" in line.text for line in effects(decision, PostLine)), "the address is hers alone"
    life.submits(mail="Wang.Min@Example.com", name="王敏", company="华东精密制造")
    consent = life.customer.consent("wakeup", "mail")
    assert consent is not None and consent.given and consent.text_version == "v1"
    assert life.customer.attributes["mail"] == "Wang.Min@Example.com"
    assert life.customer.industry == "manufacturing" and life.stage() is Stage.INTERESTED
    assert all("Wang.Min" not in str(e) for e in effects(life.last, PostLine)), "the thread sees a masked address"


def test_quiet_proposes_one_mail_that_the_owner_sees_first() -> None:
    life = quiet_life()
    wakeup = life.talk.wakeup
    assert wakeup is not None and wakeup.state == "proposed"
    (line,) = effects(life.last, PostLine)
    assert line.who == "wakeup" and line.actions == ("wake_now", "wake_hold", "wake_mine")
    assert line.mention == life.customer.owner
    (told,) = effects(life.last, NotifyRep)
    assert told.rep == life.customer.owner and told.about == wakeup.mail_id
    assert not effects(life.last, SendMail)


def test_the_owner_says_nothing_and_the_mail_goes_in_the_window() -> None:
    life = quiet_life()
    decision = life.fire("preview")
    (mail,) = effects(decision, SendMail)
    wakeup = life.talk.wakeup
    assert wakeup is not None and mail.id == wakeup.mail_id and wakeup.state == "queued"
    assert mail.cancel_key == f"wake/{life.conversation_id}" and mail.report and mail.variables["name"] == "王敏"
    local = life.now.astimezone(UTC).hour + 8
    assert 9 <= local < 17
    sent = life.reported(mail.id, "send_mail", "delivered")
    assert effects(sent, RecordWake) and life.customer.woken == (life.now,)
    (edit,) = effects(sent, EditLine)
    assert edit.after == new_id(mail.id, "line") and edit.state == "delivered"
    assert not [t for t in life.customer.timers if t.kind in ("quiet", "preview")], "one episode, one mail"


def test_her_answer_by_mail_brings_thread_and_owner_back() -> None:
    life = quiet_life()
    owner = life.customer.owner
    life.fire("preview")
    mail_id = life.talk.wakeup.mail_id if life.talk.wakeup else ""
    life.reported(mail_id, "send_mail", "delivered")
    life.passes(hours=3)
    life.acts("close")
    decision = life.mails("好的，请发我资料", mail_id=mail_id)
    (line,) = [x for x in effects(decision, PostLine) if x.who == "customer"]
    assert line.text == "好的，请发我资料" and line.mention == owner and "邮件" in line.author
    assert life.status() == "open" and life.customer.owner == owner
    assert any(t.kind == "quiet" for t in life.customer.timers), "a new episode begins"
    assert life.talk.last_customer_at == MONDAY, "a mail opens no chat window"


def test_a_touch_on_any_channel_cancels_the_queued_mail() -> None:
    life = quiet_life()
    life.fire("preview")
    decision = life.says("我又来了")
    (cancel,) = effects(decision, CancelSendings)
    assert cancel.cancel_key == f"wake/{life.conversation_id}"
    wakeup = life.talk.wakeup
    assert wakeup is not None and wakeup.state == "cancelled"
    assert any(s.about == "quiet" for s in decision.because.steps)


def test_the_score_over_the_threshold_hands_over_with_a_task() -> None:
    life = Life()
    life.enters("expo-smart-factory")
    life.says("智能工厂方案多少钱？")
    life.acts("reply", text="您好")
    life.submits(mail="a@example.com", name="王敏")
    assert not life.qualified()
    life.fire("quiet")
    life.fire("preview")
    life.passes(hours=20)
    decision = life.at_address().mails("请安排演示")
    assert life.qualified() and life.customer.score(life.now) >= 70
    assert any(t.kind == "hand-over" and t.rep == life.customer.owner for t in life.customer.tasks)
    assert any("MQL" in s.words.zh for s in decision.because.steps)


def test_every_decision_is_the_same_twice() -> None:
    one, two = quiet_life(), quiet_life()
    assert one.decisions == two.decisions
    assert datetime(2026, 11, 23, 2, tzinfo=UTC) == MONDAY
