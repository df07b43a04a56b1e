"""What customers do: they write, open the chat, are added, look at pages; and what the hub itself says to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from rules import customers, incoming, quiet, rulebook, segments, tongues
from rules.calendar import in_window, next_opening
from rules.draft import Draft
from rules.effects import (
    Describe,
    LinkIdentity,
    PostLine,
    RecordTouch,
    SendText,
    SendWelcome,
    SetOwner,
    new_id,
)
from rules.events import (
    Attachment,
    ContactAdded,
    ContactRemoved,
    FormSubmitted,
    MessageReceived,
    PageVisited,
    ProfileLearned,
    SessionEntered,
)
from rules.masking import masked_mail
from rules.model import Conversation, Timer, Words
from rules.moments import coming
from rules.window import reply_window, why_closed

MEDIA = {
    "image": Words(zh="图片", en="picture"),
    "voice": Words(zh="语音", en="voice"),
    "video": Words(zh="视频", en="video"),
    "file": Words(zh="文件", en="file"),
    "location": Words(zh="位置", en="place"),
    "link": Words(zh="链接", en="link"),
    "other": Words(zh="附件", en="attachment"),
}
FORM_LINK = Words(zh="（一次性表单链接）", en="(one-time link to the form)")
"""What colleagues see where she sees an address that is hers alone."""
CLAIM = ("claim", "snooze")
"""What a colleague can do about somebody who waits, wherever she is told."""
HUB = "Tower"
"""Author of what the hub itself says."""


def message(draft: Draft, event: MessageReceived) -> None:
    """A customer wrote: everything that can follow from it, in the order people would do it."""
    customers.begin(draft, event.address, event.identity, event.name)
    switched = tongues.learn(draft, event.text, event.language)
    customers.touched(draft, in_chat=True)
    reopened = customers.reopen(draft)
    stopped = draft.playbook.vocabulary.stop.found(event.text)
    wants_human = not stopped and draft.playbook.vocabulary.human.found(event.text)
    if stopped:
        customers.withdraw(draft, "chat", chat=True)
    rulebook.consider(draft)
    files = incoming.take_in(draft, event.address, event.attachments)
    into_thread(draft, said(event.text, event.attachments, draft.playbook.language), reopened=reopened, files=files)
    if stopped:
        say(draft, draft.playbook.texts.unsubscribed.in_(draft.language), "unsubscribed")
        draft.notice("客户退订了主动消息和邮件", "She unsubscribed from messages and mails on our own")
    elif wants_human:
        _human(draft)
    elif not (switched and _in_her_language(draft)):
        _off_hours(draft)
    quiet.arm(draft)


def into_thread(
    draft: Draft, text: str, *, author: str = "", reopened: bool = False, files: tuple[str, ...] = ()
) -> None:
    """Her words in the thread of her channel; the thread, its channel and her owner are found first if need be."""
    segments.route(draft)
    segments.give_owner(draft)
    talk = draft.conversation
    if talk is None:
        return
    began = not talk.root
    if began:
        segments.post_root(draft, talk.channel)
    talk = draft.conversation or talk
    line = PostLine(
        id=draft.id("line"),
        conversation_id=talk.id,
        after=talk.root,
        who="customer",
        author=author or draft.customer.name,
        text=text,
        mention=draft.customer.owner if reopened else "",
        files=files,
    )
    draft.line(line)
    if began or reopened:
        title = Words(zh="新的客户会话", en="A new conversation") if began else Words(zh="客户回来了", en="She is back")
        where = draft.playbook.channels.get(talk.channel)
        name = draft.customer.name
        place = where.name if where else talk.channel
        words = Words(zh=f"{name or '客户'}在「{place}」等待回复", en=f"{name or 'A customer'} waits in “{place}”")
        draft.tell(draft.customer.owner, title, words, actions=() if talk.claimed_by else CLAIM)


def said(text: str, attachments: tuple[Attachment, ...], language: str) -> str:
    """Her words, and what came with them, as text."""
    parts = [text] if text else []
    for a in attachments:
        media = MEDIA.get(a.media, MEDIA["other"]).in_(language)
        parts.append(f"[{media}] {a.name or a.url}".rstrip())
    return "\n".join(parts) or "…"


# --- the hub's own words --------------------------------------------------------------------------------------------


def say(draft: Draft, text: str, what: str, *, form_id: str = "", by: str = "", author: str = HUB) -> bool:
    """Write to her in her own chat, with a line in the thread; whether that was possible. Spends one message."""
    talk = draft.conversation
    if talk is None or why_closed(talk, draft.limits(talk), draft.now):
        return False
    send_text(draft, talk, text, what, form_id=form_id, by=by, author=author)
    return True


def send_text(
    draft: Draft, talk: Conversation, text: str, what: str, *, form_id: str = "", by: str = "", author: str = HUB
) -> str:
    """Queue one message to her and its line in the thread; the id of the sending. The window was looked at before."""
    row = draft.id(f"send/{what}")
    draft.do(
        RecordTouch(conversation_id=talk.id, side="us", at=draft.now, automatic=not by, answer=row if by else ""),
        SendText(id=row, conversation_id=talk.id, text=text, by=by, form_id=form_id, report=True),
    )
    line = PostLine(
        id=new_id(row, "line"),
        conversation_id=talk.id,
        after=talk.root,
        who="rep",
        author=author,
        text=text.replace("{form}", FORM_LINK.in_(draft.playbook.language)),
        state="waiting",
        about=row,
    )
    draft.line(line)
    draft.drawn = True
    return row


def _human(draft: Draft) -> None:
    """She asks for a person: people are told, and she is told honestly who."""
    owner = draft.rep(draft.customer.owner)
    title = Words(zh="客户要求人工", en="She asks for a person")
    draft.tell_owner(title, Words(zh="请尽快亲自回复", en="Please answer in person soon"), actions=CLAIM)
    draft.notice("客户要求人工接待", "She asks for a person", mention=draft.customer.owner)
    draft.because("act", "客户要求人工：已通知同事", "She asks for a person: people are told")
    open_now = in_window(draft.playbook.office.hours, draft.playbook.holidays, draft.playbook.office.zone, draft.now)
    if not open_now:
        _off_hours(draft)
        return
    colleague = Words(zh="同事", en="a colleague")
    name = owner.name if owner else colleague.in_(draft.language)
    say(draft, draft.playbook.texts.human.in_(draft.language).replace("{owner}", name), "human")


def _in_her_language(draft: Draft) -> bool:
    """She asked for another language: say so in it, but never with the window's last message; whether it was said."""
    talk = draft.conversation
    left = reply_window(talk, draft.limits(talk), draft.now).messages_left if talk is not None else 0
    if draft.snapshot.paused or (left is not None and left <= 1):
        draft.skip("不发送语言确认", "No word about the language", left=str(left), paused=str(draft.snapshot.paused))
        return False
    return say(draft, draft.playbook.texts.language.in_(draft.language), "language")


def _off_hours(draft: Draft) -> None:
    """Outside office hours one honest answer per closed time, never with the window's last message."""
    office, talk = draft.playbook.office, draft.conversation
    if talk is None or in_window(office.hours, draft.playbook.holidays, office.zone, draft.now):
        return
    key = f"hours/{talk.id}"
    if draft.customer.timer(key) is not None:
        draft.skip("本次休息时间内已告知", "She has been told already, this closed time")
        return
    opening = next_opening(office.hours, draft.playbook.holidays, office.zone, draft.now)
    left = reply_window(talk, draft.limits(talk), draft.now).messages_left
    if opening is None or draft.snapshot.paused or (left is not None and left <= 1):
        draft.skip(
            "不发送休息时间答复", "No answer about closed times", left=str(left), paused=str(draft.snapshot.paused)
        )
        return
    words = draft.playbook.texts.off_hours.in_(draft.language)
    moment = coming(opening, draft.now, draft.customer.zone, draft.language)
    if not say(draft, words.replace("{opening}", moment), "off-hours"):
        return
    draft.set_timer(Timer(key=key, kind="hours", conversation_id=talk.id, due_at=opening))
    draft.because(
        "send",
        "非工作时间：已告知下次上班时间",
        "Closed: she was told when somebody is here",
        seen={"opening": opening.isoformat()},
    )


# --- other things customers do --------------------------------------------------------------------------------------


def entered(draft: Draft, event: SessionEntered) -> None:
    """She opened the chat: greeted within the platform's time, her source kept; no thread before she writes."""
    customers.begin(draft, event.address, event.identity)
    customers.source(draft, event.scene_param or event.scene)
    if event.welcome_code:
        welcome(draft, event.welcome_code, event.deadline or draft.now + timedelta(seconds=18), "session")
    rulebook.consider(draft)


def welcome(draft: Draft, code: str, deadline: datetime, route: Literal["session", "contact"]) -> None:
    """Greet her with the platform's one-shot code."""
    talk = draft.conversation
    if talk is None:
        return
    if draft.snapshot.paused:
        draft.skip("自动发送已暂停，不发送欢迎语", "Automatic sends are paused: no welcome")
        return
    draft.do(
        SendWelcome(
            id=draft.id("welcome"),
            conversation_id=talk.id,
            code=code,
            text=tongues.greeting(draft),
            address=talk.address,
            route=route,
            deadline=deadline,
        )
    )
    draft.because("send", "欢迎语在平台时限内发送", "The welcome goes within the platform's time")


def added(draft: Draft, event: ContactAdded) -> None:
    """She and a colleague became contacts: source, owner, welcome, and a look after some days of silence."""
    customers.begin(draft, event.address, event.identity, event.name)
    customers.source(draft, event.state)
    colleague = next((r for r in draft.snapshot.reps if event.rep.value in (r.userid, r.aad_id) and r.active), None)
    if colleague is not None and not draft.customer.owner:
        draft.do(SetOwner(rep=colleague.id))
        draft.because("assign", f"{colleague.name}添加了客户，成为负责人", f"{colleague.name} was added, and owns her")
    if event.welcome_code:
        welcome(draft, event.welcome_code, event.deadline or draft.now + timedelta(seconds=18), "contact")
    draft.set_timer(
        Timer(
            key=f"silent/{draft.conversation_id}",
            kind="silent_add",
            conversation_id=draft.conversation_id,
            due_at=draft.now + timedelta(days=draft.playbook.silent_after_add_days),
        )
    )
    rulebook.consider(draft)


def removed(draft: Draft, event: ContactRemoved) -> None:
    """The contact is gone; nothing of hers is."""
    customers.begin(draft, event.address, event.identity)
    draft.cancel_timer(f"silent/{draft.conversation_id}")
    who = (
        ("客户删除了好友", "She removed us")
        if event.by == "customer"
        else ("同事删除了客户", "A colleague removed her")
    )
    draft.because("act", *who)
    draft.notice(*who, mention=draft.customer.owner)
    if event.by == "customer":
        draft.tell_owner(Words(zh=who[0], en=who[1]), Words(zh="联系方式已失效", en="This way to her is closed"))


def profile(draft: Draft, event: ProfileLearned) -> None:
    """The platform told who she is."""
    customers.begin(draft, event.address, event.identity, event.name)
    if event.name and event.name != draft.customer.name:
        draft.do(Describe(name=event.name[: customers.MAX_FACT]))
    for identity in event.also:
        draft.do(LinkIdentity(identity=identity))
    draft.drawn = True
    draft.because("act", "已从平台得知客户资料", "The platform told who she is")


def page(draft: Draft, event: PageVisited) -> None:
    """She looked at a page: a touch, and a fact for the rules."""
    customers.touched(draft, page=event.page)
    rulebook.consider(draft)
    segments.route(draft)
    quiet.arm(draft)


def form(draft: Draft, event: FormSubmitted) -> None:
    """She filled the form: facts, consent with its purpose and text version, and a line for the colleague."""
    customers.describe(draft, event.fields)
    source = f"form/{event.form_id}"
    customers.consent(draft, event.purpose, given=event.consented, source=source, text_version=event.text_version)
    customers.touched(draft)
    reopened = customers.reopen(draft)
    rulebook.consider(draft)
    segments.route(draft)
    mail = masked_mail(draft.customer.attributes.get("mail", "")) or "-"
    yes = Words(zh="同意", en="agreed") if event.consented else Words(zh="未同意", en="did not agree")
    draft.notice(
        f"客户提交了表单：邮箱 {mail}，{yes.zh}接收邮件",
        f"She filled the form: mail {mail}, {yes.en} to mails",
        mention=draft.customer.owner if reopened else "",
    )
    draft.because(
        "act",
        f"表单：{yes.zh}（{event.purpose}）",
        f"Form: {yes.en} ({event.purpose})",
        seen={"purpose": event.purpose, "text version": event.text_version},
    )
    quiet.arm(draft)
