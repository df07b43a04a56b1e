"""A decision while it is being made: what holds so far, what is to be done, and why. Lives for one call of `decide`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Literal

from rules.book import Playbook
from rules.decision import Answer, Because, Decision, Trace
from rules.effects import (
    CancelSendings,
    CancelTimer,
    Change,
    Effect,
    NotifyRep,
    PostLine,
    RaiseCard,
    RefreshCard,
    SetTimer,
    new_id,
)
from rules.events import Happened
from rules.facts import Facts
from rules.heat import heat_of
from rules.model import Conversation, Customer, Rep, ReplyLimits, Snapshot, Timer, Words
from rules.peace import quiet_until, ways

About = Literal["route", "rule", "assign", "score", "stage", "quiet", "send", "act", "skip"]
NO_LIMITS = ReplyLimits()


@dataclass(kw_only=True, slots=True)
class Draft:
    """What one event leads to, so far."""

    snapshot: Snapshot
    event: Happened
    playbook: Playbook
    now: datetime
    customer: Customer
    """As she is after the changes so far."""
    conversation_id: str = ""
    effects: list[Effect] = field(default_factory=list)
    steps: list[Because] = field(default_factory=list)
    answer: Answer | None = None
    drawn: bool = False
    """The card shows something new."""
    raised: bool = False
    """What the card offers has changed: older copies are stale."""
    rooted: bool = False
    """A root was posted in this very turn; it draws the newest state by itself."""
    lines: int = 0
    known: Facts | None = None
    """Facts about her as she was when they were last asked for."""

    @property
    def conversation(self) -> Conversation | None:
        """The conversation, as it is after the changes so far."""
        return self.customer.conversation(self.conversation_id)

    @property
    def language(self) -> str:
        """The customer's language."""
        return self.customer.language

    @property
    def kind(self) -> str:
        """The event's kind."""
        return str(getattr(self.event, "kind", ""))

    def id(self, what: str) -> str:
        """The id of something this event causes."""
        return new_id(self.event.id, what)

    def do(self, *effects: Effect) -> None:
        """Add effects; changes hold at once for whatever is decided next."""
        for effect in effects:
            self.effects.append(effect)
            if isinstance(effect, Change):
                self.customer = effect.apply(self.customer)

    def because(self, about: About, zh: str, en: str, *, rule: str = "", seen: dict[str, str] | None = None) -> None:
        """Add one reason."""
        self.steps.append(Because(about=about, words=Words(zh=zh, en=en), rule=rule, seen=seen or {}))

    def skip(self, zh: str, en: str, **seen: str) -> None:
        """Say that nothing is done, and why."""
        self.because("skip", zh, en, seen=seen)

    def refuse(self, zh: str, en: str, **seen: str) -> None:
        """Tell the person who acted that it was not done, and why."""
        self.answer = Answer(show="toast", words=Words(zh=zh, en=en), refused=True)
        self.skip(zh, en, **seen)

    def toast(self, zh: str, en: str) -> None:
        """Tell the person who acted something short."""
        self.answer = Answer(show="toast", words=Words(zh=zh, en=en))

    def answer_with(self, words: Words) -> None:
        """Tell the person who acted something, and nobody else."""
        self.answer = Answer(show="toast", words=words, private=True)

    def show_card(self, zh: str, en: str) -> None:
        """Show the person who acted the newest card."""
        self.answer = Answer(show="card", words=Words(zh=zh, en=en))

    def facts(self) -> Facts:
        """What conditions can look at now."""
        if self.known is None or self.known.customer is not self.customer:
            talk, heat = self.conversation, partial(heat_of, self.playbook)
            self.known = Facts(customer=self.customer, conversation=talk, event=self.event, now=self.now, heat=heat)
        return self.known

    # --- the thread -------------------------------------------------------------------------------------------------

    def line(self, line: PostLine) -> None:
        """Add a line to the thread of its conversation; without a thread there is nowhere to put it."""
        if line.after:
            self.do(line)

    def notice(
        self,
        zh: str,
        en: str,
        *,
        mention: str = "",
        about: str = "",
        talk: Conversation | None = None,
        files: tuple[str, ...] = (),
    ) -> None:
        """The hub's own word in the thread."""
        talk = talk or self.conversation
        if talk is None or not talk.root:
            return
        self.lines += 1
        line = PostLine(
            id=self.id(f"notice/{talk.id}/{self.lines}"),
            conversation_id=talk.id,
            after=talk.root,
            who="notice",
            words=Words(zh=zh, en=en),
            mention=mention,
            about=about,
            files=files,
        )
        self.do(line)

    def tell(
        self,
        rep: str,
        title: Words,
        text: Words,
        *,
        actions: tuple[str, ...] = (),
        about: str = "",
        query: str = "",
        once: str = "",
    ) -> None:
        """Tell one rep something in her own chat, wherever she wants to read it; in her quiet hours it is held.

        `once`: a name for what is told; whatever happens, it is not told to her a second time.
        """
        if not rep:
            return
        self.lines += 1
        person = self.rep(rep)
        found = ways(person) if person is not None else ("",)
        if person is not None and not found:
            self.unreachable(person)
        until = quiet_until(person, self.playbook.reminders.quiet_hours, self.now) if person is not None else None
        for number, way in enumerate(found):
            notice = NotifyRep(
                id=new_id(once, f"{rep}/{number}") if once else self.id(f"tell/{rep}/{self.lines}/{number}"),
                conversation_id=self.conversation_id,
                rep=rep,
                title=title,
                text=text,
                actions=actions,
                about=about,
                query=query,
                via=way,
                not_before=until,
                # All that is held until one moment goes as one notice: the newest stands for those before it.
                supersedes=f"held/{rep}/{way}/{until.isoformat()}" if until else "",
            )
            self.do(notice)

    def unreachable(self, person: Rep) -> None:
        """A colleague whom no notice reaches: each manager is told, once in a week."""
        week = f"{self.now:%G-W%V}"
        for manager in self.snapshot.reps:
            if manager.role != "manager" or not manager.active or manager.id == person.id or not ways(manager):
                continue
            notice = NotifyRep(
                id=new_id(f"unreachable/{person.id}/{week}", manager.id),
                rep=manager.id,
                title=Words(zh="有同事收不到提醒", en="A colleague gets no notices"),
                text=Words(
                    zh=f"{person.name}没有和塔台的 Teams 聊天，也没有企业微信账号。请让他安装应用，或补上账号。",
                    en=f"{person.name} has no chat with Tower in Teams and no WeCom account. "
                    "Let them install the app, or add the account.",
                ),
            )
            self.do(notice)
        self.skip("收不到提醒，已告知经理", "Cannot be reached; the managers are told", rep=person.id)

    def tell_owner(self, title: Words, text: Words, *, actions: tuple[str, ...] = (), about: str = "") -> None:
        """Tell her owner, or every manager if she has none."""
        for rep in self.keepers():
            self.tell(rep, title, text, actions=actions, about=about)

    def keepers(self) -> tuple[str, ...]:
        """Her owner, or else the managers."""
        owner = self.rep(self.customer.owner)
        if owner is not None and owner.active:
            return (owner.id,)
        return tuple(r.id for r in self.snapshot.reps if r.role == "manager" and r.active)

    # --- people and limits ------------------------------------------------------------------------------------------

    def rep(self, rep_id: str) -> Rep | None:
        """The rep with this id."""
        return self.snapshot.rep(rep_id) if rep_id else None

    def name_of(self, rep_id: str) -> str:
        """A rep's name, or the id."""
        rep = self.rep(rep_id)
        return rep.name if rep else rep_id

    def limits(self, talk: Conversation) -> ReplyLimits:
        """What the platform of a conversation allows."""
        return self.snapshot.limits.get(talk.address.connector, NO_LIMITS)

    # --- timers -----------------------------------------------------------------------------------------------------

    def set_timer(self, timer: Timer) -> None:
        """Set a timer, unless it stands exactly so already."""
        if self.customer.timer(timer.key) != timer:
            self.do(SetTimer(timer=timer))

    def cancel_timer(self, key: str) -> None:
        """Forget a timer, if there is one."""
        if self.customer.timer(key) is not None:
            self.do(CancelTimer(key=key))

    def cancel(self, key: str, reason: str) -> None:
        """Take back what is not on its way yet."""
        self.do(CancelSendings(cancel_key=key, reason=reason))

    # --- the end ----------------------------------------------------------------------------------------------------

    def decision(self) -> Decision:
        """What was decided."""
        self._draw()
        if not self.steps:
            self.skip("无需处理", "Nothing to do")
        trace = Trace(
            event_id=self.event.id,
            event=self.kind,
            at=self.now,
            playbook=self.playbook.version,
            steps=tuple(self.steps),
        )
        return Decision(effects=tuple(self.effects), because=trace, answer=self.answer)

    def _draw(self) -> None:
        talk = self.conversation
        if talk is None or not talk.root:
            return
        if self.raised:
            self.do(RaiseCard(conversation_id=talk.id))
        if (self.drawn or self.raised) and not self.rooted:
            self.do(
                RefreshCard(
                    id=self.id("refresh"), conversation_id=talk.id, after=talk.root, supersedes=f"card/{talk.id}"
                )
            )
