"""The one view of a customer that all faces show: Teams card, WeCom card, sidebar page, Teams tab."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from rules.model import Stage, Words


@dataclass(frozen=True, kw_only=True, slots=True)
class TagView:
    """A tag with who set it."""

    name: str
    auto: bool
    rule: str = ""
    label: str = ""
    """The name in the reader's language, where the playbook has one."""

    @property
    def shown(self) -> str:
        """What a person reads; commands and forms go by `name`."""
        return self.label or self.name


FileState = Literal["waiting", "ready", "expired", "refused", "too_large", "failed"]
"""`waiting`: its content is not here yet; `ready`: it can be opened; the others say why it cannot be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileView:
    """A picture, voice, video or other file that came or went with a touch. The content has an address of its own."""

    id: str
    kind: Literal["image", "voice", "video", "file"]
    name: str
    """As its sender named it, or empty. It proves nothing about what is inside."""
    size: int
    """Bytes; 0 while nobody knows."""
    state: FileState
    type: str = ""
    """Content type as found in the content itself; empty while it is not here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TouchView:
    """One of the last touches."""

    at: datetime
    who: Literal["customer", "us", "hub"]
    where: str
    """Connector name: wecom, webchat, teams, mail."""
    text: str
    files: tuple[FileView, ...] = ()
    """What came or went with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreLine:
    """One of the entries that make the score."""

    words: Words
    points: float
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyWindow:
    """How long and how often we may still write to her; None = no limit."""

    open: bool
    hours_left: float | None = None
    messages_left: int | None = None
    messages_total: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WakeupView:
    """The wake-up mail proposed or on its way."""

    mail_id: str
    state: str
    subject: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CardView:
    """Everything a face may show, already decided; a face only lays it out."""

    conversation_id: str
    customer_id: str
    version: int
    state: Literal["unclaimed", "claimed", "snoozed", "closed"]
    name: str
    title: str
    company: str
    stage: Stage
    stage_words: Words
    score: int
    heat: Literal["cold", "warm", "hot"]
    heat_words: Words
    qualified: bool
    segment: str
    industry: str
    source: str
    owner: str
    """Name of the owner, or empty."""
    connector: str
    """Where she writes."""
    channel: str
    """Name of the team channel."""
    why: Words
    """Why it landed here, in one sentence."""
    next_step: Words
    risk: Words | None
    window: ReplyWindow
    mail_allowed: Words
    """Whether mail may go to her, and why."""
    tags: tuple[TagView, ...]
    touches: tuple[TouchView, ...]
    """Newest first, at most five."""
    touch_count: int
    score_lines: tuple[ScoreLine, ...]
    """The five heaviest."""
    tasks: tuple[Words, ...]
    unknown: int
    """Sendings whose end is unknown."""
    wakeup: WakeupView | None
    mail_masked: str
    """Her mail address, masked, or empty."""
    zone: str
    """Zone of the person who looks, for times."""
