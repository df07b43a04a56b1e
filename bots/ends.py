"""How one attempt to send ended, and what of it comes back into the hub as an event."""

from __future__ import annotations

from datetime import datetime

from connectors.contract import CardEdit, Delivered, Job, Outcome, Skipped, TryLater, Undeliverable, Unknown
from rules.effects import EditLine, FetchFile, NotifyRep, PostLine, PostRoot, SendFile, SendMail, SendText, kind_of
from rules.events import DeliveryReported
from storage import places
from storage.outbox import Claim, End
from storage.unit import Unit

LONGEST_REST = 900.0
"""Business seconds: no row rests longer between tries, unless the platform asks for it."""


def unsent(claim: Claim, outcome: Outcome) -> Outcome:
    """The end of a try in which nothing was sent. What was under way when its sender died may have arrived all the
    same: neither 'not sent' nor 'later' would be true of it.
    """
    match claim.sending:
        case EditLine():
            doubled = False
        case PostLine():
            doubled = claim.sending.who == "customer"
        case _:
            doubled = isinstance(claim.sending, SendText | SendFile | SendMail | PostRoot)
    return Unknown(reason="interrupted") if claim.interrupted and doubled else outcome


def end_of(claim: Claim, job: Job | None, outcome: Outcome) -> End:
    """The end as the outbox keeps it."""
    match outcome:
        case Delivered():
            thread = getattr(job, "thread", "")
            return End(
                state="delivered",
                wire_id=outcome.wire_id or thread,
                part_id=outcome.part_id,
                facts=dict(outcome.extra),
            )
        case TryLater():
            rest = max(outcome.seconds, min(LONGEST_REST, outcome.seconds * 2 ** min(claim.attempt - 1, 10)))
            return End(state="try_later", reason=outcome.reason, seconds=rest, scope=outcome.scope)
        case Undeliverable():
            back = isinstance(claim.sending, PostRoot) and isinstance(job, CardEdit) and outcome.reason == "root_gone"
            reason = "older_gone" if back else outcome.reason
            return End(state="undeliverable", reason=reason, detail=outcome.detail)
        case Unknown():
            return End(state="unknown", reason=outcome.reason)
        case Skipped():
            return End(state="skipped", reason=outcome.reason)


def report_of(claim: Claim, end: End, now: datetime) -> DeliveryReported | None:
    """The end as an event: when it was asked for, and always when a person must know."""
    asked = claim.sending.report and (end.state != "try_later" or claim.attempt == 1)
    if not asked and end.state not in ("unknown", "undeliverable"):
        return None
    return DeliveryReported(
        id=f"{claim.id}/{claim.attempt}/{end.state}",
        at=now,
        row_id=claim.id,
        conversation_id=claim.sending.conversation_id,
        effect=kind_of(claim.sending),
        outcome="waiting" if end.state == "try_later" else end.state,
        wire_id=end.wire_id,
        reason=end.reason,
        after=claim.sending.after,
        rep=claim.sending.rep if isinstance(claim.sending, NotifyRep) else "",
        line=claim.sending.line if isinstance(claim.sending, FetchFile) else "",
        said=claim.sending if type(claim.sending) is PostLine and end.reason == "root_gone" else None,
    )


def lane_of(unit: Unit, claim: Claim) -> str:
    """Where the report of an end goes: to the conversation, or for a notice about none, to the rep's own lane."""
    found = places.lane_of(unit, claim.sending.conversation_id)
    if not found and isinstance(claim.sending, NotifyRep):
        return unit.vault.digest("lane", f"rep|{claim.sending.rep}")
    return found
