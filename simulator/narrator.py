"""What the narrator says about each step of the story, in Chinese and English: what happens, and why it matters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """The words about one step."""

    place: str
    """The part of the world page to look at: `phone`, `teams` or `mail`."""
    zh: str
    en: str
    because_zh: str
    because_en: str


TELLINGS = {
    "bot_installed": Telling(
        place="teams",
        zh="管理员把 Tower 装进团队，频道按剧本自动建好。",
        en="An administrator adds Tower to the team, and the playbook's channels appear.",
        because_zh="每类客户都有自己的频道，谁也不用事先建。",
        because_en="Every kind of customer has a channel of its own; nobody had to make one.",
    ),
    "customer_scanned_code": Telling(
        place="phone",
        zh="王敏在工业展上扫码，进入微信客服。",
        en="At a trade fair, 王敏 scans the code on the stand.",
        because_zh="欢迎语赶在企业微信规定的 20 秒内发出，来源记为“2026 工业展”。",
        because_en="She is welcomed within the 20 seconds WeCom allows, and the fair is noted as her source.",
    ),
    "customer_wrote": Telling(
        place="phone",
        zh="她连发两条：想要智能工厂的报价。",
        en="She writes twice: she wants a quote for a smart factory.",
        because_zh="两条都在同一个会话里，一条不丢，一条不重。",
        because_en="Both stand in one thread of her own: nothing lost, nothing doubled.",
    ),
    "routed_with_reason": Telling(
        place="teams",
        zh="为什么进了这个频道？在卡片上点“为什么？”。",
        en="Why did it land in this channel? Press “Why?” on the card.",
        because_zh="每次分流都能用一句话说清。",
        because_en="Every routing can be told in one sentence.",
    ),
    "rep_claimed": Telling(
        place="teams",
        zh="陈磊认领这个会话。",
        en="陈磊 claims the conversation.",
        because_zh="卡片写明负责人；别人再点，会知道被谁抢先了。",
        because_en="The card names its owner; whoever presses now learns who was faster.",
    ),
    "rep_answered": Telling(
        place="teams",
        zh="他不离开 Teams，直接在卡片上回复。",
        en="He answers from the card, without leaving Teams.",
        because_zh="对客户说话要特意点“回复”；随手写在会话里的只是内部备注。",
        because_en="Speaking to her takes a deliberate act; what is simply written in the thread stays inside.",
    ),
    "customer_read_answer": Telling(
        place="phone",
        zh="王敏在原来的微信聊天里读到回复。",
        en="王敏 reads the answer where she wrote.",
        because_zh="会话里的那一行变成“已送达”：销售看得见结果。",
        because_en="The line in the thread turns to delivered: the rep sees what became of it.",
    ),
    "rep_asked_for_mail": Telling(
        place="teams",
        zh="陈磊请她留下邮箱，好把资料发过去。",
        en="陈磊 asks for her e-mail address.",
        because_zh="一次性链接只发到她自己的聊天里。",
        because_en="A one-time link goes to her own chat and nowhere else.",
    ),
    "customer_left_mail_and_consent": Telling(
        place="phone",
        zh="她填好表单，勾选同意接收邮件。",
        en="She fills in the form and agrees to mail.",
        because_zh="没有同意就没有邮件；频道里的邮箱是遮住的。",
        because_en="Without consent there is no mail; in the channel her address is masked.",
    ),
    "went_quiet_owner_saw_mail": Telling(
        place="teams",
        zh="七天过去，她没再说话。陈磊先看到准备发出的邮件。",
        en="Seven quiet days. 陈磊 sees the planned mail before anybody else.",
        because_zh="他可以现在发、先不发，或者自己写；不作声，就在下一个发送时段发出。",
        because_en="He may send it now, hold it or write himself; if he says nothing it goes in the next window.",
    ),
    "wakeup_mail_arrived": Telling(
        place="mail",
        zh="一封唤醒邮件到了她的邮箱，只有一封。",
        en="One wake-up mail is in her mailbox. Exactly one.",
        because_zh="她同意过、没退订、近期没收到过；期间任何一次接触都会取消它。",
        because_en="She agreed, never unsubscribed, got none lately; any touch in between would have cancelled it.",
    ),
    "customer_answered_mail": Telling(
        place="mail",
        zh="王敏回信：下周二上午可以安排演示吗？",
        en="王敏 answers the mail: could we have a demo on Tuesday?",
        because_zh="回信地址认得这段对话，验过来路才收。",
        because_en="The reply address knows its conversation, and the letter's origin is checked first.",
    ),
    "thread_reopened_with_owner": Telling(
        place="teams",
        zh="原来的会话重新打开，还是陈磊负责；线索达标（MQL），交给销售。",
        en="Her own thread reopens, still 陈磊's; the lead is qualified (MQL) and handed over.",
        because_zh="评分越过门槛：卡片写明她已达标，并给出下一步。",
        because_en="Her score crossed the line: the card says that she is qualified, and what to do next.",
    ),
}
"""By the name of the step."""
