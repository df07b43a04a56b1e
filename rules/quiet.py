"""Nothing goes quiet unnoticed: quiet timers, and the one wake-up mail that the owner sees first.

A wake-up is proposed, then held, queued, sent, cancelled or skipped; every one of these has a reason a rep can read.
Our own wake-up mail is no touch: an episode of quiet begins with a word of hers or of a colleague, and one episode
has one wake-up.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from rules import letter
from rules.book import Playbook
from rules.calendar import next_window
from rules.counts import Count
from rules.draft import Draft
from rules.effects import OpenTask, PostLine, SetWakeup, new_id
from rules.events import ChannelWentQuiet, TimerFired
from rules.facts import last_touch
from rules.gates import may_send as may_send  # noqa: PLC0414 - the hub asks the quiet engine, not its parts
from rules.model import Conversation, Customer, Task, Timer, Wakeup, Words
from rules.moments import clock_words
from rules.reasons import reason_words

PENDING = ("proposed", "held", "queued")
ACTIONS = ("wake_now", "wake_hold", "wake_mine")
AGAIN = "#again"
"""Marks the episode of a wake-up that was held once: it is asked once more, not for ever."""


# --- the timer ------------------------------------------------------------------------------------------------------


def episode_of(touched: datetime, days: float) -> str:
    """What a quiet timer is about: the last touch, and the limit that held. Another limit is another episode."""
    return f"{touched.isoformat()}~{days:g}d"


def touch_in(episode: str) -> str:
    """The last touch an episode began with."""
    return episode.partition("~")[0]


def arm(draft: Draft) -> None:
    """Set the quiet timer of the conversation to what holds now."""
    talk = draft.conversation
    if talk is None:
        return
    key = f"quiet/{talk.id}"
    days = draft.playbook.quiet_days(draft.customer.stage)
    if days is None or talk.status == "closed" or talk.last_customer_at is None:
        draft.cancel_timer(key)
        return
    touched = last_touch(draft.customer, talk)
    if talk.wakeup is not None and touch_in(talk.wakeup.episode) == touched.isoformat():
        return
    due = touched + timedelta(days=days)
    draft.set_timer(
        Timer(key=key, kind="quiet", conversation_id=talk.id, due_at=due, episode=episode_of(touched, days))
    )


def call_off(draft: Draft, reason: str) -> None:
    """A touch on any channel takes back the wake-up of every conversation of hers."""
    for talk in draft.customer.conversations:
        if talk.wakeup is not None and talk.wakeup.state in PENDING:
            cancel(draft, talk, reason)
            words = reason_words(reason)
            draft.notice(f"唤醒邮件已取消：{words.zh}", f"The wake-up mail is cancelled: {words.en}", talk=talk)


def cancel(draft: Draft, talk: Conversation, reason: str) -> None:
    """Take a wake-up back while it is not on its way, and say so on its line."""
    wakeup = talk.wakeup
    if wakeup is None:
        return
    if wakeup.state == "queued":
        draft.cancel(f"wake/{talk.id}", reason)
    draft.cancel_timer(f"preview/{talk.id}")
    draft.cancel_timer(f"hold/{talk.id}")
    draft.do(SetWakeup(conversation_id=talk.id, wakeup=replace(wakeup, state="cancelled", at=draft.now)))
    letter.redraw(draft, talk, wakeup.mail_id, "dropped", reason)
    words = reason_words(reason)
    draft.because("quiet", f"唤醒邮件取消：{words.zh}", f"Wake-up cancelled: {words.en}", seen={"was": wakeup.state})


def _in_the_way(draft: Draft, talk: Conversation) -> str:
    """What about the conversation itself speaks against waking her; a reason code or empty."""
    if talk.status == "closed":
        return "closed"
    if talk.status == "snoozed":
        return "snoozed"
    if talk.taken_over:
        return "taken_over"
    others = [c for c in draft.customer.conversations if c.id != talk.id]
    waking = any(c.wakeup is not None and c.wakeup.state in PENDING for c in others)
    return "other_wakeup" if waking else ""


# --- quiet ----------------------------------------------------------------------------------------------------------


def went_quiet(draft: Draft, event: ChannelWentQuiet) -> None:
    """Look at everything again; then propose a wake-up mail, or say why not."""
    talk = draft.conversation
    if talk is None:
        draft.skip("会话不存在", "There is no such conversation")
        return
    timer = draft.customer.timer(f"quiet/{talk.id}")
    if timer is not None and timer.episode == event.episode:
        draft.cancel_timer(timer.key)
    touched = last_touch(draft.customer, talk)
    if touched.isoformat() != touch_in(event.episode):
        local = clock_words(touched, draft.customer.zone, draft.now)
        draft.because(
            "skip",
            f"不算安静：{local[0]} 有新的互动",
            f"Not quiet: there was a touch {local[1]}",
            rule="spoke",
            seen={"last touch": touched.isoformat(), "episode": touch_in(event.episode)},
        )
        arm(draft)
        return
    days = Count(round((draft.now - touched).total_seconds() / 86400))
    draft.because(
        "quiet",
        f"已安静 {days} 天（阶段限值 {_limit(draft)} 天）",
        f"Quiet for {days} {days:day|days} (limit of her stage: {_limit(draft)})",
        rule=draft.customer.stage.value,
        seen={"last touch": touched.isoformat(), "stage": draft.customer.stage.value},
    )
    _propose_or_skip(draft, talk, event.episode)


def _limit(draft: Draft) -> str:
    days = draft.playbook.quiet_days(draft.customer.stage)
    return "-" if days is None else f"{days:g}"


def _propose_or_skip(draft: Draft, talk: Conversation, episode: str) -> None:
    if reason := _in_the_way(draft, talk):
        words = reason_words(reason)
        draft.because("skip", f"不发送唤醒邮件：{words.zh}", f"No wake-up mail: {words.en}", rule=reason)
        _skip(draft, talk, episode, reason)
        return
    may, because = may_send(draft.customer, draft.now, draft.playbook, draft.snapshot.paused)
    draft.steps.append(because)
    if may:
        _propose(draft, talk, episode)
    else:
        _skip(draft, talk, episode, because.rule)


def _skip(draft: Draft, talk: Conversation, episode: str, reason: str) -> None:
    """Remember that this episode was looked at; look again where time alone can clear the way."""
    wakeup = Wakeup(
        mail_id=draft.id("mail"),
        episode=episode,
        template=draft.playbook.wakeup.template,
        state="skipped",
        at=draft.now,
    )
    draft.do(SetWakeup(conversation_id=talk.id, wakeup=wakeup))
    draft.drawn = True
    cap = draft.playbook.wakeup.cap
    again: datetime | None = None
    if reason == "cap" and draft.customer.woken:
        again = draft.customer.woken[-1] + timedelta(days=cap.days)
    elif reason in ("paused", "snoozed", "taken_over", "other_wakeup"):
        again = draft.now + timedelta(days=1)
    if again is not None:
        touch = touch_in(episode)
        draft.set_timer(
            Timer(
                key=f"quiet/{talk.id}",
                kind="quiet",
                conversation_id=talk.id,
                due_at=again,
                episode=f"{touch}~{reason}~{again.isoformat()}",
            )
        )


def _propose(draft: Draft, talk: Conversation, episode: str) -> None:
    plan = draft.playbook.wakeup
    wakeup = Wakeup(mail_id=draft.id("mail"), episode=episode, template=plan.template, state="proposed", at=draft.now)
    draft.do(SetWakeup(conversation_id=talk.id, wakeup=wakeup))
    draft.drawn = True
    owner = draft.rep(draft.customer.owner)
    has_owner = owner is not None and owner.active
    due = letter.send_at(draft) if has_owner else None
    text = letter.preview(draft, due)
    if talk.root:
        draft.do(
            PostLine(
                id=new_id(wakeup.mail_id, "line"),
                conversation_id=talk.id,
                after=talk.root,
                who="wakeup",
                words=text,
                about=wakeup.mail_id,
                mention=draft.customer.owner if has_owner else "",
                actions=ACTIONS,
            )
        )
    title = Words(zh="唤醒邮件待你确认", en="A wake-up mail for you to look at")
    draft.tell_owner(title, text, actions=ACTIONS, about=wakeup.mail_id)
    if due is None:
        draft.because(
            "quiet", "没有负责人：由经理决定，不自动发送", "No owner: a manager decides, nothing is sent by itself"
        )
        return
    draft.set_timer(
        Timer(key=f"preview/{talk.id}", kind="preview", conversation_id=talk.id, due_at=due, episode=wakeup.mail_id)
    )
    zh, en = clock_words(due, draft.customer.zone, draft.now)
    draft.because(
        "quiet",
        f"已请负责人预览；没有回应则在{zh}发送",
        f"The owner sees it first; without an answer it goes {en}",
        seen={"goes at": due.isoformat(), "zone": draft.customer.zone},
    )


# --- what becomes of it ---------------------------------------------------------------------------------------------


def pending(draft: Draft, about: str = "") -> tuple[Conversation, Wakeup] | None:
    """The wake-up somebody means, if it still waits for a word."""
    talk = draft.conversation
    if talk is None or talk.wakeup is None or talk.wakeup.state not in ("proposed", "held"):
        return None
    return (talk, talk.wakeup) if about in ("", talk.wakeup.mail_id) else None


def send(draft: Draft, talk: Conversation, wakeup: Wakeup, *, by: str = "") -> bool:
    """Queue the mail, if it still may go; whether it was queued. `by`: the rep who wants it sent now."""
    may, because = may_send(draft.customer, draft.now, draft.playbook, draft.snapshot.paused)
    draft.steps.append(because)
    draft.cancel_timer(f"preview/{talk.id}")
    draft.cancel_timer(f"hold/{talk.id}")
    if not may:
        draft.do(SetWakeup(conversation_id=talk.id, wakeup=replace(wakeup, state="skipped", at=draft.now)))
        letter.redraw(draft, talk, wakeup.mail_id, "dropped", because.rule)
        draft.drawn = True
        return False
    draft.do(
        SetWakeup(conversation_id=talk.id, wakeup=replace(wakeup, state="queued", at=draft.now)),
        letter.mail(draft, talk, wakeup, by),
    )
    letter.redraw(draft, talk, wakeup.mail_id, "waiting")
    draft.drawn = True
    return True


def still_wanted(talk: Conversation | None, mail_id: str) -> bool:
    """Whether this mail is the one her conversation waits for: asked again when it is claimed for sending."""
    wakeup = talk.wakeup if talk is not None else None
    return wakeup is not None and wakeup.mail_id == mail_id and wakeup.state == "queued"


def until_window(customer: Customer, playbook: Playbook, now: datetime) -> float:
    """Seconds until a mail may go by itself; 0 inside the sending window of her zone, or when it never opens."""
    opens = next_window(playbook.wakeup.window, playbook.holidays, customer.zone, now)
    return (opens - now).total_seconds() if opens is not None else 0.0


def preview_over(draft: Draft, event: TimerFired) -> None:
    """The owner said nothing: the mail goes, in the window; if that was missed, in the next one."""
    found = pending(draft, event.episode.partition("~")[0])
    _forget(draft, event)
    if found is None or found[1].state != "proposed":
        draft.skip("唤醒邮件已有决定", "Somebody has decided about this wake-up already")
        return
    talk, wakeup = found
    plan = draft.playbook.wakeup
    opens = next_window(plan.window, draft.playbook.holidays, draft.customer.zone, draft.now)
    if opens is not None and opens > draft.now:
        episode = f"{wakeup.mail_id}~{opens.isoformat()}"
        draft.set_timer(Timer(key=event.key, kind="preview", conversation_id=talk.id, due_at=opens, episode=episode))
        draft.because("skip", "不在发送时段，顺延到下一个时段", "Outside the sending window: it goes in the next one")
        return
    if reason := _in_the_way(draft, talk):
        cancel(draft, talk, reason)
        return
    if send(draft, talk, wakeup):
        draft.because("send", "负责人没有异议，发送唤醒邮件", "The owner said nothing against it: the mail goes")


def hold_over(draft: Draft, event: TimerFired) -> None:
    """It was held for some days: ask once more."""
    found = pending(draft)
    _forget(draft, event)
    if found is None or found[1].state != "held":
        draft.skip("唤醒邮件已有决定", "Somebody has decided about this wake-up already")
        return
    talk, wakeup = found
    draft.because("quiet", "暂缓期已过，再问一次", "The hold is over: asked once more")
    _propose_or_skip(draft, talk, wakeup.episode + AGAIN)


def hold(draft: Draft, talk: Conversation, wakeup: Wakeup) -> bool:
    """Put it off for some days; the second time it is dropped. Whether it was put off."""
    if wakeup.episode.endswith(AGAIN):
        cancel(draft, talk, "held")
        return False
    due = draft.now + timedelta(days=draft.playbook.wakeup.hold_days)
    draft.cancel_timer(f"preview/{talk.id}")
    draft.do(SetWakeup(conversation_id=talk.id, wakeup=replace(wakeup, state="held", at=draft.now)))
    draft.set_timer(
        Timer(key=f"hold/{talk.id}", kind="hold", conversation_id=talk.id, due_at=due, episode=wakeup.mail_id)
    )
    letter.redraw(draft, talk, wakeup.mail_id, "dropped", "held")
    draft.because("quiet", "负责人选择暂缓", "The owner holds it", seen={"until": due.isoformat()})
    draft.drawn = True
    return True


def by_hand(draft: Draft, talk: Conversation, rep: str) -> None:
    """The owner writes himself: no mail, a task instead."""
    cancel(draft, talk, "by_hand")
    draft.do(
        OpenTask(
            task=Task(
                id=draft.id("task/write"),
                kind="write-yourself",
                title=Words(zh="亲自联系这位安静的客户", en="Write to this quiet customer yourself"),
                rep=rep,
                due_at=draft.now + timedelta(days=1),
            )
        )
    )
    draft.drawn = True


def _forget(draft: Draft, event: TimerFired) -> None:
    timer = draft.customer.timer(event.key)
    if timer is not None and timer.episode == event.episode:
        draft.cancel_timer(event.key)
