"""From a claimed outbox row to a job a connector can send: everything looked up at the last moment, nothing decided.

A card is drawn here, from the state of this moment; whether a mail may go is asked here once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bots import filework, marking, notices
from bots.desk import Desk
from bots.making import NotNow, base, gone, reference
from bots.readers import readers
from connectors.contract import (
    CardEdit,
    ChannelRef,
    CustomerText,
    Job,
    Line,
    LineEdit,
    LinePost,
    Mail,
    ProvisionChannels,
    Pull,
    Question,
    Reference,
    SessionMove,
    Skipped,
    ThreadPost,
    TryLater,
    Undeliverable,
    Welcome,
)
from rules.book import Playbook
from rules.cardview import NO_LIMITS
from rules.effects import (
    AskProfile,
    AskSession,
    EditLine,
    FetchFile,
    MarkNotices,
    MoveSession,
    NotifyRep,
    PostLine,
    PostRoot,
    Provision,
    PullMessages,
    RefreshCard,
    SendFile,
    SendMail,
    SendText,
    SendWelcome,
)
from rules.masking import Mirror, mirrored
from rules.model import Conversation, Customer, ReplyLimits
from rules.quiet import may_send, still_wanted, until_window
from rules.reasons import reason_words
from rules.tokens import Tokens
from rules.verbs import label
from rules.window import why_too_late
from storage import customers, notes, orders, outbox, references, reps
from storage.outbox import Claim
from storage.unit import Unit

CHANNEL_MISSING = "channel_missing"
"""Reason of a root post that waits until its channel is provisioned."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where jobs are made."""

    desk: Desk
    mirror: Mirror
    """How words from WeCom appear in Teams: `full`, `masked` or `notice`."""
    tokens: Tokens
    public_url: str
    most_bytes: int = filework.MOST_BYTES
    """The largest file that is fetched."""

    @property
    def language(self) -> str:
        """Of the threads in the team's channels: as the playbook that holds says."""
        return self.desk.playbook.language

    @property
    def playbook(self) -> Playbook:
        """What holds now."""
        return self.desk.playbook

    @property
    def limits(self) -> Mapping[str, ReplyLimits]:
        """What each platform allows."""
        return self.desk.limits

    def job(self, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
        """The job of a row at this moment, or why there is none."""
        return _MAKERS[type(claim.sending)](self, unit, claim, now)

    # --- threads ----------------------------------------------------------------------------------------------------

    def root(self, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
        """A thread begins."""
        sending: Any = claim.sending
        customer, talk = self._whom(unit, claim)
        if talk is None:
            return gone()
        channel = self._channel(unit, sending.channel)
        if not channel.wire_id and sending.channel not in self.playbook.channels:
            return NotNow(outcome=Undeliverable(reason="channel_gone"))
        if not channel.wire_id or channel.reference is None:
            return NotNow(outcome=TryLater(reason=CHANNEL_MISSING, seconds=30))
        if sending.moved_from and (older := outbox.root_in(unit, claim)) is not None:
            # It comes back to a channel where it stood before: it goes on there, and nobody gets a second card.
            return CardEdit(
                **base(claim, self.language),
                thread=older.wire_id,
                activity=older.part_id,
                reference=channel.reference,
                card=self.desk.view(unit, customer, talk, now),
                readers=readers(unit, self.playbook, customer, talk),
            )
        return ThreadPost(
            **base(claim, self.language),
            channel=channel,
            card=self.desk.view(unit, customer, talk, now),
            moved_from=self._channel_of_root(unit, sending.moved_from),
            readers=readers(unit, self.playbook, customer, talk),
        )

    def card(self, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
        """A root card is drawn anew."""
        sending: Any = claim.sending
        customer, talk = self._whom(unit, claim)
        if talk is None or claim.after is None or not claim.after.part_id:
            return gone()
        first: Any = claim.after.sending
        channel = self._channel(unit, first.channel)
        if channel.reference is None:
            return NotNow(outcome=TryLater(reason="bot_removed", seconds=300))
        return CardEdit(
            **base(claim, self.language),
            thread=claim.after.wire_id,
            activity=claim.after.part_id,
            reference=channel.reference,
            card=self.desk.view(unit, customer, talk, now),
            moved_to=self._channel(unit, sending.moved_to).name if sending.moved_to else "",
            readers=readers(unit, self.playbook, customer, talk),
        )

    def line(self, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
        """A line is added to a thread, or drawn anew."""
        sending: Any = claim.sending
        _, talk = self._whom(unit, claim)
        if talk is None or claim.after is None:
            return gone()
        reference = self._team_reference(unit)
        if reference is None:
            return NotNow(outcome=TryLater(reason="bot_removed", seconds=300))
        line = self._line(unit, claim, talk)
        common = base(claim, self.language)
        if isinstance(sending, EditLine):
            return LineEdit(
                **common, thread=claim.after.wire_id, activity=claim.after.part_id, reference=reference, line=line
            )
        return LinePost(**common, thread=claim.after.wire_id, reference=reference, line=line)

    def _line(self, unit: Unit, claim: Claim, talk: Conversation) -> Line:
        sending: Any = claim.sending
        said: Any = sending
        if isinstance(sending, EditLine) and not (sending.text or sending.words) and claim.after is not None:
            said = claim.after.sending
        text = said.text or (said.words.in_(self.language) if said.words else "")
        files = filework.shown(unit, said.files)
        if said.who == "customer" and talk.address.connector == "wecom":
            text = mirrored(text, self.mirror, self.language)
            files = filework.mirrored_names(files, self.mirror)
        why = reason_words(sending.reason) if sending.reason else None
        return Line(
            who=said.who,
            author=said.author,
            text=text,
            state=sending.state,
            reason=why.in_(self.language) if why else "",
            mention=reps.by_id(unit, said.mention) if said.mention else None,
            conversation_id=sending.conversation_id,
            about=said.about,
            actions=tuple((verb, label(verb)) for verb in sending.actions),
            files=files,
            file_url=f"{self.public_url}/sidebar/media/",
        )

    # --- people -----------------------------------------------------------------------------------------------------

    def text(self, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
        """A word to the customer in her own chat."""
        sending: Any = claim.sending
        customer, talk = self._whom(unit, claim)
        if talk is None:
            return gone()
        if code := why_too_late(talk, self.desk.limits.get(talk.address.connector, NO_LIMITS), now):
            return NotNow(outcome=Undeliverable(reason=code))
        text = sending.text
        if sending.form_id:
            text = text.replace("{form}", f"{self.public_url}/f/{self.tokens.mint('form', sending.form_id)}")
        rep = reps.by_id(unit, sending.by) if sending.by else None
        return CustomerText(
            **base(claim, customer.language),
            address=talk.address,
            identity=None,
            reference=reference(references.at_address(unit, talk.address)),
            text=text,
            author=rep.name if rep else "",
        )

    def welcome(self, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
        """A greeting with a welcome code."""
        sending: Any = claim.sending
        common = base(claim, "zh-CN")
        return Welcome(**common, address=sending.address, code=sending.code, text=sending.text, route=sending.route)

    def notice(self, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
        """A word to a rep in their own chat."""
        return notices.make(self.desk, self.public_url, unit, claim, now)

    def mail(self, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
        """A mail, if it may still go."""
        sending: Any = claim.sending
        customer, talk = self._whom(unit, claim)
        if not still_wanted(talk, claim.id):
            return NotNow(outcome=Skipped(reason="cancelled"))
        address = customer.attributes.get("mail", "")
        allowed, because = may_send(customer, now, self.playbook, paused=notes.switched(unit, orders.PAUSED))
        if not allowed:
            return NotNow(outcome=Skipped(reason=because.rule or "may_not_send"))
        if not sending.by and (wait := until_window(customer, self.playbook, now)):
            return NotNow(outcome=TryLater(reason="outside_window", seconds=wait))
        return Mail(
            **base(claim, sending.language),
            to=address,
            to_name=customer.name,
            template=sending.template,
            purpose=sending.purpose,
            variables=sending.variables,
        )

    # --- questions and errands --------------------------------------------------------------------------------------

    def question(self, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
        """Something only the platform knows."""
        sending: Any = claim.sending
        about: Literal["profile", "session"] = "profile" if isinstance(sending, AskProfile) else "session"
        return Question(**base(claim, self.language), about=about, address=sending.address, identity=sending.identity)

    def move(self, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
        """Her session is moved at the platform."""
        sending: Any = claim.sending
        rep = reps.by_id(unit, sending.rep) if sending.rep else None
        return SessionMove(
            **base(claim, self.language),
            address=sending.address,
            identity=sending.identity,
            to=sending.to,
            userid=rep.userid if rep else "",
        )

    def pull(self, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
        """What was announced is fetched."""
        sending: Any = claim.sending
        return Pull(**base(claim, self.language), address=sending.address, token=sending.token)

    def provision(self, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
        """The channels of the matrix are made to exist."""
        channels = tuple(self._channel(unit, key) for key in self.playbook.channels)
        if not any(c.reference for c in channels):
            return NotNow(outcome=Skipped(reason="bot_not_installed"))
        return ProvisionChannels(**base(claim, self.language), channels=channels)

    # --- looked up --------------------------------------------------------------------------------------------------

    def _whom(self, unit: Unit, claim: Claim) -> tuple[Customer, Conversation | None]:
        found = customers.load(unit, claim.customer_id) if claim.customer_id else None
        customer = found or Customer(id="", created_at=datetime.fromtimestamp(0).astimezone())
        return customer, customer.conversation(claim.sending.conversation_id)

    def _channel(self, unit: Unit, key: str) -> ChannelRef:
        """A channel as the playbook names it; one that left the playbook, as it was called last."""
        planned, stands = self.playbook.channels.get(key), references.channel(unit, key)
        if planned is not None:
            team, name = self.playbook.teams[planned.team].name, planned.name
        else:
            team, name = (stands.team, stands.name) if stands else ("", key)
        return ChannelRef(
            key=key,
            team=team,
            name=name,
            wire_id=stands.wire_id if stands else "",
            reference=self._team_reference(unit),
        )

    def _channel_of_root(self, unit: Unit, root: str) -> str:
        """Name of the channel in which an older root stands."""
        older = outbox.sent(unit, root) if root else None
        return self._channel(unit, older.sending.channel).name if older and isinstance(older.sending, PostRoot) else ""

    def _team_reference(self, unit: Unit) -> Reference | None:
        """The team the bot lives in. One team per hub installation so far."""
        found = references.teams(unit)
        return reference(found[0]) if found else None


Maker = Callable[[Bench, Unit, Claim, datetime], Job | NotNow]
_MAKERS: Mapping[type, Maker] = {
    PostRoot: Bench.root,
    RefreshCard: Bench.card,
    PostLine: Bench.line,
    EditLine: Bench.line,
    SendText: Bench.text,
    SendFile: filework.send,
    FetchFile: filework.fetch,
    SendWelcome: Bench.welcome,
    NotifyRep: Bench.notice,
    MarkNotices: marking.marks,
    SendMail: Bench.mail,
    AskProfile: Bench.question,
    AskSession: Bench.question,
    MoveSession: Bench.move,
    PullMessages: Bench.pull,
    Provision: Bench.provision,
}
