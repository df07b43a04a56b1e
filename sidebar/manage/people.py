"""People: how much each colleague has to do, how soon they answered, and whom nothing can reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from rules.lateness import OpenTime
from rules.model import Rep
from sidebar.manage.ask import Ask, talks_at
from sidebar.manage.table import Bar, Cell, Chart, Row, Sheet, Table, Tile
from storage import figures, references
from storage.figures import Held
from storage.unit import Unit

DAYS = 7
_NOTHING = Held(live=0, waiting=0, breached=0)


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page."""
    span = ask.span(DAYS)
    clock = OpenTime(ask.book, span.since, max(ask.now, span.until))
    answered: dict[str, list[float]] = defaultdict(list)
    for who, opened, replied in figures.begun(unit, span.ends, answered=True):
        answered[who].append(clock.seconds(opened, replied or opened))
    held = figures.held(unit, ask.overdue)
    team = sorted(ask.reps.values(), key=lambda r: (not r.active, -r.load, r.name))
    deaf = {r.id for r in team if r.active and not reachable(unit, r)}
    return Sheet(
        name="people",
        title=ask.say("people"),
        tiles=_tiles(ask, held, len(deaf)),
        tables=(_team(ask, team, held, answered, deaf),),
        charts=(_chart(ask, team),),
        dates=(span.first, span.last),
    )


def reachable(unit: Unit, rep: Rep) -> bool:
    """Whether a notice can reach a colleague: in a chat with the bot, or in WeCom."""
    return bool(rep.userid) or (bool(rep.aad_id) and references.of_member(unit, rep.aad_id) is not None)


def _tiles(ask: Ask, held: Mapping[str, Held], deaf: int) -> list[Tile]:
    nobody = held.get("", _NOTHING)
    shown = [
        ("unclaimed", nobody.live, talks_at(status="live", rep="-"), "warn"),
        ("unclaimed_late", nobody.breached, talks_at(late="1", rep="-"), "bad"),
        ("unreachable", deaf, "#people", "warn"),
    ]
    return [Tile(label=ask.say(k), value=str(n), href=at, tone=tone if n else "") for k, n, at, tone in shown]


def _team(
    ask: Ask, team: list[Rep], held: Mapping[str, Held], answered: dict[str, list[float]], deaf: set[str]
) -> Table:
    rows = [_row(ask, rep, held.get(rep.id, _NOTHING), answered[rep.id], rep.id in deaf) for rep in team[: ask.most]]
    titles = "name role team reach load capacity claimed_live waiting breached answered median p90".split()
    return Table(
        name="people",
        title=ask.say("people_title"),
        columns=[ask.say(k) for k in titles],
        rows=rows,
        empty=ask.say("people_none"),
        total=len(team),
        note=ask.say("people_note"),
    )


def _row(ask: Ask, rep: Rep, held: Held, took: list[float], deaf: bool) -> Row:
    full = "bad" if rep.load >= rep.capacity else ""
    counts = [
        (held.live, talks_at(status="live", rep=rep.id), ""),
        (held.waiting, talks_at(waiting="1", rep=rep.id), ""),
        (held.breached, talks_at(late="1", rep=rep.id), "bad" if held.breached else ""),
    ]
    return Row(
        cells=[
            Cell(text=rep.name if rep.active else f"{rep.name} ({ask.say('away')})"),
            Cell(text=ask.say(f"role_{rep.role}")),
            Cell(text=_team_name(ask, rep.team)),
            Cell(text=ask.say("reach_no" if deaf else "reach_yes"), tone="bad" if deaf else ""),
            Cell(text=str(rep.load), number=True, tone=full, href=talks_at(status="open", load=rep.id)),
            Cell(text=str(rep.capacity), number=True),
            *(Cell(text=str(n), number=True, href=at, tone=tone) for n, at, tone in counts),
            Cell(text=str(len(took)), number=True),
            *(Cell(text=ask.lasted(figures.share(took, part)), number=True) for part in (0.5, 0.9)),
        ]
    )


def _team_name(ask: Ask, key: str) -> str:
    found = ask.book.teams.get(key)
    return found.name if found else key or ask.say("any")


def _chart(ask: Ask, team: list[Rep]) -> Chart:
    bars = [Bar(label=r.name, value=r.load / r.capacity, shown=f"{r.load}/{r.capacity}") for r in team if r.active]
    return Chart(title=ask.say("load_chart"), bars=bars[:20], table="people", full=max([1.0, *(b.value for b in bars)]))
