"""What a rep can do with a button, and how the button is called. One list for every face."""

from __future__ import annotations

from collections.abc import Mapping

from rules.model import Words

VERBS: Mapping[str, Words] = {
    "claim": Words(zh="认领", en="Claim"),
    "reply": Words(zh="回复客户", en="Reply"),
    "note": Words(zh="记内部备注", en="Add a note"),
    "send_file": Words(zh="发送文件", en="Send a file"),
    "form": Words(zh="请客户留邮箱", en="Ask for e-mail"),
    "snooze": Words(zh="稍后处理", en="Snooze"),
    "reroute": Words(zh="转到其他频道", en="Move to another channel"),
    "release": Words(zh="交回团队", en="Give back to the team"),
    "take_over": Words(zh="到企业微信里接待", en="Go on in WeCom"),
    "hand_back": Words(zh="交还塔台", en="Hand back to Tower"),
    "fact": Words(zh="记下信息", en="Note a fact"),
    "stage": Words(zh="改阶段", en="Change the stage"),
    "task": Words(zh="记待办", en="Add a task"),
    "why": Words(zh="为什么在这里？", en="Why here?"),
    "close": Words(zh="关闭会话", en="Close"),
    "reopen": Words(zh="重新打开", en="Open again"),
    "tag": Words(zh="加标签", en="Add a tag"),
    "untag": Words(zh="去掉标签", en="Remove a tag"),
    "wake_now": Words(zh="现在发送", en="Send now"),
    "wake_hold": Words(zh="先别发", en="Hold"),
    "wake_mine": Words(zh="我自己写", en="I write myself"),
    "settle_arrived": Words(zh="已经送达", en="It arrived"),
    "settle_again": Words(zh="再发一次", en="Send again"),
    "send_to_customer": Words(zh="发给客户", en="Send to customer"),
    "done": Words(zh="完成", en="Done"),
    "pause": Words(zh="暂停自动发送", en="Pause automatic sends"),
    "resume": Words(zh="恢复自动发送", en="Resume automatic sends"),
}


def label(verb: str) -> Words:
    """The button's name; the verb itself where nobody named it."""
    return VERBS.get(verb, Words(zh=verb, en=verb))
