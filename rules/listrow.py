"""A conversation as one row of a list: the same facts as on its card, as few as a list shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from rules.book import Playbook
from rules.card import CardView
from rules.cardparts import name_of
from rules.model import STAGE_WORDS, Balance, Conversation, Rep, Stage, Words
from rules.nextstep import Standing, next_step
from rules.sla import Sla, sla_of

State = Literal["unclaimed", "claimed", "snoozed", "closed"]


def state_of(talk: Conversation) -> State:
    """Who has the conversation, in one word."""
    if talk.status == "closed":
        return "closed"
    if talk.status == "snoozed":
        return "snoozed"
    return "claimed" if talk.claimed_by else "unclaimed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """What a row is made from, read for a whole list at once."""

    talk: Conversation
    customer_id: str
    name: str
    company: str
    stage: Stage
    owner: str
    """Id of her owner, or empty."""
    balances: tuple[Balance, ...] = ()
    unknown: bool = False
    """The end of a sending to her is unknown."""
    failed: bool = False
    """Our last message did not arrive."""
    mailed: bool = False
    """The last touch is a mail of hers."""
    task: Words | None = None
    """The open task that is due first."""
    has_mail: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ListRow:
    """One row, already decided; a face only lays it out. Each fact reads as on the card."""

    conversation_id: str
    state: State
    name: str
    company: str
    stage_words: Words
    score: int
    owner: str
    """Name of the owner, or empty."""
    next_step: Words
    sla: Sla | None = None
    paused: bool = False
    """A manager has paused every automatic send."""

    @classmethod
    def of(cls, listed: Listed, book: Playbook, reps: Sequence[Rep], now: datetime, *, paused: bool) -> Self:
        """The row as it is now."""
        talk, owner = listed.talk, name_of(reps, listed.owner)
        standing = Standing(
            talk=talk,
            owner=owner,
            claimed=name_of(reps, talk.claimed_by),
            unknown=listed.unknown,
            failed=listed.failed,
            mailed=listed.mailed,
            task=listed.task,
            has_mail=listed.has_mail,
        )
        return cls(
            conversation_id=talk.id,
            state=state_of(talk),
            name=listed.name,
            company=listed.company,
            stage_words=STAGE_WORDS[listed.stage],
            score=round(sum(b.now(now) for b in listed.balances)),
            owner=owner,
            next_step=next_step(standing),
            sla=sla_of(talk, book, now),
            paused=paused,
        )

    @classmethod
    def of_card(cls, card: CardView) -> Self:
        """The row of a card that is drawn already."""
        return cls(**{name: getattr(card, name) for name in cls.__dataclass_fields__})
