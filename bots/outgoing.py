"""Where a sending goes: which connector takes it, and in which lane it keeps its order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.effects import (
    AskProfile,
    AskSession,
    FetchFile,
    MarkNotices,
    MoveSession,
    NotifyRep,
    Provision,
    PullMessages,
    SendFile,
    Sending,
    SendMail,
    SendText,
    SendWelcome,
)
from rules.model import Customer, Rep


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """The connector's name and the lane: rows of one lane go out one after the other."""

    connector: str
    lane: str


def destination(sending: Sending, customer: Customer, reps: Mapping[str, Rep]) -> Destination:
    """Where `sending` goes, seen from the customer as she is after the turn.

    Threads keep one lane each (root, lines and edits in order); questions to a platform have a lane beside the
    conversation's, so that waiting for an answer holds no message up; welcomes, mails and files that are
    fetched have a lane each.
    """
    match sending:
        case SendText() | SendFile():
            conversation = customer.conversation(sending.conversation_id)
            if conversation is None:
                raise ValueError(f"a text to no conversation: {sending.conversation_id}")
            return Destination(connector=conversation.address.connector, lane=conversation.address.key)
        case SendWelcome() | FetchFile():
            return Destination(connector=sending.address.connector, lane=f"{sending.kind}|{sending.id}")
        case SendMail():
            return Destination(connector="mail", lane=f"mail|{sending.id}")
        case NotifyRep():
            rep = reps.get(sending.rep)
            connector = sending.via or ("teams" if rep and rep.aad_id else "wecom")
            return Destination(connector=connector, lane=f"rep|{connector}|{sending.rep}")
        case MarkNotices():
            return Destination(connector="wecom", lane=f"marks|{sending.conversation_id}")
        case AskProfile() | AskSession() | MoveSession():
            return Destination(connector=sending.address.connector, lane=f"{sending.address.key}|ask")
        case PullMessages():
            return Destination(connector=sending.address.connector, lane=f"{sending.address.key}|pull")
        case Provision():
            return Destination(connector="teams", lane="teams|provision")
        case _:
            return Destination(connector="teams", lane=f"thread|{sending.conversation_id}")
