"""What the wire and the queues call by a code, in words: events, sendings, and what people did on these pages."""

from __future__ import annotations

from collections.abc import Mapping

from rules.model import Words

EVENTS: Mapping[str, Words] = {
    "always": Words(zh="每一步", en="At every turn"),
    "bot_installed": Words(zh="机器人已安装", en="The bot was installed"),
    "channel_went_quiet": Words(zh="会话安静了", en="The conversation went quiet"),
    "colleague_wrote": Words(zh="同事在平台里回复", en="A colleague wrote in the platform's client"),
    "contact_added": Words(zh="添加了联系人", en="A contact was added"),
    "contact_removed": Words(zh="联系人已删除", en="A contact was removed"),
    "delivery_reported": Words(zh="发送有了结果", en="A sending came to its end"),
    "form_submitted": Words(zh="客户提交了表单", en="The form was filled in"),
    "link_clicked": Words(zh="点击了邮件链接", en="A link in a mail was followed"),
    "mail_bounced": Words(zh="邮件被退回", en="A mail came back"),
    "mail_received": Words(zh="收到邮件", en="A mail came in"),
    "message_failed": Words(zh="平台报告消息失败", en="The platform reports a failed message"),
    "message_received": Words(zh="收到消息", en="A message came in"),
    "page_visited": Words(zh="访问了页面", en="A page was visited"),
    "playbook_published": Words(zh="发布了剧本", en="A playbook was published"),
    "profile_learned": Words(zh="得知客户资料", en="Her profile became known"),
    "pull_announced": Words(zh="平台通知有新消息", en="The platform announced messages"),
    "reminder_due": Words(zh="提醒时间已到", en="A reminder was due"),
    "rep_acted": Words(zh="同事按了按钮", en="A colleague pressed a button"),
    "rep_spoke": Words(zh="同事输入了文字", en="A colleague typed words"),
    "session_changed": Words(zh="接待状态变化", en="The session's state changed"),
    "session_entered": Words(zh="进入会话", en="The chat was opened"),
    "timer_fired": Words(zh="定时器到点", en="A timer fired"),
    "unknown_payload": Words(zh="不认识的内容", en="Something not understood came in"),
    "unsubscribed": Words(zh="客户退订", en="She unsubscribed"),
}
SENDINGS: Mapping[str, Words] = {
    "ask_profile": Words(zh="查询客户资料", en="Ask who she is"),
    "ask_session": Words(zh="查询接待状态", en="Ask for the session's state"),
    "edit_line": Words(zh="更新帖子里的一行", en="Redraw a line of the thread"),
    "fetch_file": Words(zh="取回文件", en="Fetch a file"),
    "move_session": Words(zh="转移接待", en="Move the session"),
    "notify_rep": Words(zh="通知同事", en="Tell a colleague"),
    "post_line": Words(zh="在帖子里加一行", en="Add a line to the thread"),
    "post_root": Words(zh="发布卡片", en="Post the card"),
    "provision": Words(zh="建立频道", en="Set up the channels"),
    "pull_messages": Words(zh="拉取消息", en="Fetch messages"),
    "refresh_card": Words(zh="更新卡片", en="Redraw the card"),
    "send_file": Words(zh="发给客户的文件", en="A file to the customer"),
    "send_mail": Words(zh="发给客户的邮件", en="A mail to the customer"),
    "send_text": Words(zh="发给客户的消息", en="A message to the customer"),
    "send_welcome": Words(zh="欢迎语", en="The welcome"),
}
DEEDS: Mapping[str, Words] = {
    "sign-in": Words(zh="登录", en="Signed in"),
    "export": Words(zh="下载 CSV", en="Took a CSV"),
    "pause": Words(zh="暂停自动发送", en="Paused automatic sends"),
    "resume": Words(zh="恢复自动发送", en="Resumed automatic sends"),
    "replay": Words(zh="放回事件", en="Put an event back"),
    "publish": Words(zh="发布剧本", en="Published a playbook"),
    "roll-back": Words(zh="恢复旧剧本", en="Went back to an older playbook"),
    "reveal": Words(zh="查看完整身份", en="Looked at identities in clear"),
    "layout": Words(zh="调整页面布局", en="Arranged a page"),
    "restore": Words(zh="从备份恢复", en="Restored a backup"),
    "preview": Words(zh="查看唤醒邮件", en="Looked at a wake-up mail"),
}


def said(words: Mapping[str, Words], code: str, language: str) -> str:
    """The words for a code; the code itself where nobody named it."""
    found = words.get(code)
    return found.in_(language) if found else code
