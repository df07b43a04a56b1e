"""The next step with a customer: the one sentence that cards and lists say alike, from the few facts it needs."""

from __future__ import annotations

from dataclasses import dataclass

from rules.model import Conversation, Words


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How it stands with her, as far as the next step depends on it."""

    talk: Conversation
    owner: str = ""
    """Name of her owner, or empty."""
    claimed: str = ""
    """Name of who claimed the conversation, or empty."""
    unknown: bool = False
    """The end of a sending to her is unknown."""
    failed: bool = False
    """Our last message did not arrive."""
    mailed: bool = False
    """The last touch is a mail of hers."""
    task: Words | None = None
    """The open task that is due first."""
    has_mail: bool = False
    """We hold a mail address of hers."""


def next_step(now: Standing) -> Words:
    """One sentence: the one thing to do now."""
    if now.unknown:
        return Words(zh="先核实结果未知的发送", en="First settle the sending whose end is unknown")
    if now.talk.status == "closed":
        return Words(zh="已关闭；客户再来信会自动重新打开", en="Closed; her next word opens it again")
    if now.failed:
        return Words(
            zh="上一条消息没有送达：重发，或换一种方式联系",
            en="Our last message did not arrive: send it again, or reach her another way",
        )
    return _due_now(now) or _may_do(now)


def _due_now(now: Standing) -> Words | None:
    """What somebody waits for: a colleague elsewhere, a mail to look at, an answer."""
    talk = now.talk
    if talk.taken_over:
        return Words(zh="同事正在企业微信里接待", en="A colleague answers in the platform's own client")
    if talk.wakeup is not None and talk.wakeup.state == "proposed":
        return Words(
            zh="看一下唤醒邮件：发送、暂缓或自己写", en="Look at the wake-up mail: send, hold, or write yourself"
        )
    if talk.waiting_since is not None:
        if not talk.claimed_by:
            return Words(zh="客户在等回复：请认领并回复", en="She waits for an answer: claim it and reply")
        name = now.claimed
        return Words(zh=f"{name}回复客户", en=f"{name} answers her")
    if now.mailed:
        who = now.owner
        return Words(
            zh=f"客户回复了邮件，请{who or '负责人'}答复", en=f"She answered by mail: {who or 'her owner'} answers"
        )
    return None


def _may_do(now: Standing) -> Words:
    """What is good to do while nothing presses."""
    who = now.owner
    if now.task is not None:
        return now.task
    if not now.has_mail:
        return Words(zh="可发表单请客户留下邮箱", en="Ask for her mail address with the form")
    return Words(zh=f"等待客户（负责人 {who or '无'}）", en=f"Waiting for her (owner {who or 'none'})")
