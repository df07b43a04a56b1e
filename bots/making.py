"""What every maker of jobs uses: a job's common part, the reason why there is none, a reference for connectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.contract import Outcome, Reference, Undeliverable
from storage.outbox import Claim
from storage.references import BotReference


@dataclass(frozen=True, kw_only=True, slots=True)
class NotNow:
    """There is no job: the row ends, or waits, like this."""

    outcome: Outcome


def base(claim: Claim, language: str) -> dict[str, Any]:
    """What every job has."""
    return {"row_id": claim.id, "attempt": claim.attempt, "language": language}


def gone() -> NotNow:
    """What the row hangs on is not there any more."""
    return NotNow(outcome=Undeliverable(reason="root_gone"))


def reference(found: BotReference | None) -> Reference | None:
    """How the bot may speak there; None where it may not."""
    if found is None:
        return None
    return Reference(
        wire_id=found.wire_id,
        service_url=found.service_url,
        team_id=found.team_id,
        group_id=found.group_id,
        member_wire_id=found.member_wire_id,
    )
