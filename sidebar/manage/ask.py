"""Who asks for a page, what for, and how things read to her: words, moments, spans, names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rules import lateness, sla
from rules.book import Playbook
from rules.language import Language, spoken
from rules.model import STAGE_WORDS, Rep, Stage
from rules.strict import Said
from rules.verbs import label
from sidebar.inside.shown import Reading
from sidebar.manage.span import Span
from sidebar.manage.table import Cell
from sidebar.manage.words import SAID
from storage.reports import Talk

HOME = "/manage"
CARD = f"{HOME}/c/"
SHOWN = 50
EXPORTED = 5_000
"""Most rows of a table on a page, and in a CSV."""
LONGEST = 100
"""Characters of anything an address picks by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """One look of one manager."""

    rep: Rep
    now: datetime
    book: Playbook
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
    def overdue(self) -> lateness.Due:
        """Whose wait is over, by the playbook's reply times and office hours."""
        return lateness.due_by(self.book, self.now)

    @property
    def soon(self) -> lateness.Due:
        """Whose wait is over, or at risk."""
        return lateness.due_by(self.book, lateness.risk_until(self.book, self.now))

    def span(self, days: int) -> Span:
        """The days that the address asks for; the last so many of her own days where it asks for none."""
        return Span.asked(self.query, self.now, self.rep.zone, days)

    @property
    def page(self) -> int:
        """Which page of a long table, from 1."""
        wanted = self.query.get("page", "")
        return max(1, int(wanted)) if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 else 1

    @property
    def skip(self) -> int:
        """Rows of the pages before; a CSV has no pages."""
        return (self.page - 1) * self.most if self.most < EXPORTED else 0

    def value(self, name: str) -> str:
        """What the address says, as far as a database can hold it; empty for anything else."""
        found = self.query.get(name, "")
        return found if found.isprintable() and len(found) <= LONGEST else ""

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

    def lasted(self, seconds: float | None) -> str:
        """How long something took, as short as it stays clear; a dash for what has not happened."""
        if seconds is None:
            return "–"
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

    def verb(self, key: str) -> str:
        """What a button is called."""
        return label(key).in_(self.language)

    def place(self, connector: str) -> str:
        """A platform's name."""
        return Reading(language=self.language, now=self.now).place(connector)


def address(page: str, /, **which: str) -> str:
    """Address of a page that shows these."""
    query = urlencode({k: v for k, v in which.items() if v})
    return f"{HOME}/{page}?{query}" if query else f"{HOME}/{page}"


def talks_at(**which: str) -> str:
    """Address of the list of these conversations."""
    return address("talks", **which)


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


def left(ask: Ask, talk: Talk) -> Cell:
    """How much of the promised time is left to answer her, or by how much it is over."""
    if talk.waiting_since is None:
        return Cell(text="–", exact="-")
    found = sla.waiting(talk.waiting_since, first=talk.last_our_at is None, book=ask.book, now=ask.now)
    tone = {"breached": "bad", "risk": "warn"}.get(found.state, "")
    return Cell(text=found.words.in_(ask.language), exact=f"{found.minutes_left} min", tone=tone)


def waited(ask: Ask, since: datetime | None) -> Cell:
    """How long a customer has waited, on the wall."""
    if since is None:
        return Cell(text="–", exact="-")
    seconds = max(0.0, (ask.now - since).total_seconds())
    return Cell(text=ask.lasted(seconds), exact=since.isoformat(timespec="seconds"))
