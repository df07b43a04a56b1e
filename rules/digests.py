"""What stands in a digest and in a notice of what was held: words only, from what was looked up before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rules.card import CardView
from rules.model import Task, Words
from rules.moments import clock_words

LONGEST = 5
"""So many customers and tasks are named; the others are counted or left out."""
DUE_HOURS = 10.0
"""Tasks due within so many hours stand in a digest: those of the working day."""
HELD = Words(zh="安静时段里的提醒", en="While it was quiet")
NOBODY = Words(zh="未具名客户", en="An unnamed customer")


def digest(
    waiting: Sequence[CardView],
    due: Sequence[tuple[str, Task]],
    *,
    unclaimed: int,
    unknown: int,
    zone: str,
    now: datetime,
) -> Words | None:
    """What waits and what is due; None when that is nothing. `due`: tasks with the customer's name."""
    parts: list[Words] = []
    if waiting:
        parts.append(Words(zh="等你回复：", en="They wait for you:"))
        parts += [_waits(card) for card in waiting[:LONGEST]]
    if due:
        parts.append(Words(zh="今天到期：", en="Due today:"))
        parts += [_due(name, task, zone, now) for name, task in due[:LONGEST]]
    if unclaimed:
        zh, en = f"团队里还有 {unclaimed} 位客户没人认领。", f"Waiting in your team, claimed by nobody: {unclaimed}."
        parts.append(Words(zh=zh, en=en))
    if unknown:
        zh, en = (
            f"有 {unknown} 个会话的发送结果未知，请核实。",
            f"Sendings whose end is unknown: {unknown}. Settle them.",
        )
        parts.append(Words(zh=zh, en=en))
    return _lines(parts) if parts else None


def with_hint(words: Words, hint: Words) -> Words:
    """A digest with how to stop it below."""
    return _lines([words, hint])


def held_line(title: Words, text: Words, card: CardView | None) -> Words:
    """One held notice: what it said, and for a conversation how it stands now."""
    if card is None:
        return Words(zh=f"- {title.zh}：{text.zh}", en=f"- {title.en}: {text.en}")
    name = Words(zh=card.name or NOBODY.zh, en=card.name or NOBODY.en)
    return Words(
        zh=f"- {title.zh}：{name.zh} · {card.next_step.zh}", en=f"- {title.en}: {name.en} · {card.next_step.en}"
    )


def together(lines: Sequence[Words], *, more: int) -> Words:
    """Held notices as one text; what came twice is said once."""
    once = list(dict.fromkeys(lines))
    if more > 0:
        once.append(Words(zh=f"还有 {more} 条，请发「我的」查看。", en=f"And {more} more: send “me” to see them."))
    return _lines(once)


def _waits(card: CardView) -> Words:
    name = Words(zh=card.name or NOBODY.zh, en=card.name or NOBODY.en)
    left = card.sla.words if card.sla is not None else card.next_step
    return Words(zh=f"- {name.zh} · {left.zh}", en=f"- {name.en} · {left.en}")


def _due(name: str, task: Task, zone: str, now: datetime) -> Words:
    zh, en = clock_words(task.due_at, zone, now)
    who = Words(zh=name or NOBODY.zh, en=name or NOBODY.en)
    return Words(zh=f"- {who.zh} · {task.title.zh}（{zh}）", en=f"- {who.en} · {task.title.en} ({en})")


def _lines(parts: Sequence[Words]) -> Words:
    return Words(zh="\n".join(p.zh for p in parts), en="\n".join(p.en for p in parts))
