"""Today: who waits for us, what nobody has claimed, how soon new customers were answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sidebar.manage.ask import Ask, talk_cells, talk_columns, talks_at, waited
from sidebar.manage.table import Bar, Cell, Chart, Row, Sheet, Table, Tile
from storage import reports
from storage.reports import FirstReply, Which
from storage.unit import Unit


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page."""
    begun = reports.first_replies(unit, ask.midnight)
    waiting = reports.count(unit, Which(waiting=True))
    return Sheet(
        name="today",
        title=ask.say("today"),
        tiles=_tiles(unit, ask, begun, waiting),
        tables=(_waiting(unit, ask, waiting), _hours(ask, begun), _begun(unit, ask, begun)),
        charts=(_chart(ask, begun),),
    )


def seconds(replies: Sequence[FirstReply]) -> list[float]:
    """How long each first reply took; those that were not answered are left out."""
    return [(r.replied_at - r.opened_at).total_seconds() for r in replies if r.replied_at is not None]


def span(ask: Ask, value: float | None) -> str:
    """A span, or a dash."""
    return "–" if value is None else ask.span(value)


def _tiles(unit: Unit, ask: Ask, begun: Sequence[FirstReply], waiting: int) -> list[Tile]:
    late = reports.count(unit, Which(waiting=True, before=ask.late))
    unrouted = reports.count(unit, Which(status="live", channel="-"))
    unclaimed = reports.count(unit, Which(status="open", rep="-"))
    took = seconds(begun)
    shown = [
        ("open", reports.count(unit, Which(status="open")), talks_at(status="open"), ""),
        ("waiting", waiting, talks_at(waiting="1"), ""),
        ("unclaimed", unclaimed, talks_at(status="open", rep="-"), "warn" if unclaimed else ""),
        ("tile_unrouted", unrouted, talks_at(status="live", channel="-"), "bad" if unrouted else ""),
    ]
    tiles = [Tile(label=ask.say(k), value=str(n), href=href, tone=tone) for k, n, href, tone in shown]
    lateness = ask.say("tile_late", minutes=f"{ask.late_minutes:g}")
    tiles.insert(2, Tile(label=lateness, value=str(late), href=talks_at(late="1"), tone="bad" if late else ""))
    for key, part in (("median", 0.5), ("p90", 0.9)):
        value = span(ask, reports.share(took, part))
        tiles.append(Tile(label=ask.say(key), value=value, href="#begun", note="" if took else ask.say("replies_none")))
    return tiles


def _waiting(unit: Unit, ask: Ask, total: int) -> Table:
    found = reports.talks(unit, Which(waiting=True), ask.most)
    rows = [Row(cells=[waited(ask, t.last_customer_at), *talk_cells(ask, t)]) for t in found]
    return Table(
        name="waiting",
        title=ask.say("waiting_title"),
        columns=[ask.say("waits"), *talk_columns(ask)],
        rows=rows,
        empty=ask.say("waiting_none"),
        total=total,
    )


def _by_hour(ask: Ask, begun: Sequence[FirstReply]) -> dict[int, list[FirstReply]]:
    hours: dict[int, list[FirstReply]] = defaultdict(list)
    for reply in begun:
        hours[reply.opened_at.astimezone(ask.zone).hour].append(reply)
    return dict(sorted(hours.items()))


def _hours(ask: Ask, begun: Sequence[FirstReply]) -> Table:
    rows = []
    for hour, mine in _by_hour(ask, begun).items():
        took = seconds(mine)
        spans = [span(ask, reports.share(took, part)) for part in (0.5, 0.9)]
        cells = [Cell(text=f"{hour:02}:00"), Cell(text=str(len(mine)), number=True, href="#begun")]
        rows.append(Row(cells=[*cells, *(Cell(text=s, number=True) for s in spans)]))
    return Table(
        name="hours",
        title=ask.say("hours_title"),
        columns=[ask.say(k) for k in ("hour", "begun", "median", "p90")],
        rows=rows,
        empty=ask.say("hours_none"),
    )


def _chart(ask: Ask, begun: Sequence[FirstReply]) -> Chart:
    bars = [Bar(label=f"{hour:02}", value=len(m), shown=str(len(m))) for hour, m in _by_hour(ask, begun).items()]
    return Chart(title=ask.say("hours_title"), bars=bars, table="hours")


def _begun(unit: Unit, ask: Ask, begun: Sequence[FirstReply]) -> Table:
    newest = list(reversed(begun))[: ask.most]
    called = reports.names(unit, {r.customer_id for r in newest})
    rows = []
    for reply in newest:
        took = None if reply.replied_at is None else (reply.replied_at - reply.opened_at).total_seconds()
        answer = Cell(text=ask.say("no_reply"), tone="warn") if took is None else Cell(text=ask.span(took))
        who = ask.customer(called.get(reply.customer_id, ""), reply.conversation_id)
        claimed = Cell(text=ask.name_of(reply.claimed_by) or ask.say("unclaimed"))
        rows.append(Row(cells=[who, ask.when(reply.opened_at), answer, claimed]))
    return Table(
        name="begun",
        title=ask.say("begun_title"),
        columns=[ask.say(k) for k in ("customer", "since", "reply", "claimed")],
        rows=rows,
        empty=ask.say("begun_none"),
        total=len(begun),
    )
