"""What reps look at: the card of a conversation, and lists of cards, as far as each may see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bots import filework
from rules import cardview
from rules.book import Playbook
from rules.card import CardView, TouchView
from rules.listrow import Listed, ListRow
from rules.model import Conversation, Customer, Identity, Rep, RepHandle, ReplyLimits, Words
from rules.seeing import channels_of, may_act, may_act_on
from rules.talk import FORM_LINK
from storage import (
    customers,
    fates,
    files,
    follows,
    identities,
    ledger,
    listrows,
    notes,
    orders,
    outbox,
    places,
    references,
    reps,
    timeline,
    traces,
    worklists,
)
from storage.database import Database
from storage.unit import Unit

TOUCHES = 5
SCORE_LINES = 5


@dataclass(kw_only=True)
class Desk:
    """Reads for faces; nothing here changes anything."""

    playbook: Playbook
    limits: Mapping[str, ReplyLimits]
    now: Callable[[], datetime]
    db: Database

    async def card(self, conversation_id: str, by: RepHandle) -> CardView | None:
        """The card as this rep may see it; None when it is not theirs or not there."""
        return await self.db.read(lambda unit: self._card(unit, conversation_id, by))

    async def cards(self, query: str, by: RepHandle, *, limit: int) -> Sequence[CardView]:
        """Cards for a list this rep asked for."""
        return await self.db.read(lambda unit: self._cards(unit, query, by, limit))

    async def rows(self, query: str, by: RepHandle, *, limit: int) -> Sequence[ListRow]:
        """Rows for a list this rep asked for: the same conversations as `cards`, for far less."""
        return await self.db.read(lambda unit: self._rows(unit, query, by, limit))

    async def conversation_for(self, identity: Identity, by: RepHandle) -> str | None:
        """The newest conversation of a customer this rep may see."""

        def look(unit: Unit) -> str | None:
            rep = reps.by_handle(unit, by)
            customer = customers.load(unit, places.by_identity(unit, identity))
            if rep is None or customer is None:
                return None
            seen = [c for c in customer.conversations if self._may_see(unit, customer, c, rep)]
            return max(seen, key=lambda c: c.touched_at).id if seen else None

        return await self.db.read(look)

    def view(
        self, unit: Unit, customer: Customer, talk: Conversation, now: datetime, *, viewer: Rep | None = None
    ) -> CardView:
        """The one view of a customer that all faces show; without a viewer, as the whole team sees it."""
        trace = traces.trace_of(unit, talk.id)
        language = viewer.language if viewer else self.playbook.language
        seen = cardview.Seen(
            customer=customer,
            conversation=talk,
            playbook=self.playbook,
            now=now,
            reps=reps.all_reps(unit),
            limits=self.limits.get(talk.address.connector, cardview.NO_LIMITS),
            touches=touches_of(unit, timeline.touches(unit, customer.id, TOUCHES), language),
            touch_count=timeline.touch_count(unit, customer.id),
            entries=ledger.ledger_top(unit, customer.id, now, SCORE_LINES),
            route=next(iter(trace.about("route")), None) if trace else None,
            assigned=traces.newest(unit, customer.id, "assign"),
            staged=traces.newest(unit, customer.id, "stage"),
            woken=traces.newest(unit, customer.id, "quiet") if talk.wakeup else None,
            identities=identities.of_customer(unit, customer.id),
            unknown=len(outbox.unknown_ids(unit, customer.id)),
            paused=notes.switched(unit, orders.PAUSED),
            viewer=viewer,
            channel_was=self._channel_was(unit, talk.channel),
        )
        return cardview.build(seen)

    def _channel_was(self, unit: Unit, key: str) -> str:
        """The last name of a channel that left the playbook."""
        gone = references.channel(unit, key) if key and key not in self.playbook.channels else None
        return gone.name if gone else ""

    def listing(self, unit: Unit, query: str, rep: Rep, text: Words, now: datetime) -> Words:
        """A list as lines under a text, for a notice."""
        rows = self.rows_of(unit, query, rep, 10, now)
        if not rows:
            return Words(zh=f"{text.zh}\n（没有）", en=f"{text.en}\n(nothing)")
        zh = "\n".join(f"- {r.name} · {r.stage_words.zh} · {r.next_step.zh}" for r in rows)
        en = "\n".join(f"- {r.name} · {r.stage_words.en} · {r.next_step.en}" for r in rows)
        return Words(zh=f"{text.zh}\n{zh}", en=f"{text.en}\n{en}")

    def seen(self, unit: Unit, conversation_id: str, by: RepHandle) -> tuple[Rep, Customer, Conversation] | None:
        """A conversation and whose it is, if this rep may see it; None when it is not theirs or not there."""
        rep = reps.by_handle(unit, by)
        customer = customers.load(unit, places.by_conversation(unit, conversation_id).customer_id)
        talk = customer.conversation(conversation_id) if customer else None
        if rep is None or customer is None or talk is None or not self._may_see(unit, customer, talk, rep):
            return None
        return rep, customer, talk

    def _card(self, unit: Unit, conversation_id: str, by: RepHandle) -> CardView | None:
        found = self.seen(unit, conversation_id, by)
        if found is None:
            return None
        rep, customer, talk = found
        return self.view(unit, customer, talk, self.now(), viewer=rep)

    def _cards(self, unit: Unit, query: str, by: RepHandle, limit: int) -> Sequence[CardView]:
        rep = reps.by_handle(unit, by)
        return self.listed(unit, query, rep, limit, self.now()) if rep else ()

    def _rows(self, unit: Unit, query: str, by: RepHandle, limit: int) -> Sequence[ListRow]:
        rep = reps.by_handle(unit, by)
        return self.rows_of(unit, query, rep, limit, self.now()) if rep else ()

    def rows_of(self, unit: Unit, query: str, rep: Rep, limit: int, now: datetime) -> list[ListRow]:
        """The first rows of a list, as far as this rep may see them."""
        ids = worklists.conversations_for(unit, query, rep, channels_of(rep, self.playbook))
        staff, paused = reps.all_reps(unit), notes.switched(unit, orders.PAUSED)
        found: list[ListRow] = []
        # A list holds hardly anything she may not see, so the first piece is nearly always all of it.
        for start in range(0, len(ids), limit):
            piece = self._may_see_of(unit, listrows.listed(unit, ids[start : start + limit]), rep, staff)
            found += [ListRow.of(one, self.playbook, staff, now, paused=paused) for one in piece]
            if len(found) >= limit:
                break
        return found[:limit]

    def _may_see_of(self, unit: Unit, some: Sequence[Listed], rep: Rep, staff: Sequence[Rep]) -> list[Listed]:
        """As `_may_see`, for a piece of a list at once."""
        may = {one.talk.id for one in some if may_act_on(rep, one.owner, one.talk, self.playbook, staff)}
        rest = {one.customer_id for one in some if one.talk.id not in may} if rep.active else set()
        followed = follows.followed(unit, rep.id, rest) if rest else frozenset()
        return [one for one in some if one.talk.id in may or one.customer_id in followed]

    def listed(self, unit: Unit, query: str, rep: Rep, limit: int, now: datetime) -> list[CardView]:
        """The first cards of a list, as far as this rep may see them."""
        found: list[CardView] = []
        for conversation_id in worklists.conversations_for(unit, query, rep, channels_of(rep, self.playbook)):
            customer = customers.load(unit, places.by_conversation(unit, conversation_id).customer_id)
            talk = customer.conversation(conversation_id) if customer else None
            if customer and talk and self._may_see(unit, customer, talk, rep):
                found.append(self.view(unit, customer, talk, now, viewer=rep))
            if len(found) == limit:
                break
        return found

    def _may_see(self, unit: Unit, customer: Customer, talk: Conversation, rep: Rep) -> bool:
        """Who may act may look; and so may a follower."""
        if may_act(rep, customer, talk, self.playbook, reps.all_reps(unit)):
            return True
        return rep.active and rep.id in follows.followers(unit, customer.id)


def touches_of(unit: Unit, touches: Sequence[timeline.Touch], language: str) -> list[TouchView]:
    """Touches as colleagues read them, each message of ours with how it fared."""
    fared = fates.fates(unit, [t.event_id for t in touches if t.side != "customer"])
    brought = files.of_events(unit, [t.event_id for t in touches])
    seen = [touch_view(t, language, fared.get(t.event_id, "")) for t in touches]
    return [replace(v, files=tuple(filework.view(f) for f in brought.get(v.id, ()))) for v in seen]


def touch_view(touch: timeline.Touch, language: str, fate: fates.Fate = "") -> TouchView:
    """A touch as colleagues read it: an address that is hers alone is not repeated."""
    text = touch.text if touch.side == "customer" else touch.text.replace("{form}", FORM_LINK.in_(language))
    return TouchView(at=touch.at, who=touch.side, where=touch.connector, text=text, id=touch.event_id, state=fate)
