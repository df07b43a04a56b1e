"""What happened, in the past tense. Frozen, with an id from the wire, so that the same thing twice is one event.

Events are stored as JSON in the inbox (sealed) and enter the hub by one door only, whoever caused them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from rules.effects import PostLine
from rules.model import Address, Identity, RepHandle


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A picture, file or voice note that came with a message; the content is fetched later by its wire id or url."""

    media: Literal["image", "voice", "video", "file", "location", "link", "other"]
    wire_id: str = ""
    name: str = ""
    url: str = ""
    type: str = ""
    """Content type as the sender or the platform claims it."""
    size: int = 0
    """Bytes as claimed; 0 where nobody says."""
    file_id: str = ""
    """The stored file, where the content came with the message itself (Inbound.files)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened:
    """What every event has."""

    id: str
    """Unique for what happened, from the wire where possible: the dedupe key."""
    at: datetime
    """Business time, aware UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageReceived(Happened):
    """A customer wrote to us."""

    address: Address
    identity: Identity
    text: str
    attachments: tuple[Attachment, ...] = ()
    name: str = ""
    language: str = ""
    menu_id: str = ""
    kind: Literal["message_received"] = "message_received"


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionEntered(Happened):
    """A customer opened the customer-service chat, perhaps by scanning a code; she has not written yet."""

    address: Address
    identity: Identity
    scene: str = ""
    scene_param: str = ""
    welcome_code: str = ""
    deadline: datetime | None = None
    """Until when the welcome code can be used."""
    kind: Literal["session_entered"] = "session_entered"


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactAdded(Happened):
    """A customer and a colleague became WeCom contacts."""

    address: Address
    identity: Identity
    rep: RepHandle
    state: str = ""
    """State of the live QR code: our short code for a source; first touch only."""
    welcome_code: str = ""
    deadline: datetime | None = None
    name: str = ""
    """Her name, where the colleague told it: a contact we had missed, written down from the chat."""
    kind: Literal["contact_added"] = "contact_added"


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactRemoved(Happened):
    """The customer deleted the colleague, or the colleague the customer."""

    address: Address
    identity: Identity
    rep: RepHandle
    by: Literal["customer", "rep"]
    kind: Literal["contact_removed"] = "contact_removed"


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionChanged(Happened):
    """A colleague took, passed on or ended her session in the platform's own client, or the state was read."""

    address: Address
    identity: Identity | None = None
    state: Literal["new", "hub", "pool", "human", "ended"]
    rep: RepHandle | None = None
    kind: Literal["session_changed"] = "session_changed"


@dataclass(frozen=True, kw_only=True, slots=True)
class ColleagueWrote(Happened):
    """A colleague wrote to the customer in the platform's own client, past the hub."""

    address: Address
    identity: Identity
    rep: RepHandle
    text: str
    kind: Literal["colleague_wrote"] = "colleague_wrote"


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageFailed(Happened):
    """The platform reports later that a message of ours did not reach the customer."""

    address: Address
    wire_id: str
    """The id we sent it under: the outbox id for platforms that take ours."""
    reason: str
    kind: Literal["message_failed"] = "message_failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileLearned(Happened):
    """The platform told us who a customer is: the answer to AskProfile."""

    address: Address
    identity: Identity
    name: str = ""
    also: tuple[Identity, ...] = ()
    """Other identities proven by the platform, e.g. the unionid."""
    kind: Literal["profile_learned"] = "profile_learned"


@dataclass(frozen=True, kw_only=True, slots=True)
class PageVisited(Happened):
    """A known customer looked at a page or asset of ours."""

    conversation_id: str
    page: str
    kind: Literal["page_visited"] = "page_visited"


@dataclass(frozen=True, kw_only=True, slots=True)
class FormSubmitted(Happened):
    """She filled the form behind the one-time link in her own chat."""

    conversation_id: str
    form_id: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """mail, name, company, title, industry ..."""
    consented: bool
    purpose: str
    text_version: str
    kind: Literal["form_submitted"] = "form_submitted"


@dataclass(frozen=True, kw_only=True, slots=True)
class MailReceived(Happened):
    """A mail to one of our reply addresses. It counts only if `verified` and with our reply token."""

    mail_id: str
    """The mail of ours it answers, from the reply token or the threading headers; empty if it answers none."""
    sender: str
    subject: str
    text: str
    automatic: bool = False
    """Out-of-office and other machine mail: never a touch."""
    verified: bool = False
    """The trusted mail server vouches for the sender (DMARC)."""
    message_id: str = ""
    attachments: tuple[Attachment, ...] = ()
    kind: Literal["mail_received"] = "mail_received"


@dataclass(frozen=True, kw_only=True, slots=True)
class MailBounced(Happened):
    """A mail of ours came back, or its reader complained."""

    mail_id: str
    bounce: Literal["hard", "soft", "policy", "complaint"]
    status: str = ""
    diagnostic: str = ""
    kind: Literal["mail_bounced"] = "mail_bounced"


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkClicked(Happened):
    """Somebody, or something, followed a link of a mail of ours."""

    mail_id: str
    target: str
    robot: bool
    kind: Literal["link_clicked"] = "link_clicked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsubscribed(Happened):
    """She wants no more mail."""

    mail_id: str
    how: Literal["one_click", "page", "mailto"]
    kind: Literal["unsubscribed"] = "unsubscribed"


@dataclass(frozen=True, kw_only=True, slots=True)
class RepSpoke(Happened):
    """A colleague wrote in a thread, or to the bot. Words after a mention of the bot may be a command."""

    by: RepHandle
    by_name: str = ""
    thread: Address
    text: str
    """Without the mention."""
    mentioned: bool
    """The bot was addressed; always true in a 1:1 chat."""
    personal: bool = False
    """Written to the bot alone, so about no conversation in particular."""
    answered: bool = False
    """The platform shows the answer itself, where it was asked: none is sent after it."""
    conversation_id: str = ""
    """The conversation, where the wire itself tells it (a WeCom conversation page)."""
    attachments: tuple[Attachment, ...] = ()
    """Pictures and files that came with the words; they go to the customer only with a command that says so."""
    kind: Literal["rep_spoke"] = "rep_spoke"


@dataclass(frozen=True, kw_only=True, slots=True)
class RepActed(Happened):
    """A colleague pressed a button: on a card, in the sidebar, on a manager's page."""

    by: RepHandle
    by_name: str = ""
    verb: str
    """claim, reply, note, snooze, reroute, why, close, form, settle, wake_now, wake_hold, wake_mine, tag, untag ..."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    conversation_id: str
    card_version: int = 0
    """The version of the card acted on; 0 where the page holds its own lock."""
    thread: Address | None = None
    """The thread the card stands in, when it stands in one: how an unknown root post is found again."""
    activity_id: str = ""
    """The wire id of the card acted on."""
    response_code: str = ""
    """WeCom: the one-shot code by which the clicked card can be updated."""
    kind: Literal["rep_acted"] = "rep_acted"


@dataclass(frozen=True, kw_only=True, slots=True)
class BotInstalled(Happened):
    """The bot was put into a team, a group chat or a person's chat: where and how it may speak."""

    address: Address
    scope: Literal["team", "personal", "group"]
    service_url: str
    team_id: str = ""
    """`19:...@thread.tacv2` of the team."""
    group_id: str = ""
    """Entra group id, when the platform told it."""
    member: RepHandle | None = None
    member_wire_id: str = ""
    """`29:...` of the person, for 1:1 chats."""
    language: str = ""
    """Of the person's client, for 1:1 chats."""
    removed: bool = False
    kind: Literal["bot_installed"] = "bot_installed"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaybookPublished(Happened):
    """The hub goes by this version of the playbook from now on."""

    version: str
    kind: Literal["playbook_published"] = "playbook_published"


@dataclass(frozen=True, kw_only=True, slots=True)
class PullAnnounced(Happened):
    """The platform says that there is something to fetch; or the hub reconciles on its own."""

    address: Address
    token: str = ""
    kind: Literal["pull_announced"] = "pull_announced"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelWentQuiet(Happened):
    """Nobody has said anything in a conversation for as long as its stage allows."""

    conversation_id: str
    episode: str
    kind: Literal["channel_went_quiet"] = "channel_went_quiet"


@dataclass(frozen=True, kw_only=True, slots=True)
class TimerFired(Happened):
    """Another timer of a customer fell due."""

    customer_id: str
    conversation_id: str = ""
    key: str
    timer: str
    """The timer's kind."""
    episode: str = ""
    kind: Literal["timer_fired"] = "timer_fired"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReminderDue(Happened):
    """It is time to tell a rep something that nobody has just caused."""

    rep: str
    about: Literal["digest"] = "digest"
    due_at: datetime
    """When it was to be; told much later it is left out."""
    kind: Literal["reminder_due"] = "reminder_due"


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryReported(Happened):
    """How the sending of one outbox row ended."""

    row_id: str
    conversation_id: str
    effect: str
    """Kind of the effect that was sent."""
    outcome: Literal["delivered", "undeliverable", "unknown", "skipped", "waiting"]
    wire_id: str = ""
    reason: str = ""
    """A code a person can look up: `window_closed`, `blocked` ... see rules/reasons.py."""
    after: str = ""
    """The row it hung on: the root of its thread, or the line it redraws."""
    said: PostLine | None = None
    """The line itself, when its thread is gone: it must be said again elsewhere."""
    line: str = ""
    """The line in the thread that shows it, where the row itself names one."""
    rep: str = ""
    """Whom it was meant to tell, for a notice."""
    kind: Literal["delivery_reported"] = "delivery_reported"


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownPayload(Happened):
    """Something authentic that we do not understand; kept for later, answered 2xx."""

    address: Address
    what: str
    kind: Literal["unknown_payload"] = "unknown_payload"


Event = Annotated[
    MessageReceived
    | SessionEntered
    | ContactAdded
    | ContactRemoved
    | SessionChanged
    | ColleagueWrote
    | MessageFailed
    | ProfileLearned
    | PageVisited
    | FormSubmitted
    | MailReceived
    | MailBounced
    | LinkClicked
    | Unsubscribed
    | RepSpoke
    | RepActed
    | BotInstalled
    | PlaybookPublished
    | PullAnnounced
    | ChannelWentQuiet
    | TimerFired
    | ReminderDue
    | DeliveryReported
    | UnknownPayload,
    Field(discriminator="kind"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads and writes events as JSON."""
