"""What people on our side do: buttons and typed commands enter the same verbs, with the same checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rules import claiming, commands, deliveries, noting, preferences, quiet, replying
from rules.decision import Answer
from rules.draft import Draft
from rules.effects import NotifyRep, PostLine, RecordTouch, SetPause, SetTakenOver, SettleSending
from rules.events import Attachment, ColleagueWrote, RepActed, RepSpoke, SessionChanged
from rules.model import Conversation, Rep, Words
from rules.seeing import may_act

Inputs = Mapping[str, str]
Verb = Callable[[Draft, Rep, Conversation, Inputs], None]
LISTS = {
    "queue": Words(zh="等待中的会话", en="Waiting conversations"),
    "mine": Words(zh="我的会话", en="My conversations"),
    "unknown": Words(zh="结果未知的发送", en="Sendings whose end is unknown"),
    "find": Words(zh="查找结果", en="Found"),
}
MIN_ID = 6


# --- the two doors --------------------------------------------------------------------------------------------------


def acted(draft: Draft, event: RepActed) -> None:
    """A button."""
    _root_found(draft, event)
    perform(draft, event.verb, event.inputs)


def spoke(draft: Draft, event: RepSpoke) -> None:
    """Words in a thread or to the bot: a command, a note that can be sent on, or just a note."""
    if not event.mentioned and not event.personal:
        claiming.findable(draft, event.text)
        draft.because("act", "内部备注（客户看不到）", "An internal note; the customer does not see it")
        return
    command = commands.parse(event.text)
    if command is not None:
        brought = replying.with_content(event.attachments) if command.verb == "reply" else ()
        if command.inputs.get("text") or not brought:
            perform(draft, command.verb, command.inputs)
        if brought:
            _forward(draft, event, brought)
    elif draft.conversation is None or event.personal:
        draft.answer = Answer(show="toast", words=commands.HELP)
        draft.skip("没听懂，给出帮助", "Not understood: help is shown")
    else:
        _offer(draft, event)
    _speak_answer(draft, event)


def _forward(draft: Draft, event: RepSpoke, brought: tuple[Attachment, ...]) -> None:
    """What came beside a reply goes to the customer too."""
    actor, talk = draft.snapshot.actor, draft.conversation
    reps = draft.snapshot.reps
    if actor is None or talk is None or not may_act(actor, draft.customer, talk, draft.playbook, reps):
        draft.refuse("没有找到，或不属于你", "Not there, or not yours", actor=actor.id if actor else "unknown")
    else:
        replying.forward(draft, actor, talk, event.thread, brought)


def _offer(draft: Draft, event: RepSpoke) -> None:
    """Not a command: kept as a note, and it can be sent to the customer with one deliberate press."""
    talk = draft.conversation
    claiming.findable(draft, event.text)
    if talk is not None:
        draft.line(
            PostLine(
                id=draft.id("offer"),
                conversation_id=talk.id,
                after=talk.root,
                who="notice",
                author=event.by_name,
                text=event.text[: claiming.MAX_NOTE],
                words=Words(zh="已作为内部备注，未发送给客户。", en="Kept as a note; not sent to the customer."),
                actions=("send_to_customer",),
            )
        )
    draft.because("act", "不是命令：作为备注，可一键发送给客户", "No command: a note that can be sent to her")


def _speak_answer(draft: Draft, event: RepSpoke) -> None:
    """Typed words get their answer as words: in the thread, or, for lists and in 1:1 chats, to the person alone.

    A thread the hub does not know (yet: its first post may have an unknown end) cannot be answered in; the person can.
    """
    answer, actor = draft.answer, draft.snapshot.actor
    if answer is None or answer.show == "card" or event.answered:
        return
    alone = event.personal or answer.private or answer.show == "list" or draft.conversation is None
    if actor is not None and alone:
        draft.do(
            NotifyRep(
                id=draft.id("answer"),
                conversation_id=draft.conversation_id,
                rep=actor.id,
                title=Words(zh="塔台", en="Tower"),
                text=answer.words,
                query=answer.query,
                # Who asked in a Teams channel may have no chat with us there: it goes where she can be reached.
                via="wecom" if event.by.platform == "wecom" else "",
            )
        )
    else:
        draft.notice(answer.words.zh, answer.words.en)


def _root_found(draft: Draft, event: RepActed) -> None:
    """Somebody acts on a card whose posting nobody was sure of: so it stands there, and its wire id is known."""
    talk = draft.conversation
    if talk is None or event.thread is None or talk.root not in draft.snapshot.unknown or not event.activity_id:
        return
    draft.do(
        SettleSending(
            row_id=talk.root,
            verdict="arrived",
            by=draft.snapshot.actor.id if draft.snapshot.actor else "",
            wire_id=event.thread.wire_id,
            part_id=event.activity_id,
        )
    )
    draft.drawn = True
    draft.because("act", "有人在卡片上操作：确认卡片已发布", "Somebody acted on the card: it was posted")


# --- the verbs ------------------------------------------------------------------------------------------------------


def perform(draft: Draft, verb: str, inputs: Inputs) -> None:
    """Do what a verb says, if this person may."""
    actor = draft.snapshot.actor
    if actor is None or not actor.active:
        draft.refuse("没有找到，或不属于你", "Not there, or not yours", actor="unknown")
        return
    if verb in ("pause", "resume"):
        _pause(draft, actor, paused=verb == "pause")
        return
    if verb in ("help", "thanks"):
        draft.answer = Answer(show="toast", words=commands.HELP if verb == "help" else commands.WELCOME)
        draft.because("act", "给出帮助", "Help was shown")
        return
    if verb == "settings":
        preferences.settings(draft, actor, inputs.get("words", ""))
        return
    if verb in LISTS:
        _list(draft, verb, inputs.get("words", ""))
        return
    act = VERBS.get(verb)
    if act is None:
        draft.refuse("不认识这个操作", "There is no such action", verb=verb[:40])
        return
    talk = draft.conversation
    if talk is None and isinstance(draft.event, RepSpoke) and draft.event.personal:
        draft.refuse(
            "这个命令要写在客户的会话帖里（@塔台），或点卡片上的按钮。先发「找 名字」可以找到客户。",
            "Write this in the customer's thread (@Tower), or press the button on the card. "
            "“find <name>” shows you where.",
        )
        return
    if talk is None or not may_act(actor, draft.customer, talk, draft.playbook, draft.snapshot.reps):
        draft.refuse("没有找到，或不属于你", "Not there, or not yours", actor=actor.id)
        return
    act(draft, actor, talk, inputs)


def _list(draft: Draft, verb: str, words: str) -> None:
    plain = words.strip()[:80]
    if verb == "find" and not plain:
        draft.refuse("请写要找的名字", "Say whom to find")
        return
    draft.answer = Answer(show="list", words=LISTS[verb], query=f"find:{plain}" if verb == "find" else verb)
    draft.because("act", "列出会话", "A list was asked for", seen={"list": verb})


def _pause(draft: Draft, actor: Rep, *, paused: bool) -> None:
    if actor.role != "manager":
        draft.refuse("只有经理可以暂停或恢复", "Only a manager can pause or resume", role=actor.role)
        return
    draft.do(SetPause(paused=paused, by=actor.id))
    if paused:
        draft.toast("已暂停所有自动发送", "Every automatic send is paused")
        draft.because("act", f"{actor.name}暂停了自动发送", f"{actor.name} paused every automatic send")
    else:
        draft.toast("已恢复自动发送", "Automatic sends are on again")
        draft.because("act", f"{actor.name}恢复了自动发送", f"{actor.name} switched automatic sends on again")


def _settle(verdict: str) -> Verb:
    def act(draft: Draft, actor: Rep, _talk: Conversation, inputs: Inputs) -> None:
        wanted = inputs.get("about", "").strip()
        said = verdict or inputs.get("verdict", "")
        known = draft.snapshot.unknown
        row = next((r for r in known if r == wanted or (len(wanted) >= MIN_ID and r.startswith(wanted))), "")
        if not wanted and len(known) == 1:
            row = known[0]
        if not row:
            draft.refuse("没有待核实的发送，或已核实", "Nothing to settle here, or settled already", about=wanted[:40])
        elif said not in ("arrived", "again"):
            draft.refuse("请写：核实 <编号> 到达 或 重发", "Say: settle <id> arrived, or again")
        else:
            deliveries.settle(draft, row, "arrived" if said == "arrived" else "again", actor.id)
            draft.toast("已记录", "Noted")

    return act


def _wake_now(draft: Draft, actor: Rep, _talk: Conversation, inputs: Inputs) -> None:
    found = quiet.pending(draft, inputs.get("about", ""))
    if found is None:
        draft.refuse("这封唤醒邮件已有决定", "This wake-up is decided already")
        return
    if quiet.send(draft, *found, by=actor.id):
        draft.because("send", f"{actor.name}要求立即发送", f"{actor.name} sends it now")
        draft.toast("邮件已排队发送", "The mail is on its way")
        return
    why = draft.steps[-1].words
    draft.answer = Answer(show="toast", words=why, refused=True)


def _wake_hold(draft: Draft, _actor: Rep, _talk: Conversation, inputs: Inputs) -> None:
    found = quiet.pending(draft, inputs.get("about", ""))
    if found is None or found[1].state != "proposed":
        draft.refuse("这封唤醒邮件已有决定", "This wake-up is decided already")
    elif quiet.hold(draft, *found):
        days = f"{draft.playbook.wakeup.hold_days:g}"
        draft.toast(f"已暂缓，{days} 天后再问一次", f"Held; you are asked once more after {days} d")
    else:
        draft.toast("已放弃这封邮件", "The mail is dropped")


def _wake_mine(draft: Draft, actor: Rep, _talk: Conversation, inputs: Inputs) -> None:
    found = quiet.pending(draft, inputs.get("about", ""))
    if found is None:
        draft.refuse("这封唤醒邮件已有决定", "This wake-up is decided already")
        return
    quiet.by_hand(draft, found[0], actor.id)
    draft.toast("好的，已为你建立待办", "All right: there is a task for you")


VERBS: Mapping[str, Verb] = {
    "claim": claiming.claim,
    "snooze": claiming.snooze,
    "close": claiming.close,
    "reopen": claiming.reopen,
    "reroute": claiming.reroute,
    "tag": claiming.tag,
    "untag": claiming.untag,
    "note": claiming.note,
    "why": claiming.why,
    "done": claiming.done,
    "release": noting.release,
    "fact": noting.fact,
    "stage": noting.stage,
    "task": noting.task,
    "take_over": claiming.take_over,
    "hand_back": claiming.hand_back,
    "reply": replying.reply,
    "send_to_customer": replying.reply,
    "form": replying.form,
    "send_file": replying.send_file,
    "settle": _settle(""),
    "settle_arrived": _settle("arrived"),
    "settle_again": _settle("again"),
    "wake_now": _wake_now,
    "wake_hold": _wake_hold,
    "wake_mine": _wake_mine,
}
"""Everything that can be done to a conversation; `help`, lists and `pause` need none."""


# --- colleagues in the platform's own client ------------------------------------------------------------------------


def session_changed(draft: Draft, event: SessionChanged) -> None:
    """A colleague took her session in the platform's own client, or gave it back."""
    talk = draft.conversation
    if talk is None:
        draft.skip("会话尚不存在", "There is no conversation yet", state=event.state)
        return
    taken = event.state in ("human", "pool")
    if taken == talk.taken_over:
        draft.skip("接待状态没有变化", "Nothing has changed", state=event.state)
        return
    draft.do(SetTakenOver(conversation_id=talk.id, taken_over=taken))
    draft.raised = True
    if taken:
        quiet.call_off(draft, "taken_over")
        draft.notice(
            "同事正在企业微信里接待，塔台只记录", "A colleague answers in the platform's client; Tower only records"
        )
        draft.because(
            "act", "转为人工接待：塔台不再发送", "Taken over: Tower sends nothing", seen={"state": event.state}
        )
    else:
        draft.notice("会话已交还塔台", "The session is back with Tower")
        draft.because("act", "会话回到塔台", "The session is back", seen={"state": event.state})


def colleague_wrote(draft: Draft, event: ColleagueWrote) -> None:
    """What a colleague wrote past the hub is recorded; it is a touch like any other."""
    talk = draft.conversation
    if talk is None:
        draft.skip("会话尚不存在", "There is no conversation yet")
        return
    draft.do(RecordTouch(conversation_id=talk.id, side="us", at=event.at))
    quiet.call_off(draft, "spoke")
    colleague = next((r for r in draft.snapshot.reps if event.rep.value in (r.userid, r.aad_id)), None)
    draft.line(
        PostLine(
            id=draft.id("line"),
            conversation_id=talk.id,
            after=talk.root,
            who="rep",
            author=colleague.name if colleague else event.rep.value,
            text=event.text or "…",
            state="delivered",
        )
    )
    draft.drawn = True
    draft.because("act", "同事在企业微信里回复了客户", "A colleague answered in the platform's own client")
    quiet.arm(draft)
