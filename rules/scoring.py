"""The score: a ledger whose lines fade, the threshold that hands a lead over, and the next moment of a flip."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import exp, log

from rules.book import Playbook
from rules.draft import Draft
from rules.effects import AddScore, OpenTask, SetQualified
from rules.facts import WINDOW_DAYS, Facts, last_touch
from rules.model import Customer, Entry, Task, Timer, Words

_MOMENT = timedelta(seconds=1)
_MINUTE = 1 / 1440
LONGEST_DAYS = 3650
"""A threshold further away than this is looked for no longer."""


def add(draft: Draft, signal: str, rule: str) -> None:
    """Write one line into her ledger."""
    known = draft.playbook.scores.get(signal)
    if known is None:
        return
    entry = Entry(
        id=draft.id(f"score/{rule}/{signal}"),
        signal=signal,
        weight=known.points,
        half_life_days=known.half_life_days,
        at=draft.now,
    )
    before = draft.customer.score(draft.now)
    draft.do(AddScore(entry=entry))
    after = draft.customer.score(draft.now)
    draft.drawn = True
    draft.because(
        "score",
        f"{known.words.zh} {known.points:+g}，评分 {before:.0f} → {after:.0f}",
        f"{known.words.en} {known.points:+g}, score {before:.0f} → {after:.0f}",
        rule=rule,
        seen={"signal": signal, "half-life days": f"{known.half_life_days:g}"},
    )


def qualify(draft: Draft) -> None:
    """Hand her over when her score enters; let her go only when it has fallen below the lower threshold."""
    plan = draft.playbook.qualify
    score = draft.customer.score(draft.now)
    seen = {"score": f"{score:.1f}", "enter": f"{plan.enter:g}", "leave": f"{plan.leave:g}"}
    if not draft.customer.qualified and score >= plan.enter:
        draft.do(SetQualified(qualified=True))
        draft.because(
            "score",
            f"评分 {score:.0f} 达到 {plan.enter:g}，线索达标（MQL）并交接",
            f"Score {score:.0f} reached {plan.enter:g}: qualified and handed over",
            rule="qualify",
            seen=seen,
        )
        _hand_over(draft, score)
    elif draft.customer.qualified and score < plan.leave:
        draft.do(SetQualified(qualified=False))
        draft.because(
            "score",
            f"评分降到 {score:.0f}，低于 {plan.leave:g}，不再达标（MQL）",
            f"Score fell to {score:.0f}, below {plan.leave:g}: no longer qualified",
            rule="qualify",
            seen=seen,
        )
    else:
        return
    draft.drawn = True


def _hand_over(draft: Draft, score: float) -> None:
    plan = draft.playbook.qualify
    insight = insight_of(draft, score)
    task = Task(
        id=draft.id("task/handover"),
        kind="hand-over",
        title=Words(zh=plan.task.zh, en=plan.task.en),
        rep=next(iter(draft.keepers()), ""),
        due_at=draft.now + timedelta(hours=plan.due_hours),
    )
    draft.do(OpenTask(task=task))
    draft.tell_owner(Words(zh=plan.task.zh, en=plan.task.en), insight, about=task.id)
    zh, en = f"线索已达标（MQL）。{insight.zh}", f"Qualified lead (MQL). {insight.en}"
    draft.notice(zh, en, mention=draft.customer.owner)


def insight_of(draft: Draft, score: float) -> Words:
    """What a colleague should know before calling: no message text, no address."""
    c = draft.customer
    tags = [t.name for t in c.tags if t.active][-6:]
    who = " · ".join(x for x in (c.name, c.attributes.get("title", ""), c.attributes.get("company", "")) if x)
    tags_en = [draft.playbook.tags.get(tag, tag) for tag in tags]
    pages = ", ".join(c.seen_pages[-3:])
    zh = [
        who or "客户",
        f"评分 {score:.0f}",
        f"标签 {'、'.join(tags)}" if tags else "",
        f"看过 {pages}" if pages else "",
    ]
    en = [
        who or "Customer",
        f"score {score:.0f}",
        f"tags {', '.join(tags_en)}" if tags else "",
        f"looked at {pages}" if pages else "",
    ]
    return Words(zh="；".join(filter(None, zh)), en="; ".join(filter(None, en)))


# --- the next flip --------------------------------------------------------------------------------------------------


def recheck(draft: Draft) -> None:
    """One timer at the next moment at which time alone may change a condition."""
    at = next_flip(draft.customer, draft.playbook, draft.facts())
    key = f"recheck/{draft.customer.id}"
    if at is None:
        draft.cancel_timer(key)
    else:
        draft.set_timer(Timer(key=key, kind="recheck", conversation_id=draft.conversation_id, due_at=at))


def next_flip(customer: Customer, playbook: Playbook, facts: Facts) -> datetime | None:
    """The next such moment; None when nothing about her can change by itself any more."""
    candidates: list[datetime] = []
    for name, values in playbook.moments.items():
        if name in WINDOW_DAYS:
            candidates += _windows(customer, WINDOW_DAYS[name], values, facts.now)
        elif name == "days_silent":
            touched = last_touch(customer, facts.conversation)
            candidates += [touched + timedelta(days=v) for v in values]
        elif name == "days_known":
            candidates += [customer.created_at + timedelta(days=v) for v in values]
        elif name == "score":
            candidates += _decays(customer, values, facts.now)
    # A second later, so that "more than" is true by then.
    future = [c + _MOMENT for c in candidates if c + _MOMENT > facts.now]
    return min(future, default=None)


def _windows(customer: Customer, days: int, values: tuple[float, ...], now: datetime) -> list[datetime]:
    """When a touch falls out of the window and the count reaches, or drops below, one of the values."""
    window = timedelta(days=days)
    inside = [t for t in customer.recent if t + window > now]
    found = []
    for value in values:
        for left in (int(value), int(value) - 1):
            if 0 <= left < len(inside):
                found.append(inside[len(inside) - left - 1] + window)
    return found


def _decays(customer: Customer, values: tuple[float, ...], now: datetime) -> list[datetime]:
    """When her score will have fallen to each of the values. Negative lines make it rise again: looked at daily."""
    score = customer.score(now)
    if any(b.value < 0 for b in customer.balances):
        return [now + timedelta(days=1)] if abs(score) >= 0.5 else []
    # It only falls, so the first value it meets is the highest one below it.
    return [_when(customer, value, now) for value in sorted(v for v in values if 0 < v < score)[-1:]]


def _when(customer: Customer, value: float, now: datetime) -> datetime:
    """By Newton's steps, which never overshoot on a sum that only falls and ever more slowly; to the minute."""
    parts = [(b.now(now), log(2) / b.half_life_days) for b in customer.balances]
    days, step = 0.0, 1.0
    while step > _MINUTE and days < LONGEST_DAYS:
        left = [(v * exp(-rate * days), rate) for v, rate in parts]
        step = (sum(v for v, _rate in left) - value) / sum(v * rate for v, rate in left)
        days += step
    return now + timedelta(days=days + _MINUTE)
