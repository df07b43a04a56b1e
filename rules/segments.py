"""Where she belongs: segment, route and owner, computed anew after whatever has just changed."""

from __future__ import annotations

from rules.decision import Because
from rules.draft import Draft
from rules.effects import Classify, PostRoot, RefreshCard, Route, SetClaim, SetOwner, SetRoot
from rules.model import Conversation, Words
from rules.routing import assign, choose, explain


def classify(draft: Draft) -> None:
    """Put her into the first segment whose condition holds."""
    facts = draft.facts()
    segment = next(s for s in draft.playbook.segments if s.if_ is None or s.if_.holds(facts))
    if segment.id == draft.customer.segment:
        return
    before = draft.customer.segment
    draft.do(Classify(segment=segment.id))
    draft.drawn = True
    seen = dict(segment.if_.seen(facts)) if segment.if_ is not None else {}
    if before or segment.if_ is not None:
        draft.because("rule", f"分群：{segment.name.zh}", f"Segment: {segment.name.en}", rule=segment.id, seen=seen)


def route(draft: Draft) -> None:
    """Send the conversation where the matrix says; a thread moves by itself only while it is open and unclaimed."""
    talk = draft.conversation
    if talk is None or talk.claimed_by or (talk.root and talk.status != "open"):
        return
    choice = choose(draft.customer, draft.playbook)
    if talk.cell == "by-hand" or (talk.channel == choice.cell.to and talk.cell == choice.cell.id):
        return
    moved = bool(talk.root) and talk.channel != choice.cell.to
    draft.do(Route(conversation_id=talk.id, channel=choice.cell.to, cell=choice.cell.id))
    draft.steps.append(explain(choice, draft.playbook))
    draft.drawn = True
    if moved:
        move_root(draft, talk, choice.cell.to)


def move_root(draft: Draft, talk: Conversation, channel: str) -> None:
    """Begin the thread anew in another channel; the old root then says where it went."""
    draft.do(
        RefreshCard(
            id=draft.id("moved"),
            conversation_id=talk.id,
            after=talk.root,
            supersedes=f"moved/{talk.root}",
            moved_to=channel,
        )
    )
    post_root(draft, channel, moved_from=talk.root)


def post_root(draft: Draft, channel: str, *, moved_from: str = "") -> None:
    """Begin the conversation's thread."""
    root = draft.id("root")
    draft.do(
        PostRoot(id=root, conversation_id=draft.conversation_id, channel=channel, moved_from=moved_from, report=True),
        SetRoot(conversation_id=draft.conversation_id, root=root),
    )
    draft.rooted = draft.raised = True


def give_owner(draft: Draft) -> None:
    """Give her an owner by the rule of her cell. An owner stays: only a colleague who left is replaced."""
    _release(draft)
    talk = draft.conversation
    owner = draft.rep(draft.customer.owner)
    if talk is None or (owner is not None and owner.active):
        return
    if draft.customer.owner and owner is None and not draft.snapshot.reps:
        return
    cell = next((c for c in draft.playbook.matrix if c.id == talk.cell), draft.playbook.matrix[-1])
    assigned = assign(draft.customer, cell.owner, draft.snapshot.reps)
    draft.steps.append(assigned.because)
    if assigned.rep is None:
        return
    draft.do(SetOwner(rep=assigned.rep.id, load_seen=assigned.rep.load))
    draft.raised = True
    if owner is None:
        return
    draft.steps.append(
        Because(
            about="assign",
            words=Words(zh=f"原负责人{owner.name}已停用", en=f"The owner so far, {owner.name}, is not active"),
        )
    )


def _release(draft: Draft) -> None:
    """A colleague who left holds nothing any more."""
    talk = draft.conversation
    claimer = draft.rep(talk.claimed_by) if talk else None
    if talk is None or claimer is None or claimer.active:
        return
    draft.do(SetClaim(conversation_id=talk.id, rep=""))
    draft.raised = True
    draft.because("assign", f"{claimer.name}已停用，释放认领", f"{claimer.name} is not active: the claim is released")
