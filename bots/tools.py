"""What an operator does to a hub from beside it: short transactions on the same database, by the hub's own door.

A hub that is running takes up what is put into its inbox at its next tick.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.contract import Connector, Inbound, Reconciles
from rules.book import Playbook
from rules.events import PlaybookPublished
from rules.model import Address
from storage import inbox, timers, watch
from storage.database import Database
from storage.watch import Passing

_MANY = 500


@dataclass(frozen=True, kw_only=True)
class Tools:
    """An open database, as a guest."""

    db: Database
    now: datetime
    """Business time."""

    async def parked(self) -> list[tuple[str, str]]:
        """(event id, error) of events that were given up, oldest first."""
        return await self.db.read(inbox.parked)

    async def replay(self, event_id: str) -> bool:
        """Put a parked event back into the inbox; False when it is not parked."""
        return await self.db.write(lambda unit: inbox.replay(unit, event_id), label="act")

    async def quiet(self, conversation_id: str) -> bool:
        """Let a conversation count as quiet now; False without a quiet timer. The turn still looks at everything."""
        return await self.db.write(lambda unit: timers.bring_forward(unit, conversation_id, self.now), label="timers")

    async def reconcile(self, connectors: Sequence[Connector]) -> int:
        """Let the hub look what a platform may have failed to announce; how many looks were ordered."""
        found = [i for c in connectors if isinstance(c, Reconciles) for i in c.reconcile()]
        await self._accept(found)
        return len(found)

    async def provision(self, playbook: Playbook) -> None:
        """Let the hub make sure of the channels of the playbook again."""
        event = PlaybookPublished(
            id=f"playbook/{playbook.version}/{secrets.token_hex(6)}", at=self.now, version=playbook.version
        )
        await self._accept([Inbound(event=event, order=Address(connector="hub", account="", wire_id="playbook"))])

    async def _accept(self, found: Sequence[Inbound]) -> None:
        rows = [inbox.Accepted(event=i.event, order=i.order, keys=i.keys) for i in found]
        await self.db.write(lambda unit: inbox.accept_many(unit, [rows]), label="intake")

    async def tail(self, lines: int, *, seconds: float) -> AsyncIterator[str]:
        """The newest turns and deliveries, then every change as it is seen, looking every so many wall seconds."""
        seen: dict[tuple[str, int], str] = {}
        first = True
        while True:
            rows = await self.db.read(lambda unit: watch.recent(unit, _MANY))
            fresh = [r for r in rows if seen.get((r.queue, r.seq)) != _state(r)]
            seen = {(r.queue, r.seq): _state(r) for r in rows}
            for row in _newest(fresh, lines) if first else fresh:
                yield line(row)
            first = False
            if not seconds:
                return
            await asyncio.sleep(seconds)


def line(row: Passing) -> str:
    """One row as it is printed: ids, kinds and codes only."""
    at = row.at.isoformat(timespec="seconds") if row.at else "-"
    parts = [f"{at:<25}", f"{row.queue:<8}", f"{row.state:<13}", f"{row.kind:<20}", row.id]
    parts += [f"to={row.connector}"] if row.connector else []
    parts += [f"conversation={row.conversation_id}"] if row.conversation_id else []
    parts += [f"attempts={row.attempts}"] if row.attempts > 1 else []
    parts += [f"reason={row.reason}"] if row.reason else []
    return " ".join(parts)


def _state(row: Passing) -> str:
    return f"{row.state} {row.attempts} {row.reason}"


def _newest(rows: Sequence[Passing], lines: int) -> list[Passing]:
    """The last so many, both queues in the order of business time; what has not ended comes last."""
    ordered = sorted(rows, key=lambda r: (r.at is None, r.at.timestamp() if r.at else 0.0, r.seq))
    return ordered[-lines:] if lines else []
