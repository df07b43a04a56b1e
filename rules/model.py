"""The nouns of the house, frozen. `Customer` with all that hangs on it is what a turn decides about.

Everything here but ids and times is a projection of the timeline: folding the timeline's effects gives it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from rules.wording import told


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """One sentence in Chinese and in English."""

    zh: str
    en: str

    def in_(self, language: str) -> str:
        """The sentence for a language tag: zh-TW is converted, anything that is not Chinese gets English."""
        return told(self.zh, self.en, language)


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A conversation as a platform names it, known from the wire alone. Its key is the unit of order."""

    connector: str
    account: str
    wire_id: str

    @property
    def key(self) -> str:
        """The order key."""
        return f"{self.connector}|{self.account}|{self.wire_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """One name a customer goes by somewhere: (platform, kind, value), e.g. (wecom, external_userid, wm...)."""

    platform: str
    kind: str
    value: str
    verified: bool = True
    """False for what somebody merely claims (an unverified mail address); only verified ones may join records."""


class Stage(StrEnum):
    """The six life-cycle stages."""

    PROSPECT = "prospect"
    CONNECTED = "connected"
    INTERESTED = "interested"
    CLIENT = "client"
    ADVOCATE = "advocate"
    LAPSED = "lapsed"


STAGE_WORDS: Mapping[Stage, Words] = {
    Stage.PROSPECT: Words(zh="潜在客户", en="Prospect"),
    Stage.CONNECTED: Words(zh="已建联", en="Connected"),
    Stage.INTERESTED: Words(zh="意向客户", en="Interested"),
    Stage.CLIENT: Words(zh="签约/服务中", en="Client"),
    Stage.ADVOCATE: Words(zh="忠诚客户", en="Advocate"),
    Stage.LAPSED: Words(zh="流失风险", en="Lapsed"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """A label on a customer. A tag removed by a person stays off: `active` is False and no rule sets it again."""

    name: str
    by: Literal["rule", "rep", "source"]
    rule: str = ""
    """Id of the rule that set it, or the rep's id."""
    at: datetime
    active: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """The running sum of all ledger entries with one half-life, as of `at`. Shown score = sum of balances now."""

    half_life_days: float
    value: float
    at: datetime

    def now(self, now: datetime) -> float:
        """The decayed value at `now`."""
        days = max(0.0, (now - self.at).total_seconds()) / 86400
        return float(self.value * 0.5 ** (days / self.half_life_days))


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of the score ledger, append-only."""

    id: str
    signal: str
    weight: float
    half_life_days: float
    at: datetime

    def now(self, now: datetime) -> float:
        """What this entry is still worth at `now`."""
        return Balance(half_life_days=self.half_life_days, value=self.weight, at=self.at).now(now)


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """The newest word on one purpose over one medium."""

    purpose: str
    medium: Literal["mail", "chat"]
    given: bool
    at: datetime
    source: str
    text_version: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timer:
    """ "Look at this again at `due_at`." One per key; setting it again moves it."""

    key: str
    kind: str
    """`quiet`, `preview`, `hold`, `snooze`, `recheck`, `silent_add`, `hours`, `sla`, `unrouted`."""
    conversation_id: str = ""
    due_at: datetime
    episode: str = ""
    """What this timer is about; part of the fired event's id, so one episode fires once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """Something a rep must do. Only open ones are held here."""

    id: str
    kind: str
    title: Words
    rep: str = ""
    due_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Wakeup:
    """The wake-up mail of one quiet episode."""

    mail_id: str
    """Also the id of its outbox row, once there is one."""
    episode: str
    template: str
    state: Literal["proposed", "held", "queued", "sent", "cancelled", "skipped"]
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """One customer and us on one platform."""

    id: str
    address: Address
    status: Literal["open", "snoozed", "closed"] = "open"
    channel: str = ""
    """Key of the team channel it is routed to; empty before the first routing."""
    cell: str = ""
    """Id of the matrix cell that decided."""
    claimed_by: str = ""
    """Rep id, or empty."""
    claimed_at: datetime | None = None
    """When the claim was made; tells the loser of a race how late he was."""
    opened_at: datetime
    last_customer_at: datetime | None = None
    last_our_at: datetime | None = None
    """When a colleague last answered. What the hub said by itself is no answer."""
    waiting_since: datetime | None = None
    """Since when she waits for a colleague: her first word that nobody has answered; None when nobody waits."""
    waited_since: datetime | None = None
    """Since when she had waited when a colleague last answered, or closed: it holds again if that is undone."""
    answer: str = ""
    """Outbox id of that answer."""
    sent_since_customer: int = 0
    """Messages of ours since her last one: what the platform's reply window counts."""
    taken_over: bool = False
    """A colleague answers inside the platform's own client: the hub sends nothing, it only records."""
    card_version: int = 1
    """Raised by everything that changes the card; a card action that carries an older one may be refused."""
    root: str = ""
    """Outbox id of the newest root post of its thread."""
    wakeup: Wakeup | None = None

    @property
    def touched_at(self) -> datetime:
        """The last word on either side."""
        return max(t for t in (self.last_customer_at, self.last_our_at, self.opened_at) if t is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Customer:
    """One person, all platforms."""

    id: str
    created_at: datetime
    name: str = ""
    language: str = "zh-CN"
    language_by: Literal["", "words", "choice"] = ""
    """How we know it: by her words, or because she asked for it; empty = not yet."""
    zone: str = "Asia/Shanghai"
    """IANA zone name of the customer."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """company, title, region, size, mail ... Personal: sealed at rest."""
    segment: str = ""
    industry: str = ""
    source: str = ""
    """First-touch marketing source."""
    stage: Stage = Stage.PROSPECT
    owner: str = ""
    """Rep id; sticky: it outlives conversations."""
    qualified: bool = False
    """Marketing-qualified (MQL), with hysteresis."""
    tags: tuple[Tag, ...] = ()
    balances: tuple[Balance, ...] = ()
    recent: tuple[datetime, ...] = ()
    """Times of her newest touches, oldest first, at most RECENT_TOUCHES."""
    seen_pages: tuple[str, ...] = ()
    """Newest distinct pages or assets she looked at, at most 20."""
    consents: tuple[Consent, ...] = ()
    suppressed: str = ""
    """Why no mail may go to her address (hard bounce, complaint, unsubscribed); empty when it may."""
    woken: tuple[datetime, ...] = ()
    """When wake-up mails went out, newest last, at most 10."""
    conversations: tuple[Conversation, ...] = ()
    timers: tuple[Timer, ...] = ()
    tasks: tuple[Task, ...] = ()
    version: int = 0
    """Raised by every turn that changes her; a write with another expected version is a Conflict."""

    def score(self, now: datetime) -> float:
        """The score shown: the decayed sum of her ledger at `now`."""
        return sum(b.now(now) for b in self.balances)

    def has_tag(self, name: str) -> bool:
        """Whether the tag is on her now."""
        return any(t.active and t.name == name for t in self.tags)

    def conversation(self, conversation_id: str) -> Conversation | None:
        """Her conversation with this id."""
        return next((c for c in self.conversations if c.id == conversation_id), None)

    def timer(self, key: str) -> Timer | None:
        """Her timer with this key."""
        return next((t for t in self.timers if t.key == key), None)

    def consent(self, purpose: str, medium: str) -> Consent | None:
        """Her newest word on this purpose over this medium."""
        return next((c for c in self.consents if c.purpose == purpose and c.medium == medium), None)


RECENT_TOUCHES = 50


Ways = Literal["", "teams", "wecom", "both"]
"""Where notices go; empty = Teams for who is there, WeCom for the others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preferences:
    """How a rep wants to be spoken to; she sets it herself with `settings`."""

    language: str = ""
    """Empty = the one her company gave her."""
    quiet: str = ""
    """Her quiet hours, `21:00-08:00`; `off` = none; empty = the playbook's."""
    digest: bool = True
    notices: Ways = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rep:
    """A person on our side."""

    id: str
    name: str
    role: Literal["rep", "manager"] = "rep"
    team: str = ""
    language: str = "zh-CN"
    zone: str = "Asia/Shanghai"
    aad_id: str = ""
    teams_id: str = ""
    userid: str = ""
    """WeCom userid."""
    mail: str = ""
    regions: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    active: bool = True
    load: int = 0
    """Open conversations claimed by or assigned to this rep."""
    capacity: int = 50
    wishes: Preferences = Preferences()


@dataclass(frozen=True, kw_only=True, slots=True)
class RepHandle:
    """Who acted, as the platform proved it: (teams, aad object id) or (wecom, userid)."""

    platform: Literal["teams", "wecom", "hub"]
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FileRule:
    """One way in which a platform takes files towards a customer."""

    kind: Literal["image", "voice", "video", "file"]
    types: tuple[str, ...] = ()
    """Content types it takes this way; empty = any."""
    most: int
    """Bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyLimits:
    """When and how often we may write to a customer on one platform."""

    hours: float | None = None
    """Hours after her last message; None = no limit."""
    messages: int | None = None
    """Messages after her last message; None = no limit."""
    text_bytes: int = 4000
    files: tuple[FileRule, ...] = ()
    """How files go to her, the preferred way first; empty = none can."""
    file_hours: float = 24
    """How long the platform keeps what she sends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Everything a decision may look at, loaded in one piece."""

    customer: Customer
    conversation_id: str = ""
    """The conversation the event is about, if there is one."""
    actor: Rep | None = None
    """The rep who acted, if one did."""
    reps: tuple[Rep, ...] = ()
    limits: Mapping[str, ReplyLimits] = field(default_factory=dict)
    """By connector name."""
    paused: bool = False
    """The manager's switch: no automatic send at all."""
    unknown: tuple[str, ...] = ()
    """Ids of outbox rows of this customer whose end is unknown."""
    heaviest: tuple[Entry, ...] = ()
    """The lines of her score ledger that weigh most, for whoever asks why; filled when a colleague acts."""
    on_way: int = 0
    """Messages to her in this conversation that were not out yet when she said what the event tells."""

    @property
    def conversation(self) -> Conversation | None:
        """The conversation the event is about."""
        return self.customer.conversation(self.conversation_id)

    def rep(self, rep_id: str) -> Rep | None:
        """The rep with this id."""
        return next((r for r in self.reps if r.id == rep_id), None)
