"""The heart: `decide(snapshot, event, playbook, now)`. One event in, effects and reasons out; it never asks a clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from rules import claiming, deliveries, mails, quiet, reminders, reps, rulebook, talk, watching
from rules.book import Playbook
from rules.decision import Decision
from rules.draft import Draft
from rules.effects import Provision, PullMessages, SaveReference
from rules.events import (
    BotInstalled,
    ChannelWentQuiet,
    ColleagueWrote,
    ContactAdded,
    ContactRemoved,
    DeliveryReported,
    FormSubmitted,
    Happened,
    LinkClicked,
    MailBounced,
    MailReceived,
    MessageFailed,
    MessageReceived,
    PageVisited,
    PlaybookPublished,
    ProfileLearned,
    PullAnnounced,
    ReminderDue,
    RepActed,
    RepSpoke,
    SessionChanged,
    SessionEntered,
    TimerFired,
    UnknownPayload,
    Unsubscribed,
)
from rules.model import Snapshot

__all__ = ["decide"]


def decide(snapshot: Snapshot, event: Happened, playbook: Playbook, now: datetime) -> Decision:
    """What follows from an event, and why. Total: what it does not understand gives a skip, never an exception."""
    draft = Draft(
        snapshot=snapshot,
        event=event,
        playbook=playbook,
        now=now,
        customer=snapshot.customer,
        conversation_id=snapshot.conversation_id,
    )
    handle = _HANDLERS.get(type(event))
    if handle is None:
        draft.skip("不认识的事件", "An event that is not known", kind=draft.kind)
    else:
        handle(draft, event)
        watching.arm(draft)
    return draft.decision()


def _installed(draft: Draft, event: BotInstalled) -> None:
    draft.do(
        SaveReference(
            address=event.address,
            scope=event.scope,
            service_url=event.service_url,
            team_id=event.team_id,
            group_id=event.group_id,
            member=event.member.value if event.member else "",
            member_wire_id=event.member_wire_id,
            language=event.language,
            removed=event.removed,
        )
    )
    if event.scope == "team" and not event.removed:
        draft.do(Provision(id=draft.id("provision"), supersedes="provision"))
    if event.removed:
        draft.because("act", "机器人被移除", "The bot was taken out", seen={"scope": event.scope})
    else:
        draft.because(
            "act",
            "机器人已安装，记下如何发言",
            "The bot was installed: how to speak is kept",
            seen={"scope": event.scope},
        )


def _published(draft: Draft, event: PlaybookPublished) -> None:
    draft.do(Provision(id=draft.id("provision"), supersedes="provision"))
    draft.because(
        "act",
        "新剧本生效，补齐它要的频道",
        "A playbook is in force: the channels it names are made sure of",
        seen={"version": event.version},
    )


def _announced(draft: Draft, event: PullAnnounced) -> None:
    draft.do(
        PullMessages(
            id=draft.id("pull"),
            address=event.address,
            token=event.token,
            supersedes=f"pull/{event.address.key}",
        )
    )
    draft.because("act", "平台有新消息，去拉取", "The platform has something to fetch")


def _unknown(draft: Draft, event: UnknownPayload) -> None:
    draft.skip("无法识别的内容，已保存", "Not understood, kept for later", what=event.what[:80])


def _timer(draft: Draft, event: TimerFired) -> None:
    match event.timer:
        case "preview":
            quiet.preview_over(draft, event)
        case "hold":
            quiet.hold_over(draft, event)
        case "snooze":
            claiming.snooze_over(draft, event.key)
        case "recheck" | "silent_add":
            _look_again(draft, event)
        case watching.NEAR | watching.UNROUTED:
            watching.told(draft, event)
        case "hours":
            draft.cancel_timer(event.key)
            draft.skip("上班时间到", "The office is open again")
        case _:
            draft.skip("不认识的定时器", "A timer that is not known", timer=event.timer[:40])


def _look_again(draft: Draft, event: TimerFired) -> None:
    """Time alone may have changed what the rules say; it never moves a thread."""
    timer = draft.customer.timer(event.key)
    if timer is not None and timer.due_at <= draft.now:
        draft.cancel_timer(event.key)
    rulebook.consider(draft)
    quiet.arm(draft)


_HANDLERS: dict[type[Happened], Callable[..., None]] = {
    MessageReceived: talk.message,
    SessionEntered: talk.entered,
    ContactAdded: talk.added,
    ContactRemoved: talk.removed,
    ProfileLearned: talk.profile,
    PageVisited: talk.page,
    FormSubmitted: talk.form,
    MailReceived: mails.received,
    MailBounced: mails.bounced,
    LinkClicked: mails.clicked,
    Unsubscribed: mails.unsubscribed,
    SessionChanged: reps.session_changed,
    ColleagueWrote: reps.colleague_wrote,
    RepSpoke: reps.spoke,
    RepActed: reps.acted,
    DeliveryReported: deliveries.reported,
    MessageFailed: deliveries.failed_later,
    ChannelWentQuiet: quiet.went_quiet,
    TimerFired: _timer,
    ReminderDue: reminders.digest_due,
    BotInstalled: _installed,
    PlaybookPublished: _published,
    PullAnnounced: _announced,
    UnknownPayload: _unknown,
}
"""One handler per kind of event; `Callable[..., None]` because each takes its own kind."""
