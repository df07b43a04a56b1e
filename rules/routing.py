"""The matrix: which channel a conversation belongs to and who gets the customer, with the numbers that decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rules.book import Cell, OwnerRule, Playbook
from rules.decision import Because
from rules.model import STAGE_WORDS, Customer, Rep, Words


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One condition of a cell: what it wants, what it saw, and whether that fits. A cell that wants nothing fits."""

    dimension: str
    wants: tuple[str, ...]
    saw: str

    @property
    def fits(self) -> bool:
        """Whether it is met."""
        return not self.wants or self.saw in self.wants


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The cell that decided, and the one that came nearest."""

    cell: Cell
    checks: tuple[Check, ...]
    runner_up: Cell | None
    failed: Check | None
    """The first condition the runner-up failed; None when it would have fitted but stands below."""


def checks_of(cell: Cell, customer: Customer) -> tuple[Check, ...]:
    """Every condition of a cell with the value it sees."""
    return (
        Check(dimension="segment", wants=cell.segment, saw=customer.segment),
        Check(dimension="industry", wants=cell.industry, saw=customer.industry),
        Check(dimension="stage", wants=tuple(s.value for s in cell.stage), saw=customer.stage.value),
    )


def choose(customer: Customer, playbook: Playbook) -> Choice:
    """The first cell that fits. The playbook is checked to end with one that always does."""
    looked = [(cell, checks_of(cell, customer)) for cell in playbook.matrix]
    chosen, checks = next(((c, k) for c, k in looked if all(x.fits for x in k)), looked[-1])
    others = [(c, k) for c, k in looked if c.id != chosen.id]
    # The nearest miss tells most: fewest failed conditions first, then the most that it really asked and got.
    others.sort(key=lambda o: (_failures(o[1]), -sum(1 for x in o[1] if x.wants and x.fits)))
    runner_up, runner_checks = next(((c, k) for c, k in others if _failures(k)), others[0] if others else (None, ()))
    failed = next((k for k in runner_checks if not k.fits), None)
    return Choice(cell=chosen, checks=checks, runner_up=runner_up, failed=failed)


def _failures(checks: Sequence[Check]) -> int:
    return sum(1 for c in checks if not c.fits)


_DIMENSIONS = {
    "segment": Words(zh="分群", en="segment"),
    "industry": Words(zh="行业", en="industry"),
    "stage": Words(zh="阶段", en="stage"),
}


def _value_words(dimension: str, value: str, playbook: Playbook) -> Words:
    """A value of a dimension as people call it."""
    if not value:
        return Words(zh="未知", en="unknown")
    if dimension == "industry" and value in playbook.industries:
        name = playbook.industries[value].name
        return Words(zh=name.zh, en=name.en)
    if dimension == "segment":
        found = next((s.name for s in playbook.segments if s.id == value), None)
        return Words(zh=found.zh, en=found.en) if found else Words(zh=value, en=value)
    if dimension == "stage":
        return next((words for stage, words in STAGE_WORDS.items() if stage.value == value), Words(zh=value, en=value))
    return Words(zh=value, en=value)


def explain(choice: Choice, playbook: Playbook) -> Because:
    """Why here, and why not there: one sentence, and every condition with the value it saw."""
    channel = playbook.channels[choice.cell.to].name
    seen = {f"{c.dimension} in {', '.join(c.wants) or 'any'}": c.saw or "-" for c in choice.checks}
    zh = f"进入「{channel}」：{choice.cell.because.zh}"
    en = f"Routed to “{channel}”: {choice.cell.because.en}"
    if choice.runner_up is not None:
        seen["runner-up"] = choice.runner_up.id
        if choice.failed is not None:
            seen["runner-up failed"] = (
                f"{choice.failed.dimension} in {', '.join(choice.failed.wants)}: {choice.failed.saw or '-'}"
            )
        zh_not, en_not = _why_not(choice, playbook)
        zh, en = f"{zh}；{zh_not}", f"{en}; {en_not}"
    return Because(about="route", words=Words(zh=zh + "。", en=en + "."), rule=choice.cell.id, seen=seen)


def _why_not(choice: Choice, playbook: Playbook) -> tuple[str, str]:
    assert choice.runner_up is not None  # noqa: S101 - told to the type checker; the caller has looked
    other = playbook.channels[choice.runner_up.to].name
    failed = choice.failed
    if failed is None:
        return f"未选「{other}」，因为它排在后面", f"not “{other}”, which stands below"
    name = _DIMENSIONS[failed.dimension]
    saw = _value_words(failed.dimension, failed.saw, playbook)
    wants = [_value_words(failed.dimension, w, playbook) for w in failed.wants]
    zh_wants, en_wants = "、".join(w.zh for w in wants), " or ".join(w.en for w in wants)
    return (
        f"未选「{other}」，因为{name.zh}是{saw.zh}，不是{zh_wants}",
        f"not “{other}”, because the {name.en} is {saw.en}, not {en_wants}",
    )


# --- who gets her ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Assigned:
    """Who gets her, if anybody can, and how it was decided."""

    rep: Rep | None
    because: Because


def assign(customer: Customer, rule: OwnerRule, reps: Sequence[Rep]) -> Assigned:
    """The colleague with the least load (relative to what each can carry) among those who fit; filters are hard."""
    fitting = [r for r in reps if _fits(r, customer, rule)]
    free = [r for r in fitting if r.load < r.capacity]
    if not free:
        why = "都已满载" if fitting else "没有符合条件的同事"
        why_en = "everybody who fits is full" if fitting else "nobody fits"
        words = Words(zh=f"未分配：{why}", en=f"Nobody assigned: {why_en}")
        seen = {"team": rule.team, "fitting": str(len(fitting)), "free": "0"}
        return Assigned(rep=None, because=Because(about="assign", words=words, seen=seen))
    best = min(free, key=lambda r: (r.load / r.capacity, r.load, r.id))
    seen = {r.name or r.id: f"{r.load}/{r.capacity}" for r in sorted(free, key=lambda r: r.id)[:20]}
    words = Words(
        zh=f"分配给{best.name}：符合条件的 {len(free)} 人中负载最低（{best.load}）",
        en=f"Given to {best.name}: the least load ({best.load}) of {len(free)} who fit",
    )
    return Assigned(rep=best, because=Because(about="assign", words=words, seen=seen))


def _fits(rep: Rep, customer: Customer, rule: OwnerRule) -> bool:
    """Whether a colleague may get her. A manager gets nobody by rule; an empty list means all."""
    if not rep.active or rep.role == "manager" or rep.team not in ("", rule.team):
        return False
    if rule.match_industry and rep.industries and customer.industry not in rep.industries:
        return False
    region = customer.attributes.get("region", "")
    return not (rule.match_region and rep.regions and region and region not in rep.regions)
