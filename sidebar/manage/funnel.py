"""The funnel: who came in, how far they came, how long it took, and who moved them, a rule or a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rules.model import Stage
from sidebar.manage.ask import Ask, address
from sidebar.manage.span import Span
from sidebar.manage.table import Bar, Cell, Chart, Choice, Row, Sheet, Table
from storage import figures
from storage.figures import Days, Move
from storage.unit import Unit

DAYS = 90
LADDER = (Stage.PROSPECT, Stage.CONNECTED, Stage.INTERESTED, Stage.CLIENT, Stage.ADVOCATE)
"""The way up; whoever lapsed stands beside it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cohort:
    """Customers first met in a span."""

    standing: Mapping[str, int]
    reached: Mapping[str, Days]
    stayed: Mapping[str, Days]

    @property
    def steps(self) -> dict[Stage, int]:
        """How many of them ever came to each stage; everybody begins as a prospect."""
        came = {s: found.count if (found := self.reached.get(s.value)) else 0 for s in Stage}
        return came | {Stage.PROSPECT: sum(self.standing.values())}


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page: a cohort of customers first met in these days, and what moved in them."""
    span = ask.span(DAYS)
    cohort = Cohort(
        standing=figures.standing(unit, span.ends),
        reached=figures.reached(unit, span.ends),
        stayed=figures.stayed(unit, span.ends),
    )
    moved = figures.moves(unit, span.ends)
    return Sheet(
        name="funnel",
        title=ask.say("funnel"),
        intro=ask.say("funnel_note"),
        tables=(
            _ladder(ask, span, cohort),
            _moves(ask, span, moved),
        ),
        charts=(_chart(ask, cohort.steps),),
        choices=_choices(ask),
        dates=(span.first, span.last),
    )


def _ladder(ask: Ask, span: Span, cohort: Cohort) -> Table:
    steps = cohort.steps
    rows = []
    for number, stage in enumerate(Stage):
        before = steps[LADDER[number - 1]] if 0 < number < len(LADDER) else 0
        at = {"reached": stage.value} if stage != Stage.PROSPECT else {}
        share = f"{steps[stage] / before:.0%}" if before else "–"
        rows.append(
            Row(
                cells=[
                    Cell(text=ask.stage(stage.value)),
                    Cell(text=str(steps[stage]), number=True, href=address("customers", **at, **span.query)),
                    Cell(text=share, number=True),
                    Cell(text=_days(ask, cohort.reached.get(stage.value)), number=True),
                    Cell(text=_days(ask, cohort.stayed.get(stage.value)), number=True),
                    Cell(
                        text=str(cohort.standing.get(stage.value, 0)),
                        number=True,
                        href=address("customers", stage=stage.value, **span.query),
                    ),
                ]
            )
        )
    titles = ("stage", "reached", "conversion", "days_to", "days_in", "stand_now")
    return Table(
        name="ladder",
        title=ask.say("ladder_title"),
        columns=[ask.say(k) for k in titles],
        rows=rows,
        empty=ask.say("customers_none"),
    )


def _days(ask: Ask, days: Days | None) -> str:
    return "–" if days is None else ask.say("days_of", n=f"{days.median:.1f}".removesuffix(".0"))


def _moves(ask: Ask, span: Span, moved: Sequence[Move]) -> Table:
    rows = []
    for move in moved[: ask.most]:
        which = {"came": move.came, "went": move.went, "by": move.by, "rule": move.rule}
        rows.append(
            Row(
                cells=[
                    Cell(text=ask.stage(move.came)),
                    Cell(text=ask.stage(move.went)),
                    Cell(text=ask.say(f"by_{move.by}")),
                    rule_cell(ask, move.rule),
                    Cell(text=str(move.count), number=True, href=address("moves", **which, **span.query)),
                ]
            )
        )
    return Table(
        name="moves",
        title=ask.say("moves_title"),
        columns=[ask.say(k) for k in ("came", "went", "moved_by", "rule", "count")],
        rows=rows,
        empty=ask.say("moves_none"),
        total=len(moved),
    )


def rule_cell(ask: Ask, rule: str) -> Cell:
    """A rule in its own words, with the way to it."""
    found = next((r for r in ask.book.rules if r.id == rule), None)
    if found is None:
        return Cell(text=rule or "–")
    return Cell(text=ask.words(found.because), href=address(f"rules/{rule}"), exact=rule)


def _chart(ask: Ask, steps: Mapping[Stage, int]) -> Chart:
    bars = [Bar(label=ask.stage(s.value), value=steps[s], shown=str(steps[s])) for s in LADDER]
    return Chart(title=ask.say("funnel"), bars=bars if steps[Stage.PROSPECT] else (), table="ladder")


def _choices(ask: Ask) -> list[Choice]:
    """Cohorts by month: this one and those before."""
    local = ask.now.astimezone(ask.zone)
    found = []
    year, month = local.year, local.month
    for _ in range(3):
        first, last = f"{year}-{month:02}-01", f"{year}-{month:02}-{_length(year, month):02}"
        chosen = (ask.query.get("from"), ask.query.get("to")) == (first, last)
        label = ask.say("month", year=year, month=f"{month:02}")
        found.append(Choice(label=label, href=address("funnel", **{"from": first, "to": last}), chosen=chosen))
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return found


def _length(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return (29 if leap else 28) if month == 2 else 30 if month in (4, 6, 9, 11) else 31
