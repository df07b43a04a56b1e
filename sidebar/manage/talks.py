"""The rows behind every number: conversations picked by the address of the page."""

from __future__ import annotations

from sidebar.manage.ask import Ask, talk_cells, talk_columns, talks_at, waited
from sidebar.manage.table import Cell, Choice, Row, Sheet, Table
from storage import reports
from storage.reports import Talk, Which
from storage.unit import Unit

_STATES = ("open", "snoozed", "closed", "live")
_PICKED = ("channel", "cell", "rep", "load", "segment", "industry", "stage")
_LONGEST = 100


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page."""
    which = wanted(ask)
    found = reports.talks(unit, which, ask.most)
    extra = [ask.say(k) for k in ("status", "segment", "industry", "waits")]
    table = Table(
        name="talks",
        title=ask.say("talks_title"),
        columns=[*talk_columns(ask), *extra],
        rows=[_row(ask, t) for t in found],
        empty=ask.say("talks_none"),
        total=reports.count(unit, which),
    )
    return Sheet(
        name="talks", title=ask.say("talks"), tables=(table,), choices=_choices(ask, which), intro=_picked(ask)
    )


def wanted(ask: Ask) -> Which:
    """The conversations that an address means; what it does not understand means any."""
    status, late = ask.query.get("status", ""), ask.query.get("late") == "1"
    plain = {name: _value(ask, name) for name in _PICKED}
    return Which(
        status=status if status in _STATES else "",
        waiting=late or ask.query.get("waiting") == "1",
        before=ask.late if late else None,
        since=None,
        **plain,
    )


def _value(ask: Ask, name: str) -> str:
    """What the address says, as far as a database can hold it."""
    value = ask.query.get(name, "")
    return value if value.isprintable() and len(value) <= _LONGEST else ""


def _row(ask: Ask, talk: Talk) -> Row:
    more = (ask.say(talk.status), ask.segment(talk.segment), ask.industry(talk.industry))
    return Row(
        cells=[
            *talk_cells(ask, talk),
            *(Cell(text=t) for t in more),
            waited(ask, talk.last_customer_at if talk.waiting else None),
        ]
    )


def _picked(ask: Ask) -> str:
    """What the address picks, in words."""
    name = {
        "channel": lambda v: ask.channel("" if v == "-" else v),
        "cell": lambda v: v,
        "rep": lambda v: ask.say("unclaimed") if v == "-" else ask.name_of(v),
        "load": ask.name_of,
        "segment": lambda v: ask.segment("" if v == "-" else v),
        "industry": lambda v: ask.industry("" if v == "-" else v),
        "stage": ask.stage,
    }
    title = {"rep": "claimed", "load": "load"}
    said = [f"{ask.say(title.get(k, k))}: {name[k](v)}" for k in _PICKED if (v := _value(ask, k))]
    return " · ".join(said)


def _choices(ask: Ask, which: Which) -> list[Choice]:
    kept = {k: _value(ask, k) for k in _PICKED}
    found = [
        Choice(
            label=ask.say("all_talks" if status == "live" else status),
            href=talks_at(**kept, status=status),
            chosen=which.status == status and not which.waiting,
        )
        for status in _STATES
    ]
    lateness = ask.say("tile_late", minutes=f"{ask.late_minutes:g}")
    waiting = which.waiting and which.before is None
    return [
        *found,
        Choice(label=ask.say("waiting"), href=talks_at(**kept, waiting="1"), chosen=waiting),
        Choice(label=lateness, href=talks_at(**kept, late="1"), chosen=which.before is not None),
    ]
