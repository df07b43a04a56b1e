"""Files on their way: noted in a turn, fetched and sent as jobs, their contents kept with the end of the job."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from bots.making import NotNow, base, reference
from connectors.contract import (
    CustomerFile,
    Delivered,
    FileFetch,
    Job,
    Outcome,
    Skipped,
    TryLater,
    Undeliverable,
    Unknown,
)
from rules.card import FileView
from rules.cardview import NO_LIMITS
from rules.effects import FetchFile, PostLine, SendFile, Sending
from rules.events import Event, MailReceived, MessageReceived, RepActed, RepSpoke
from rules.files import ENDINGS, fitting
from rules.masking import Mirror, mirrored
from rules.model import ReplyLimits
from rules.tokens import Tokens
from rules.window import why_too_late
from storage import customers, files, outbox, references
from storage.files import Held, State
from storage.outbox import Claim
from storage.unit import Unit

MOST_BYTES = 20 * 1024 * 1024
"""The largest content there is, unless the operator says less."""
WAITING = "file_waiting"
"""Reason of a sending whose content is still on its way into the house."""
_STATES: Mapping[str, State] = {"file_expired": "expired", "file_gone": "expired", "file_too_large": "too_large"}
_REFUSED = frozenset(("file_host", "file_type_differs", "file_dangerous", "file_empty"))


class Bench(Protocol):
    """What is needed of where jobs are made."""

    @property
    def limits(self) -> Mapping[str, ReplyLimits]:
        """What each platform allows."""

    @property
    def language(self) -> str:
        """Of the threads."""

    @property
    def tokens(self) -> Tokens:
        """What makes the addresses that she may open."""

    @property
    def public_url(self) -> str:
        """As the world reaches us."""

    @property
    def most_bytes(self) -> int:
        """The largest content that is fetched."""


def view(held: Held) -> FileView:
    """A file as faces show it. One without a name gets one to save it under."""
    name = held.name or f"{held.form}-{held.at:%Y%m%d-%H%M}{ENDINGS.get(held.type, '')}"
    return FileView(id=held.id, kind=held.form, name=name, size=held.size, state=held.state, type=held.type)


# --- in a turn ------------------------------------------------------------------------------------------------------


def noted(
    unit: Unit, event: Event, sendings: Sequence[Sending], *, customer_id: str, actor: str, now: datetime
) -> None:
    """Note files that are to be fetched, and tell those that came with the event whose they are."""
    for sending in sendings:
        if isinstance(sending, FetchFile):
            files.expect(unit, sending, customer_id=customer_id, event_id=event.id, rep=_bringer(event, actor), now=now)
        elif isinstance(sending, SendFile):
            _bind(unit, [sending.file_id], sending, customer_id=customer_id, event_id=event.id, rep=actor)
        elif isinstance(sending, PostLine) and sending.files and isinstance(event, MailReceived | MessageReceived):
            _bind(unit, sending.files, sending, customer_id=customer_id, event_id=event.id, rep="")
    _refused(unit, event, sendings)


def _refused(unit: Unit, event: Event, sendings: Sequence[Sending]) -> None:
    """A file whose sending was refused is not kept."""
    if isinstance(event, RepActed) and event.verb == "send_file" and not any(isinstance(s, SendFile) for s in sendings):
        files.forget(unit, [event.inputs.get("file", "")])


def _bringer(event: Event, actor: str) -> str:
    return actor if isinstance(event, RepActed | RepSpoke) else ""


def _bind(unit: Unit, ids: Sequence[str], sending: Sending, **whose: str) -> None:
    files.bind(unit, ids, conversation_id=sending.conversation_id, **whose)


# --- as jobs --------------------------------------------------------------------------------------------------------


def fetch(bench: Bench, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
    """A content is brought into the house, unless the platform has forgotten it."""
    sending = claim.sending
    assert isinstance(sending, FetchFile)  # noqa: S101 - makers are found by the kind of sending
    if now > sending.until:
        return NotNow(outcome=Undeliverable(reason="file_expired"))
    return FileFetch(
        **base(claim, bench.language),
        address=sending.address,
        reference=reference(references.at_address(unit, sending.address)),
        form=sending.form,
        wire_id=sending.wire_id,
        url=sending.url,
        most=bench.most_bytes,
    )


def send(bench: Bench, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
    """A rep's file goes to the customer, if it is still allowed, and if it was brought for her."""
    sending = claim.sending
    assert isinstance(sending, SendFile)  # noqa: S101 - makers are found by the kind of sending
    customer = customers.load(unit, claim.customer_id)
    talk = customer.conversation(sending.conversation_id) if customer else None
    if customer is None or talk is None:
        return NotNow(outcome=Undeliverable(reason="root_gone"))
    if code := why_too_late(talk, bench.limits.get(talk.address.connector, NO_LIMITS), now):
        return NotNow(outcome=Undeliverable(reason=code))
    held = files.held(unit, sending.file_id)
    hers = held is not None and held.conversation_id == talk.id and held.rep
    if held is None or not hers:
        return NotNow(outcome=Undeliverable(reason="file_gone"))
    if held.state == "waiting":
        return NotNow(outcome=TryLater(reason=WAITING, seconds=5))
    content = files.content(unit, held.id) if held.state == "ready" else None
    limits = bench.limits.get(talk.address.connector, NO_LIMITS)
    way = fitting(limits.files, held.type, held.size) if content is not None else held.reason or "file_gone"
    if content is None or isinstance(way, str):
        return NotNow(outcome=Undeliverable(reason=str(way)))
    return CustomerFile(
        **base(claim, customer.language),
        address=talk.address,
        reference=reference(references.at_address(unit, talk.address)),
        form=way.kind,
        name=view(held).name,
        type=held.type,
        content=content,
        url=f"{bench.public_url}/m/{bench.tokens.mint('file', held.id)}",
    )


def ended(unit: Unit, claim: Claim, outcome: Outcome, now: datetime) -> None:
    """Keep what was fetched, in the commit of its end; or note that it will not come."""
    sending = claim.sending
    if not isinstance(sending, FetchFile):
        return
    match outcome:
        case Delivered(content=bytes() as content):
            files.arrived(unit, sending.id, content, claimed=sending.type, now=now)
        case Undeliverable() | Skipped() | Delivered():
            reason = getattr(outcome, "reason", "") or "file_gone"
            state: State = "refused" if reason in _REFUSED else _STATES.get(reason, "failed")
            files.never(unit, sending.id, state, reason, now=now)
        case TryLater() | Unknown():
            return
    outbox.hurry(unit, WAITING)


def shown(unit: Unit, ids: Sequence[str]) -> tuple[FileView, ...]:
    """Files by their ids, as they stand; those that are gone are left out."""
    return tuple(view(h) for h in (files.held(unit, one) for one in ids if one) if h is not None)


def mirrored_names(seen: Sequence[FileView], mirror: Mirror) -> tuple[FileView, ...]:
    """Files as another platform's thread may name them."""
    return tuple(replace(f, name="" if mirror == "notice" else mirrored(f.name, mirror)) for f in seen)


# --- as pages ask for them ------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A file that somebody may open, with its content when it is there."""

    file: FileView
    conversation_id: str
    at: datetime
    content: bytes | None


def opened(unit: Unit, file_id: str, may_see: Callable[[str], bool]) -> Opened | None:
    """A file of a conversation that this person may see; None for any other, and for one that is not there."""
    held = files.held(unit, file_id)
    if held is None or not held.conversation_id or not may_see(held.conversation_id):
        return None
    content = files.content(unit, file_id) if held.state == "ready" else None
    return Opened(file=view(held), conversation_id=held.conversation_id, at=held.at, content=content)
