"""People: how much each colleague has to do, and how soon they answered new customers."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from rules.model import Rep
from sidebar.manage.ask import Ask, talks_at
from sidebar.manage.table import Bar, Cell, Chart, Row, Sheet, Table
from sidebar.manage.today import seconds, span
from storage import reports
from storage.reports import FirstReply, Which
from storage.unit import Unit


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page."""
    answered: dict[str, list[FirstReply]] = defaultdict(list)
    for reply in reports.first_replies(unit, ask.now - timedelta(days=7)):
        answered[reply.claimed_by].append(reply)
    team = sorted(ask.reps.values(), key=lambda r: (not r.active, -r.load, r.name))
    rows = [_row(unit, ask, rep, answered[rep.id]) for rep in team[: ask.most]]
    titles = "name role team load capacity claimed_live waiting replied_7 median_7 p90".split()
    table = Table(
        name="people",
        title=ask.say("people_title"),
        columns=[ask.say(k) for k in titles],
        rows=rows,
        empty=ask.say("people_none"),
        total=len(team),
    )
    bars = [Bar(label=r.name, value=r.load / r.capacity, shown=f"{r.load}/{r.capacity}") for r in team if r.active]
    chart = Chart(
        title=ask.say("load_chart"), bars=bars[:20], table="people", full=max([1.0, *(b.value for b in bars)])
    )
    return Sheet(name="people", title=ask.say("people"), tables=(table,), charts=(chart,))


def _row(unit: Unit, ask: Ask, rep: Rep, replies: list[FirstReply]) -> Row:
    took = seconds(replies)
    claimed = reports.count(unit, Which(status="live", rep=rep.id))
    waiting = reports.count(unit, Which(waiting=True, rep=rep.id))
    full = "bad" if rep.load >= rep.capacity else ""
    return Row(
        cells=[
            Cell(text=rep.name if rep.active else f"{rep.name} ({ask.say('away')})"),
            Cell(text=ask.say(f"role_{rep.role}")),
            Cell(text=rep.team or ask.say("any")),
            Cell(
                text=str(rep.load), number=True, tone="bad" if full else "", href=talks_at(status="open", load=rep.id)
            ),
            Cell(text=str(rep.capacity), number=True),
            Cell(text=str(claimed), number=True, href=talks_at(status="live", rep=rep.id)),
            Cell(text=str(waiting), number=True, href=talks_at(waiting="1", rep=rep.id)),
            Cell(text=str(len(took)), number=True),
            *(Cell(text=span(ask, reports.share(took, part)), number=True) for part in (0.5, 0.9)),
        ]
    )
