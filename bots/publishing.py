"""Which playbook holds: the file of the configuration until a page publishes another; every node follows the newest.

A file that has changed since the last start is news and comes into force; one that has not leaves what was published
on a page in force.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bots.logs import logger
from connectors.contract import Inbound
from rules.book import Playbook
from rules.errors import ConfigError
from rules.events import PlaybookPublished
from rules.model import Address
from rules.playbook import parse
from storage import audit, playbooks
from storage.database import Database
from storage.playbooks import Origin
from storage.unit import Unit

PLACE = Address(connector="hub", account="", wire_id="playbook")


class Holder(Protocol):
    """Something that works by the playbook."""

    playbook: Playbook


@dataclass(kw_only=True)
class Publishing:
    """One node's share."""

    db: Database
    now: Callable[[], datetime]
    accept: Callable[[Sequence[Inbound]], Awaitable[None]]
    book: Playbook
    """What holds; at first the file's."""
    language: str = ""
    """In which language threads are written, where the configuration says another one than the playbook."""
    checks: list[Callable[[Playbook], None]] = field(default_factory=list)
    """More than the playbook itself can know, a mail template that must exist: each raises ConfigError."""
    _holders: list[Holder] = field(default_factory=list)
    _number: int = 0

    def give(self, *holders: Holder) -> None:
        """Let these work by whatever holds."""
        self._holders += holders
        for holder in holders:
            holder.playbook = self.book

    async def settle(self) -> None:
        """Find out what holds at the start; `book` is the file's. Raises Unavailable."""
        file = self.book
        known, last = await self.db.read(
            lambda unit: (playbooks.newest_of(unit, "file"), playbooks.number_in_force(unit))
        )
        if known is not None and known.version == file.version and await self._take(last):
            return
        await self.db.write(lambda unit: self._bring(unit, file, by="", comment="", origin="file"), label="staff")
        await self._take(await self.db.read(playbooks.number_in_force))

    async def follow(self) -> None:
        """Take over what another node, or a page, has published. Raises Unavailable."""
        number = await self.db.read(playbooks.number_in_force)
        if number and number != self._number:
            await self._take(number)
            await self.announce()

    async def publish(self, book: Playbook, *, by: str, comment: str, base: str, origin: Origin) -> bool:
        """Bring a playbook into force, made from the version `base`; False when another one holds by now.

        Raises ConfigError with what speaks against it, Unavailable.
        """
        for check in self.checks:
            check(book)

        def work(unit: Unit) -> bool:
            holds = playbooks.in_force(unit)
            if (holds.version if holds else self.book.version) != base:
                return False
            self._bring(unit, book, by=by, comment=comment, origin=origin)
            details = {"before": base, "after": book.version, "comment": comment}
            action = "publish" if origin == "page" else "roll-back"
            audit.append(unit, at=self.now(), who=by, action=action, about="playbook", details=details)
            return True

        done = await self.db.write(work, label="staff")
        await self.follow()  # also when another node was faster: whoever looks again sees what holds
        return done

    async def announce(self) -> None:
        """Say which playbook holds; the same one again is no news. Raises Unavailable."""
        version = self.book.version
        event = PlaybookPublished(id=f"playbook/{version}/{self._number}", at=self.now(), version=version)
        await self.accept([Inbound(event=event, order=PLACE)])

    def _spoken(self, book: Playbook) -> Playbook:
        return book.model_copy(update={"language": self.language}) if self.language else book

    def _bring(self, unit: Unit, book: Playbook, *, by: str, comment: str, origin: Origin) -> None:
        now = self.now()
        playbooks.keep(unit, version=book.version, name=book.name, text=book.text, now=now)
        playbooks.publish(unit, version=book.version, at=now, by=by, comment=comment, origin=origin)

    async def _take(self, number: int) -> bool:
        """Work by a publication; False when it cannot be used any more, and then nothing changes."""
        text, name = await self.db.read(lambda unit: _text(unit, number))
        try:
            book = self.book if text == self.book.text else self._spoken(parse(text, name))
            for check in self.checks:
                check(book)
        except ConfigError as wrong:
            logger().error("playbook_unusable", playbook=str(number), error=str(wrong.mistakes[0].where)[:100])
            self._number = number
            return False
        self._number, self.book = number, book
        for holder in self._holders:
            holder.playbook = book
        return True


def _text(unit: Unit, number: int) -> tuple[str, str]:
    found = playbooks.published(unit, number)
    kept = playbooks.version(unit, found.version) if found else None
    return (kept.text, kept.name) if kept else ("", "")
