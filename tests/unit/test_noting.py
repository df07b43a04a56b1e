"""What colleagues write down: facts, stage, tasks; a claim given back; and the card that tells it."""

from __future__ import annotations

from typing import Any

import pytest

from rules.card import CardView
from rules.cardview import Seen, build
from rules.effects import AddScore, PostLine
from rules.model import Entry, Stage
from tests.unit.builders import LI, LIMITS, WANG, Life, effects


@pytest.fixture
def life() -> Life:
    made = Life()
    made.says("你好，报价多少", name="王敏")
    return made


def card(life: Life) -> CardView:
    return build(
        Seen(
            customer=life.customer,
            conversation=life.talk,
            playbook=life.book,
            now=life.now,
            reps=life.reps,
            limits=LIMITS["wecom"],
            viewer=WANG,
        )
    )


def told(life: Life) -> tuple[str, bool]:
    answer = life.last.answer
    assert answer is not None
    return answer.words.en, answer.refused


def test_a_fact_is_noted_with_its_message_and_its_author(life: Life) -> None:
    budget, authority, *_ = card(life).bant
    assert budget.value == "" and "预算" in budget.ask.zh
    life.acts("fact", fact="budget", text=" 50 万 ", said_in="event-7")
    budget, authority, *_ = card(life).bant
    assert (budget.value, budget.said_in, budget.because.zh) == ("50 万", "event-7", "王芳记录")
    assert authority.value == ""
    life.acts("fact", fact="budget", text="")
    assert card(life).bant[0].value == "" and card(life).bant[0].said_in == ""


@pytest.mark.parametrize(
    ("inputs", "why"),
    [({"fact": "mail", "text": "a@b"}, "Choose budget"), ({"fact": "need", "text": "x" * 201}, "200 letters")],
)
def test_only_the_four_facts_and_not_too_long(life: Life, inputs: Any, why: str) -> None:
    life.acts("fact", **inputs)
    assert why in told(life)[0] and told(life)[1]
    assert "mail" not in life.customer.attributes


@pytest.mark.parametrize("name", ["client", "签约/服务中", "Client"])
def test_the_stage_is_moved_by_any_of_its_names(life: Life, name: str) -> None:
    decision = life.acts("stage", stage=name)
    assert life.stage() == Stage.CLIENT
    assert [s.rule for s in decision.because.about("stage")] == ["by-hand"]
    life.acts("stage", stage=name)
    assert told(life) == ("She is in that stage already", True)
    life.acts("stage", stage="nowhere")
    assert "There are: Prospect" in told(life)[0]


def test_a_task_of_ones_own_is_on_the_card_until_it_is_done(life: Life) -> None:
    life.acts("reply", text="您好")
    life.acts("task", text="发合同", hours="4")
    [task] = card(life).tasks
    assert (task.title.zh, task.owner, task.overdue) == ("发合同", "王芳", False)
    assert card(life).next_step.zh == "发合同" and card(life).next_due == task.due_at
    life.passes(hours=5)
    assert card(life).tasks[0].overdue
    life.acts("done", about=task.id)
    assert card(life).tasks == ()


@pytest.mark.parametrize("inputs", [{}, {"text": " "}, {"text": "x" * 201}, {"text": "x", "hours": "soon"}])
def test_a_task_says_what_and_when(life: Life, inputs: Any) -> None:
    life.acts("task", **inputs)
    assert told(life)[1] and not life.customer.tasks


def test_what_is_given_back_anybody_may_claim(life: Life) -> None:
    life.acts("release")
    assert told(life) == ("Nobody has claimed it", True)
    life.acts("claim")
    decision = life.acts("release")
    assert life.talk.claimed_by == "" and card(life).state == "unclaimed"
    assert any("交回" in (line.words.zh if line.words else "") for line in effects(decision, PostLine))
    life.acts("claim", LI)
    assert life.talk.claimed_by == LI.id == life.customer.owner


def test_why_tells_the_route_and_the_five_heaviest_lines(life: Life) -> None:
    entries = [Entry(id=str(n), signal="form", weight=n, half_life_days=60, at=life.now) for n in range(1, 8)]
    life.customer = AddScore(entry=entries[-1]).apply(life.customer)
    life.heaviest = tuple(entries)
    life.types("why")
    answer = life.last.answer
    assert answer is not None and "进入「新客接待」" in answer.words.zh
    assert answer.words.zh.count("提交表单") == 5 and "提交表单 +7（2026-11-23）" in answer.words.zh
    assert "Filled the form +7 (2026-11-23)" in answer.words.en


def test_scripts_fit_her_and_have_no_blanks(life: Life) -> None:
    offered = {s.id: s.text for s in card(life).scripts}
    assert offered["hello"].startswith("王敏您好，我是王芳") and "smart-factory" not in offered
    assert "贵公司" in offered["price"]
    life.says("我们工厂想上系统")
    life.acts("stage", stage="client")
    assert [s.id for s in card(life).scripts] == ["smart-factory", "care"]
    assert not [s for s in card(life).scripts if "{" in s.text]


def test_a_tag_tells_who_put_it_on(life: Life) -> None:
    life.acts("tag", tag="展会")
    because = {t.name: t.because.zh for t in card(life).tags}
    assert because["询价"] == "消息里问到价格" and because["展会"] == "王芳添加"
