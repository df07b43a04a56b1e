"""A playbook: how this company works with its customers, as typed data. Its version is its content's hash.

The docstrings of the classes and keys are the documentation of the file; `json_schema` gives them to editors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Any

from pydantic import Field, PrivateAttr

from rules.actions import Action
from rules.calendar import Holidays, Week
from rules.conditions import Condition, Test
from rules.facts import FIELDS, Facts
from rules.language import Language
from rules.model import Stage
from rules.scripts import Questions, Script
from rules.strict import Name, Said, Strict, Text
from rules.vocabulary import Vocabulary


class Office(Strict):
    """When people are here to answer."""

    zone: str = "Asia/Shanghai"
    """IANA zone of the office."""
    hours: Week


class Team(Strict):
    """A team of people, and the team in Teams that holds its channels."""

    name: Text


class Channel(Strict):
    """A team channel conversations are routed to."""

    team: Name
    name: Text


class Industry(Strict):
    """An industry, and the words by which it is told from what she writes in the form or in her company's name."""

    name: Said
    words: tuple[Text, ...] = ()


class Source(Strict):
    """What a short code stands for: the state of a live QR code, the scene of a service link."""

    name: Said
    tag: str = ""
    industry: str = ""


class Signal(Strict):
    """One kind of line in the score ledger."""

    points: float = Field(ge=-100, le=100)
    half_life_days: float = Field(gt=0, le=3650)
    words: Said


class StageLimits(Strict):
    """What holds for customers in one stage."""

    quiet_days: float | None = Field(default=None, gt=0, le=3650)
    """After how many days without a word the conversation counts as quiet; left out = never."""


class Heat(Strict):
    """When a customer is hot, when warm; cold otherwise. Recency, frequency and depth as conditions."""

    hot: Condition
    warm: Condition


class Segment(Strict):
    """A computed group. The first one whose condition holds is hers; the last one needs no condition."""

    id: Name
    name: Said
    if_: Condition | None = Field(default=None, alias="if")


class OwnerRule(Strict):
    """Who gets a customer of a cell: the active colleague of the team with the least load, filtered hard."""

    team: Name
    match_industry: bool = True
    """Only colleagues who work in her industry, or in all."""
    match_region: bool = True
    """Only colleagues who work in her region, or in all."""


class Cell(Strict):
    """One cell of the matrix; an empty list means any. The first cell that fits decides, the last one fits all."""

    id: Name
    segment: tuple[Name, ...] = ()
    industry: tuple[Name, ...] = ()
    stage: tuple[Stage, ...] = ()
    to: Name
    """Key of the channel."""
    owner: OwnerRule
    because: Said


class Qualify(Strict):
    """When a customer is marketing-qualified (MQL): enters at a score, leaves only at a lower one."""

    enter: float
    leave: float
    task: Said
    due_hours: float = Field(default=8, gt=0)


class ReplyTimes(Strict):
    """How long a customer may wait for a colleague, in open office minutes; shown everywhere, promised to nobody."""

    first_reply_minutes: float = Field(default=30, gt=0, le=10_080)
    """Until the first answer in a conversation."""
    next_reply_minutes: float = Field(default=120, gt=0, le=10_080)
    """Until every later answer."""
    risk_minutes: float = Field(default=10, ge=0, le=1440)
    """With so few minutes left it counts as at risk."""


Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""A moment of the day, `09:00`."""


class Reminders(Strict):
    """What the hub tells its own people unasked."""

    digests: tuple[Clock, ...] = Field(default=("09:00", "16:30"), max_length=6)
    """When each rep is told what waits and what is due, on the clock of her zone, on working days; none = never."""
    quiet_hours: Annotated[str, Field(pattern=r"^(|([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)$")] = ""
    """Quiet hours of whoever has not chosen her own, `21:00-08:00`; empty = none."""
    unrouted_minutes: float = Field(default=10, gt=0, le=1440)
    """After so many open office minutes in which nobody took a waiting customer the managers are told, once."""


class Cap(Strict):
    """At most so many wake-up mails in so many days."""

    mails: int = Field(ge=1, le=10)
    days: float = Field(gt=0, le=365)


class Topic(Strict):
    """What a wake-up mail talks about; the first whose industry fits, the last one fits all."""

    industry: str = ""
    words: Said


class WakeupPlan(Strict):
    """The mail to a customer who went quiet."""

    template: Name = "wakeup"
    purpose: Name = "wakeup"
    subject: Said
    topics: tuple[Topic, ...] = Field(min_length=1)
    preview_hours: float = Field(default=4, gt=0, le=168)
    """How long the owner may look at it before it goes."""
    hold_days: float = Field(default=7, gt=0, le=90)
    window: Week
    """When mails may go, on the wall clock of the customer; holidays are left out."""
    cap: Cap


class Texts(Strict):
    """What the hub itself says to a customer. `{name}` and so on are filled in."""

    welcome: Said
    off_hours: Said
    """`{opening}`: when somebody is here again."""
    form: Said
    """`{form}`: the one-time address of the form."""
    human: Said
    language: Said = Said(zh="好的，之后用中文和您沟通。", en="All right, we write in English from now on.")
    """When she asked for another language; said in that one."""
    unsubscribed: Said


PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "welcome": frozenset(),
    "off_hours": frozenset({"opening"}),
    "form": frozenset({"form"}),
    "human": frozenset({"owner"}),
    "language": frozenset(),
    "unsubscribed": frozenset(),
}
"""Which placeholders each text may, and must, hold."""


class Rule(Strict):
    """When something happens, if a condition holds, then do, and say why."""

    id: Name
    when: tuple[Name, ...] = Field(min_length=1)
    """Kinds of events, e.g. `message_received`; `always` = at every turn about her, also when only time has passed."""
    if_: Condition | None = Field(default=None, alias="if")
    then: tuple[Action, ...] = Field(min_length=1, max_length=10)
    because: Said

    def matches(self, facts: Facts) -> bool:
        """Whether its condition holds now."""
        return self.if_ is None or self.if_.holds(facts)

    def seen(self, facts: Facts) -> dict[str, str]:
        """Each of its tests with the value it saw."""
        return {} if self.if_ is None else dict(self.if_.seen(facts))


class Playbook(Strict):
    """How this company works with its customers."""

    language: Language = "zh-CN"
    """In which language the team's threads are written."""
    office: Office
    holidays: Holidays = Holidays()
    teams: dict[Name, Team] = Field(min_length=1)
    channels: dict[Name, Channel] = Field(min_length=1)
    industries: dict[Name, Industry] = Field(default_factory=dict)
    sources: dict[str, Source] = Field(default_factory=dict)
    tags: dict[Text, Text] = Field(default_factory=dict)
    """Every tag a rule may set, with its English name."""
    scores: dict[Name, Signal] = Field(default_factory=dict)
    stages: dict[Stage, StageLimits] = Field(default_factory=dict)
    heat: Heat
    segments: tuple[Segment, ...] = Field(min_length=1)
    matrix: tuple[Cell, ...] = Field(min_length=1)
    qualify: Qualify
    sla: ReplyTimes = ReplyTimes()
    questions: Questions = Questions()
    scripts: tuple[Script, ...] = Field(default=(), max_length=100)
    reminders: Reminders = Reminders()
    wakeup: WakeupPlan
    silent_after_add_days: float = Field(default=7, gt=0)
    """After how many days somebody who was added and never wrote is looked at: event `timer_fired`."""
    texts: Texts
    vocabulary: Vocabulary
    rules: tuple[Rule, ...] = ()

    _name: str = PrivateAttr(default="")
    _version: str = PrivateAttr(default="")
    _text: str = PrivateAttr(default="")

    def named(self, name: str, text: str) -> Playbook:
        """The same playbook, knowing its file's name and content."""
        copy = self.model_copy()
        copy._name, copy._version = name, sha256(text.encode()).hexdigest()[:16]
        copy._text = text
        return copy

    @property
    def name(self) -> str:
        """The file it came from."""
        return self._name

    @property
    def text(self) -> str:
        """The file's content."""
        return self._text

    @property
    def version(self) -> str:
        """The hash of its content."""
        return self._version

    def rules_for(self, kind: str) -> tuple[Rule, ...]:
        """The rules to look at when an event of this kind has come: first its own, then those that always hold.

        Within each part the order of the file decides. What always holds comes last, because it looks at what the
        event's own rules have just changed.
        """
        return self._by_kind.get(kind, self._by_kind["always"])

    @cached_property
    def _by_kind(self) -> dict[str, tuple[Rule, ...]]:
        kinds = {"always", *(w for r in self.rules for w in r.when)}
        standing = tuple(r for r in self.rules if "always" in r.when)
        return {k: (*(r for r in self.rules if k in r.when and r not in standing), *standing) for k in kinds}

    @cached_property
    def moments(self) -> Mapping[str, tuple[float, ...]]:
        """For each field that moves with time alone, the values at which some condition may flip."""
        found: dict[str, set[float]] = {"score": {self.qualify.enter, self.qualify.leave}}
        for test in self._standing_tests():
            if FIELDS[test.field].moves and isinstance(test.value, float | int):
                found.setdefault(test.field, set()).add(float(test.value))
        return {name: tuple(sorted(values)) for name, values in found.items()}

    def _standing_tests(self) -> Iterator[Test]:
        """The tests that are looked at when only time has passed."""
        conditions = [r.if_ for r in self.rules if "always" in r.when] + [s.if_ for s in self.segments]
        for condition in (*conditions, self.heat.hot, self.heat.warm):
            if condition is not None:
                yield from condition.tests()

    def industry_of(self, *texts: str) -> str:
        """The industry that a text names, by its key, its names or its words; empty when none does."""
        wanted = [t.casefold() for t in texts if t]
        for key, industry in self.industries.items():
            names = (key, industry.name.zh.casefold(), industry.name.en.casefold())
            if any(t in names for t in wanted) or any(w.casefold() in t for w in industry.words for t in wanted):
                return key
        return ""

    def quiet_days(self, stage: Stage) -> float | None:
        """After how many days a customer in this stage counts as quiet."""
        limits = self.stages.get(stage)
        return limits.quiet_days if limits else None


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a playbook, for editors."""
    return Playbook.model_json_schema(by_alias=True)
