"""Where an event belongs: which customer and which conversation it is about, found by keyed indexes alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, bindparam, select, text

from rules import events
from rules.effects import new_id
from rules.events import Event
from rules.model import Address, Identity
from storage.inbox import lane_key
from storage.tables import conversations, identities, mails, outbox
from storage.unit import Unit


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What an event is about. No customer: an empty id. `new`: nobody knows her yet, the id is what she will have."""

    customer_id: str = ""
    conversation_id: str = ""
    new: bool = False


NOWHERE = Place()


def locate(unit: Unit, event: Event) -> Place:
    """The customer and conversation of an event. Only who writes to us, or is added, becomes a new customer."""
    match event:
        case events.MessageReceived() | events.SessionEntered() | events.ContactAdded() | events.ColleagueWrote():
            found = _by_address(unit, event.address, event.identity)
            return found if found.customer_id else Place(customer_id=new_id(event.id, "customer"), new=True)
        case events.ContactRemoved() | events.SessionChanged() | events.ProfileLearned():
            return _by_address(unit, event.address, event.identity)
        case events.MessageFailed() | events.UnknownPayload():
            return _by_address(unit, event.address, None)
        case events.PageVisited() | events.FormSubmitted() | events.ChannelWentQuiet():
            return by_conversation(unit, event.conversation_id)
        case events.MailReceived() | events.MailBounced() | events.LinkClicked() | events.Unsubscribed():
            return _by_mail(unit, event.mail_id)
        case events.RepSpoke():
            known = by_conversation(unit, event.conversation_id)
            return known if known.customer_id or event.personal else _by_thread(unit, event.thread)
        case events.RepActed():
            known = by_conversation(unit, event.conversation_id)
            return known if known.customer_id or event.thread is None else _by_thread(unit, event.thread)
        case events.DeliveryReported():
            return _by_row(unit, event.row_id)
        case events.TimerFired():
            return Place(customer_id=event.customer_id, conversation_id=event.conversation_id)
        case _:
            return NOWHERE


def by_conversation(unit: Unit, conversation_id: str) -> Place:
    """The place of one conversation; NOWHERE when it is not there."""
    return _conversation(unit.row(_BY_ID, id=conversation_id)) if conversation_id else NOWHERE


def by_identity(unit: Unit, identity: Identity) -> str:
    """Id of the customer a verified name leads to, or empty."""
    return str(unit.conn.execute(_BY_INDEX, {"name": identity_index(unit, identity)}).scalar() or "")


def identity_index(unit: Unit, identity: Identity) -> str:
    """The keyed index of a name. Mail and phone are the same wherever they are said; others belong to a platform."""
    if identity.kind in ("mail", "phone"):
        return unit.vault.index(identity.kind, identity.value)
    return unit.vault.index(f"{identity.platform}/{identity.kind}", identity.value)


def lane_of(unit: Unit, conversation_id: str) -> str:
    """The inbox lane of a conversation, or empty when it is not there."""
    return str(unit.conn.execute(_LANE, {"talk": conversation_id}).scalar() or "")


def _by_address(unit: Unit, address: Address, identity: Identity | None) -> Place:
    found = _conversation(unit.row(_BY_LANE, lane=lane_key(unit, address)))
    if found.customer_id or identity is None or not identity.verified:
        return found
    return Place(customer_id=by_identity(unit, identity))


def _by_mail(unit: Unit, mail_id: str) -> Place:
    if not mail_id:
        return NOWHERE
    return _pair(unit, mails, mails.c.id == mail_id) or _by_row(unit, mail_id)


def _by_row(unit: Unit, row_id: str) -> Place:
    row = unit.row(_BY_ROW, row=row_id)
    return NOWHERE if row is None else Place(**row)


def _by_thread(unit: Unit, thread: Address) -> Place:
    """By the root post that began the thread."""
    if not thread.wire_id:
        return NOWHERE
    root = text("kind = 'post_root' AND wire_id != ''") & (outbox.c.wire_id == thread.wire_id)
    return _pair(unit, outbox, root & (outbox.c.connector == thread.connector)) or NOWHERE


_PLACE = select(conversations.c.id, conversations.c.customer_id)
_BY_ID = _PLACE.where(conversations.c.id == bindparam("id"))
_LANE = select(conversations.c.lane).where(conversations.c.id == bindparam("talk"))
_BY_ROW = select(outbox.c.customer_id, outbox.c.conversation_id).where(outbox.c.id == bindparam("row"))
_BY_INDEX = select(identities.c.customer_id).where(
    identities.c.index == bindparam("name"), identities.c.locates.is_(True)
)
_BY_LANE = _PLACE.where(conversations.c.lane == bindparam("lane"))


def _conversation(row: RowMapping | None) -> Place:
    return NOWHERE if row is None else Place(customer_id=row["customer_id"], conversation_id=row["id"])


def _pair(unit: Unit, table: Any, which: ColumnElement[bool]) -> Place | None:
    row = unit.row(select(table.c.customer_id, table.c.conversation_id).where(which).limit(1))
    return None if row is None else Place(**row)
