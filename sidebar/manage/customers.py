"""The rows behind the numbers about people: customers picked by the address, and their moves between stages."""

from __future__ import annotations

from rules.model import Stage
from sidebar.manage.ask import Ask
from sidebar.manage.funnel import DAYS, rule_cell
from sidebar.manage.pager import pager
from sidebar.manage.sources import source
from sidebar.manage.table import Cell, Row, Sheet, Table
from storage import lists
from storage.lists import Known, Moves, Whom
from storage.unit import Unit

_STAGES = frozenset(s.value for s in Stage)


def build(unit: Unit, ask: Ask) -> Sheet:
    """Customers."""
    span = ask.span(DAYS)
    yes = {name: ask.query.get(name) == "1" for name in ("qualified", "talked", "won")}
    stages = {name: value for name in ("stage", "reached") if (value := ask.value(name)) in _STAGES}
    whom = Whom(known=span.ends, source=ask.value("source"), **yes, **stages)  # type: ignore[arg-type]
    total = lists.people_count(unit, whom)
    table = Table(
        name="customers",
        title=ask.say("customers"),
        columns=[ask.say(k) for k in ("customer", "stage", "source", "owner", "qualified", "known_since")],
        rows=[_row(ask, one) for one in lists.people(unit, whom, ask.most, skip=ask.skip)],
        empty=ask.say("customers_none"),
        total=total,
        pager=pager(ask, "customers", total),
    )
    said = [f"{ask.say(name)}: {ask.stage(value)}" for name, value in stages.items()]
    said += [f"{ask.say('source')}: {source(ask, whom.source.strip('-'))}"] if whom.source else []
    said += [ask.say(name) for name, on in yes.items() if on]
    return Sheet(
        name="customers",
        title=ask.say("customers"),
        tables=(table,),
        intro=" · ".join(said),
        dates=(span.first, span.last),
        kept=_kept(ask, "stage", "reached", "source", "qualified", "talked", "won"),
    )


def _kept(ask: Ask, *names: str) -> dict[str, str]:
    return {name: ask.value(name) for name in names if ask.value(name)}


def _row(ask: Ask, one: Known) -> Row:
    return Row(
        cells=[
            ask.customer(one.name, one.conversation_id),
            Cell(text=ask.stage(one.stage)),
            Cell(text=source(ask, one.source)),
            Cell(text=ask.name_of(one.owner) or ask.say("none")),
            Cell(text=ask.say("yes") if one.qualified else "–"),
            ask.when(one.created_at),
        ]
    )


def moves(unit: Unit, ask: Ask) -> Sheet:
    """Moves between stages."""
    span = ask.span(DAYS)
    picked = {name: ask.value(name) for name in ("came", "went", "by", "rule")}
    which = Moves(span=span.ends, **picked)
    total = lists.moves_count(unit, which)
    rows = [
        Row(
            cells=[
                ask.when(one.at),
                ask.customer(one.name, one.conversation_id),
                Cell(text=ask.stage(one.came)),
                Cell(text=ask.stage(one.went)),
                Cell(text=ask.say(f"by_{one.by}")),
                rule_cell(ask, one.rule),
            ]
        )
        for one in lists.moves(unit, which, ask.most, skip=ask.skip)
    ]
    table = Table(
        name="moves",
        title=ask.say("moves_title"),
        columns=[ask.say(k) for k in ("when", "customer", "came", "went", "moved_by", "rule")],
        rows=rows,
        empty=ask.say("moves_none"),
        total=total,
        pager=pager(ask, "moves", total),
    )
    return Sheet(
        name="moves",
        title=ask.say("moves"),
        tables=(table,),
        dates=(span.first, span.last),
        kept=_kept(ask, *picked),
    )
