"""Managers are told when a customer waits too long: nobody has her, or the promised time is nearly over. Once each.

The timers are set by every turn from what then holds and taken back by an answer. A fired one stays where it is, so
that one stretch of waiting is told once, however many turns follow.
"""

from __future__ import annotations

from rules.calendar import after_open_minutes
from rules.draft import Draft
from rules.events import TimerFired
from rules.model import Conversation, Timer, Words
from rules.sla import sla_of

NEAR, UNROUTED = "sla", "unrouted"


def nobody_has_her(draft: Draft, talk: Conversation) -> bool:
    """In no channel, without a thread, or without a colleague who is here."""
    people = [draft.rep(rep) for rep in (talk.claimed_by, draft.customer.owner)]
    return not talk.channel or not talk.root or not any(p is not None and p.active for p in people)


def arm(draft: Draft) -> None:
    """Set, move or take back the two timers of the conversation, as it stands now."""
    talk = draft.conversation
    if talk is None:
        return
    waits = talk.waiting_since is not None and talk.status == "open" and not talk.taken_over
    _set(draft, talk, NEAR, wanted=waits)
    _set(draft, talk, UNROUTED, wanted=waits and nobody_has_her(draft, talk))


def _set(draft: Draft, talk: Conversation, kind: str, *, wanted: bool) -> None:
    key, since, book = f"{kind}/{talk.id}", talk.waiting_since, draft.playbook
    if not wanted or since is None:
        draft.cancel_timer(key)
        return
    standing = draft.customer.timer(key)
    if standing is not None and standing.episode == since.isoformat():
        return
    plan = book.sla
    allowed = plan.first_reply_minutes if talk.last_our_at is None else plan.next_reply_minutes
    minutes = max(0.0, allowed - plan.risk_minutes) if kind == NEAR else book.reminders.unrouted_minutes
    due = after_open_minutes(book.office.hours, book.holidays, book.office.zone, since, minutes)
    draft.set_timer(Timer(key=key, kind=kind, conversation_id=talk.id, due_at=due, episode=since.isoformat()))


def told(draft: Draft, event: TimerFired) -> None:
    """The moment has come: tell every manager, if it still is so."""
    talk = draft.conversation
    sla = sla_of(talk, draft.playbook, draft.now) if talk is not None else None
    stays = event.timer == NEAR or (talk is not None and nobody_has_her(draft, talk))
    if talk is None or sla is None or talk.status != "open" or talk.taken_over or not stays:
        draft.skip("客户已不在等", "She does not wait any more")
        return
    title = (
        Words(zh="首响快超时" if sla.what == "first" else "回复快超时", en="An answer is nearly late")
        if event.timer == NEAR
        else Words(zh="有客户没人接", en="Nobody has this customer")
    )
    name, who = draft.customer.name, draft.name_of(talk.claimed_by or draft.customer.owner)
    text = Words(
        zh=f"{name or '客户'} · {sla.words.zh} · 负责人：{who or '无'}",
        en=f"{name or 'A customer'} · {sla.words.en} · owner: {who or 'none'}",
    )
    managers = [r.id for r in draft.snapshot.reps if r.role == "manager" and r.active]
    for manager in managers:
        once = f"{event.timer}/{talk.id}/{event.episode}"
        draft.tell(manager, title, text, actions=() if talk.claimed_by else ("claim",), once=once)
    draft.because(
        "act",
        f"已告知 {len(managers)} 位经理：{title.zh}",
        f"Managers told: {len(managers)}. {title.en}",
        rule=event.timer,
        seen={"since": sla.since.isoformat(), "due": sla.due_at.isoformat()},
    )
