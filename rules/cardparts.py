"""The lists on a card: tags with who set them, the four facts (BANT), names she goes by, tasks, scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, get_args

from rules import scripts
from rules.book import Playbook
from rules.card import FactView, IdentityView, ScoreLine, ScriptView, TagView, TaskView
from rules.masking import masked_name
from rules.model import Customer, Entry, Identity, Rep, Tag, Words

FactName = Literal["budget", "authority", "need", "timing"]
FACTS: Sequence[FactName] = get_args(FactName)
FACT_WORDS: Mapping[FactName, Words] = {
    "budget": Words(zh="预算", en="Budget"),
    "authority": Words(zh="决策", en="Authority"),
    "need": Words(zh="需求", en="Need"),
    "timing": Words(zh="时间", en="Timing"),
}
SAID_IN, NOTED_BY = "said_in", "by"
"""Beside each fact, under `<fact>.<this>`: the touch it comes from, and the rep who noted it."""
_KINDS: Mapping[str, Words] = {
    "external_userid": Words(zh="微信客户号", en="WeChat contact"),
    "unionid": Words(zh="微信 unionid", en="WeChat unionid"),
    "address": Words(zh="邮箱", en="Mail"),
    "mail": Words(zh="邮箱", en="Mail"),
    "phone": Words(zh="手机", en="Phone"),
    "visitor": Words(zh="网页访客号", en="Web visitor"),
}
MOST_SCRIPTS = 12


def name_of(reps: Sequence[Rep], rep_id: str) -> str:
    """A rep's name, or the id when nobody has it any more."""
    return next((r.name for r in reps if r.id == rep_id), rep_id)


def tags(customer: Customer, book: Playbook, reps: Sequence[Rep], language: str) -> tuple[TagView, ...]:
    """The tags on her now."""
    names = {} if language.lower().startswith("zh") else book.tags
    return tuple(
        TagView(
            name=t.name,
            auto=t.by != "rep",
            rule=t.rule,
            label=names.get(t.name, ""),
            because=_because(t, book, reps),
        )
        for t in customer.tags
        if t.active
    )


def _because(tag: Tag, book: Playbook, reps: Sequence[Rep]) -> Words:
    if tag.by == "rep":
        name = name_of(reps, tag.rule)
        return Words(zh=f"{name}添加", en=f"Added by {name}")
    if tag.by == "source":
        source = book.sources.get(tag.rule)
        zh, en = (source.name.zh, source.name.en) if source else (tag.rule, tag.rule)
        return Words(zh=f"来源：{zh}", en=f"Source: {en}")
    rule = next((r for r in book.rules if r.id == tag.rule), None)
    if rule is None:
        return Words(zh=f"由已删除的规则 {tag.rule} 添加", en=f"Set by the rule {tag.rule}, which is gone")
    return Words(zh=rule.because.zh, en=rule.because.en)


def bant(customer: Customer, book: Playbook, reps: Sequence[Rep]) -> tuple[FactView, ...]:
    """Budget, authority, need and timing: what is known, or what to ask."""
    return tuple(_fact(name, customer, book, reps) for name in FACTS)


def _fact(name: FactName, customer: Customer, book: Playbook, reps: Sequence[Rep]) -> FactView:
    value = customer.attributes.get(name, "")
    if not value:
        ask = getattr(book.questions, name)
        words = Words(zh="还没有人记下", en="Nobody has noted it yet")
        return FactView(name=name, words=FACT_WORDS[name], ask=Words(zh=ask.zh, en=ask.en), because=words)
    by = name_of(reps, customer.attributes.get(f"{name}.{NOTED_BY}", ""))
    return FactView(
        name=name,
        words=FACT_WORDS[name],
        value=value,
        said_in=customer.attributes.get(f"{name}.{SAID_IN}", ""),
        because=Words(zh=f"{by}记录", en=f"Noted by {by}"),
    )


def identities(found: Sequence[Identity]) -> tuple[IdentityView, ...]:
    """Her names on platforms, none of them in full."""
    return tuple(
        IdentityView(
            platform=i.platform,
            kind=i.kind,
            words=_KINDS.get(i.kind, Words(zh=i.kind, en=i.kind)),
            masked=masked_name(i.kind, i.value),
            verified=i.verified,
        )
        for i in found
    )


def tasks(customer: Customer, reps: Sequence[Rep], now: datetime) -> tuple[TaskView, ...]:
    """Her open tasks, the most pressing first."""
    return tuple(
        TaskView(
            id=t.id,
            kind=t.kind,
            title=t.title,
            owner=name_of(reps, t.rep),
            due_at=t.due_at,
            overdue=t.due_at < now,
        )
        for t in sorted(customer.tasks, key=lambda t: (t.due_at, t.id))
    )


def score_lines(entries: Sequence[Entry], book: Playbook, now: datetime, most: int) -> tuple[ScoreLine, ...]:
    """The heaviest lines of her score ledger, with what each is still worth."""
    found = []
    for entry in sorted(entries, key=lambda e: -abs(e.now(now)))[:most]:
        signal = book.scores.get(entry.signal)
        words = Words(zh=signal.words.zh, en=signal.words.en) if signal else Words(zh=entry.signal, en=entry.signal)
        found.append(ScoreLine(words=words, points=round(entry.now(now), 1), at=entry.at))
    return tuple(found)


def ready_scripts(customer: Customer, book: Playbook, rep: str) -> tuple[ScriptView, ...]:
    """The scripts that fit her, as this colleague would send them."""
    fitting = scripts.fitting(book.scripts, customer)[:MOST_SCRIPTS]
    return tuple(
        ScriptView(id=s.id, title=Words(zh=s.title.zh, en=s.title.en), text=scripts.filled(s, customer, rep))
        for s in fitting
    )
