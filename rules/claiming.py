"""Who works on a conversation and where it stands: claim, snooze, close, re-route, take over, tags and notes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta

from rules import cardparts, quiet, segments
from rules.calendar import zone_of
from rules.draft import Draft
from rules.effects import (
    AddTag,
    CloseTask,
    DropTag,
    IndexNote,
    MarkNotices,
    MoveSession,
    PostLine,
    Route,
    SetClaim,
    SetOwner,
    SetStatus,
    SetTimer,
)
from rules.events import RepActed
from rules.model import Conversation, Identity, Rep, Tag, Timer, Words
from rules.routing import choose, explain

Inputs = Mapping[str, str]
MAX_NOTE = 4000
MAX_TAG = 40
MAX_SNOOZE_HOURS = 720
SCORES_TOLD = 5


def claim(draft: Draft, actor: Rep, talk: Conversation, _inputs: Inputs) -> None:
    """Take the conversation: exactly one of several who press at once gets it, the others learn who did."""
    holder = draft.rep(talk.claimed_by)
    if talk.claimed_by and talk.claimed_by != actor.id and (holder is None or holder.active):
        _too_late(draft, talk)
        return
    if talk.claimed_by == actor.id:
        draft.show_card("已经是你的了", "It is yours already")
        draft.skip("已由本人认领", "Claimed by the same person before")
        return
    seen = draft.event.card_version if isinstance(draft.event, RepActed) else 0
    if seen and seen < talk.card_version:
        draft.refuse(
            "卡片已更新，请看最新状态再认领", "The card has changed: look at it again, then claim", version=str(seen)
        )
        draft.drawn = True
        return
    take(draft, actor, talk)
    draft.notice(f"{actor.name}已认领", f"{actor.name} has claimed it")
    draft.show_card("已认领", "It is yours")


def take(draft: Draft, actor: Rep, talk: Conversation) -> None:
    """Give the conversation, and her, to a colleague."""
    draft.do(SetClaim(conversation_id=talk.id, rep=actor.id, at=draft.now))
    if draft.customer.owner != actor.id:
        draft.do(SetOwner(rep=actor.id))
    if talk.status == "snoozed":
        draft.do(SetStatus(conversation_id=talk.id, status="open"))
        draft.cancel_timer(f"snooze/{talk.id}")
    draft.raised = True
    if any(r.userid for r in draft.snapshot.reps):
        words = Words(zh=f"{actor.name} 已认领", en=f"{actor.name} took it")
        draft.do(MarkNotices(id=draft.id("marks"), conversation_id=talk.id, words=words))
    draft.because("assign", f"{actor.name}认领，成为负责人", f"{actor.name} claimed it and owns her now")


def _too_late(draft: Draft, talk: Conversation) -> None:
    name = draft.name_of(talk.claimed_by)
    ago = (draft.now - talk.claimed_at).total_seconds() if talk.claimed_at else None
    zh, en = _ago(ago)
    draft.refuse(f"{name}{zh}已认领", f"{name} took it {en}", claimed_by=talk.claimed_by)
    draft.drawn = True


def _ago(seconds: float | None) -> tuple[str, str]:
    if seconds is None:
        return "", "already"
    if seconds < 90:
        return f" {max(0, round(seconds))} 秒前", f"{max(0, round(seconds))} s ago"
    if seconds < 5400:
        return f" {round(seconds / 60)} 分钟前", f"{round(seconds / 60)} min ago"
    return f" {round(seconds / 3600)} 小时前", f"{round(seconds / 3600)} h ago"


def snooze(draft: Draft, actor: Rep, talk: Conversation, inputs: Inputs) -> None:
    """Put it aside for some hours; it comes back by itself, or when she writes."""
    hours = _hours(inputs.get("hours", ""))
    if hours is None:
        draft.refuse("请写小时数，例如 2", "Say how many hours, for example 2")
        return
    due = draft.now + timedelta(hours=hours)
    draft.do(
        SetStatus(conversation_id=talk.id, status="snoozed"),
        SetTimer(timer=Timer(key=f"snooze/{talk.id}", kind="snooze", conversation_id=talk.id, due_at=due)),
    )
    draft.raised = True
    draft.because(
        "act",
        f"{actor.name}设为 {hours:g} 小时后处理",
        f"{actor.name} put it aside for {hours:g} h",
        seen={"until": due.isoformat()},
    )
    draft.show_card(f"{hours:g} 小时后提醒", f"Back in {hours:g} h")


def _hours(text: str) -> float | None:
    try:
        hours = float(text.strip() or "2")
    except ValueError:
        return None
    return hours if math.isfinite(hours) and 0 < hours <= MAX_SNOOZE_HOURS else None


def snooze_over(draft: Draft, key: str) -> None:
    """It comes back by itself."""
    draft.cancel_timer(key)
    talk = draft.conversation
    if talk is None or talk.status != "snoozed":
        draft.skip("会话已不在稍后处理中", "It is not snoozed any more")
        return
    draft.do(SetStatus(conversation_id=talk.id, status="open"))
    draft.raised = True
    draft.notice("稍后处理时间到", "Its time has come", mention=draft.customer.owner)
    draft.because("act", "稍后处理时间到，会话重新打开", "The snooze is over: open again")


def close(draft: Draft, actor: Rep, talk: Conversation, _inputs: Inputs) -> None:
    """End the conversation; her next word opens it again."""
    if talk.status == "closed":
        draft.show_card("已经关闭", "It is closed already")
        draft.skip("已关闭", "Closed before")
        return
    quiet.call_off(draft, "closed")
    draft.do(SetStatus(conversation_id=talk.id, status="closed"))
    draft.cancel_timer(f"quiet/{talk.id}")
    draft.cancel_timer(f"snooze/{talk.id}")
    draft.raised = True
    draft.because("act", f"{actor.name}关闭了会话", f"{actor.name} closed it")
    draft.show_card("已关闭", "Closed")


def reopen(draft: Draft, actor: Rep, talk: Conversation, _inputs: Inputs) -> None:
    """Take a closing back: she waits again if she did, and the clock of quiet runs on from the last word."""
    if talk.status != "closed":
        draft.show_card("会话没有关闭", "It is not closed")
        draft.skip("没有关闭", "Not closed", status=talk.status)
        return
    draft.do(SetStatus(conversation_id=talk.id, status="open", back=True))
    quiet.arm(draft)
    draft.raised = True
    draft.because("act", f"{actor.name}重新打开了会话", f"{actor.name} opened it again")
    draft.show_card("已重新打开", "Open again")


def reroute(draft: Draft, actor: Rep, talk: Conversation, inputs: Inputs) -> None:
    """Send it to another channel by hand; the old thread says where it went."""
    wanted = inputs.get("channel", "").strip()
    channels = draft.playbook.channels
    key = next((k for k, c in channels.items() if wanted.casefold() in (k.casefold(), c.name.casefold())), "")
    if not key or not wanted:
        names = "、".join(c.name for c in channels.values())
        draft.refuse(f"没有这个频道。可选：{names}", f"There is no such channel. There are: {names}")
        return
    if key == talk.channel:
        draft.refuse("已经在这个频道", "It is in that channel already")
        return
    draft.do(Route(conversation_id=talk.id, channel=key, cell="by-hand"))
    if talk.root:
        segments.move_root(draft, talk, key)
    name = channels[key].name
    draft.notice(f"{actor.name}把会话转到「{name}」", f"{actor.name} moved it to “{name}”")
    draft.raised = True
    draft.because(
        "route", f"{actor.name}手动转到「{name}」", f"{actor.name} moved it to “{name}” by hand", rule="by-hand"
    )
    draft.show_card(f"已转到「{name}」", f"Moved to “{name}”")


def _tag_named(draft: Draft, typed: str) -> str:
    """The tag that a colleague calls so: by its name, or by its English one."""
    return next((name for name, en in draft.playbook.tags.items() if en.casefold() == typed.casefold()), typed)


def tag(draft: Draft, actor: Rep, _talk: Conversation, inputs: Inputs) -> None:
    """Put a tag on by hand."""
    name = _tag_named(draft, inputs.get("tag", "").strip())
    if not name or len(name) > MAX_TAG:
        draft.refuse(f"请写标签名（最多 {MAX_TAG} 字）", f"Say which tag (at most {MAX_TAG} letters)")
        return
    draft.do(AddTag(tag=Tag(name=name, by="rep", rule=actor.id, at=draft.now)))
    draft.raised = True
    draft.because("act", f"{actor.name}加了标签「{name}」", f"{actor.name} added the tag {name}")
    draft.show_card(f"已加标签「{name}」", f"Tag {name} added")


def untag(draft: Draft, actor: Rep, _talk: Conversation, inputs: Inputs) -> None:
    """Take a tag off by hand: no rule puts it on again."""
    name = _tag_named(draft, inputs.get("tag", "").strip())
    if not draft.customer.has_tag(name):
        draft.refuse("客户没有这个标签", "She has no such tag")
        return
    draft.do(DropTag(name=name, by="rep", rule=actor.id, at=draft.now))
    draft.raised = True
    draft.because("act", f"{actor.name}去掉了标签「{name}」", f"{actor.name} took the tag {name} off")
    draft.show_card(f"已去掉标签「{name}」", f"Tag {name} taken off")


def note(draft: Draft, actor: Rep, talk: Conversation, inputs: Inputs) -> None:
    """Keep something for the colleagues; the customer never sees it."""
    text = inputs.get("text", "").strip()
    if not text or len(text) > MAX_NOTE:
        draft.refuse(f"备注不能为空，最多 {MAX_NOTE} 字", f"A note needs words, at most {MAX_NOTE} letters")
        return
    draft.line(
        PostLine(
            id=draft.id("note"), conversation_id=talk.id, after=talk.root, who="notice", author=actor.name, text=text
        )
    )
    findable(draft, text)
    draft.because("act", f"{actor.name}记了备注", f"{actor.name} kept a note")
    draft.toast("已记下，客户看不到", "Kept; the customer does not see it")


def findable(draft: Draft, text: str) -> None:
    """`find` leads to her by the words of this note."""
    if draft.customer.id and text.strip():
        draft.do(IndexNote(customer_id=draft.customer.id, text=text[:MAX_NOTE]))


def why(draft: Draft, actor: Rep, talk: Conversation, _inputs: Inputs) -> None:
    """Why it stands in this channel, and what made her score: the five heaviest lines with their days."""
    place, score = _why_here(draft, talk), _why_score(draft, actor)
    draft.toast(f"{place.zh}\n{score.zh}", f"{place.en}\n{score.en}")
    draft.because("act", "解释了路由和评分", "The routing and the score were explained")


def _why_here(draft: Draft, talk: Conversation) -> Words:
    if talk.cell == "by-hand":
        return Words(zh="同事手动转到这个频道。", en="A colleague moved it to this channel by hand.")
    choice = choose(draft.customer, draft.playbook)
    words = explain(choice, draft.playbook).words
    if choice.cell.id == talk.cell:
        return words
    before = next((c for c in draft.playbook.matrix if c.id == talk.cell), None)
    zh = before.because.zh if before else "当时的规则"
    en = before.because.en if before else "the rules of that time"
    return Words(zh=f"来到这里时：{zh}。按现在：{words.zh}", en=f"When it came: {en}. By now: {words.en}")


def _why_score(draft: Draft, actor: Rep) -> Words:
    total = round(draft.customer.score(draft.now))
    lines = cardparts.score_lines(draft.snapshot.heaviest, draft.playbook, draft.now, SCORES_TOLD)
    if not lines:
        return Words(zh=f"评分 {total}：还没有加分记录。", en=f"Score {total}: nothing has counted yet.")
    days = [f"{line.at.astimezone(zone_of(actor.zone)):%Y-%m-%d}" for line in lines]
    zh = "；".join(f"{line.words.zh} {line.points:+g}（{day}）" for line, day in zip(lines, days, strict=True))
    en = "; ".join(f"{line.words.en} {line.points:+g} ({day})" for line, day in zip(lines, days, strict=True))
    return Words(zh=f"评分 {total}：{zh}。", en=f"Score {total}: {en}.")


def done(draft: Draft, actor: Rep, _talk: Conversation, inputs: Inputs) -> None:
    """A task is done."""
    wanted = inputs.get("about", "").strip()
    task = next((t for t in draft.customer.tasks if wanted in ("", t.id, t.kind)), None)
    if task is None:
        draft.refuse("没有这个待办", "There is no such task")
        return
    draft.do(CloseTask(task_id=task.id))
    draft.drawn = True
    draft.because("act", f"{actor.name}完成了待办", f"{actor.name} did the task", seen={"task": task.kind})
    draft.show_card("已完成", "Done")


def take_over(draft: Draft, actor: Rep, talk: Conversation, _inputs: Inputs) -> None:
    """Go on in the platform's own client: from then on the hub sends nothing there."""
    _move(draft, actor, talk, human=True)
    draft.toast("正在转到企业微信由你接待", "Moving it to you in the platform's own client")


def hand_back(draft: Draft, actor: Rep, talk: Conversation, _inputs: Inputs) -> None:
    """Let the hub answer again."""
    _move(draft, actor, talk, human=False)
    draft.toast("正在交还塔台", "Handing it back to Tower")


def _move(draft: Draft, actor: Rep, talk: Conversation, *, human: bool) -> None:
    # In a service chat the wire id of the conversation is the customer's own id on the platform.
    identity = Identity(platform=talk.address.connector, kind="external_userid", value=talk.address.wire_id)
    move = MoveSession(
        id=draft.id("move"),
        conversation_id=talk.id,
        address=talk.address,
        identity=identity,
        to="human" if human else "hub",
        rep=actor.id if human else "",
    )
    draft.do(move)
    draft.because("act", f"{actor.name}要求转接", f"{actor.name} asked to move the session")
