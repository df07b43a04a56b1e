"""Sources: what each live QR code brought, in customers, talks, qualified ones and clients."""

from __future__ import annotations

from sidebar.manage.ask import Ask, address
from sidebar.manage.table import Bar, Cell, Chart, Row, Sheet, Table
from storage import figures
from storage.figures import Origin
from storage.unit import Unit

DAYS = 90


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page."""
    span = ask.span(DAYS)
    found = {o.source: o for o in figures.origins(unit, span.ends)}
    silent = [
        Origin(source=key, people=0, talked=0, qualified=0, won=0) for key in ask.book.sources if key not in found
    ]
    rows = [_row(ask, one, span.query) for one in [*found.values(), *silent]]
    bars = [Bar(label=source(ask, o.source), value=o.people, shown=str(o.people)) for o in found.values()]
    table = Table(
        name="sources",
        title=ask.say("sources_title"),
        columns=[ask.say(k) for k in "source code customers talked qualified won share_won".split()],
        rows=rows,
        empty=ask.say("customers_none"),
    )
    chart = Chart(title=ask.say("sources_chart"), bars=bars[:20], table="sources")
    return Sheet(
        name="sources", title=ask.say("sources"), tables=(table,), charts=(chart,), dates=(span.first, span.last)
    )


def source(ask: Ask, key: str) -> str:
    """What a source is called."""
    known = ask.book.sources.get(key)
    return ask.words(known.name) if known else key or ask.say("no_source")


def _row(ask: Ask, one: Origin, days: dict[str, str]) -> Row:
    at = {"source": one.source or "-", **days}
    counts = [
        (one.people, address("customers", **at)),
        (one.talked, address("customers", talked="1", **at)),
        (one.qualified, address("customers", qualified="1", **at)),
        (one.won, address("customers", won="1", **at)),
    ]
    share = f"{one.won / one.people:.0%}" if one.people else "–"
    return Row(
        cells=[
            Cell(text=source(ask, one.source)),
            Cell(text=one.source or "–"),
            *(Cell(text=str(n), number=True, href=href) for n, href in counts),
            Cell(text=share, number=True),
        ]
    )
