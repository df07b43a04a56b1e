"""What colleagues write down about a customer: facts (BANT), stage, tasks, and a claim that goes back to the team."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta

from rules.cardparts import FACT_WORDS, FACTS, NOTED_BY, SAID_IN
from rules.draft import Draft
from rules.effects import Describe, OpenTask, SetClaim, SetStage
from rules.model import STAGE_WORDS, Conversation, Rep, Stage, Task, Words
from rules.moments import clock_words

Inputs = Mapping[str, str]
MAX_FACT = 200
MAX_TITLE = 200
MAX_TASK_HOURS = 24 * 365
MAX_ID = 300


def fact(draft: Draft, actor: Rep, _talk: Conversation, inputs: Inputs) -> None:
    """Note budget, authority, need or timing; empty words take it back. `said_in`: the touch it comes from."""
    name = next((f for f in FACTS if f == inputs.get("fact", "")), None)
    text, said_in = inputs.get("text", "").strip(), inputs.get("said_in", "")
    if name is None:
        draft.refuse("请选择预算、决策、需求或时间", "Choose budget, authority, need or timing")
        return
    if len(text) > MAX_FACT:
        draft.refuse(f"最多 {MAX_FACT} 字", f"At most {MAX_FACT} letters")
        return
    source = said_in if text and len(said_in) <= MAX_ID else ""
    draft.do(
        Describe(attributes={name: text, f"{name}.{SAID_IN}": source, f"{name}.{NOTED_BY}": actor.id if text else ""})
    )
    draft.raised = True
    words = FACT_WORDS[name]
    done = Words(zh="记下了", en="noted") if text else Words(zh="清空了", en="took back")
    draft.because("act", f"{actor.name}{done.zh}{words.zh}", f"{actor.name} {done.en}: {words.en.lower()}")
    draft.show_card(f"已更新：{words.zh}", f"Updated: {words.en.lower()}")


def stage(draft: Draft, actor: Rep, _talk: Conversation, inputs: Inputs) -> None:
    """Move her to another stage by hand, by its value or its name."""
    wanted = inputs.get("stage", "").strip().casefold()
    found = next((s for s, w in STAGE_WORDS.items() if wanted in (s.value, w.zh.casefold(), w.en.casefold())), None)
    if found is None:
        zh, en = ("、".join(w.zh for w in STAGE_WORDS.values()), ", ".join(w.en for w in STAGE_WORDS.values()))
        draft.refuse(f"没有这个阶段。可选：{zh}", f"There is no such stage. There are: {en}")
        return
    before: Stage = draft.customer.stage
    if before == found:
        draft.refuse("已经在这个阶段", "She is in that stage already")
        return
    old, new = STAGE_WORDS[before], STAGE_WORDS[found]
    draft.do(SetStage(stage=found))
    draft.raised = True
    draft.because(
        "stage",
        f"{actor.name}手动调整阶段：{old.zh} → {new.zh}",
        f"{actor.name} moved the stage by hand: {old.en} → {new.en}",
        rule="by-hand",
    )
    draft.show_card(f"已改为「{new.zh}」", f"She is “{new.en}” now")


def task(draft: Draft, actor: Rep, _talk: Conversation, inputs: Inputs) -> None:
    """Give oneself something to do about her, due in so many hours."""
    title, due_hours = inputs.get("text", "").strip(), _hours(inputs.get("hours", ""))
    if not title or len(title) > MAX_TITLE:
        draft.refuse(f"请写要做什么，最多 {MAX_TITLE} 字", f"Say what is to be done, in at most {MAX_TITLE} letters")
        return
    if due_hours is None:
        draft.refuse("请写小时数，例如 24", "Say in how many hours, for example 24")
        return
    due = draft.now + timedelta(hours=due_hours)
    made = Task(id=draft.id("task/by-hand"), kind="by-hand", title=Words(zh=title, en=title), rep=actor.id, due_at=due)
    draft.do(OpenTask(task=made))
    draft.raised = True
    draft.because("act", f"{actor.name}记了待办", f"{actor.name} noted a task", seen={"due": due.isoformat()})
    zh, en = clock_words(due, actor.zone, draft.now)
    draft.show_card(f"已记下，{zh}到期", f"Noted; due {en}")


def _hours(text: str) -> float | None:
    try:
        hours = float(text.strip() or "24")
    except ValueError:
        return None
    return hours if math.isfinite(hours) and 0 < hours <= MAX_TASK_HOURS else None


def release(draft: Draft, actor: Rep, talk: Conversation, _inputs: Inputs) -> None:
    """Give the conversation back to the team: anybody may claim it. She keeps her owner until somebody does."""
    if not talk.claimed_by:
        draft.refuse("还没有人认领", "Nobody has claimed it")
        return
    holder = draft.name_of(talk.claimed_by)
    draft.do(SetClaim(conversation_id=talk.id, rep=""))
    draft.raised = True
    draft.notice(f"{actor.name}把会话交回团队，等待认领", f"{actor.name} gave it back to the team: who claims it?")
    draft.because(
        "assign", f"{actor.name}交回会话（原认领人{holder}）", f"{actor.name} gave it back (claimed by {holder} so far)"
    )
    draft.show_card("已交回团队", "Given back to the team")
