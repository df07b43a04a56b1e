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
NEXT_BY = _w("下一步：{text}（{who}）", "Next: {text} ({who})")
BEFORE = _w("{at} 前", "by {at}")
WHY_HERE = _w("为什么在这里：{text}", "Why here: {text}")
WHY_OWNER = _w("为什么由 {name} 负责：{text}", "Why {name} owns her: {text}")
WHY_STAGE = _w("为什么是这个阶段：{text}", "Why this stage: {text}")
WHY_SCORE = _w("评分 {score} 的来历：", "What makes the score {score}:")
WHY_TAG = _w("标签「{name}」：{text}", "Tag {name}: {text}")
WHY_MAIL = _w("邮件：{text}", "Mail: {text}")
WHY_WAKEUP = _w("唤醒邮件：{text}", "Wake-up mail: {text}")
SCORE_LINE = _w("{points} {text} · {at}", "{points} {text} · {at}")
TAKEN_OVER = _w("同事正在企业微信里接待，塔台只记录", "A colleague answers in WeCom; Tower only records")
NOT_KNOWN = _w("待了解", "Not known yet")
WHO_SHE_IS = _w(
    "分群 {segment} · 行业 {industry} · 来源 {source}", "Segment {segment} · industry {industry} · source {source}"
)
OWNER = _w("负责人", "Owner")
DUE = _w("{title}（{at} 前）", "{title} (by {at})")
OVERDUE = _w("{title}（已过期，{at}）", "{title} (overdue, {at})")
NOBODY = _w("暂无", "Nobody yet")
WINDOW = _w("可回复", "Window")
NO_LIMIT = _w("不限", "No limit")
WINDOW_SHUT = _w("已关闭，等客户再次发言", "Closed until the customer writes again")
HOURS_LEFT = _w("还剩 {hours} 小时", "{hours} h left")
MINUTES_LEFT = _w("还剩 {minutes} 分钟", "{minutes} min left")
MESSAGES_LEFT = _w("{left}/{total} 条", "{left} of {total}")
UNKNOWN_SENDINGS = _w("有 {count} 条消息结果未知，请核实", "Sendings with an unknown end: {count}. Please settle them")
AUTO = _w("{name}（自动）", "{name} (auto)")
HISTORY = _w("最近往来（{count}）", "History ({count})")
WHYS = _w("依据", "Reasons")
WHY = _w("为什么？", "Why?")
PLACES: Mapping[str, Words] = {
    "wecom": _w("微信", "WeChat"),
    "webchat": _w("网页", "Web chat"),
    "teams": _w("Teams", "Teams"),
    "mail": _w("邮件", "Mail"),
    "hub": _w("塔台", "Tower"),
}
"""Where something was said, as people call it."""
FILES = _w("[附件 {names}]", "[files: {names}]")
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
SEND = _w("发送", "Send")
NOTE = _w("内部备注", "Note")
NOTE_LABEL = _w("备注（客户看不到）", "Note (the customer does not see it)")
SAVE = _w("保存", "Save")
SNOOZE = _w("稍后处理", "Snooze")
SNOOZE_LABEL = _w("多久以后再提醒", "Remind again in")
REROUTE = _w("转到其他频道", "Re-route")
REROUTE_LABEL = _w("频道名称", "Channel")
TASK_DONE = _w("完成：{title}", "Done: {title}")
TASK = _w("记待办", "Add a task")
TASK_LABEL = _w("要做什么", "What is to be done")
TASK_DUE = _w("什么时候到期", "Due in")
TAG = _w("加标签", "Add a tag")
TAG_LABEL = _w("标签", "Tag")
UNTAG = _w("去标签", "Remove a tag")
UNTAG_LABEL = _w("去掉哪个？规则不会再加上它", "Which one? No rule will set it again")
STAGE = _w("改阶段", "Change the stage")
STAGE_LABEL = _w("阶段", "Stage")
FACT = _w("记预算、决策、需求、时间", "Note budget, authority, need, timing")
FACT_LABEL = _w("哪一项", "Which one")
FACT_TEXT = _w("内容（留空就是清掉）", "What you know (empty takes it back)")
REROUTE_CHOOSE = _w("转到哪个频道", "To which channel")
RELEASE = _w("交回团队", "Give back to the team")
TAKE_OVER = _w("到企业微信里接待", "Go on in WeCom")
HAND_BACK = _w("交还塔台", "Hand back to Tower")
OPEN_TAB = _w("在标签页打开", "Open in the tab")
FORM = _w("请客户留邮箱", "Ask for e-mail")
CLOSE = _w("关闭会话", "Close")
HOURS: Mapping[str, Words] = {
    "1": _w("1 小时", "1 hour"),
    "4": _w("4 小时", "4 hours"),
    "24": _w("1 天", "1 day"),
    "72": _w("3 天", "3 days"),
}
TASK_HOURS: Mapping[str, Words] = {**HOURS, "168": _w("1 周", "1 week")}

# --- lines ----------------------------------------------------------------------------------------------------------
OPEN_FILE = _w("打开文件", "Open the file")
FILE_STATES: Mapping[str, Words] = {
    "waiting": _w("⏳ {name} 正在取回", "⏳ {name} is being fetched"),
    "expired": _w("✕ {name} 平台已不再保存", "✕ {name} is kept no longer by the platform"),
    "refused": _w(
        "✕ {name} 未打开：内容与类型不符或可能有害", "✕ {name} was not opened: not what it says it is, or harmful"
    ),
    "too_large": _w("✕ {name} 太大，没有取回", "✕ {name} is too large and was not fetched"),
    "failed": _w("✕ {name} 没有取回", "✕ {name} could not be fetched"),
}
"""How a file stands that nobody can open (yet)."""
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
SAVE_NOTE = _w("存为客户备注", "Save as a note")
WHOM = _w("找客户（姓名、公司或备注里的词）", "Find a customer (name, company or a word of a note)")
CHOOSE = _w("记到哪位客户", "About whom")
SEARCH = _w("查找", "Search")
DIALOG = _w("回复 {name}", "Reply to {name}")
