"""One customer's card for every test that draws one: something in every place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rules.card import (
    CardView,
    FactView,
    IdentityView,
    ReplyWindow,
    ScoreLine,
    ScriptView,
    TagView,
    TaskView,
    TouchView,
)
from rules.model import Stage, Words
from rules.sla import Sla

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


def both(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)


def waits(minutes: int = 18) -> Sla:
    return Sla(
        what="first",
        since=NOW - timedelta(minutes=30 - minutes),
        due_at=NOW + timedelta(minutes=minutes),
        minutes_left=minutes,
        state="fine" if minutes > 10 else "risk" if minutes >= 0 else "breached",
        open_now=True,
        words=both(f"首响剩余 {minutes} 分钟", f"{minutes} min left for the first reply"),
    )


TASK = TaskView(
    id="t1",
    kind="call",
    title=both("回电", "Call back"),
    owner="王芳",
    due_at=NOW + timedelta(hours=4),
    overdue=False,
)
FACTS = (
    FactView(name="budget", words=both("预算", "Budget"), value="50 万", because=both("王芳记录", "Noted by 王芳")),
    FactView(name="authority", words=both("决策", "Authority"), ask=both("谁参与决定？", "Who decides?")),
    FactView(name="need", words=both("需求", "Need"), ask=both("先解决什么？", "What first?")),
    FactView(name="timing", words=both("时间", "Timing"), ask=both("何时用起来？", "By when?")),
)


def view(**changes: Any) -> CardView:
    """A card with something in every place."""
    base = CardView(
        conversation_id="c1",
        customer_id="k1",
        version=3,
        state="unclaimed",
        name="王敏",
        title="CIO",
        company="华东智造",
        stage=Stage.INTERESTED,
        stage_words=both("意向客户", "Interested"),
        score=72,
        heat="hot",
        heat_words=both("高活跃", "Hot"),
        qualified=True,
        segment="key",
        industry="制造业",
        source="qr-42",
        owner="",
        connector="wecom",
        channel="制造业-意向",
        why=both("行业是制造业", "Her industry is manufacturing"),
        next_step=both("今天回复报价", "Answer about the quote today"),
        risk=both("风险:6 天未回复", "Risk: no reply for 6 days"),
        window=ReplyWindow(open=True, hours_left=41.5, messages_left=3, messages_total=5),
        mail_allowed=both("未同意", "No consent"),
        tags=(TagView(name="白皮书", auto=True, rule="r1", because=both("下载了白皮书", "She took the whitepaper")),),
        touches=(TouchView(at=NOW, who="customer", where="wecom", text="请发报价", id="e1"),),
        touch_count=24,
        score_lines=(ScoreLine(words=both("询问报价", "Asked for a price"), points=20, at=NOW),),
        tasks=(TASK,),
        unknown=1,
        wakeup=None,
        mail_masked="w***@example.com",
        zone="Asia/Shanghai",
        owner_why=both("负载最低", "The least load"),
        stage_why=both("提交了表单", "She filled the form"),
        next_due=NOW + timedelta(minutes=18),
        sla=waits(),
        bant=FACTS,
        identities=(
            IdentityView(
                platform="mail", kind="address", words=both("邮箱", "Mail"), masked="w***@example.com", verified=False
            ),
        ),
        scripts=(ScriptView(id="hello", title=both("首次问候", "First greeting"), text="王敏您好，我是王芳。"),),
        channels=(("presales", "售前支持"),),
        stages=(("client", both("签约/服务中", "Client")),),
        can_take_over=True,
    )
    return replace(base, **changes)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a drawn card, the card itself first."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)
