"""What to do, in the imperative; produced only by `decide`.

A change is applied to the customer in the turn's own commit (`apply` returns the new customer) and kept in the
timeline, where folding all changes in order gives the customer again. A sending becomes an outbox row in that commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, ClassVar, Literal

from pydantic import Field, TypeAdapter

from rules.model import (
    RECENT_TOUCHES,
    Address,
    Balance,
    Consent,
    Conversation,
    Customer,
    Entry,
    Identity,
    Preferences,
    Stage,
    Tag,
    Task,
    Timer,
    Wakeup,
    Words,
)


def new_id(event_id: str, what: str) -> str:
    """An id that the same event always gives the same thing: 32 hex digits, fit for every platform's key field."""
    return blake2b(f"{event_id}\n{what}".encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A change of what we hold about a customer."""

    personal: ClassVar[bool] = False
    """Whether its arguments are personal data, to be sealed in the timeline."""

    def apply(self, customer: Customer) -> Customer:
        """The customer after this change."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, slots=True)
class _OnConversation(Change):
    conversation_id: str

    def apply(self, customer: Customer) -> Customer:
        """The customer after this change of one of her conversations."""
        return replace(
            customer,
            conversations=tuple(self.change(c) if c.id == self.conversation_id else c for c in customer.conversations),
        )

    def change(self, conversation: Conversation) -> Conversation:
        """The conversation after this change."""
        raise NotImplementedError


# --- who she is -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkIdentity(Change):
    """This name on that platform is hers. Kept in the identities table, not on the customer."""

    personal: ClassVar[bool] = True
    identity: Identity
    kind: Literal["link_identity"] = "link_identity"

    def apply(self, customer: Customer) -> Customer:
        """Unchanged: identities are looked up, not carried."""
        return customer


@dataclass(frozen=True, kw_only=True, slots=True)
class Describe(Change):
    """Personal facts about her; an empty name keeps the old one, attributes are merged."""

    personal: ClassVar[bool] = True
    name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["describe"] = "describe"

    def apply(self, customer: Customer) -> Customer:
        """The customer with the facts filled in."""
        return replace(
            customer,
            name=self.name or customer.name,
            attributes={**customer.attributes, **self.attributes},
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Classify(Change):
    """Facts the matrix and the reports select on; an empty value keeps the old one."""

    segment: str = ""
    industry: str = ""
    source: str = ""
    language: str = ""
    language_by: Literal["", "words", "choice"] = ""
    """How the language is known: by her words, or because she asked for it."""
    zone: str = ""
    kind: Literal["classify"] = "classify"

    def apply(self, customer: Customer) -> Customer:
        """The customer with the facts filled in; the source is first-touch and stays."""
        return replace(
            customer,
            segment=self.segment or customer.segment,
            industry=self.industry or customer.industry,
            source=customer.source or self.source,
            language=self.language or customer.language,
            language_by=self.language_by or customer.language_by,
            zone=self.zone or customer.zone,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class AddTag(Change):
    """Put a tag on. What a person took off stays off, unless a person puts it on again."""

    tag: Tag
    kind: Literal["add_tag"] = "add_tag"

    def apply(self, customer: Customer) -> Customer:
        """The customer with the tag."""
        old = next((t for t in customer.tags if t.name == self.tag.name), None)
        if old is not None and (old.active or self.tag.by != "rep"):
            return customer
        kept = tuple(t for t in customer.tags if t.name != self.tag.name)
        return replace(customer, tags=(*kept, self.tag))


@dataclass(frozen=True, kw_only=True, slots=True)
class DropTag(Change):
    """Take a tag off. By a rep, it stays as a sign that no rule may set it again; by a rule, it is gone."""

    name: str
    by: Literal["rule", "rep"]
    rule: str = ""
    at: datetime
    kind: Literal["drop_tag"] = "drop_tag"

    def apply(self, customer: Customer) -> Customer:
        """The customer without the tag."""
        kept = tuple(t for t in customer.tags if t.name != self.name)
        if self.by == "rep":
            kept = (*kept, Tag(name=self.name, by="rep", rule=self.rule, at=self.at, active=False))
        return replace(customer, tags=kept)


@dataclass(frozen=True, kw_only=True, slots=True)
class AddScore(Change):
    """Write one line into the score ledger."""

    entry: Entry
    kind: Literal["add_score"] = "add_score"

    def apply(self, customer: Customer) -> Customer:
        """The customer with the balance of this half-life brought forward and raised."""
        e = self.entry
        old = next((b for b in customer.balances if b.half_life_days == e.half_life_days), None)
        at = max(e.at, old.at) if old else e.at
        value = (old.now(at) if old else 0.0) + e.now(at)
        kept = tuple(b for b in customer.balances if b.half_life_days != e.half_life_days)
        new = Balance(half_life_days=e.half_life_days, value=value, at=at)
        return replace(customer, balances=tuple(sorted((*kept, new), key=lambda b: b.half_life_days)))


@dataclass(frozen=True, kw_only=True, slots=True)
class SetStage(Change):
    """Move her to a life-cycle stage."""

    stage: Stage
    kind: Literal["set_stage"] = "set_stage"

    def apply(self, customer: Customer) -> Customer:
        """The customer in the stage."""
        return replace(customer, stage=self.stage)


@dataclass(frozen=True, kw_only=True, slots=True)
class SetQualified(Change):
    """She became, or is no longer, marketing-qualified."""

    qualified: bool
    kind: Literal["set_qualified"] = "set_qualified"

    def apply(self, customer: Customer) -> Customer:
        """The customer with the flag."""
        return replace(customer, qualified=self.qualified)


@dataclass(frozen=True, kw_only=True, slots=True)
class SetOwner(Change):
    """Give her an owner. `load_seen` is the load the choice was made on; if it moved, the turn is taken again."""

    rep: str
    load_seen: int | None = None
    kind: Literal["set_owner"] = "set_owner"

    def apply(self, customer: Customer) -> Customer:
        """The customer with the owner."""
        return replace(customer, owner=self.rep)


# --- consent --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordConsent(Change):
    """Her newest word on a purpose over a medium."""

    consent: Consent
    kind: Literal["record_consent"] = "record_consent"

    def apply(self, customer: Customer) -> Customer:
        """The customer with this word in place of the older one."""
        new = self.consent
        kept = tuple(c for c in customer.consents if (c.purpose, c.medium) != (new.purpose, new.medium))
        return replace(customer, consents=(*kept, new))


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppress(Change):
    """No mail may go to her address any more; an empty reason lifts it."""

    reason: str
    kind: Literal["suppress"] = "suppress"

    def apply(self, customer: Customer) -> Customer:
        """The customer with the reason."""
        return replace(customer, suppressed=self.reason)


# --- conversations --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenConversation(Change):
    """A conversation begins."""

    personal: ClassVar[bool] = True
    conversation_id: str
    address: Address
    opened_at: datetime
    kind: Literal["open_conversation"] = "open_conversation"

    def apply(self, customer: Customer) -> Customer:
        """The customer with the conversation, once."""
        if customer.conversation(self.conversation_id):
            return customer
        new = Conversation(id=self.conversation_id, address=self.address, opened_at=self.opened_at)
        return replace(customer, conversations=(*customer.conversations, new))


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordTouch(Change):
    """Somebody said or did something: the clock of quiet starts anew. Only strong signals are touches."""

    conversation_id: str = ""
    side: Literal["customer", "us"]
    at: datetime
    page: str = ""
    automatic: bool = False
    """The hub spoke by itself: it counts toward the platform's window, and answers nobody."""
    answer: str = ""
    """Outbox id of a colleague's words."""
    on_way: int = 0
    """Messages of ours that reach her after this word of hers: the platform counts them in the window it opens."""
    kind: Literal["record_touch"] = "record_touch"

    def apply(self, customer: Customer) -> Customer:
        """The customer with the touch counted, and the conversation's last words brought forward."""
        conversations = tuple(self._touched(c) if c.id == self.conversation_id else c for c in customer.conversations)
        if self.side == "us":
            return replace(customer, conversations=conversations)
        pages = customer.seen_pages
        if self.page:
            pages = (*(p for p in pages if p != self.page), self.page)[-20:]
        recent = (*customer.recent, self.at)[-RECENT_TOUCHES:]
        return replace(customer, conversations=conversations, recent=recent, seen_pages=pages)

    def _touched(self, c: Conversation) -> Conversation:
        if self.side == "us":
            sent = c.sent_since_customer + 1
            if self.automatic:
                return replace(c, sent_since_customer=sent)
            return replace(
                c,
                last_our_at=self.at,
                sent_since_customer=sent,
                waiting_since=None,
                waited_since=c.waiting_since or c.waited_since,
                answer=self.answer,
            )
        if self.page:
            return c
        return replace(
            c,
            last_customer_at=self.at,
            sent_since_customer=self.on_way,
            waiting_since=c.waiting_since or self.at,
            waited_since=None,
            answer="",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class LoseAnswer(_OnConversation):
    """A colleague's answer did not arrive: she waits again, since when she did before."""

    answer: str
    """Outbox id of the words that were lost."""
    kind: Literal["lose_answer"] = "lose_answer"

    def change(self, conversation: Conversation) -> Conversation:
        """The conversation, waiting again unless somebody has spoken since."""
        if conversation.answer != self.answer or not self.answer or conversation.status == "closed":
            return conversation
        return replace(conversation, waiting_since=conversation.waited_since)


@dataclass(frozen=True, kw_only=True, slots=True)
class Route(_OnConversation):
    """Send the conversation to a team channel."""

    channel: str
    cell: str
    kind: Literal["route"] = "route"

    def change(self, conversation: Conversation) -> Conversation:
        """The conversation in the channel."""
        return replace(conversation, channel=self.channel, cell=self.cell)


@dataclass(frozen=True, kw_only=True, slots=True)
class SetClaim(_OnConversation):
    """A rep takes the conversation, or gives it back (empty)."""

    rep: str
    at: datetime | None = None
    load_seen: int | None = None
    """As in SetOwner."""
    kind: Literal["set_claim"] = "set_claim"

    def change(self, conversation: Conversation) -> Conversation:
        """The conversation with the rep."""
        return replace(conversation, claimed_by=self.rep, claimed_at=self.at)


@dataclass(frozen=True, kw_only=True, slots=True)
class SetStatus(_OnConversation):
    """Open, snooze or close the conversation."""

    status: Literal["open", "snoozed", "closed"]
    back: bool = False
    """A closing is taken back: whoever waited when it was closed waits again, since when she did."""
    kind: Literal["set_status"] = "set_status"

    def change(self, conversation: Conversation) -> Conversation:
        """The conversation in the status; nobody waits in a closed one."""
        c = replace(conversation, status=self.status)
        if self.status == "closed":
            since = c.waiting_since or (c.waited_since if c.answer else None)
            return replace(c, waiting_since=None, waited_since=since, answer="" if c.waiting_since else c.answer)
        if self.back and not c.answer:
            return replace(c, waiting_since=c.waiting_since or c.waited_since)
        return c


@dataclass(frozen=True, kw_only=True, slots=True)
class SetTakenOver(_OnConversation):
    """A colleague answers in the platform's own client, or the hub does again."""

    taken_over: bool
    kind: Literal["set_taken_over"] = "set_taken_over"

    def change(self, conversation: Conversation) -> Conversation:
        """The conversation with the flag."""
        return replace(conversation, taken_over=self.taken_over)


@dataclass(frozen=True, kw_only=True, slots=True)
class SetRoot(_OnConversation):
    """The conversation's thread hangs under this root post now."""

    root: str
    kind: Literal["set_root"] = "set_root"

    def change(self, conversation: Conversation) -> Conversation:
        """The conversation with the root's outbox id."""
        return replace(conversation, root=self.root)


@dataclass(frozen=True, kw_only=True, slots=True)
class RaiseCard(_OnConversation):
    """What the card shows has changed: older copies are stale."""

    kind: Literal["raise_card"] = "raise_card"

    def change(self, conversation: Conversation) -> Conversation:
        """The conversation with the next card version."""
        return replace(conversation, card_version=conversation.card_version + 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class SetWakeup(_OnConversation):
    """The wake-up mail of the current episode, or its end."""

    wakeup: Wakeup | None
    kind: Literal["set_wakeup"] = "set_wakeup"

    def change(self, conversation: Conversation) -> Conversation:
        """The conversation with the wake-up."""
        return replace(conversation, wakeup=self.wakeup)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordWake(Change):
    """A wake-up mail went out: counts toward the cap."""

    at: datetime
    kind: Literal["record_wake"] = "record_wake"

    def apply(self, customer: Customer) -> Customer:
        """The customer with the moment noted."""
        return replace(customer, woken=(*customer.woken, self.at)[-10:])


# --- timers and tasks -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class SetTimer(Change):
    """Look again at a moment; replaces the timer with the same key."""

    timer: Timer
    kind: Literal["set_timer"] = "set_timer"

    def apply(self, customer: Customer) -> Customer:
        """The customer with the timer."""
        kept = tuple(t for t in customer.timers if t.key != self.timer.key)
        return replace(customer, timers=tuple(sorted((*kept, self.timer), key=lambda t: t.key)))


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelTimer(Change):
    """Forget a timer, fired or not."""

    key: str
    kind: Literal["cancel_timer"] = "cancel_timer"

    def apply(self, customer: Customer) -> Customer:
        """The customer without the timer."""
        return replace(customer, timers=tuple(t for t in customer.timers if t.key != self.key))


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenTask(Change):
    """Give a rep something to do. Its title may name her."""

    personal: ClassVar[bool] = True
    task: Task
    kind: Literal["open_task"] = "open_task"

    def apply(self, customer: Customer) -> Customer:
        """The customer with the task, once."""
        if any(t.id == self.task.id for t in customer.tasks):
            return customer
        return replace(customer, tasks=(*customer.tasks, self.task))


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseTask(Change):
    """A task is done or no longer needed."""

    task_id: str
    kind: Literal["close_task"] = "close_task"

    def apply(self, customer: Customer) -> Customer:
        """The customer without the open task."""
        return replace(customer, tasks=tuple(t for t in customer.tasks if t.id != self.task_id))


# --- sendings -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """Something that leaves the house; one outbox row."""

    id: str
    """The outbox row's id (`new_id`), also the idempotency key where a platform takes one."""
    conversation_id: str = ""
    after: str = ""
    """Outbox id of a row whose wire id this one needs; it waits until that one is delivered."""
    supersedes: str = ""
    """A newer row with the same key replaces an older unsent one."""
    cancel_key: str = ""
    """CancelSendings with this key takes the row back while it is not claimed."""
    not_before: datetime | None = None
    deadline: datetime | None = None
    """Claimed first; after it the row is skipped with the reason `deadline`."""
    report: bool = False
    """Whether the end comes back as DeliveryReported."""


def kind_of(sending: Sending) -> str:
    """What kind of sending it is, as the outbox and the metrics name it."""
    kind: str = sending.kind  # type: ignore[attr-defined]  # each names its own; only the bare base has none
    return kind


@dataclass(frozen=True, kw_only=True, slots=True)
class PostRoot(Sending):
    """Begin the conversation's thread in its team channel with its card. Draws the state of the moment it is sent."""

    channel: str
    moved_from: str = ""
    """Outbox id of the older root, when the thread moved."""
    kind: Literal["post_root"] = "post_root"


@dataclass(frozen=True, kw_only=True, slots=True)
class RefreshCard(Sending):
    """Edit the root card in place to what holds when it is sent. `after` is the root."""

    moved_to: str = ""
    """Key of the channel the thread moved to; the old root then says where it went."""
    kind: Literal["refresh_card"] = "refresh_card"


@dataclass(frozen=True, kw_only=True, slots=True)
class PostLine(Sending):
    """Add one message to the thread. `after` is the root."""

    who: Literal["customer", "rep", "notice", "wakeup", "unknown"]
    """`customer`: her words; `rep`: what a rep sent her; `notice`: the hub's own word; `wakeup`: the mail's preview
    with its three buttons; `unknown`: a sending whose end is unknown, with two buttons."""
    author: str = ""
    text: str = ""
    words: Words | None = None
    state: Literal["", "waiting", "delivered", "failed", "unknown"] = ""
    reason: str = ""
    about: str = ""
    """Outbox id (or mail id) this line is about."""
    mention: str = ""
    """Rep id to mention: only ever the owner."""
    actions: tuple[str, ...] = ()
    """Verbs offered under the line: wake_now, settle_arrived, send_to_customer ..."""
    files: tuple[str, ...] = ()
    """Ids of files that came or go with these words; how they stand is looked up when the line is drawn."""
    kind: Literal["post_line"] = "post_line"


@dataclass(frozen=True, kw_only=True, slots=True)
class EditLine(PostLine):
    """Redraw a line of the thread; `after` is the outbox id of that line.

    Empty `author`, `text` and `words` keep what the line said: only its state and reason are new.
    """

    kind: Literal["edit_line"] = "edit_line"  # type: ignore[assignment]


@dataclass(frozen=True, kw_only=True, slots=True)
class SendText(Sending):
    """Write to the customer in her own chat."""

    text: str
    by: str = ""
    """Rep id, or empty for the hub itself."""
    form_id: str = ""
    """When set, `{form}` in the text becomes the one-time address of this form."""
    kind: Literal["send_text"] = "send_text"


@dataclass(frozen=True, kw_only=True, slots=True)
class SendFile(Sending):
    """Send the customer a picture, voice, video or document in her own chat. The platform counts it as a message."""

    file_id: str
    """The stored file; it must have come from a rep, for this conversation."""
    form: Literal["image", "voice", "video", "file"]
    """How the platform takes it, as far as is known now; looked at again when the content is in hand."""
    by: str = ""
    """Rep id."""
    kind: Literal["send_file"] = "send_file"


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchFile(Sending):
    """Bring the content of a file that came with a message into the house; the id is the file's id everywhere."""

    address: Address
    """Where it came in."""
    form: Literal["image", "voice", "video", "file"]
    wire_id: str = ""
    url: str = ""
    name: str = ""
    type: str = ""
    """As claimed."""
    until: datetime
    """When the platform forgets it."""
    line: str = ""
    """The line in the thread that shows it."""
    kind: Literal["fetch_file"] = "fetch_file"


@dataclass(frozen=True, kw_only=True, slots=True)
class SendWelcome(Sending):
    """Greet with a welcome code: one shot, own lane, with a deadline."""

    code: str
    text: str
    address: Address
    route: Literal["session", "contact"]
    kind: Literal["send_welcome"] = "send_welcome"


@dataclass(frozen=True, kw_only=True, slots=True)
class SendMail(Sending):
    """Send a mail from a template; the id is the mail's id everywhere. `may_send` is asked again when it is claimed."""

    template: str
    language: str
    purpose: str
    variables: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    """Rep id, when a person sends it now; empty: it goes by itself, and only inside the sending window."""
    kind: Literal["send_mail"] = "send_mail"


@dataclass(frozen=True, kw_only=True, slots=True)
class NotifyRep(Sending):
    """Tell one rep something in her own chat (Teams 1:1, or WeCom card). May be sent again with a mark."""

    rep: str
    title: Words
    text: Words
    actions: tuple[str, ...] = ()
    """Verbs offered: claim, settle_arrived, settle_again, wake_now ..."""
    about: str = ""
    """Outbox id, mail id or task id the actions are about."""
    query: str = ""
    """A list to put under the text when it is sent: `queue`, `mine`, `unknown`, `find:<words>`, or `digest`: what
    waits for her and what is due; with nothing to say it is not sent."""
    via: Literal["", "teams", "wecom"] = ""
    """Where she wants to read it; empty = wherever she can be reached."""
    kind: Literal["notify_rep"] = "notify_rep"


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkNotices(Sending):
    """Say on the notices that offered a conversation who took it, in place of their buttons, where a platform can."""

    words: Words
    kind: Literal["mark_notices"] = "mark_notices"


@dataclass(frozen=True, kw_only=True, slots=True)
class AskProfile(Sending):
    """Ask the platform who this is; the answer is ProfileLearned."""

    address: Address
    identity: Identity
    kind: Literal["ask_profile"] = "ask_profile"


@dataclass(frozen=True, kw_only=True, slots=True)
class AskSession(Sending):
    """Ask the platform in which state her session is; the answer is SessionChanged."""

    address: Address
    identity: Identity
    kind: Literal["ask_session"] = "ask_session"


@dataclass(frozen=True, kw_only=True, slots=True)
class MoveSession(Sending):
    """Move her session at the platform: to the hub, or to a colleague in the platform's own client."""

    address: Address
    identity: Identity
    to: Literal["hub", "human"]
    rep: str = ""
    kind: Literal["move_session"] = "move_session"


@dataclass(frozen=True, kw_only=True, slots=True)
class PullMessages(Sending):
    """Fetch what the platform announced."""

    address: Address
    token: str = ""
    kind: Literal["pull_messages"] = "pull_messages"


@dataclass(frozen=True, kw_only=True, slots=True)
class Provision(Sending):
    """Make sure that the channels the matrix names exist in their teams, and learn the reps."""

    kind: Literal["provision"] = "provision"


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelSendings:
    """Take back every unclaimed outbox row with this cancel key."""

    cancel_key: str
    reason: str
    kind: Literal["cancel_sendings"] = "cancel_sendings"


@dataclass(frozen=True, kw_only=True, slots=True)
class SettleSending:
    """A person says how an unknown sending ended: it arrived, or it is to be sent again."""

    row_id: str
    verdict: Literal["arrived", "again"]
    by: str
    wire_id: str = ""
    """Learned from the action itself: the thread's wire id of a root card that somebody pressed a button on."""
    part_id: str = ""
    """The wire id of that card."""
    kind: Literal["settle_sending"] = "settle_sending"


@dataclass(frozen=True, kw_only=True, slots=True)
class SaveReference:
    """Keep how the bot may speak in a team or to a person (a conversation reference)."""

    address: Address
    scope: Literal["team", "personal", "group"]
    service_url: str
    team_id: str = ""
    group_id: str = ""
    member: str = ""
    """Entra object id, for a person's chat."""
    member_wire_id: str = ""
    language: str = ""
    """Of the person's client: what she reads, if nobody has said."""
    removed: bool = False
    kind: Literal["save_reference"] = "save_reference"


@dataclass(frozen=True, kw_only=True, slots=True)
class Prefer:
    """Keep how a rep wants to be spoken to."""

    rep: str
    wishes: Preferences
    kind: Literal["prefer"] = "prefer"


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexNote:
    """Make a customer findable by the words of a note about her: only keyed digests of its pieces are kept."""

    customer_id: str
    text: str
    kind: Literal["index_note"] = "index_note"


@dataclass(frozen=True, kw_only=True, slots=True)
class SetPause:
    """Switch every automatic send off, or on again."""

    paused: bool
    by: str
    kind: Literal["set_pause"] = "set_pause"


AnyChange = Annotated[
    LinkIdentity
    | Describe
    | Classify
    | AddTag
    | DropTag
    | AddScore
    | SetStage
    | SetQualified
    | SetOwner
    | RecordConsent
    | Suppress
    | OpenConversation
    | RecordTouch
    | LoseAnswer
    | Route
    | SetClaim
    | SetStatus
    | SetTakenOver
    | SetRoot
    | RaiseCard
    | SetWakeup
    | RecordWake
    | SetTimer
    | CancelTimer
    | OpenTask
    | CloseTask,
    Field(discriminator="kind"),
]
AnySending = Annotated[
    PostRoot
    | RefreshCard
    | PostLine
    | EditLine
    | SendText
    | SendFile
    | FetchFile
    | SendWelcome
    | SendMail
    | NotifyRep
    | MarkNotices
    | AskProfile
    | AskSession
    | MoveSession
    | PullMessages
    | Provision,
    Field(discriminator="kind"),
]
Order = CancelSendings | SettleSending | SaveReference | Prefer | IndexNote | SetPause
"""Effects on the hub's own queues and switches, done in the turn's commit."""
Effect = Change | Sending | Order

CHANGE: TypeAdapter[Change] = TypeAdapter(AnyChange)
"""Reads and writes changes as JSON."""
SENDING: TypeAdapter[Sending] = TypeAdapter(AnySending)
"""Reads and writes sendings as JSON."""


def fold(customer: Customer, changes: Iterable[Change]) -> Customer:
    """The customer after all changes, in order."""
    for change in changes:
        customer = change.apply(customer)
    return customer
