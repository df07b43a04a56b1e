"""A customer who lives through events: each is decided, its changes folded, as a turn would do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from rules.book import Playbook
from rules.decision import Decision
from rules.effects import PostLine, fold
from rules.engine import decide
from rules.events import (
    ChannelWentQuiet,
    DeliveryReported,
    FormSubmitted,
    Happened,
    MailReceived,
    MessageReceived,
    PageVisited,
    RepActed,
    RepSpoke,
    SessionEntered,
    TimerFired,
)
from rules.model import (
    Address,
    Conversation,
    Customer,
    Entry,
    Identity,
    Rep,
    RepHandle,
    ReplyLimits,
    Snapshot,
    Stage,
    Timer,
)
from rules.playbook import parse

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Monday, ten in the morning in Shanghai."""
KF = Address(connector="wecom", account="kf-1", wire_id="wm-1")
SHE = Identity(platform="wecom", kind="external_userid", value="wm-1")
WANG = Rep(id="wang", name="王芳", team="sales", aad_id="aad-wang", userid="WangFang", load=2)
LI = Rep(id="li", name="李强", team="sales", aad_id="aad-li", userid="LiQiang", load=1)
MA = Rep(id="ma", name="马经理", role="manager", aad_id="aad-ma", userid="MaJing")
LIMITS = {"wecom": ReplyLimits(hours=48, messages=5, text_bytes=2048)}

E = TypeVar("E")


@cache
def playbook() -> Playbook:
    """The playbook that is shipped."""
    return parse(Path("playbooks/default.yaml").read_text("utf-8"), "default.yaml")


def effects(decision: Decision, kind: type[E]) -> list[E]:
    """The effects of exactly this kind."""
    return [e for e in decision.effects if type(e) is kind]


HERS = "wang.min@example.com"


@dataclass(kw_only=True)
class Life:
    """One customer through time."""

    now: datetime = MONDAY
    customer: Customer = field(default_factory=lambda: Customer(id="c-1", created_at=MONDAY))
    reps: tuple[Rep, ...] = (WANG, LI, MA)
    book: Playbook = field(default_factory=playbook, repr=False)
    paused: bool = False
    unknown: tuple[str, ...] = ()
    heaviest: tuple[Entry, ...] = ()
    on_way: int = 0
    limits: Mapping[str, ReplyLimits] = field(default_factory=lambda: LIMITS)
    conversation_id: str = ""
    decisions: list[Decision] = field(default_factory=list)
    numbers: Any = field(default_factory=count)

    @property
    def talk(self) -> Conversation:
        """Her conversation."""
        found = self.customer.conversation(self.conversation_id)
        assert found is not None
        return found

    def status(self) -> str:
        """Whether her conversation is open, snoozed or closed."""
        return self.talk.status

    def waking(self) -> str:
        """State of her wake-up, or empty."""
        return self.talk.wakeup.state if self.talk.wakeup else ""

    def qualified(self) -> bool:
        """Whether she is marketing-qualified."""
        return self.customer.qualified

    def stage(self) -> Stage:
        """Her stage."""
        return self.customer.stage

    @property
    def last(self) -> Decision:
        """What the last event led to."""
        return self.decisions[-1]

    def happens(self, event: Happened, actor: Rep | None = None) -> Decision:
        """One turn."""
        snapshot = Snapshot(
            customer=self.customer,
            conversation_id=self.conversation_id,
            actor=actor,
            reps=self.reps,
            limits=self.limits,
            paused=self.paused,
            unknown=self.unknown,
            heaviest=self.heaviest,
            on_way=self.on_way,
        )
        decision = decide(snapshot, event, self.book, self.now)
        self.customer = fold(self.customer, decision.changes)
        if not self.conversation_id and self.customer.conversations:
            self.conversation_id = self.customer.conversations[0].id
        self.decisions.append(decision)
        return decision

    def id(self) -> str:
        """An event id."""
        return f"event-{next(self.numbers)}"

    # --- time -------------------------------------------------------------------------------------------------------

    def passes(self, **span: float) -> None:
        """Time goes on; nothing fires by itself."""
        self.now += timedelta(**span)

    def fire(self, kind: str) -> Decision:
        """Time goes on to the next timer of this kind, which fires."""
        timer = min((t for t in self.customer.timers if t.kind == kind), key=lambda t: t.due_at)
        self.now = max(self.now, timer.due_at)
        return self.ring(timer)

    def ring(self, timer: Timer) -> Decision:
        """A timer fires now."""
        if timer.kind == "quiet":
            quiet = ChannelWentQuiet(
                id=f"quiet/{timer.conversation_id}/{timer.episode}",
                at=self.now,
                conversation_id=timer.conversation_id,
                episode=timer.episode,
            )
            return self.happens(quiet)
        fired = TimerFired(
            id=f"{timer.kind}/{timer.conversation_id}/{timer.episode or timer.due_at}",
            at=self.now,
            customer_id=self.customer.id,
            conversation_id=timer.conversation_id,
            key=timer.key,
            timer=timer.kind,
            episode=timer.episode,
        )
        return self.happens(fired)

    # --- people -----------------------------------------------------------------------------------------------------

    def enters(self, scene_param: str = "", code: str = "wc-1") -> Decision:
        """She opens the chat."""
        event = SessionEntered(
            id=self.id(), at=self.now, address=KF, identity=SHE, scene_param=scene_param, welcome_code=code
        )
        return self.happens(event)

    def says(self, text: str, name: str = "") -> Decision:
        """She writes."""
        return self.happens(MessageReceived(id=self.id(), at=self.now, address=KF, identity=SHE, text=text, name=name))

    def visits(self, page: str) -> Decision:
        """She looks at a page."""
        return self.happens(PageVisited(id=self.id(), at=self.now, conversation_id=self.conversation_id, page=page))

    def submits(self, *, consented: bool = True, **fields: str) -> Decision:
        """She fills the form."""
        event = FormSubmitted(
            id=self.id(),
            at=self.now,
            conversation_id=self.conversation_id,
            form_id="f-1",
            fields=fields,
            consented=consented,
            purpose="wakeup",
            text_version="v1",
        )
        return self.happens(event)

    def mails(
        self,
        text: str,
        *,
        verified: bool = True,
        automatic: bool = False,
        mail_id: str = "m-1",
        sender: str = HERS,
    ) -> Decision:
        """She answers a mail."""
        event = MailReceived(
            id=self.id(),
            at=self.now,
            mail_id=mail_id,
            sender=sender,
            subject="Re",
            text=text,
            verified=verified,
            automatic=automatic,
        )
        return self.happens(event)

    def acts(self, verb: str, by: Rep = WANG, *, version: int = 0, **inputs: str) -> Decision:
        """A rep presses a button."""
        event = RepActed(
            id=self.id(),
            at=self.now,
            by=RepHandle(platform="teams", value=by.aad_id),
            verb=verb,
            inputs=inputs,
            conversation_id=self.conversation_id,
            card_version=version,
        )
        return self.happens(event, by)

    def types(
        self, text: str, by: Rep = WANG, *, mentioned: bool = True, personal: bool = False, answered: bool = False
    ) -> Decision:
        """A rep writes in the thread, or to the bot."""
        event = RepSpoke(
            id=self.id(),
            at=self.now,
            by=RepHandle(platform="teams", value=by.aad_id),
            by_name=by.name,
            thread=Address(connector="teams", account="msteams", wire_id="19:x;messageid=1"),
            text=text,
            mentioned=mentioned,
            personal=personal,
            answered=answered,
        )
        return self.happens(event, by)

    def reported(self, row_id: str, effect: str, outcome: Any, reason: str = "") -> Decision:
        """A sending ends."""
        event = DeliveryReported(
            id=self.id(),
            at=self.now,
            row_id=row_id,
            conversation_id=self.conversation_id,
            effect=effect,
            outcome=outcome,
            reason=reason,
        )
        return self.happens(event)

    def gone(self, line: PostLine) -> Decision:
        """A line finds that the thread it was meant for was deleted."""
        event = DeliveryReported(
            id=self.id(),
            at=self.now,
            row_id=line.id,
            conversation_id=self.conversation_id,
            effect=line.kind,
            outcome="undeliverable",
            reason="root_gone",
            after=line.after,
            said=line,
        )
        return self.happens(event)

    def with_mail(self) -> Life:
        """She has left her address and agreed to mails."""
        self.submits(mail=HERS, name="王敏")
        return self

    def at_address(self) -> Life:
        """Her address is known, however that came."""
        self.customer = replace(self.customer, attributes={**self.customer.attributes, "mail": HERS})
        return self

    def on_hold(self) -> Life:
        """A manager has paused everything automatic."""
        self.paused = True
        return self


def quiet_life() -> Life:
    """She wrote, was answered, left her address, and has said nothing since: the quiet timer has just fired."""
    life = Life()
    life.says("你好，想了解方案")
    life.acts("reply", text="您好，王敏")
    life.with_mail()
    life.fire("quiet")
    return life


def without(rep: Rep, **changes: Any) -> Rep:
    """A colleague who differs."""
    return replace(rep, **changes)
