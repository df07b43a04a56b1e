"""Every sentence of the pages for reps, in Chinese (你 inside the tool) and in English."""

from __future__ import annotations

from collections.abc import Mapping

from rules.model import Words


def _w(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)


SAID: Mapping[str, Words] = {
    "tower": _w("塔台", "Tower"),
    # --- the card ---
    "no_name": _w("未具名客户", "Unnamed customer"),
    "score": _w("评分 {score}", "Score {score}"),
    "mql": _w("已达标", "MQL"),
    "unclaimed": _w("待认领", "Unclaimed"),
    "claimed": _w("已认领", "Claimed"),
    "claimed_by": _w("{name} 负责", "With {name}"),
    "snoozed": _w("稍后处理", "Snoozed"),
    "closed": _w("已关闭", "Closed"),
    "next": _w("下一步：", "Next: "),
    "why_score": _w("为什么是这个分，为什么在这里？", "Why this score, why here?"),
    "why_here": _w("为什么在这里：", "Why here: "),
    "points": _w("{points} 分", "{points}"),
    "no_score": _w("还没有加分记录。", "Nothing has counted yet."),
    "window_open": _w("现在可以回复", "You can reply now"),
    "window_hours": _w("还剩 {hours} 小时", "{hours} h left"),
    "window_minutes": _w("还剩 {minutes} 分钟", "{minutes} min left"),
    "window_messages": _w("{left}/{total} 条", "{left} of {total} messages"),
    "window_shut": _w("现在不能回复，等客户再次发来消息", "No reply possible until the customer writes again"),
    "tasks": _w("待办", "Tasks"),
    "wakeup": _w("唤醒邮件", "Wake-up mail"),
    "wakeup_proposed": _w("等你决定；不决定就在 {at} 后发送", "Waits for you; without a word it goes out after {at}"),
    "wakeup_held": _w("已暂缓，{at} 再问一次", "On hold; you are asked again {at}"),
    "wakeup_queued": _w("已排队，即将发送", "Queued, about to go out"),
    "wakeup_sent": _w("已发送（{at}）", "Sent ({at})"),
    "wakeup_cancelled": _w("已取消", "Cancelled"),
    "wakeup_skipped": _w("没有发送", "Not sent"),
    "unknown": _w("{count} 条发送结果未知", "{count} with an unknown end"),
    "unknown_one": _w("它可能已经送达。请先看一眼，再选择。", "It may have arrived. Look first, then choose."),
    "unknown_many": _w(
        "请在塔台发给你的各条通知里逐一核实。", "Settle each one in the notice Tower sent you about it."
    ),
    "tags": _w("标签", "Tags"),
    "auto": _w("自动", "auto"),
    "auto_by": _w("由规则 {rule} 自动添加", "Set by the rule {rule}"),
    "no_tags": _w("还没有标签。", "No tags yet."),
    "add_tag": _w("新标签", "New tag"),
    "tag_off_hint": _w("去掉后规则不会再加上。", "Once removed, no rule sets it again."),
    "reply_label": _w("回复内容（客户会看到）", "Your answer (the customer reads it)"),
    "history": _w("最近往来", "Last messages"),
    "history_count": _w("最近 {shown} 条，共 {count} 条", "{shown} of {count}"),
    "no_history": _w("还没有往来。", "Nothing yet."),
    "show_rest": _w("展开全文", "Show all of it"),
    "customer": _w("客户", "Customer"),
    "us": _w("我们", "Us"),
    "hub": _w("塔台", "Tower"),
    "nothing_said": _w("（没有文字）", "(no words)"),
    "more_acts": _w("更多操作", "More to do"),
    "note_label": _w("备注（客户看不到）", "Note (the customer does not see it)"),
    "form_hint": _w(
        "给客户发一个一次性链接，请她留下邮箱和同意。", "Sends her a one-time link for her address and consent."
    ),
    "snooze_label": _w("多久以后再提醒", "Remind me in"),
    "hours_1": _w("1 小时", "1 hour"),
    "hours_4": _w("4 小时", "4 hours"),
    "hours_24": _w("1 天", "1 day"),
    "hours_72": _w("3 天", "3 days"),
    "reroute_label": _w("频道名称", "Name of the channel"),
    "channel": _w("频道", "Channel"),
    "no_channel": _w("还没有分配频道", "In no channel yet"),
    "more": _w("更多资料", "More about the customer"),
    "owner": _w("负责人", "Owner"),
    "nobody": _w("暂无", "Nobody yet"),
    "segment": _w("分群", "Segment"),
    "industry": _w("行业", "Industry"),
    "source": _w("来源", "Source"),
    "mail": _w("邮箱", "Mail"),
    "where": _w("来自", "Writes from"),
    "save": _w("保存", "Save"),
    "send": _w("发送给客户", "Send to the customer"),
    "bar_reply": _w("回复", "Reply"),
    "bar_note": _w("记备注", "Note"),
    "bar_more": _w("更多操作", "More"),
    "bar": _w("快捷操作", "Shortcuts"),
    "all_mine": _w("‹ 我的会话", "‹ My conversations"),
    "done_task": _w("完成", "Done"),
    # --- where ---
    "at_wecom": _w("微信", "WeChat"),
    "at_webchat": _w("网页", "Web chat"),
    "at_teams": _w("Teams", "Teams"),
    "at_mail": _w("邮件", "Mail"),
    "at_hub": _w("塔台", "Tower"),
    # --- input ---
    "errors_title": _w("请检查", "Please check"),
    "text_missing": _w("请先写内容。", "Write something first."),
    "tag_missing": _w("请写标签名。", "Say which tag."),
    "channel_missing": _w("请写频道名称。", "Say which channel."),
    "text_long": _w("内容太长，最多 4000 字。", "That is too long: at most 4,000 characters."),
    "tag_long": _w("标签最多 40 字。", "A tag has at most 40 characters."),
    "channel_long": _w("频道名称最多 100 字。", "A channel's name has at most 100 characters."),
    "hours_long": _w("请选择时间。", "Choose a time."),
    "about_long": _w("请重新打开本页再试。", "Open this page again and try once more."),
    "busy": _w("正在处理，稍后刷新本页看结果。", "Working on it: reload this page in a moment."),
    "refused": _w("没有完成：", "Not done: "),
    # --- lists ---
    "home_title": _w("客户会话", "Conversations"),
    "looking": _w("正在识别当前聊天的客户…", "Looking up the customer of this chat…"),
    "no_contact": _w(
        "这里不是客户聊天，无法识别客户。可以搜索，或从下面选择。",
        "This is no chat with a customer. Search, or choose below.",
    ),
    "no_sdk": _w(
        "无法识别当前聊天的客户（{code}）。请搜索。", "The customer of this chat was not told ({code}). Search."
    ),
    "find": _w("搜索客户", "Find a customer"),
    "find_button": _w("搜索", "Find"),
    "found": _w("“{words}”的结果", "Found for “{words}”"),
    "found_none": _w(
        "没有找到。只能找到你负责、接待或关注的客户，以及待认领的客户。",
        "Nothing found. You find customers you own, serve or follow, and those nobody has claimed.",
    ),
    "mine": _w("我的会话", "My conversations"),
    "mine_none": _w("现在没有你的会话。", "You have no conversation right now."),
    "queue": _w("待认领", "Waiting for somebody"),
    "queue_none": _w("没有等待认领的会话。", "Nobody is waiting."),
    # --- the tab ---
    "tab_title": _w("塔台", "Tower"),
    "tab_loading": _w("正在加载…", "Loading…"),
    "tab_noscript": _w("此标签页需要 JavaScript。", "This tab needs JavaScript."),
    "tab_outside_title": _w("请在 Teams 里打开", "Open this in Teams"),
    "tab_outside_text": _w(
        "这个页面是 Microsoft Teams 里的“塔台”标签页，单独打开时看不到客户资料。",
        "This page is Tower's tab in Microsoft Teams; on its own it shows no customers.",
    ),
    "tab_offline_title": _w("连不上塔台", "Tower cannot be reached"),
    "tab_offline_text": _w(
        "请检查网络后重试。你写的内容还在。", "Check the network and try again. What you typed is kept."
    ),
    "tab_refused_title": _w("没有登录成功", "Sign-in did not work"),
    "tab_refused_text": _w(
        "Teams 没有给出登录凭据，可能需要管理员同意。请重试，或联系管理员。",
        "Teams gave no sign-in; an administrator may have to consent. Try again, or ask your administrator.",
    ),
    "again": _w("重试", "Try again"),
    # --- pages that say what to do ---
    "gone_title": _w("没有找到这个会话", "There is no such conversation"),
    "gone_text": _w(
        "它不存在，或不在你名下。要接手客户，请联系你的经理或现在的负责人。",
        "It is not there, or not yours. To take over a customer, ask your manager or whoever looks after her now.",
    ),
    "stranger_title": _w("没有找到这位客户", "There is no such customer"),
    "stranger_text": _w(
        "她还没有和塔台的会话，或不在你名下。可以搜索其他客户，或联系你的经理。",
        "She has no conversation with Tower yet, or she is not yours. Search, or ask your manager.",
    ),
    "follow_title": _w("还没有她的会话", "No conversation with her yet"),
    "follow_text": _w(
        "你已添加她为联系人，但她还没有和塔台的会话。等她发来消息后，这里就会显示。",
        "She is your contact, but has no conversation with Tower yet. It shows here once she writes.",
    ),
    "member_title": _w("你还不是塔台的成员", "You are not in Tower yet"),
    "member_text": _w("请让经理把你加入销售团队。", "Ask your manager to add you to the sales team."),
    "sign_in_title": _w("需要登录", "Please sign in"),
    "sign_in_text": _w(
        "登录已过期，或不是从这里开始的。请重新打开。", "The sign-in is over or did not begin here. Open it again."
    ),
    "elsewhere_title": _w("这个页面已过期", "This page is too old"),
    "elsewhere_text": _w(
        "没有执行任何操作。请重新打开页面再试。", "Nothing was done. Open the page again and try once more."
    ),
    "kept_text": _w("你写的内容在这里，可以复制：", "What you typed is here, to copy:"),
    "no_platform_title": _w("这里还没有接通", "Not connected here"),
    "no_platform_text": _w("管理员还没有接通这个平台。", "An administrator has not connected this platform."),
    "fast_title": _w("打开得太快了", "That was too fast"),
    "fast_text": _w("请等一分钟再继续。", "Wait a minute, then go on."),
    "later_title": _w("暂时没有成功", "That did not work just now"),
    "later_text": _w("没有保存任何内容。请稍等片刻再试一次。", "Nothing was stored. Wait a moment and try again."),
    "away_title": _w("企业微信没有回应", "WeCom does not answer"),
    "away_text": _w("请稍后再试。", "Try again in a moment."),
    "bad_title": _w("没有看懂这个请求", "That made no sense"),
    "bad_text": _w("没有执行任何操作。请返回重新打开页面。", "Nothing was done. Go back and open the page again."),
    "open_again": _w("重新打开", "Open again"),
    "to_list": _w("去会话列表", "To the list"),
}
