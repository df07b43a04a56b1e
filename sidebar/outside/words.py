"""Every sentence of the outsiders' pages, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Mapping

from rules.model import Words

PURPOSES = frozenset({"wakeup"})
"""The purposes that the consent words below speak of; consent to them says nothing about mail for another one."""
TEXT_VERSION = "mail-consent-1"
"""Version of the consent words below (`consent`, `purpose_text`); raise it with every change of their meaning."""

SAID: Mapping[str, Words] = {
    "gone_title": Words(zh="这个链接无效", en="This link is not valid"),
    "gone_text": Words(
        zh="链接可能不完整或已过期。请回到原来的会话或邮件中重新打开。",
        en="It may be incomplete or too old. Please open it again from the chat or mail it came with.",
    ),
    "later_title": Words(zh="暂时没有成功", en="That did not work just now"),
    "later_text": Words(
        zh="我们没有保存任何内容。请稍等片刻再试一次。",
        en="Nothing was stored. Please wait a moment and try again.",
    ),
    "leave_title": Words(zh="不想再收到邮件？", en="No more mails?"),
    "leave_text": Words(
        zh="确认后我们立即停止向您发送这类邮件。您在会话中的联系不受影响。",
        en="Confirm, and we stop sending you mails like this at once. Your chat with us is not affected.",
    ),
    "leave_button": Words(zh="确认退订", en="Unsubscribe"),
    "left_title": Words(zh="已为您退订", en="You are unsubscribed"),
    "left_text": Words(
        zh="我们不会再给您发送这类邮件。如果改变主意，在会话中告诉我们即可。",
        en="We will not send you mails like this any more. If you change your mind, tell us in the chat.",
    ),
    "form_title": Words(zh="把资料发到您的邮箱", en="Where shall we send it?"),
    "form_text": Words(zh="半分钟即可填完，只有邮箱是必填。", en="Half a minute. Only the mail address is needed."),
    "errors_title": Words(zh="请检查以下内容", en="Please check"),
    "mail": Words(zh="邮箱", en="Mail address"),
    "name": Words(zh="称呼", en="Name"),
    "company": Words(zh="公司", en="Company"),
    "title": Words(zh="职位", en="Job title"),
    "industry": Words(zh="行业", en="Industry"),
    "no_industry": Words(zh="请选择", en="Please choose"),
    "needed": Words(zh="必填", en="required"),
    "optional": Words(zh="选填", en="optional"),
    "purpose_title": Words(zh="我们如何使用您的信息", en="What we use it for"),
    "purpose_text": Words(
        zh="{who}用这些信息与您联系。只有在您勾选下面一项后，我们才会不时给您发送与您行业相关的邮件。"
        "您可以随时退订：点击邮件中的链接，或在会话中回复“退订”。",
        en="{who} will use this to stay in touch with you. Only if you tick the box below will we now and then send "
        'you mail about your industry. You can leave at any time: by the link in each mail, or by writing "stop" in '
        "the chat.",
    ),
    "we": Words(zh="我们", en="We"),
    "consent": Words(
        zh="我同意接收与我的行业相关的邮件。",
        en="I agree to receive mail about my industry.",
    ),
    "consent_hint": Words(zh="不勾选也可以提交。", en="You can send the form without it."),
    "version": Words(zh="本说明第 {number} 版", en="Version {number} of this text"),
    "send": Words(zh="提交", en="Send"),
    "thanks_title": Words(zh="收到，谢谢！", en="Thank you, we have it"),
    "thanks_consented": Words(
        zh="之后的资料会发到您的邮箱。您可以关闭本页，回到会话继续聊。",
        en="We will write to your mail address. You can close this page and go on in the chat.",
    ),
    "thanks_plain": Words(
        zh="您没有勾选接收邮件，我们不会主动给您发邮件。您可以关闭本页，回到会话继续聊。",
        en="You did not ask for mail, so we will send none on our own. You can close this page and go on in the chat.",
    ),
    "used_title": Words(zh="这份表单已经提交过了", en="This form has been sent already"),
    "used_text": Words(
        zh="每个链接只能使用一次。如需修改，请在会话中告诉我们。",
        en="Each link works once. To change something, tell us in the chat.",
    ),
    "expired_title": Words(zh="这份表单已过期", en="This form is too old"),
    "expired_text": Words(zh="请在会话中向我们要一个新的链接。", en="Please ask us for a new link in the chat."),
    "mail_missing": Words(zh="请填写邮箱", en="Please enter your mail address"),
    "mail_wrong": Words(
        zh="邮箱格式不正确，例如 name@example.com",
        en="This is not a complete mail address; one looks like name@example.com",
    ),
    "too_long": Words(zh="“{field}”太长了，最多 {most} 个字", en='"{field}" is too long; at most {most} characters'),
    "industry_wrong": Words(zh="请从列表中选择行业", en="Please choose an industry from the list"),
    "text_changed": Words(
        zh="说明文字已更新，请阅读后再次提交。",
        en="The words about your data have changed; please read and send again.",
    ),
}
