"""What the hub did and why, newest first; and who looked or changed something on these pages, before and after."""

from __future__ import annotations

from sidebar.manage.ask import Ask, address
from sidebar.manage.kinds import DEEDS, EVENTS, said
from sidebar.manage.pager import pager
from sidebar.manage.table import Cell, Choice, Row, Sheet, Table
from storage import audit, reports
from storage.audit import AuditRow
from storage.reports import Deed, Deeds
from storage.unit import Unit

_LONGEST_NUMBER = 18
DAYS = 30
_KINDS = ("rule", "cell", "score")


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page."""
    wanted = ask.query.get("before", "")
    before = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) <= _LONGEST_NUMBER else 0
    span, mark = ask.span(DAYS), ask.value("mark")
    dated = bool(mark or "from" in ask.query)
    which = Deeds(before=before, mark=mark)
    if dated:
        which = Deeds(before=before, mark=mark, since=span.since, until=span.until)
    found = reports.deeds(unit, ask.most, which)
    kept = {"mark": mark} | (span.query if dated else {})
    older = address("audit", before=str(found[-1].seq), **kept) if len(found) == ask.most else ""
    return Sheet(
        name="audit",
        title=ask.say("audit"),
        intro=_picked(ask, mark),
        choices=[Choice(label=ask.say("show_all"), href=address("audit"))] if mark else (),
        tables=(_deeds(unit, ask, found), _log(unit, ask)),
        older=older,
        dates=(span.first, span.last) if dated else None,
        kept={"mark": mark} if mark else {},
    )


def _picked(ask: Ask, mark: str) -> str:
    kind, _, name = mark.partition(":")
    return f"{ask.say(f'mark_{kind}')}: {name or ask.say('any')}" if kind in _KINDS else ""


def _deeds(unit: Unit, ask: Ask, found: list[Deed]) -> Table:
    called = reports.names(unit, {d.customer_id for d in found if d.customer_id})
    rows = []
    for deed in found:
        steps = [step.words.in_(ask.language) for step in deed.trace.steps]
        who = ask.customer(called.get(deed.customer_id, ""), deed.conversation_id)
        rows.append(
            Row(
                cells=[
                    ask.when(deed.trace.at),
                    who if deed.customer_id else Cell(text="–", exact="-"),
                    Cell(text=said(EVENTS, deed.trace.event, ask.language), exact=deed.trace.event),
                    Cell(text=steps[0] if steps else "–", more=steps[1:]),
                    Cell(text=deed.trace.playbook[:8], exact=deed.trace.playbook),
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
    total = audit.head(unit)[0]
    rows = [_log_row(ask, row) for row in audit.newest(unit, ask.most, skip=ask.skip)]
    return Table(
        name="log",
        title=ask.say("log_title"),
        columns=[ask.say(k) for k in ("when", "who", "did", "about", "was", "is")],
        rows=rows,
        empty=ask.say("log_none"),
        total=total,
        pager=pager(ask, "audit", total),
    )


def _log_row(ask: Ask, row: AuditRow) -> Row:
    more = [f"{k}: {v}" for k, v in row.details.items() if k not in ("before", "after")]
    return Row(
        cells=[
            ask.when(row.at),
            Cell(text=ask.name_of(row.who)),
            Cell(text=said(DEEDS, row.action, ask.language), exact=row.action, more=more),
            Cell(text=row.about or "–"),
            *(Cell(text=row.details.get(k, "–")) for k in ("before", "after")),
        ]
    )
