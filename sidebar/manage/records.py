"""What the hub did and why, newest first; and who looked or changed something on these pages."""

from __future__ import annotations

from sidebar.manage.ask import HOME, Ask
from sidebar.manage.table import Cell, Row, Sheet, Table
from storage import audit, reports
from storage.reports import Deed
from storage.unit import Unit

_LONGEST_NUMBER = 18


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page."""
    wanted = ask.query.get("before", "")
    before = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) <= _LONGEST_NUMBER else 0
    found = reports.deeds(unit, ask.most, before=before)
    older = f"{HOME}/audit?before={found[-1].seq}" if len(found) == ask.most else ""
    return Sheet(name="audit", title=ask.say("audit"), tables=(_deeds(unit, ask, found), _log(unit, ask)), older=older)


def _deeds(unit: Unit, ask: Ask, found: list[Deed]) -> Table:
    called = reports.names(unit, {d.customer_id for d in found if d.customer_id})
    rows = []
    for deed in found:
        steps = [step.words.in_(ask.language) for step in deed.trace.steps]
        rows.append(
            Row(
                cells=[
                    ask.when(deed.trace.at),
                    ask.customer(called.get(deed.customer_id, ""), deed.conversation_id),
                    Cell(text=deed.trace.event),
                    Cell(text=steps[0] if steps else "–", more=steps[1:]),
                    Cell(text=deed.trace.playbook),
                ]
            )
        )
    return Table(
        name="deeds",
        title=ask.say("deeds_title"),
        columns=[ask.say(k) for k in ("when", "customer", "event", "because", "playbook")],
        rows=rows,
        empty=ask.say("deeds_none"),
    )


def _log(unit: Unit, ask: Ask) -> Table:
    rows = [
        Row(
            cells=[
                ask.when(row.at),
                Cell(text=ask.name_of(row.who)),
                Cell(text=row.action),
                Cell(text=row.about or "–"),
            ]
        )
        for row in audit.newest(unit, ask.most)
    ]
    return Table(
        name="log",
        title=ask.say("log_title"),
        columns=[ask.say(k) for k in ("when", "who", "did", "about")],
        rows=rows,
        empty=ask.say("log_none"),
    )
