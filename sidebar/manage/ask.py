"""Who asks for a page, what for, and how things read to her: words, moments, spans, names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rules.book import Playbook
from rules.language import Language, spoken
from rules.model import STAGE_WORDS, Rep, Stage
from rules.strict import Said
from sidebar.inside.shown import Reading
from sidebar.manage.table import Cell
from sidebar.manage.words import SAID
from storage.reports import Talk

HOME = "/manage"
CARD = f"{HOME}/c/"
SHOWN = 100
EXPORTED = 5_000
"""Most rows of a table on a page, and in a CSV."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """One look of one manager."""

    rep: Rep
    now: datetime
    book: Playbook
    late_minutes: float
    query: Mapping[str, str] = field(default_factory=dict)
    reps: Mapping[str, Rep] = field(default_factory=dict)
    """Everybody, by id."""
    paused: bool = False
    """Every automatic send is paused."""
    most: int = SHOWN
    """Rows of a table."""

    @property
    def language(self) -> Language:
        """What she reads."""
        return spoken(self.rep.language)

    @property
    def zone(self) -> ZoneInfo:
        """Where her day begins."""
        try:
            return ZoneInfo(self.rep.zone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")

    @property
    def midnight(self) -> datetime:
        """When her day began."""
        return self.now.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def late(self) -> datetime:
        """Who wrote before this and got no answer has waited too long."""
        return self.now - timedelta(minutes=self.late_minutes)

    def say(self, key: str, **parts: object) -> str:
        """A sentence in her language."""
        return SAID[key].in_(self.language).format(**parts)

    def when(self, at: datetime | None) -> Cell:
        """A moment on her wall."""
        if at is None:
            return Cell(text="–", exact="-")
        return Cell(text=self.moment(at), exact=at.isoformat(timespec="seconds"))

    def moment(self, at: datetime) -> str:
        """A moment as words."""
        return Reading(language=self.language, now=self.now).when(at, self.rep.zone)

    def span(self, seconds: float) -> str:
        """How long something took, as short as it stays clear."""
        minutes = seconds / 60
        if minutes < 1:
            return self.say("under_minute")
        if minutes < 120:
            return self.say("minutes", n=int(minutes))
        return self.say("hours", n=int(minutes // 60)) if minutes < 2880 else self.say("days", n=int(minutes // 1440))

    def name_of(self, rep_id: str) -> str:
        """What a colleague is called."""
        found = self.reps.get(rep_id)
        return found.name if found else rep_id

    def customer(self, name: str, conversation_id: str) -> Cell:
        """A customer, with the way to her card."""
        href = f"{CARD}{conversation_id}" if conversation_id else ""
        return Cell(text=name or self.say("unnamed"), href=href)

    def channel(self, key: str) -> str:
        """A channel's name."""
        found = self.book.channels.get(key)
        return found.name if found else key or self.say("unrouted")

    def segment(self, key: str) -> str:
        """A segment's name."""
        found = next((s for s in self.book.segments if s.id == key), None)
        return self.words(found.name) if found else key or "–"

    def industry(self, key: str) -> str:
        """An industry's name."""
        found = self.book.industries.get(key)
        return self.words(found.name) if found else key or "–"

    def stage(self, key: str) -> str:
        """A stage's name."""
        return STAGE_WORDS[Stage(key)].in_(self.language) if key in set(Stage) else key

    def words(self, said: Said) -> str:
        """A text of the playbook."""
        return said.in_(self.language)

    def place(self, connector: str) -> str:
        """A platform's name."""
        return Reading(language=self.language, now=self.now).place(connector)


def talks_at(**which: str) -> str:
    """Address of the list of these conversations."""
    return f"{HOME}/talks?{urlencode({k: v for k, v in which.items() if v})}"


def talk_cells(ask: Ask, talk: Talk) -> list[Cell]:
    """A conversation as every list shows it."""
    return [
        ask.customer(talk.name, talk.id),
        Cell(text=ask.place(talk.connector)),
        Cell(text=ask.channel(talk.channel)),
        Cell(text=ask.stage(talk.stage)),
        Cell(text=ask.name_of(talk.claimed_by) or ask.say("unclaimed"), tone="" if talk.claimed_by else "warn"),
        Cell(text=ask.name_of(talk.owner) or ask.say("none")),
    ]


def talk_columns(ask: Ask) -> list[str]:
    """The titles of `talk_cells`."""
    return [ask.say(k) for k in ("customer", "where", "channel", "stage", "claimed", "owner")]


def waited(ask: Ask, since: datetime | None) -> Cell:
    """How long a customer has waited."""
    if since is None:
        return Cell(text="–", exact="-")
    seconds = max(0.0, (ask.now - since).total_seconds())
    late = since < ask.late
    text = f"{ask.span(seconds)} · {ask.say('late')}" if late else ask.span(seconds)
    return Cell(text=text, exact=since.isoformat(timespec="seconds"), tone="bad" if late else "")
