"""Every sentence Teams people read, in Chinese and English (你 inside the tool)."""

from __future__ import annotations

from collections.abc import Mapping

from rules.model import Words


def _w(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)


# --- the card -------------------------------------------------------------------------------------------------------
UNCLAIMED = _w("待认领", "Unclaimed")
CLAIMED_BY = _w("{name} 已认领", "Claimed by {name}")
CLAIMED = _w("已认领", "Claimed")
SNOOZED = _w("稍后处理中", "Snoozed")
CLOSED = _w("已关闭", "Closed")
SCORE = _w("评分 {score}", "Score {score}")
QUALIFIED = _w("已达标", "MQL")
NEXT = _w("下一步：{text}", "Next: {text}")
WHY_HERE = _w("为什么在这里：{text}", "Why here: {text}")
OWNER = _w("负责人", "Owner")
NOBODY = _w("暂无", "Nobody yet")
SEGMENT = _w("分群", "Segment")
INDUSTRY = _w("行业", "Industry")
SOURCE = _w("来源", "Source")
WINDOW = _w("回复时限", "Window")
MAIL = _w("邮件", "E-mail")
NO_LIMIT = _w("不限", "No limit")
WINDOW_SHUT = _w("已关闭，等客户再次发言", "Closed until the customer writes again")
HOURS_LEFT = _w("还剩 {hours} 小时", "{hours} h left")
MESSAGES_LEFT = _w("{left}/{total} 条", "{left} of {total}")
UNKNOWN_SENDINGS = _w("有 {count} 条消息结果未知，请核实", "Sendings with an unknown end: {count}. Please settle them")
AUTO = _w("{name}（自动）", "{name} (auto)")
HISTORY = _w("最近往来（{count}）", "History ({count})")
NO_NAME = _w("未具名客户", "Unnamed customer")
MOVED_TO = _w("会话已移至频道「{name}」。", "This conversation moved to the channel “{name}”.")
MOVED_FROM = _w("来自频道「{name}」", "Moved here from “{name}”")
MAY_REPEAT = _w("（可能重复）", "(may be a repeat)")
SHORTENED = _w("…（已截短）", "… (shortened)")
SAYS = _w("{who}：", "{who}: ")
THEY = _w("客户", "Customer")
WE = _w("我们", "Us")
HUB = _w("塔台", "Tower")

# --- buttons --------------------------------------------------------------------------------------------------------
CLAIM = _w("认领", "Claim")
REPLY = _w("回复客户", "Reply")
REPLY_LABEL = _w("回复内容（客户会看到）", "Your answer (the customer reads it)")
REPLY_EMPTY = _w("请先写回复", "Write your answer first")
SEND = _w("发送", "Send")
NOTE = _w("内部备注", "Note")
NOTE_LABEL = _w("备注（客户看不到）", "Note (the customer does not see it)")
SAVE = _w("保存", "Save")
SNOOZE = _w("稍后处理", "Snooze")
SNOOZE_LABEL = _w("多久以后再提醒", "Remind again in")
REROUTE = _w("转到其他频道", "Re-route")
REROUTE_LABEL = _w("频道名称", "Channel")
WHY = _w("为什么？", "Why?")
FORM = _w("请客户留邮箱", "Ask for e-mail")
CLOSE = _w("关闭会话", "Close")
OPEN = _w("打开", "Open")
HOURS: Mapping[str, Words] = {
    "1": _w("1 小时", "1 hour"),
    "4": _w("4 小时", "4 hours"),
    "24": _w("1 天", "1 day"),
    "72": _w("3 天", "3 days"),
}

# --- lines ----------------------------------------------------------------------------------------------------------
STATES: Mapping[str, Words] = {
    "waiting": _w("⏳ 等待发送", "⏳ waiting"),
    "delivered": _w("✓ 已送达", "✓ delivered"),
    "failed": _w("✗ 未送达", "✗ failed"),
    "unknown": _w("? 结果未知", "? end unknown"),
}

# --- answers --------------------------------------------------------------------------------------------------------
BUSY = _w("正在处理，卡片稍后自动更新。", "Working on it: the card will update in a moment.")
NOT_HERE = _w(
    "这个会话不在你名下，或已不存在。请联系你的经理。",
    "This conversation is not yours, or no longer there. Ask your manager.",
)
NOTHING_FOUND = _w("没有找到。", "Nothing found.")
DONE = _w("已完成。", "Done.")
DIALOG = _w("回复 {name}", "Reply to {name}")
