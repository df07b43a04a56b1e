"""What can be picked on the form of a rule: every event, field, operator and action, and the playbook's own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rules.conditions import OPERATORS_OF
from rules.facts import FIELDS
from rules.model import Stage
from rules.playbook import WHENS
from rules.strict import Said
from sidebar.manage.ask import Ask
from sidebar.manage.kinds import EVENTS, said
from sidebar.manage.ruleform import ACTIONS, GROUPS, LISTED, OPERATORS

Options = Sequence[tuple[str, str]]
"""(value, words)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """One field of an action."""

    name: str
    label: str
    kind: str
    """pick, yes_no, number, text, said"""
    options: Options = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """Everything that can be picked."""

    whens: Options
    kinds: Options
    fields: Options
    operators: Options
    listed: Sequence[str]
    actions: Options
    inputs: Mapping[str, Sequence[Input]]
    """By action."""
    values: Mapping[str, Sequence[str]]
    """Known values of a field, to be offered while typing."""

    def fitting(self, field: str) -> Options:
        """The operators for a field; all of them for one that nobody knows."""
        known = FIELDS.get(field)
        return [o for o in self.operators if known is None or o[0] in OPERATORS_OF[known.kind]]


def choices(ask: Ask) -> Choices:
    """For one reader and the playbook that holds."""
    book = ask.book
    return Choices(
        whens=[(w, said(EVENTS, w, ask.language)) for w in sorted(WHENS)],
        kinds=[(k, ask.say(f"kind_{k}")) for k in ("test", *GROUPS)],
        fields=[(name, name) for name in FIELDS],
        operators=[(o, ask.say(f"op_{o}")) for o in OPERATORS],
        listed=LISTED,
        actions=[(a, ask.say(f"do_{a}")) for a in ACTIONS],
        inputs={action: _inputs(ask, action) for action in ACTIONS},
        values={
            "tags": list(book.tags),
            "stage": [s.value for s in Stage],
            "segment": [s.id for s in book.segments],
            "industry": list(book.industries),
            "source": list(book.sources),
            "event": sorted(WHENS - {"always"}),
            "heat": ["cold", "warm", "hot"],
            "language": ["zh-CN", "zh-TW", "en"],
            "connector": ["wecom", "teams"],
        },
    )


def _inputs(ask: Ask, action: str) -> list[Input]:
    found = []
    for name, known in ACTIONS[action].model_fields.items():
        if name == "do":
            continue
        kind, options = "text", list[tuple[str, str]]()
        if known.annotation is Said:
            kind = "said"
        elif known.annotation is bool:
            kind, options = "yes_no", [("true", ask.say("yes")), ("false", ask.say("no"))]
        elif known.annotation is float:
            kind = "number"
        elif (action, name) in _PICKED:
            kind, options = "pick", _options(ask, _PICKED[action, name])
        found.append(Input(name=name, label=ask.say(f"in_{name}"), kind=kind, options=options))
    return found


_PICKED = {
    ("tag", "name"): "tags",
    ("untag", "name"): "tags",
    ("score", "signal"): "scores",
    ("stage", "to"): "stages",
    ("industry", "to"): "industries",
}


def _options(ask: Ask, what: str) -> list[tuple[str, str]]:
    book = ask.book
    match what:
        case "tags":
            return [(t, t if ask.language.startswith("zh") else f"{en} ({t})") for t, en in book.tags.items()]
        case "scores":
            return [(k, f"{ask.words(s.words)} {s.points:+g}") for k, s in book.scores.items()]
        case "stages":
            return [(s.value, ask.stage(s.value)) for s in Stage]
        case _:
            return [(k, ask.industry(k)) for k in book.industries]
