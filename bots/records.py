"""What the pages of reps ask beyond the card: all that was said, names in clear, how each wants her page.

Looking at names in clear is written down before they are shown; a layout is a preference and changes no customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from bots.desk import Desk, touches_of
from rules.card import TouchView
from rules.layout import LAYOUT, Layout
from rules.model import Identity, RepHandle
from storage import audit, identities, notes, outbox, reps, timeline
from storage.database import Database
from storage.unit import Unit

REVEAL = "reveal"
"""What the audit calls a look at names in clear."""
_FOR_EVER = 253_402_300_799.0
"""Last second of the year 9999: a layout does not expire."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """A piece of what was said and done, newest first."""

    touches: tuple[TouchView, ...]
    older: int
    """Where the next piece begins; 0 at the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layouts:
    """How a page is laid out for one rep. None: nobody said."""

    own: Layout | None = None
    everybody: Layout | None = None

    @property
    def used(self) -> Layout:
        """Her own, else everybody's, else the one we made."""
        return self.own or self.everybody or Layout()


@dataclass(frozen=True, kw_only=True)
class PageRecords:
    """Each call may raise Unavailable."""

    db: Database
    desk: Desk

    async def past(self, conversation_id: str, by: RepHandle, *, before: int, limit: int) -> Past | None:
        """Touches of the customer older than `before` (0: the newest); None when not theirs or not there."""

        def look(unit: Unit) -> Past | None:
            found = self.desk.seen(unit, conversation_id, by)
            if found is None:
                return None
            rep, customer, _ = found
            rows = timeline.touches(unit, customer.id, limit + 1, before=before)
            shown = tuple(touches_of(unit, rows[:limit], rep.language))
            return Past(touches=shown, older=rows[limit - 1].version if len(rows) > limit else 0)

        return await self.db.read(look)

    async def reveal(self, conversation_id: str, by: RepHandle) -> Sequence[Identity] | None:
        """Her names in clear, once the look is written down; None when not theirs or not there."""

        def look(unit: Unit) -> Sequence[Identity] | None:
            found = self.desk.seen(unit, conversation_id, by)
            if found is None:
                return None
            rep, customer, _ = found
            about = {"conversation": conversation_id}
            audit.append(unit, at=self.desk.now(), who=rep.id, action=REVEAL, about=customer.id, details=about)
            names = identities.of_customer(unit, customer.id)
            mail = customer.attributes.get("mail", "")
            if mail and all(n.value != mail for n in names):
                names.append(Identity(platform="mail", kind="mail", value=mail, verified=False))
            return names

        return await self.db.write(look, label="staff")

    async def layouts(self, by: RepHandle) -> Layouts:
        """How her page is laid out."""

        def look(unit: Unit) -> Layouts:
            rep = reps.by_handle(unit, by)
            return Layouts(own=_layout(unit, rep.id) if rep else None, everybody=_layout(unit, ""))

        return await self.db.read(look)

    async def keep_layout(self, by: RepHandle, layout: Layout | None, *, everybody: bool) -> bool:
        """Keep her layout, or, from a manager, everybody's; None forgets it. Whether she may."""

        def work(unit: Unit) -> bool:
            rep = reps.by_handle(unit, by)
            if rep is None or not rep.active or (everybody and rep.role != "manager"):
                return False
            key = _key("" if everybody else rep.id)
            if layout is None:
                notes.forget_note(unit, key)
            else:
                notes.keep_note(unit, key, LAYOUT.dump_json(layout).decode(), _FOR_EVER)
            if everybody:
                audit.append(unit, at=self.desk.now(), who=rep.id, action="layout", about="")
            return True

        return await self.db.write(work, label="staff")

    async def managers(self) -> Sequence[str]:
        """Names of those to ask."""
        everybody = await self.db.read(reps.all_reps)
        return sorted(r.name for r in everybody if r.active and r.role == "manager" and r.name)

    async def thread(self, conversation_id: str, by: RepHandle) -> str:
        """The wire id of her thread, for a link into it; empty when there is none, or it is not theirs."""

        def look(unit: Unit) -> str:
            found = self.desk.seen(unit, conversation_id, by)
            root = outbox.sent(unit, found[2].root) if found and found[2].root else None
            return root.wire_id if root else ""

        return await self.db.read(look)


def _key(rep_id: str) -> str:
    return f"layout|{rep_id}"


def _layout(unit: Unit, rep_id: str) -> Layout | None:
    kept = notes.note(unit, _key(rep_id))
    try:
        return LAYOUT.validate_json(kept[0]) if kept else None
    except ValidationError:  # kept by a release that knew more: ours is shown
        return None
