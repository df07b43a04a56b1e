"""Why something did not reach somebody: reason codes, and the sentences people read."""

from __future__ import annotations

from collections.abc import Mapping

from rules.model import Words

REASONS: Mapping[str, Words] = {
    "window_closed": Words(
        zh="超过平台可回复时间，需等客户再次发消息", en="the platform's reply time is over until she writes again"
    ),
    "window_spent": Words(
        zh="本轮可发送条数已用完，需等客户再次发消息", en="all messages of this round are used until she writes again"
    ),
    "taken_over": Words(
        zh="同事正在企业微信里接待，塔台不发送",
        en="a colleague answers in the platform's own client; Tower sends nothing",
    ),
    "text_too_long": Words(zh="消息太长", en="the message is too long"),
    "file_not_taken": Words(
        zh="这个平台不能由塔台发送文件", en="Tower cannot send files on this platform; send a link or a mail instead"
    ),
    "file_type_not_taken": Words(
        zh="客户的平台不接受这种文件，请换一种格式", en="her platform does not take this kind of file; convert it first"
    ),
    "file_too_large": Words(zh="文件太大，请压缩后再发", en="the file is too large; make it smaller first"),
    "file_empty": Words(zh="文件是空的", en="the file is empty"),
    "file_type_differs": Words(
        zh="文件内容和它声称的类型不一致，未打开", en="it is not what it says it is, and was not opened"
    ),
    "file_dangerous": Words(zh="可执行文件可能有害，未打开", en="a program may do harm, and was not opened"),
    "file_pixels": Words(zh="图片尺寸过大，未打开", en="the picture claims too many pixels, and was not opened"),
    "file_expired": Words(
        zh="平台已不再保存这个文件，请客户重发", en="the platform keeps it no longer; ask her to send it again"
    ),
    "file_waiting": Words(zh="正在等文件内容", en="it waits for the file's content"),
    "file_gone": Words(zh="文件已不存在", en="the file is not there any more"),
    "file_host": Words(zh="文件地址不在允许的名单里，未下载", en="its address is not trusted, and was not opened"),
    "text_empty": Words(zh="消息是空的", en="the message is empty"),
    "blocked": Words(zh="客户已拒收或已删除好友", en="the customer has blocked or removed us"),
    "not_allowed": Words(zh="平台不允许发送给这位客户", en="the platform does not allow writing to her"),
    "session_ended": Words(zh="会话已在平台上结束", en="the session has ended on the platform"),
    "no_reference": Words(zh="机器人还没有安装到那里", en="the bot is not installed there yet"),
    "no_channel": Words(zh="团队频道还没有建好", en="the team channel does not exist yet"),
    "older_gone": Words(zh="这个频道里的旧帖已不存在", en="the older post in that channel is gone"),
    "channel_gone": Words(
        zh="剧本里已经没有这个频道，请转到其他频道",
        en="the playbook has no such channel any more: move it to another one",
    ),
    "nothing_to_mark": Words(zh="没有可以改写的通知", en="there was no notice to change"),
    "nothing_to_say": Words(zh="没有要说的", en="there was nothing to say"),
    "no_address": Words(zh="没有可用的地址", en="there is no address to send to"),
    "no_connector": Words(zh="没有连接器能发送它", en="no connector can send it"),
    "root_gone": Words(zh="原来的帖子已不存在", en="the thread's first post is gone"),
    "deadline": Words(zh="已过期限，没有发送", en="its time was over before it could go"),
    "code_expired": Words(zh="欢迎语时限已过", en="the welcome's time was over"),
    "code_used": Words(zh="欢迎语已经用过", en="the welcome was used before"),
    "cancelled": Words(zh="已取消", en="cancelled"),
    "superseded": Words(zh="已被更新的内容代替", en="replaced by something newer"),
    "spoke": Words(zh="有人先说话了", en="somebody spoke first"),
    "closed": Words(zh="会话已关闭", en="the conversation is closed"),
    "snoozed": Words(zh="会话已设为稍后处理", en="the conversation is snoozed"),
    "paused": Words(zh="经理已暂停所有自动发送", en="a manager has paused every automatic send"),
    "no_mail": Words(zh="客户没有留下邮箱", en="she has left no mail address"),
    "no_consent": Words(zh="客户没有同意接收这类邮件", en="she has not agreed to such mails"),
    "withdrawn": Words(zh="客户已撤回同意", en="she has withdrawn her consent"),
    "unsubscribed": Words(zh="客户已退订", en="she has unsubscribed"),
    "suppressed": Words(zh="该邮箱已停发", en="nothing may go to this address any more"),
    "hard_bounce": Words(zh="该邮箱不存在或永久拒收", en="the address does not exist or refuses for good"),
    "soft_bounce": Words(zh="邮箱暂时拒收", en="the mailbox refuses for now"),
    "policy": Words(zh="对方邮件系统按策略拒收", en="her mail system refuses it by policy"),
    "complaint": Words(zh="客户投诉为垃圾邮件", en="she reported it as spam"),
    "outside_window": Words(zh="不在发送时段，到时段再发", en="it waits for the sending window"),
    "unreadable": Words(zh="内容无法解密或读取", en="its content cannot be read any more"),
    "cap": Words(zh="近期已发送过唤醒邮件", en="a wake-up mail has gone out recently"),
    "other_wakeup": Words(
        zh="她的另一个会话已有唤醒邮件", en="another conversation of hers has a wake-up mail already"
    ),
    "held": Words(zh="负责人选择暂缓", en="the owner holds it"),
    "by_hand": Words(zh="负责人将亲自联系", en="the owner writes by hand"),
    "unreachable": Words(zh="暂时连不上平台", en="the platform cannot be reached right now"),
    "throttled": Words(zh="平台限流，稍后再发", en="the platform asks us to slow down"),
    "interrupted": Words(zh="发送时中断，不确定是否送达", en="interrupted while sending; it may have arrived"),
    "session_in_pool": Words(
        zh="客户正在企业微信的接待池里排队", en="she waits in the reception pool of the platform's own client"
    ),
    "session_state": Words(
        zh="会话在平台上的状态不允许这样做", en="the session's state at the platform does not allow it"
    ),
    "colleague_away": Words(zh="这位同事现在不接待", en="that colleague is not receiving customers now"),
    "rep_unreachable": Words(zh="应用联系不到这位同事", en="the app cannot reach that colleague"),
    "account_unknown": Words(zh="塔台没有配置这个客服账号", en="Tower is not set up for this service account"),
    "address_not_trusted": Words(zh="平台不信任塔台的出口地址", en="the platform does not trust Tower's address"),
    "not_permitted": Words(zh="应用没有这项接口权限", en="the app lacks the permission for this"),
    "wrong_secret": Words(zh="平台不接受应用密钥", en="the platform does not accept the app's secret"),
    "token_refused": Words(zh="平台不接受访问令牌", en="the platform does not accept our token"),
    "mail_server_busy": Words(zh="前面的邮件还没发完", en="the mails before it have not gone yet"),
    "mail_server_refuses_us": Words(
        zh="邮件服务器不接受塔台的登录或加密方式", en="the mail server does not accept Tower's sign-in or encryption"
    ),
    "day_cap": Words(zh="24 小时内的邮件已达上限", en="enough mails have gone out in 24 hours"),
    "domain_cap": Words(zh="发往该邮箱域名的邮件本小时已达上限", en="enough mail has gone to that domain this hour"),
    "no_template": Words(zh="没有这个邮件模板", en="there is no such mail template"),
    "bot_not_installed": Words(zh="机器人还没有安装到团队", en="the bot is not installed in the team yet"),
    "bot_removed": Words(zh="机器人已被移出团队", en="the bot was taken out of the team"),
    "channel_missing": Words(zh="团队频道还没有建好", en="the team channel does not exist yet"),
    "connector_broke": Words(zh="连接器出错，稍后再试", en="the connector broke; it is tried again"),
    "may_not_send": Words(zh="现在不能给她发邮件", en="no mail may go to her now"),
    "no_such_rep": Words(zh="没有这位同事", en="there is no such colleague"),
    "not_ours": Words(zh="不是由我们接待的会话", en="the session is not ours"),
    "not_taken": Words(zh="没有连接器接受它", en="no connector takes it"),
    "storage": Words(zh="数据库暂时不可用", en="the database is away for a moment"),
    "database": Words(zh="数据库暂时不可用", en="the database is away for a moment"),
    "welcome_racing": Words(zh="平台自己的欢迎语先发了", en="the platform's own welcome was faster"),
    "refused": Words(zh="平台拒绝了这条消息", en="the platform refused it"),
    "service_host": Words(zh="服务地址不在允许的名单里", en="the service's address is not trusted"),
    "starting": Words(zh="塔台正在启动", en="Tower is still starting"),
    "restored": Words(
        zh="数据库从备份恢复，无法确定当时是否已发出", en="the database was restored; it may have gone out before that"
    ),
}


def reason_words(code: str) -> Words:
    """The sentence for a code; an unknown code is shown as it is."""
    return REASONS.get(code) or Words(zh=code or "未说明原因", en=code or "no reason given")
