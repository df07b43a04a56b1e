"""Today: who waits for us by what is left of the promised time, and how soon new customers were answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from rules.lateness import OpenTime, due_at
from sidebar.manage.ask import Ask, address, left, talk_cells, talk_columns, talks_at, waited
from sidebar.manage.pager import pager
from sidebar.manage.span import Span
from sidebar.manage.table import Bar, Cell, Chart, Row, Sheet, Table, Tile
from storage import figures, reports
from storage.figures import Begun, Now
from storage.reports import Talk, Which
from storage.unit import Unit

Hours = Mapping[int, Sequence[Begun]]


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page."""
    span = ask.span(1)
    now = figures.now(unit, ask.overdue, ask.soon)
    begun = figures.begun(unit, span.ends)
    took = Answers(ask, span, begun)
    return Sheet(
        name="today",
        title=ask.say("today"),
        tiles=_tiles(ask, now, took, span),
        tables=(_waiting(unit, ask, now), _hours(ask, took), _begun(unit, ask, span, len(begun))),
        charts=(_chart(ask, took),),
        dates=(span.first, span.last),
    )


class Answers:
    """How soon conversations of a span were first answered, in open office time."""

    def __init__(self, ask: Ask, span: Span, begun: Sequence[Begun]) -> None:
        self.begun = begun
        self._open = OpenTime(ask.book, span.since, max(ask.now, span.until))
        self._zone = ask.zone

    def seconds(self, begun: Sequence[Begun]) -> list[float]:
        """Open seconds until each first answer; those that were not answered are left out."""
        return [self._open.seconds(opened, replied) for _, opened, replied in begun if replied is not None]

    def by_hour(self) -> Hours:
        """What began in each hour of the day."""
        hours: dict[int, list[Begun]] = defaultdict(list)
        for one in self.begun:
            hours[datetime.fromtimestamp(one[1], self._zone).hour].append(one)
        return dict(sorted(hours.items()))


def _tiles(ask: Ask, now: Now, took: Answers, span: Span) -> list[Tile]:
    shown = [
        ("open", now.open, talks_at(status="open"), ""),
        ("waiting", now.waiting, talks_at(waiting="1"), ""),
        ("risk", now.risk, talks_at(late="risk"), "warn"),
        ("breached", now.breached, talks_at(late="1"), "bad"),
        ("unclaimed", now.unclaimed, talks_at(status="open", rep="-"), "warn"),
        ("tile_unrouted", now.unrouted, talks_at(status="live", channel="-"), "bad"),
    ]
    tiles = [Tile(label=ask.say(k), value=str(n), href=at, tone=tone if n else "") for k, n, at, tone in shown]
    seconds = took.seconds(took.begun)
    target = ask.say("target", minutes=f"{ask.book.sla.first_reply_minutes:g}")
    for key, part in (("median", 0.5), ("p90", 0.9)):
        value = figures.share(seconds, part)
        over = value is not None and value > ask.book.sla.first_reply_minutes * 60
        note = target if seconds else ask.say("replies_none")
        at = address("today", **span.query) + "#begun"
        shown_value = ask.lasted(value)
        tiles.append(Tile(label=ask.say(key), value=shown_value, href=at, note=note, tone="warn" if over else ""))
    return tiles


def _waiting(unit: Unit, ask: Ask, now: Now) -> Table:
    rows = [
        Row(cells=[left(ask, t), waited(ask, t.waiting_since), *talk_cells(ask, t)])
        for t in pressing(unit, ask, Which(waiting=True))
    ]
    return Table(
        name="waiting",
        title=ask.say("waiting_title"),
        columns=[ask.say("left"), ask.say("waits"), *talk_columns(ask)],
        rows=rows,
        empty=ask.say("waiting_none"),
        total=now.waiting,
        pager=pager(ask, "today", now.waiting),
    )


def pressing(unit: Unit, ask: Ask, which: Which) -> list[Talk]:
    """Those who wait, by what is left of their time: first and further answers have different times, so the pressing
    ones of both are looked at."""
    most = ask.skip + ask.most
    found = [t for first in (True, False) for t in reports.talks(unit, replace(which, first=first), most)]

    def due(talk: Talk) -> tuple[datetime, str]:
        plan = ask.book.sla
        allowed = plan.first_reply_minutes if talk.last_our_at is None else plan.next_reply_minutes
        return due_at(ask.book, talk.waiting_since or ask.now, allowed), talk.id

    return sorted(found, key=due)[ask.skip : most]


def _hours(ask: Ask, took: Answers) -> Table:
    rows = []
    for hour, mine in took.by_hour().items():
        seconds = took.seconds(mine)
        within = sum(s <= ask.book.sla.first_reply_minutes * 60 for s in seconds)
        spans = [ask.lasted(figures.share(seconds, part)) for part in (0.5, 0.9)]
        cells = [Cell(text=f"{hour:02}:00"), *(Cell(text=str(n), number=True) for n in (len(mine), len(seconds)))]
        kept = f"{within / len(seconds):.0%}" if seconds else "–"
        rows.append(Row(cells=[*cells, *(Cell(text=s, number=True) for s in (*spans, kept))]))
    return Table(
        name="hours",
        title=ask.say("hours_title"),
        columns=[ask.say(k) for k in ("hour", "begun", "answered", "median", "p90", "in_time")],
        rows=rows,
        empty=ask.say("hours_none"),
        note=ask.say("hours_note", minutes=f"{ask.book.sla.first_reply_minutes:g}"),
    )


def _chart(ask: Ask, took: Answers) -> Chart:
    bars = []
    for hour, mine in took.by_hour().items():
        middle = figures.share(took.seconds(mine), 0.5)
        if middle is not None:
            bars.append(Bar(label=f"{hour:02}:00", value=middle / 60, shown=ask.lasted(middle)))
    target = ask.book.sla.first_reply_minutes
    label = ask.say("target", minutes=f"{target:g}")
    full = max([target, *(b.value for b in bars)])
    return Chart(title=ask.say("hours_chart"), bars=bars, table="hours", full=full, mark=target, mark_label=label)


def _begun(unit: Unit, ask: Ask, span: Span, total: int) -> Table:
    found = figures.first_replies(unit, span.ends, ask.most)
    called = reports.names(unit, {r.customer_id for r in found})
    clock = OpenTime(ask.book, span.since, max(ask.now, span.until))
    rows = []
    for reply in found:
        answer = Cell(text=ask.say("no_reply"), tone="warn")
        if reply.first_reply_at is not None:
            seconds = clock.seconds(reply.opened_at.timestamp(), reply.first_reply_at.timestamp())
            answer = Cell(text=ask.lasted(seconds), exact=reply.first_reply_at.isoformat(timespec="seconds"))
        who = ask.customer(called.get(reply.customer_id, ""), reply.conversation_id)
        claimed = Cell(text=ask.name_of(reply.claimed_by) or ask.say("unclaimed"))
        rows.append(Row(cells=[who, ask.when(reply.opened_at), answer, claimed]))
    return Table(
        name="begun",
        title=ask.say("begun_title"),
        columns=[ask.say(k) for k in ("customer", "since", "reply", "claimed")],
        rows=rows,
        empty=ask.say("begun_none"),
        total=total,
    )
