"""How sendings ended: the thread shows delivered, waiting, failed or unknown; people settle what nobody can know."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from rules import incoming, letter, segments
from rules.draft import Draft
from rules.effects import (
    EditLine,
    LoseAnswer,
    PostLine,
    Provision,
    RecordWake,
    SetRoot,
    SettleSending,
    SetWakeup,
    Suppress,
    new_id,
)
from rules.events import DeliveryReported, MessageFailed
from rules.model import Conversation, Words
from rules.reasons import reason_words

State = Literal["waiting", "delivered", "failed", "unknown"]
_STATES: dict[str, State] = {
    "delivered": "delivered",
    "undeliverable": "failed",
    "skipped": "failed",
    "unknown": "unknown",
    "waiting": "waiting",
}
NOBODY_THERE = ("no_connector", "no_reference", "rep_unreachable")
"""Reasons that say: this colleague gets no notices at all."""
SETTLE = ("settle_arrived", "settle_again")


def reported(draft: Draft, event: DeliveryReported) -> None:
    """One outbox row has ended, or waits."""
    match event.effect:
        case "send_text" | "send_file":
            _text(draft, event)
        case "fetch_file":
            incoming.fetched(draft, event)
        case "send_mail":
            _mail(draft, event)
        case "post_root":
            _root(draft, event)
        case "post_line" | "refresh_card" if event.reason == "root_gone":
            _root_gone(draft, event)
        case "post_line" if event.outcome == "unknown":
            _line(draft, event)
        case "send_welcome" if event.outcome in ("undeliverable", "skipped"):
            words = reason_words(event.reason)
            draft.because("send", f"欢迎语未发送：{words.zh}", f"No welcome: {words.en}", rule=event.reason)
        case "notify_rep" if event.reason in NOBODY_THERE and (rep := draft.rep(event.rep)) is not None:
            draft.unreachable(rep)
        case _:
            draft.skip("已记录发送结果", "The end of the sending is noted", outcome=event.outcome, effect=event.effect)


def _line(draft: Draft, event: DeliveryReported) -> None:
    """Her words may stand in the thread, or not: whoever can look at the thread settles it."""
    text = Words(
        zh="客户的一条消息可能已出现在会话帖里，也可能没有。请看一下会话帖再选择。",
        en="A message of hers may stand in its thread, or not. Look there, then choose.",
    )
    for rep in _managers_and_owner(draft):
        draft.tell(
            rep,
            Words(zh="发送结果未知", en="The end of a sending is unknown"),
            text,
            actions=SETTLE,
            about=event.row_id,
        )
    draft.because(
        "send", "会话帖里的消息结果未知", "It is not known whether a line was posted", seen={"row": event.row_id}
    )


def mark(draft: Draft, talk: Conversation, row: str, state: State, reason: str = "") -> None:
    """Redraw the line that stands for a message to her."""
    if not talk.root:
        return
    draft.do(
        EditLine(
            id=draft.id(f"edit/{row}/{state}"),
            conversation_id=talk.id,
            after=new_id(row, "line"),
            supersedes=f"line/{row}",
            who="rep",
            state=state,
            reason=reason,
            about=row,
        )
    )


def _text(draft: Draft, event: DeliveryReported) -> None:
    talk = draft.conversation
    if talk is None:
        draft.skip("会话不存在", "There is no such conversation")
        return
    mark(draft, talk, event.row_id, _STATES[event.outcome], event.reason)
    draft.drawn = True
    words = reason_words(event.reason)
    if event.outcome == "delivered":
        draft.because("send", "消息已送达", "The message arrived")
    elif event.outcome == "unknown":
        _unknown(draft, talk, event.row_id, Words(zh="一条给客户的消息", en="a message to her"))
    elif event.outcome == "waiting":
        draft.because("send", f"消息等待中：{words.zh}", f"The message waits: {words.en}", rule=event.reason)
    else:
        draft.do(LoseAnswer(conversation_id=talk.id, answer=event.row_id))
        _failed(draft, words, event.reason, event.row_id)


def _failed(draft: Draft, words: Words, code: str, row: str) -> None:
    draft.because("send", f"消息未送达：{words.zh}", f"The message did not arrive: {words.en}", rule=code)
    can_mail = bool(draft.customer.attributes.get("mail")) and not draft.customer.suppressed
    fallback = (
        Words(zh="可改用邮件或电话联系", en="Try mail or telephone")
        if can_mail
        else Words(zh="请等她再次来信，或换一种方式联系", en="Wait until she writes again, or reach her another way")
    )
    text = Words(zh=f"{words.zh}。{fallback.zh}", en=f"{words.en}. {fallback.en}")
    draft.tell_owner(Words(zh="消息未送达", en="A message did not arrive"), text, about=row)


def _unknown(draft: Draft, talk: Conversation, row: str, what: Words) -> None:
    """Nobody can know whether it arrived: never repeated blindly, shown to people who can find out."""
    text = Words(
        zh=f"{what.zh}可能已送达，也可能没有。请核实后选择。",
        en=f"It is not known whether {what.en} arrived. Find out, then choose.",
    )
    if talk.root:
        draft.do(
            PostLine(
                id=draft.id(f"unknown/{row}"),
                conversation_id=talk.id,
                after=talk.root,
                who="unknown",
                words=text,
                about=row,
                actions=SETTLE,
            )
        )
    draft.tell_owner(Words(zh="发送结果未知", en="The end of a sending is unknown"), text, actions=SETTLE, about=row)
    draft.because("send", "发送结果未知，等人核实", "The end is unknown until a person settles it", seen={"row": row})


def _mail(draft: Draft, event: DeliveryReported) -> None:
    talk = draft.conversation
    if event.outcome == "undeliverable" and event.reason == "hard_bounce":
        draft.do(Suppress(reason=event.reason))  # her server said so while we were talking to it
        draft.drawn = True
    if talk is None or talk.wakeup is None or talk.wakeup.mail_id != event.row_id:
        draft.skip("已记录邮件结果", "The end of the mail is noted", outcome=event.outcome)
        return
    words = reason_words(event.reason)
    if event.outcome == "delivered":
        mail_sent(draft, talk)
    elif event.outcome == "unknown":
        _unknown(draft, talk, event.row_id, Words(zh="唤醒邮件", en="the wake-up mail"))
    elif event.outcome != "waiting":
        state: Literal["cancelled", "skipped"] = "cancelled" if event.reason in ("cancelled", "spoke") else "skipped"
        draft.do(SetWakeup(conversation_id=talk.id, wakeup=replace(talk.wakeup, state=state, at=draft.now)))
        end: Literal["failed", "dropped"] = "failed" if event.outcome == "undeliverable" else "dropped"
        letter.redraw(draft, talk, event.row_id, end, event.reason)
        draft.because(
            "send", f"唤醒邮件未发送：{words.zh}", f"The wake-up mail did not go: {words.en}", rule=event.reason
        )
        if event.outcome == "undeliverable":
            draft.tell_owner(
                Words(zh="唤醒邮件未送达", en="The wake-up mail did not arrive"), words, about=event.row_id
            )
    draft.drawn = True


def mail_sent(draft: Draft, talk: Conversation) -> None:
    """The wake-up mail went out: it counts toward the cap. It is no touch: one episode has one wake-up."""
    wakeup = talk.wakeup
    if wakeup is None or wakeup.state == "sent":
        draft.skip("唤醒邮件已记录为已发送", "The wake-up mail is noted as sent already")
        return
    draft.do(
        RecordWake(at=draft.now),
        SetWakeup(conversation_id=talk.id, wakeup=replace(wakeup, state="sent", at=draft.now)),
    )
    letter.redraw(draft, talk, wakeup.mail_id, "delivered")
    draft.because("send", "唤醒邮件已发出", "The wake-up mail went out", seen={"template": wakeup.template})


def _root(draft: Draft, event: DeliveryReported) -> None:
    talk = draft.conversation
    words = reason_words(event.reason)
    if event.outcome == "unknown":
        text = Words(
            zh="会话卡片可能已发到频道。如果看到它，请点它的认领；没有就选重新发送。",
            en="The card may stand in the channel. If you see it, press Claim on it; if not, post it again.",
        )
        for rep in _managers_and_owner(draft):
            draft.tell(
                rep,
                Words(zh="会话卡片结果未知", en="A card's end is unknown"),
                text,
                actions=SETTLE,
                about=event.row_id,
            )
        draft.because(
            "send", "会话卡片结果未知", "It is not known whether the card was posted", seen={"row": event.row_id}
        )
    elif event.reason == "older_gone" and talk is not None and talk.root == event.row_id:
        # It was to go on where it stood before, and somebody deleted it there: then it begins anew.
        segments.post_root(draft, talk.channel)
        draft.because("act", "旧帖已被删除，重新发布", "The older post is gone: posted again", rule="older_gone")
    elif event.outcome == "undeliverable" and talk is not None and talk.root == event.row_id:
        for rep in _managers_and_owner(draft):
            draft.tell(rep, Words(zh="会话卡片发不出去", en="A card cannot be posted"), words, about=event.row_id)
        # What hung on it is gone with it. Her next word begins the thread anew, in a channel that is made sure of.
        draft.do(SetRoot(conversation_id=talk.id, root=""), Provision(id=draft.id("provision"), supersedes="provision"))
        draft.because("send", f"会话卡片未发出：{words.zh}", f"The card was not posted: {words.en}", rule=event.reason)
    else:
        draft.skip("已记录会话卡片结果", "The end of the card is noted", outcome=event.outcome)


def _managers_and_owner(draft: Draft) -> tuple[str, ...]:
    found = [r.id for r in draft.snapshot.reps if r.active and (r.role == "manager" or r.id == draft.customer.owner)]
    return tuple(found[:5])


def _root_gone(draft: Draft, event: DeliveryReported) -> None:
    """Somebody deleted the first post: the thread begins anew, marked so, once; what could not be said is said there.

    Several rows may find out at the same time; those that hung on an older root find the thread begun already.
    """
    talk = draft.conversation
    if talk is None or not talk.root:
        draft.skip("没有可重建的会话卡片", "There is no thread to begin anew")
        return
    if event.after in ("", talk.root):
        segments.post_root(draft, talk.channel)
        draft.notice("原来的帖子已被删除，会话在这里继续", "The first post is gone; the conversation goes on here")
        draft.because(
            "act", "原帖已不存在，重新发布", "The thread's first post is gone: posted again", rule="root_gone"
        )
    else:
        draft.because("act", "会话已在新帖里继续", "The thread goes on elsewhere already", rule="root_gone")
    begun = draft.conversation
    if event.said is not None and begun is not None:
        # Later edits look for the line they were made for; this one is new, so it claims no state that may change.
        draft.do(replace(event.said, id=draft.id("again"), after=begun.root, state="", reason=""))


def failed_later(draft: Draft, event: MessageFailed) -> None:
    """The platform says afterwards that a message did not arrive."""
    talk = draft.conversation
    if talk is None:
        draft.skip("会话不存在", "There is no such conversation")
        return
    mark(draft, talk, event.wire_id, "failed", event.reason)
    draft.do(LoseAnswer(conversation_id=talk.id, answer=event.wire_id))
    draft.drawn = True
    _failed(draft, reason_words(event.reason), event.reason, event.wire_id)


def settle(draft: Draft, row: str, verdict: Literal["arrived", "again"], by: str) -> None:
    """A person found out how an unknown sending ended."""
    draft.do(SettleSending(row_id=row, verdict=verdict, by=by))
    talk = draft.conversation
    if talk is not None and talk.wakeup is not None and talk.wakeup.mail_id == row:
        if verdict == "arrived":
            mail_sent(draft, talk)
        else:
            letter.redraw(draft, talk, row, "waiting")
    elif talk is not None and talk.root != row:
        mark(draft, talk, row, "delivered" if verdict == "arrived" else "waiting")
    draft.drawn = True
    done = Words(zh="已到达", en="arrived") if verdict == "arrived" else Words(zh="重新发送", en="send again")
    name = draft.name_of(by)
    draft.because("act", f"{name}核实：{done.zh}", f"Settled by {name}: {done.en}", seen={"row": row})
