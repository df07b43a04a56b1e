"""Routing: how many conversations stand in each cell of the matrix, and where rules had to be overruled by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rules.book import Cell as MatrixCell
from rules.model import Stage
from sidebar.manage.ask import Ask, talks_at
from sidebar.manage.table import Bar, Cell, Chart, Row, Sheet, Table
from storage import reports
from storage.reports import Group
from storage.unit import Unit

BY_HAND = "by-hand"


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page."""
    found = reports.groups(unit)
    live = sum(g.live for g in found)
    moved = sum(g.live for g in found if g.cell == BY_HAND)
    share = f"{moved / live:.0%}" if live else "0%"
    return Sheet(
        name="matrix",
        title=ask.say("matrix"),
        intro=f"{ask.say('cells_note')} {ask.say('moved', share=share)}",
        tables=(_cells(ask, found), _cross(ask, found)),
        charts=(_chart(ask, found),),
    )


def _in_order(ask: Ask, found: Sequence[Group]) -> list[str]:
    """No channel first, then the default cell, then the playbook's, then what is in it no more."""
    cells = [c.id for c in ask.book.matrix]
    known = ["", cells[-1], BY_HAND, *cells[:-1]]
    strange = sorted({g.cell for g in found} - set(known))
    has_unrouted = any(g.cell == "" for g in found)
    return [*(known if has_unrouted else known[1:]), *strange]


def _name(ask: Ask, cell: str) -> str:
    if cell == "":
        return ask.say("unrouted")
    if cell == BY_HAND:
        return ask.say("by_hand")
    if cell == ask.book.matrix[-1].id:
        return f"{cell} ({ask.say('default_cell')})"
    known = any(c.id == cell for c in ask.book.matrix)
    return cell if known else f"{cell} ({ask.say('old_cell')})"


def _cells(ask: Ask, found: Sequence[Group]) -> Table:
    book = {c.id: c for c in ask.book.matrix}
    rows = []
    for cell in _in_order(ask, found):
        mine = [g for g in found if g.cell == cell]
        at = cell or "-"
        numbers = [
            (sum(g.live for g in mine), talks_at(status="live", cell=at)),
            (sum(g.unclaimed for g in mine), talks_at(status="live", cell=at, rep="-")),
            (sum(g.waiting for g in mine), talks_at(waiting="1", cell=at)),
        ]
        counts = [_number(n, href) for n, href in numbers]
        rows.append(Row(cells=[Cell(text=_name(ask, cell)), *_meant(ask, book.get(cell)), *counts]))
    titles = ("cell", "segment", "industry", "stage", "channel", "live", "unclaimed", "waiting")
    return Table(
        name="cells",
        title=ask.say("cells_title"),
        columns=[ask.say(k) for k in titles],
        rows=rows,
        empty=ask.say("cells_none"),
    )


def _number(value: int, href: str) -> Cell:
    return Cell(text=str(value), number=True, href=href)


def _meant(ask: Ask, cell: MatrixCell | None) -> list[Cell]:
    """Whom a cell is for, and where it leads."""
    if cell is None:
        return [Cell(text="–", exact="-")] * 4
    lists = (
        [ask.segment(k) for k in cell.segment],
        [ask.industry(k) for k in cell.industry],
        [ask.stage(k.value) for k in cell.stage],
    )
    return [*(Cell(text=", ".join(names) or ask.say("any")) for names in lists), Cell(text=ask.channel(cell.to))]


def _cross(ask: Ask, found: Sequence[Group]) -> Table:
    counts: Counter[tuple[str, str, str]] = Counter()
    for g in found:
        counts[g.segment, g.industry, g.stage] += g.live
    rows = []
    for segment, industry in sorted({(s, i) for s, i, _ in counts}):
        at = {"status": "live", "segment": segment or "-", "industry": industry or "-"}
        numbers = [counts[segment, industry, stage.value] for stage in Stage]
        cells = [_number(n, talks_at(**at, stage=stage.value)) for n, stage in zip(numbers, Stage, strict=True)]
        total = _number(sum(numbers), talks_at(**at))
        rows.append(Row(cells=[Cell(text=ask.segment(segment)), Cell(text=ask.industry(industry)), *cells, total]))
    return Table(
        name="cross",
        title=ask.say("cross_title"),
        columns=[ask.say("segment"), ask.say("industry"), *_stages(ask), ask.say("sum")],
        rows=rows,
        empty=ask.say("cells_none"),
    )


def _stages(ask: Ask) -> Iterable[str]:
    return (ask.stage(stage.value) for stage in Stage)


def _chart(ask: Ask, found: Sequence[Group]) -> Chart:
    sums = [(c, sum(g.live for g in found if g.cell == c)) for c in _in_order(ask, found)]
    bars = [Bar(label=_name(ask, cell), value=n, shown=str(n)) for cell, n in sums if n]
    return Chart(title=ask.say("cross_chart"), bars=bars, table="cells")
