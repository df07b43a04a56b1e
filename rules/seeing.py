"""Who may see a conversation and act on it: one answer for cards, lists, commands and buttons.

Seeing and acting are the same right but for one thing: a follower, whose contact she is on the platform, may look.
"""

from __future__ import annotations

from collections.abc import Sequence

from rules.book import Playbook
from rules.model import Conversation, Customer, Rep


def may_act(actor: Rep, customer: Customer, talk: Conversation, playbook: Playbook, reps: Sequence[Rep]) -> bool:
    """A manager everywhere; her owner; who claimed the conversation; a colleague of the team whose channel it stands
    in, or of her owner's team. A rep without a team belongs to every team."""
    return may_act_on(actor, customer.owner, talk, playbook, reps)


def may_act_on(actor: Rep, owner_id: str, talk: Conversation, playbook: Playbook, reps: Sequence[Rep]) -> bool:
    """The same from the customer's owner alone, for lists: nothing else about her counts."""
    if not actor.active:
        return False
    if actor.role == "manager" or actor.id in (owner_id, talk.claimed_by):
        return True
    channel = playbook.channels.get(talk.channel)
    owner = next((r for r in reps if r.id == owner_id), None) if owner_id else None
    return actor.team in ("", channel.team if channel else "") or (owner is not None and owner.team == actor.team)


def channels_of(actor: Rep, playbook: Playbook) -> tuple[str, ...]:
    """Keys of the channels of her team."""
    return tuple(key for key, channel in playbook.channels.items() if channel.team == actor.team)
