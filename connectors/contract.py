"""What every connector promises, and what it may ask of the hub. The hub knows connectors only through this file.

A connector turns wire words into events (`translate`, pure) and jobs into calls (`deliver`). It never decides anything,
never sees the database, and keeps no state that a restart would miss: tokens and cursors live in the hub's notes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from aiohttp import web

from rules.card import CardView, FileView
from rules.decision import Answer
from rules.events import Event
from rules.model import Address, Identity, Rep, RepHandle, ReplyLimits, Words

Clock = Callable[[], datetime]
"""Business time, aware UTC. Timeouts and token lifetimes use the monotonic or wall clock instead."""


# --- inbound --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class InboundFile:
    """A file whose content came together with its event: it is judged and sealed in the event's own commit."""

    id: str
    """The event names it by this id; the same file of the same event always has the same one."""
    form: Literal["image", "voice", "video", "file"]
    name: str = field(repr=False)
    type: str = ""
    """As claimed."""
    content: bytes = field(repr=False)
    size: int = 0
    """For one that is larger than we take: how large; its content is left empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inbound:
    """One verified, translated event on its way into the inbox."""

    event: Event
    order: Address
    """The unit of order, known from the wire alone."""
    keys: tuple[str, ...] = ()
    """More dedupe keys besides the event's id: a payload digest, a semantic key. Any one seen before = a duplicate."""
    raw: bytes = b""
    """The payload as it came, kept sealed; empty where a platform sends many events in one payload."""
    deadline: datetime | None = None
    """Taken before others until then (a welcome code)."""
    files: tuple[InboundFile, ...] = ()


class Hub(Protocol):
    """What a connector may ask of the hub."""

    async def accept(self, inbound: Sequence[Inbound]) -> None:
        """Store events; returns when they are committed and synced. Duplicates are no error.

        Raises Unavailable when nothing could be stored: answer 503.
        """

    async def accept_page(self, inbound: Sequence[Inbound], *, account: str, before: str, after: str) -> None:
        """Store one pulled page and move the account's cursor from `before` to `after` in the same commit.

        Raises Conflict when the cursor is not `before` any more: somebody else pulled; stop.
        """

    async def cursor(self, account: str) -> str:
        """Where pulling of this account stands; empty at the very first start."""

    async def act(self, inbound: Inbound, *, limit: float) -> Answer | None:
        """Store an acting invoke, run its turn inline and return its answer; None after `limit` seconds.

        The same act twice (any key seen) returns the first answer again. Raises Unavailable.
        """

    async def card(self, conversation_id: str, by: RepHandle) -> CardView | None:
        """The card of a conversation as this rep may see it; None when it is not theirs or not there."""

    async def cards(self, query: str, by: RepHandle, *, limit: int = 10) -> Sequence[CardView]:
        """Cards for a list: `queue`, `mine`, `unknown`, `find:<words>`; only what this rep may see."""

    async def rep(self, by: RepHandle) -> Rep | None:
        """The person a platform proved; None when the hub does not know them."""

    async def note(self, key: str) -> tuple[str, float] | None:
        """A shared note (an access token, a ticket) with its expiry in epoch seconds of the wall clock."""

    async def keep_note(self, key: str, value: str, expires: float) -> None:
        """Keep a note for all nodes, sealed. Single flight within a process is the connector's business."""


# --- outbound -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """How the bot may speak in a team, group or person's chat."""

    wire_id: str
    """Conversation id; for a team the General channel's id."""
    service_url: str
    team_id: str = ""
    group_id: str = ""
    member_wire_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelRef:
    """A team channel the matrix names. `wire_id` is empty until it is provisioned."""

    key: str
    team: str
    name: str
    wire_id: str = ""
    reference: Reference | None = None
    """The team's reference; None while the bot is not installed there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One claimed outbox row, ready to be sent: everything looked up, nothing to decide."""

    row_id: str
    attempt: int
    """1 for the first try."""
    language: str = "zh-CN"
    """Language of whoever reads it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ThreadPost(Job):
    """Begin a thread in a channel with a card. Delivered.wire_id = thread conversation id, .part_id = activity id."""

    channel: ChannelRef
    card: CardView
    moved_from: str = ""
    """Name of the channel it came from."""
    readers: tuple[str, ...] = ()
    """Teams ids of whose clients ask for the newest card by themselves, the owner first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CardEdit(Job):
    """Redraw a root card in place."""

    thread: str
    activity: str
    reference: Reference
    card: CardView
    moved_to: str = ""
    """Name of the channel it moved to; the old root then only says so."""
    readers: tuple[str, ...] = ()
    """Teams ids of whose clients ask for the newest card by themselves, the owner first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One message inside a thread."""

    who: Literal["customer", "rep", "notice", "wakeup", "unknown"]
    author: str
    text: str
    state: Literal["", "waiting", "delivered", "failed", "unknown"] = ""
    reason: str = ""
    mention: Rep | None = None
    conversation_id: str = ""
    about: str = ""
    """Outbox or mail id its buttons are about."""
    actions: tuple[tuple[str, Words], ...] = ()
    """(verb, label) of its buttons."""
    marked: bool = False
    """This line may have been posted before."""
    files: tuple[FileView, ...] = ()
    """What came or goes with these words, as it stands now."""
    file_url: str = ""
    """Where a colleague opens them: a page of ours that asks who looks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinePost(Job):
    """Add a line to a thread. Delivered.part_id = activity id."""

    thread: str
    reference: Reference
    line: Line


@dataclass(frozen=True, kw_only=True, slots=True)
class LineEdit(Job):
    """Redraw a line."""

    thread: str
    activity: str
    reference: Reference
    line: Line


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerText(Job):
    """Write to a customer in her own chat. `row_id` is the idempotency key where the platform takes one."""

    address: Address
    identity: Identity | None
    reference: Reference | None
    """For Bot Framework chats."""
    text: str
    author: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerFile(Job):
    """Send a customer a file in her own chat; idempotency as for CustomerText."""

    address: Address
    reference: Reference | None
    form: Literal["image", "voice", "video", "file"]
    name: str = field(repr=False)
    type: str
    content: bytes = field(repr=False)
    url: str = field(repr=False)
    """An address of ours at which she, and whoever she gives it to, can open it for some days: for platforms that take
    no content but a link."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFetch(Job):
    """Bring the content of a file that came with a message: Delivered.content. Repeating it does no harm.

    One of more than `most` bytes is Undeliverable (`file_too_large`) as soon as that shows, whatever size was told.
    """

    address: Address
    reference: Reference | None
    form: Literal["image", "voice", "video", "file"]
    wire_id: str
    url: str = field(repr=False)
    most: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Welcome(Job):
    """Use a welcome code."""

    address: Address
    code: str
    text: str
    route: Literal["session", "contact"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RepNotice(Job):
    """Tell one rep something in their own chat."""

    rep: Rep
    reference: Reference | None
    title: Words
    text: Words
    card: CardView | None
    conversation_id: str
    actions: tuple[tuple[str, Words], ...]
    about: str
    page_url: str = ""
    """The conversation page, for platforms whose cards open one."""
    marked: bool = False
    """This notice may have been sent before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail(Job):
    """One mail to one person; `row_id` is the mail's id and gives its stable Message-ID."""

    to: str
    to_name: str
    template: str
    purpose: str
    variables: Mapping[str, str]
    in_reply_to: str = ""
    """Message-ID of the mail it answers, for threading."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question(Job):
    """Ask who a customer is (`profile`) or in which state her session is (`session`); answers are facts."""

    about: Literal["profile", "session"]
    address: Address
    identity: Identity


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """One notice that says something new in place of its buttons."""

    userid: str
    response_code: str
    """From the notice's own delivery: good once, and not for ever."""
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeMarks(Job):
    """Say on notices that were sent what became of their matter."""

    marks: tuple[Mark, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionMove(Job):
    """Move her session at the platform."""

    address: Address
    identity: Identity
    to: Literal["hub", "human"]
    userid: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pull(Job):
    """Fetch what was announced, page by page, through Hub.accept_page."""

    address: Address
    token: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProvisionChannels(Job):
    """Make the channels exist; answer with what stands (Delivered.channels, .reps)."""

    channels: tuple[ChannelRef, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """A mail as it would look, to be shown before it goes; its links lead nowhere."""

    subject: str
    text: str
    html: str


class Previews(Protocol):
    """Who can show a mail before it goes; `MailConnector` is one."""

    def preview(self, template: str, language: str, variables: Mapping[str, str]) -> Preview | None:
        """The mail in the language nearest to the one asked for; None where there is no such template."""


# --- outcomes -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """The platform took it."""

    wire_id: str = ""
    part_id: str = ""
    facts: tuple[Inbound, ...] = ()
    """What we learned: stored as events in the same commit as the outcome."""
    channels: tuple[ChannelRef, ...] = ()
    reps: tuple[Rep, ...] = ()
    """People found in the provisioned teams (id empty: the hub matches by aad_id, userid, mail)."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Small facts to keep with the row: response_code, message_id ..."""
    content: bytes | None = field(default=None, repr=False)
    """What FileFetch asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TryLater:
    """Surely not processed; may be tried again."""

    reason: str
    seconds: float
    """Business seconds from now, at least."""
    scope: Literal["lane", "app", "platform"] = "lane"
    """What must rest: this conversation, this API for the whole app, or everything on the platform."""
    alarm: bool = False
    """An operator must act (trusted IP, wrong secret, missing permission)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Undeliverable:
    """It will never arrive this way; the reason is a code of rules/reasons.py."""

    reason: str
    detail: str = ""
    """The platform's own code or words, without personal data."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """It may have arrived: the call broke after the last byte went out."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """Not sent on purpose: there was nothing left to do."""

    reason: str


Outcome = Delivered | TryLater | Undeliverable | Unknown | Skipped

Certainty = Literal["key", "read-back", "none", "again"]
"""How an ambiguous end is handled: `key` = repeat freely, the platform de-duplicates; `read-back` = look first, see
Connector.read_back; `none` = unknown until a person settles it; `again` = may be repeated with a mark (notices to reps,
edits, questions: repeating them does no harm)."""


class Connector(Protocol):
    """One platform."""

    name: str
    limits: ReplyLimits
    """What the platform allows towards a customer; shown on the card and kept before sending."""

    def routes(self) -> Sequence[web.RouteDef]:
        """Where the platform calls us."""

    def takes(self, job: Job) -> bool:
        """Whether this connector can send this kind of job."""

    def certainty(self, job: Job) -> Certainty:
        """What to do when the end of this job is not known."""

    async def deliver(self, job: Job) -> Outcome:
        """Send. Never raises for anything the other side does; a broken call is Unknown or TryLater."""

    async def read_back(self, job: Job) -> Outcome | None:
        """Look whether an ambiguous job arrived: Delivered, TryLater (surely not: send), or None (cannot tell)."""

    async def start(self) -> None:
        """Load SDKs, warm caches, start listeners. The HTTP server already listens; `ready` turns true at the end."""

    async def stop(self) -> None:
        """Close listeners and sessions."""

    @property
    def ready(self) -> bool:
        """Whether start has finished."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """A customer as a platform knows her among a rep's contacts."""

    name: str = field(repr=False)
    address: Address
    """Their chat."""


class StaffPages(Protocol):
    """What a page opened inside a platform's own client needs from that platform; `WeComConnector.staff` is one."""

    def sign_in_url(self, redirect: str, state: str) -> str:
        """Where to send the browser; it comes back to `redirect` with `code` and `state`, which the page must check.

        `state`: at most 128 letters and digits, bound to that browser.
        """

    def scan_url(self, redirect: str, state: str) -> str:
        """The same for a browser outside the platform's client: it is recognised by a code that the person scans."""

    async def signed_in(self, code: str) -> RepHandle:
        """Who came back with this one-time code. Raises Refused, PlatformAway, StorageError."""

    async def follows(self, by: RepHandle, who: Identity) -> bool:
        """Whether the platform counts this customer among this rep's contacts. Raises PlatformAway, StorageError."""

    async def contact(self, by: RepHandle, who: Identity) -> Contact | None:
        """Her, if she is among this rep's contacts. Raises PlatformAway, StorageError."""

    async def page_config(self, url: str) -> Mapping[str, str]:
        """What the platform's script needs on our page at `url`: corp_id, agent_id, nonce, timestamp, signature,
        agent_signature. Raises PlatformAway, StorageError."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatPass:
    """What a visitor of a web site needs to write to us: one short-lived token for one conversation."""

    token: str = field(repr=False)
    conversation_id: str
    expires_in: int
    """Wall seconds."""


class WebChat(Protocol):
    """The door for visitors of web sites; `connectors.teams.webchat.WebChatDoor` is one."""

    per_minute: int
    """Tokens one address may ask for in a minute."""

    def trusts(self, origin: str) -> bool:
        """Whether pages of this origin may open a chat."""

    async def admit(self, origin: str) -> ChatPass:
        """A token for a new conversation, good on pages of this origin. Raises PlatformAway."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignInTrip:
    """One round trip of a browser to a directory and back: everything about it that only we know."""

    redirect: str
    """Where the browser comes back to."""
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    """Must stand in the token that we are given."""
    verifier: str = field(repr=False)
    """PKCE (RFC 7636): proves that whoever redeems the code also began the trip."""


class Directory(Protocol):
    """Where employees sign in with a browser; `connectors.teams.signin.EntraSignIn` is one."""

    def sign_in_url(self, trip: SignInTrip, *, choose: bool) -> str:
        """Where to send the browser; `choose`: ask who it is even if somebody is signed in there."""

    async def signed_in(self, trip: SignInTrip, code: str) -> RepHandle:
        """Who came back with this one-time code. Raises BadSignature, PlatformAway, Unavailable."""


@runtime_checkable
class Reconciles(Protocol):
    """A connector whose platform may fail to announce something."""

    def reconcile(self) -> Sequence[Inbound]:
        """Events that make the hub look for itself; called every so many business seconds."""


# --- is everything as it must be? -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """What the hub knows that a check of a platform needs."""

    public_url: str
    now: datetime
    """Business time."""
    channels: tuple[ChannelRef, ...] | None = None
    """Every channel the playbook names, as it stands; None when the database cannot be read."""
    pulled_at: datetime | None = None
    """When this platform was last pulled to the end (business time); None = never."""
    reconcile_seconds: float = 300
    teams: tuple[Reference, ...] = ()
    """Every team the bot was told it is in."""
    graph_roles: tuple[str, ...] = ()
    """App permissions at Microsoft Graph that parts of the hub need besides what a team's owner grants."""
    secret_days: float = 30
    """A secret that ends sooner than this (wall days) is one to renew now."""
    staff: tuple[str, ...] = ()
    """For each active colleague of the configuration, in its order, their WeCom userid or empty."""
    mailed: int | None = None
    """Mails that went out in the last 24 hours of business time; None when the database cannot be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one check found. Nothing in it is secret or personal."""

    id: str
    """A letter and two digits, for ever the same."""
    state: Literal["fine", "wrong", "skipped", "by hand"]
    """`skipped`: it needs another check to be fine first. `by hand`: no program can see it; `do` says where to look."""
    found: str
    do: str = ""
    """What mends it."""


@runtime_checkable
class Checks(Protocol):
    """A connector that can look whether its platform is set up; it need not be started, and changes nothing there."""

    async def checks(self, site: Site) -> Sequence[Finding]:
        """Every check of this platform. Never raises for anything the other side does."""
