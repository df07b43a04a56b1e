"""The one view of a customer that all faces show: Teams card, WeCom card, sidebar page, Teams tab."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from rules.model import Stage, Words
from rules.sla import Sla

NOT_TOLD = Words(zh="当时没有记下原因", en="No reason was kept")
"""The why of something older than our records."""
NO_WORDS = Words(zh="", en="")


@dataclass(frozen=True, kw_only=True, slots=True)
class TagView:
    """A tag with who set it."""

    name: str
    auto: bool
    rule: str = ""
    label: str = ""
    """The name in the reader's language, where the playbook has one."""
    because: Words = NOT_TOLD
    """Who or what put it on."""

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
    id: str = ""
    """Id of the event: what facts point at."""
    state: Literal["", "waiting", "delivered", "failed", "unknown"] = ""
    """How a message of ours fared; empty for what she did."""
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
    why: Words = NOT_TOLD
    """Why it was proposed, sent or held."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FactView:
    """One of the four facts that tell whether she will buy (BANT)."""

    name: Literal["budget", "authority", "need", "timing"]
    words: Words
    value: str = ""
    """What we know, in a colleague's words; empty when nobody knows."""
    ask: Words = NO_WORDS
    """What to ask her while it is empty, in her words."""
    said_in: str = ""
    """Id of the touch it comes from, when a colleague named one."""
    because: Words = NOT_TOLD
    """Who noted it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityView:
    """One name she goes by somewhere, masked."""

    platform: str
    kind: str
    words: Words
    """What kind of name it is."""
    masked: str
    verified: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskView:
    """Something a colleague must do."""

    id: str
    kind: str
    title: Words
    owner: str
    """Name of whoever must do it, or empty."""
    due_at: datetime
    overdue: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptView:
    """Words that can be sent as they are."""

    id: str
    title: Words
    text: str
    """In her language, blanks filled in."""


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
    tasks: tuple[TaskView, ...]
    """What is due first comes first."""
    unknown: int
    """Sendings whose end is unknown."""
    wakeup: WakeupView | None
    mail_masked: str
    """Her mail address, masked, or empty."""
    zone: str
    """Zone of the person who looks, for times."""
    hers: str = ""
    """The customer's own zone, for what is to reach her at a good hour."""
    owner_id: str = ""
    owner_why: Words = NOT_TOLD
    """How the owner came to be."""
    stage_why: Words = NOT_TOLD
    """How she came into her stage."""
    next_owner: str = ""
    """Name of the one who does the next step, or empty: whoever claims it."""
    next_due: datetime | None = None
    """By when; None when nothing presses."""
    sla: Sla | None = None
    """How long she may still wait for an answer; None when she waits for nobody."""
    may_reply: bool = True
    """Whether the platform takes a message of ours now."""
    no_reply: Words | None = None
    """Why not."""
    bant: tuple[FactView, ...] = ()
    """Budget, authority, need, timing, always in this order."""
    identities: tuple[IdentityView, ...] = ()
    scripts: tuple[ScriptView, ...] = ()
    channels: tuple[tuple[str, str], ...] = ()
    """(key, name) of the channels it could be moved to."""
    stages: tuple[tuple[str, Words], ...] = ()
    """(value, name) of the stages she could be put into."""
    paused: bool = False
    """A manager has paused every automatic send."""
    taken_over: bool = False
    """A colleague answers in the platform's own client."""
    can_take_over: bool = False
    """Whether her platform has a client in which a colleague can take the session."""
