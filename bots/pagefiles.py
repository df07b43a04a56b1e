"""What pages ask about files: open one, if whoever asks may see the conversation it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from bots import filework
from bots.desk import Desk
from bots.filework import MOST_BYTES, Opened
from rules.model import RepHandle
from storage import files
from storage.database import Database
from storage.unit import Unit


@dataclass(frozen=True, kw_only=True)
class PageFiles:
    """Each call may raise Unavailable."""

    db: Database
    desk: Desk
    most_bytes: int = MOST_BYTES
    """The largest file a rep may send; a platform may take less."""

    async def file(self, file_id: str, by: RepHandle) -> Opened | None:
        """A file with its content; None when it is not theirs or not there."""

        def look(unit: Unit) -> Opened | None:
            return filework.opened(unit, file_id, lambda talk: self.desk.seen(unit, talk, by) is not None)

        return await self.db.read(look)

    async def sent(self, file_id: str) -> Opened | None:
        """A file that a rep sent to a customer, for whoever was given its address; None for any other."""

        def look(unit: Unit) -> Opened | None:
            held = files.held(unit, file_id)
            return filework.opened(unit, file_id, lambda _: bool(held and held.rep))

        return await self.db.read(look)
