"""The playbook that holds: its rules, cells and signals with how often each was met, and what was published before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rules.actions import Action, GiveTask, MoveStage, Notify, PutTag, Score, SetIndustry, TakeTag
from rules.conditions import All, AnyOf, Condition, Not, Test
from sidebar.manage.ask import HOME, Ask, address
from sidebar.manage.kinds import EVENTS, said
from sidebar.manage.matrix import at_cell
from sidebar.manage.span import Span
from sidebar.manage.table import Bar, Cell, Chart, Choice, Press, Row, Sheet, Table
from storage import figures, playbooks
from storage.playbooks import Publication
from storage.unit import Unit

DAYS = 7
Hits = Mapping[str, int]


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page."""
    span = ask.span(DAYS)
    hits = figures.hits(unit, span.ends)
    return Sheet(
        name="rules",
        title=ask.say("rules"),
        choices=[
            Choice(label=ask.say("rule_new"), href=f"{HOME}/rules/new"),
            Choice(label=ask.say("download_playbook"), href=f"{HOME}/rules/playbook.yaml"),
        ],
        tables=(_rules(ask, hits, span), _cells(ask, hits, span), _scores(ask, hits, span), _versions(unit, ask)),
        charts=(_chart(ask, hits),),
        dates=(span.first, span.last),
    )


def _hits(hits: Hits, mark: str, span: Span) -> Cell:
    return Cell(text=str(hits.get(mark, 0)), number=True, href=address("audit", mark=mark, **span.query))


def _rules(ask: Ask, hits: Hits, span: Span) -> Table:
    rows = [
        Row(
            cells=[
                Cell(text=rule.id, href=f"{HOME}/rules/{rule.id}"),
                Cell(text=ask.words(rule.because)),
                Cell(text=", ".join(said(EVENTS, w, ask.language) for w in rule.when)),
                Cell(text=condition_words(ask, rule.if_) if rule.if_ else ask.say("form_if_none")),
                Cell(text="; ".join(action_words(ask, a) for a in rule.then)),
                _hits(hits, f"rule:{rule.id}", span),
            ]
        )
        for rule in ask.book.rules
    ]
    titles = ("rule", "rule_because", "rule_when", "form_if", "rule_then", "hits")
    return Table(
        name="rules",
        title=ask.say("rules_title"),
        columns=[ask.say(k) for k in titles],
        rows=rows,
        empty=ask.say("rules_none"),
    )


def condition_words(ask: Ask, condition: Condition) -> str:
    """A condition as one line."""
    match condition:
        case Test():
            value = condition.value
            shown = ", ".join(value) if isinstance(value, tuple) else _plain(ask, value)
            return f"{condition.field} {ask.say(f'op_{condition.operator}')} {shown or '“”'}"
        case Not():
            return f"{ask.say('kind_not')} ({condition_words(ask, condition.not_)})"
        case All():
            return " + ".join(_part(ask, c) for c in condition.all)
        case AnyOf():
            return " / ".join(_part(ask, c) for c in condition.any)


def _part(ask: Ask, condition: Condition) -> str:
    words = condition_words(ask, condition)
    return words if isinstance(condition, Test) else f"({words})"


def _plain(ask: Ask, value: str | float | bool) -> str:
    if isinstance(value, bool):
        return ask.say("yes") if value else ask.say("no")
    return f"{value:g}" if isinstance(value, float) else value


def action_words(ask: Ask, action: Action) -> str:
    """What an action does, as a few words."""
    what = ask.say(f"do_{action.do}")
    match action:
        case PutTag() | TakeTag():
            return f"{what}: {action.name}"
        case Score():
            known = ask.book.scores.get(action.signal)
            return f"{what}: {ask.words(known.words)} {known.points:+g}" if known else f"{what}: {action.signal}"
        case MoveStage():
            return f"{what}: {ask.stage(action.to.value)}"
        case SetIndustry():
            return f"{what}: {ask.industry(action.to)}"
        case GiveTask() | Notify():
            return f"{what}: {ask.words(action.title)}"


def _cells(ask: Ask, hits: Hits, span: Span) -> Table:
    rows = [
        Row(
            cells=[
                Cell(text=cell.id, href=at_cell(cell.id)),
                Cell(text=ask.words(cell.because)),
                Cell(text=ask.channel(cell.to)),
                _hits(hits, f"cell:{cell.id}", span),
            ]
        )
        for cell in ask.book.matrix
    ]
    return Table(
        name="cells",
        title=ask.say("matrix"),
        columns=[ask.say(k) for k in ("cell", "rule_because", "channel", "hits")],
        rows=rows,
        empty=ask.say("cells_none"),
    )


def _scores(ask: Ask, hits: Hits, span: Span) -> Table:
    rows = [
        Row(
            cells=[
                Cell(text=key),
                Cell(text=ask.words(signal.words)),
                Cell(text=f"{signal.points:+g}", number=True),
                Cell(text=f"{signal.half_life_days:g}", number=True),
                _hits(hits, f"score:{key}", span),
            ]
        )
        for key, signal in ask.book.scores.items()
    ]
    return Table(
        name="scores",
        title=ask.say("scores_title"),
        columns=[ask.say(k) for k in ("signal", "rule_because", "points", "half_life", "hits")],
        rows=rows,
        empty=ask.say("rules_none"),
    )


def _versions(unit: Unit, ask: Ask) -> Table:
    found = playbooks.publications_of(unit, ask.most)
    rows = [_version(ask, one, found) for one in found]
    return Table(
        name="versions",
        title=ask.say("versions_title"),
        columns=[ask.say(k) for k in ("when", "version", "origin", "who", "comment", "see_diff")],
        rows=rows,
        empty=ask.say("versions_none"),
    )


def _version(ask: Ask, one: Publication, found: Sequence[Publication]) -> Row:
    newest = one is found[0]
    press = Press(
        label=ask.say("roll_back"),
        to=f"{HOME}/rules/back",
        fields={"seq": str(one.seq), "base": ask.book.version},
        about=f"{one.version[:8]}, {ask.moment(one.at)}",
    )
    return Row(
        cells=[
            ask.when(one.at),
            Cell(text=one.version[:8] + (f" ({ask.say('in_force')})" if newest else ""), exact=one.version),
            Cell(text=ask.say(f"origin_{one.origin}")),
            Cell(text=ask.name_of(one.by) or "–"),
            Cell(text=one.comment or "–"),
            Cell(text=ask.say("show"), href=f"{HOME}/rules/v/{one.seq}", exact="-"),
        ],
        presses=() if one.version == ask.book.version else (press,),
    )


def _chart(ask: Ask, hits: Hits) -> Chart:
    met = sorted(((hits.get(f"rule:{r.id}", 0), r) for r in ask.book.rules), key=lambda pair: -pair[0])
    bars = [Bar(label=rule.id, value=n, shown=str(n)) for n, rule in met[:10] if n]
    return Chart(title=ask.say("hits"), bars=bars, table="rules")
