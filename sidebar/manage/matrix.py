"""Routing: how many conversations stand in each cell of the matrix, and where rules had to be overruled by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rules.book import Cell as MatrixCell
from rules.model import Stage
from sidebar.manage.ask import Ask, address, talks_at
from sidebar.manage.span import Span
from sidebar.manage.table import Bar, Cell, Chart, Row, Sheet, Table, Tile
from storage import figures, reports
from storage.reports import Group
from storage.unit import Unit

BY_HAND = "by-hand"


DAYS = 7


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page."""
    span = ask.span(DAYS)
    found = reports.groups(unit)
    hits = figures.hits(unit, span.ends)
    return Sheet(
        name="matrix",
        title=ask.say("matrix"),
        intro=ask.say("cells_note"),
        tiles=_tiles(ask, found, hits, span),
        tables=(_cells(ask, found, hits, span), _cross(ask, found)),
        charts=(_chart(ask, found),),
        dates=(span.first, span.last),
    )


def _tiles(ask: Ask, found: Sequence[Group], hits: Mapping[str, int], span: Span) -> list[Tile]:
    """What fitted nowhere, and how often a colleague had to move what the rules had routed."""
    default = ask.book.matrix[-1].id
    lost, fallen = (sum(g.live for g in found if g.cell == cell) for cell in ("", default))
    by_hand = hits.get(f"cell:{BY_HAND}", 0)
    routed = sum(n for mark, n in hits.items() if mark.startswith("cell:")) - by_hand
    share = f"{by_hand / routed:.1%}" if routed else "–"
    rows = address("audit", mark=f"cell:{BY_HAND}", **span.query)
    return [
        Tile(label=ask.say("unrouted"), value=str(lost), href=at_cell(""), tone="bad" if lost else ""),
        Tile(label=ask.say("in_default"), value=str(fallen), href=at_cell(default), tone="warn" if fallen else ""),
        Tile(label=ask.say("routed"), value=str(routed), href=address("audit", mark="cell:", **span.query)),
        Tile(label=ask.say("by_hand"), value=str(by_hand), href=rows),
        Tile(label=ask.say("misrouted"), value=share, href=rows, note=ask.say("misrouted_note")),
    ]


def at_cell(cell: str) -> str:
    """The live conversations of a cell."""
    return talks_at(status="live", cell=cell or "-")


def _in_order(ask: Ask, found: Sequence[Group]) -> list[str]:
    """No channel first, then the default cell, then the playbook's, then what is in it no more."""
    cells = [c.id for c in ask.book.matrix]
    known = ["", cells[-1], BY_HAND, *cells[:-1]]
    return [*known, *sorted({g.cell for g in found} - set(known))]


def _name(ask: Ask, cell: str) -> str:
    if cell == "":
        return ask.say("unrouted")
    if cell == BY_HAND:
        return ask.say("by_hand")
    if cell == ask.book.matrix[-1].id:
        return f"{cell} ({ask.say('default_cell')})"
    known = any(c.id == cell for c in ask.book.matrix)
    return cell if known else f"{cell} ({ask.say('old_cell')})"


def _cells(ask: Ask, found: Sequence[Group], hits: Mapping[str, int], span: Span) -> Table:
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
        numbers.append((hits.get(f"cell:{cell}", 0), address("audit", mark=f"cell:{cell}", **span.query)))
        counts = [_number(n, href) for n, href in numbers]
        rows.append(Row(cells=[Cell(text=_name(ask, cell)), *_meant(ask, book.get(cell)), *counts]))
    titles = ("cell", "segment", "industry", "stage", "channel", "live", "unclaimed", "waiting", "routed")
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
