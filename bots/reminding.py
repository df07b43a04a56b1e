"""Keeps the next reminder of every rep planned, and puts those that are due into the inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rules.book import Playbook
from rules.reminders import next_digest
from storage import reminders, reps
from storage.database import Database
from storage.unit import Unit

EVERY = timedelta(minutes=1)
"""Business time: somebody who came, moved or changed her mind is planned for within it."""


@dataclass(kw_only=True)
class Reminding:
    """One node's share; every node does the same, and what they do twice is done once."""

    db: Database
    playbook: Playbook
    _planned: datetime | None = None

    async def tick(self, now: datetime) -> None:
        """Fire what is due, then plan anew. Raises Unavailable."""
        if await self.db.read(lambda unit: reminders.any_due(unit, now)):
            await self.db.write(lambda unit: reminders.fire_due(unit, now), label="timers")
        elif self._planned is not None and abs(now - self._planned) < EVERY:
            return
        wanted, known = await self.db.read(lambda unit: (self._wanted(unit, now), reminders.planned(unit)))
        if wanted != known:
            await self.db.write(lambda unit: reminders.plan(unit, self._wanted(unit, now)), label="timers")
        self._planned = now

    def _wanted(self, unit: Unit, now: datetime) -> dict[str, datetime]:
        """When each rep's next digest is due; a moment that has come and not fired yet stays."""
        due = {rep.id: next_digest(rep, self.playbook, now) for rep in reps.all_reps(unit)}
        standing = {rep: at for rep, at in reminders.planned(unit).items() if at <= now and due.get(rep) is not None}
        return {rep: at for rep, at in due.items() if at is not None} | standing
