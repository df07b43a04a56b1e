"""Whose clients keep a card fresh by themselves."""

from __future__ import annotations

from rules.book import Playbook
from rules.model import Conversation, Customer
from rules.seeing import may_act
from storage import reps
from storage.unit import Unit


def readers(unit: Unit, playbook: Playbook, customer: Customer, talk: Conversation) -> tuple[str, ...]:
    """Teams ids: her owner and who claimed it first, then everybody else who may act.

    Empty while nobody's Teams id is known: then everybody's does, in a channel of up to 60 people.
    """
    people = [r for r in reps.all_reps(unit) if r.active and r.teams_id]
    mine = [r for r in people if may_act(r, customer, talk, playbook, people)]
    first = (talk.claimed_by, customer.owner)
    return tuple(r.teams_id for r in sorted(mine, key=lambda r: (r.id not in first, r.id)))
