"""The one view all faces show: the same facts, already decided."""

from __future__ import annotations

from datetime import timedelta

from rules.card import TouchView
from rules.cardview import Seen, build
from rules.effects import AddScore
from rules.model import Words
from tests.unit.builders import LIMITS, WANG, Life, playbook, quiet_life


def seen(life: Life, **more: object) -> Seen:
    entries = [e.entry for d in life.decisions for e in d.changes if isinstance(e, AddScore)]
    facts = {
        "customer": life.customer,
        "conversation": life.talk,
        "playbook": playbook(),
        "now": life.now,
        "reps": life.reps,
        "limits": LIMITS["wecom"],
        "entries": entries,
    }
    return Seen(**{**facts, **more})  # type: ignore[arg-type]


def test_a_new_conversation_waits_for_somebody_to_claim_it() -> None:
    life = Life()
    life.enters("expo-smart-factory")
    life.says("智能工厂方案有报价吗", name="王敏")
    view = build(seen(life))
    assert (view.state, view.name, view.owner, view.channel) == ("unclaimed", "王敏", "李强", "制造业线索")
    assert view.score == round(sum(line.points for line in view.score_lines))
    assert [line.points for line in view.score_lines] == [20, 10, 5]
    assert "认领" in view.next_step.zh and view.window.messages_left == 5 and view.window.hours_left == 48
    assert view.industry == "制造业" and view.source == "智能工厂展会"
    assert "制造业" in view.why.zh and view.risk is None
    assert {t.name for t in view.tags if t.auto} >= {"展会", "询价", "智能工厂"}


def test_the_card_speaks_the_language_of_who_looks() -> None:
    life = Life()
    life.says("我们工厂", name="王敏")
    reader = build(seen(life, viewer=WANG))
    assert reader.industry == "制造业"
    from dataclasses import replace

    english = build(seen(life, viewer=replace(WANG, language="en-US", zone="Europe/Berlin")))
    assert english.industry == "Manufacturing" and english.zone == "Europe/Berlin"


def test_a_waiting_customer_becomes_a_risk() -> None:
    life = Life()
    life.says("在吗")
    life.passes(hours=30)
    view = build(seen(life))
    assert view.risk is not None and "1 天没有回复" in view.risk.zh
    life.passes(hours=13)
    life.acts("claim")
    assert "5 h" in (build(seen(life)).risk or Words(zh="", en="")).en or build(seen(life)).risk is not None
    life.passes(days=1)
    view = build(seen(life))
    assert not view.window.open and view.risk is not None and "closed" in view.risk.en


def test_an_answered_one_is_no_risk_and_a_closed_one_is_closed() -> None:
    life = Life()
    life.says("在吗")
    life.acts("reply", text="您好")
    life.passes(days=3)
    view = build(seen(life))
    assert view.state == "claimed" and view.risk is None and "表单" in view.next_step.zh
    life.acts("close")
    assert build(seen(life)).state == "closed"


def test_mail_permission_and_the_wake_up_are_in_view_but_never_the_address() -> None:
    life = Life()
    life.says("你好")
    assert "no mail address" in build(seen(life)).mail_allowed.en
    life = quiet_life()
    view = build(seen(life))
    assert view.mail_masked == "w***@example.com" and "wang.min" not in str(view)
    assert "may go" in view.mail_allowed.en
    assert view.wakeup is not None and view.wakeup.state == "proposed" and view.wakeup.at > life.now
    assert "唤醒邮件" in view.next_step.zh
    life.acts("wake_hold")
    assert build(seen(life)).wakeup is not None
    life.says("在")
    assert build(seen(life)).wakeup is None


def test_what_nobody_knows_comes_first() -> None:
    life = Life()
    life.says("你好")
    view = build(seen(life, unknown=2))
    assert view.unknown == 2 and "核实" in view.next_step.zh


def test_score_fades_on_the_card_too() -> None:
    life = Life()
    life.says("报价")
    before = build(seen(life)).score
    life.now += timedelta(days=60)
    assert build(seen(life)).score < before


def test_an_answer_by_mail_is_the_next_thing_to_answer() -> None:
    life = Life()
    life.says("在吗")
    life.acts("claim")
    life.acts("reply", text="在的")
    assert "答复" not in build(seen(life)).next_step.zh
    by_mail = TouchView(at=life.now, who="customer", where="mail", text="可以演示吗")
    assert "客户回复了邮件" in build(seen(life, touches=[by_mail])).next_step.zh
