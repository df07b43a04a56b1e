"""The rows behind every number: conversations picked by the address of the page."""

from __future__ import annotations

from sidebar.manage.ask import Ask, left, talk_cells, talk_columns, talks_at, waited
from sidebar.manage.pager import pager
from sidebar.manage.table import Cell, Choice, Row, Sheet, Table
from sidebar.manage.today import pressing
from storage import reports
from storage.reports import Talk, Which
from storage.unit import Unit

_STATES = ("open", "snoozed", "closed", "live")
_PICKED = ("channel", "cell", "rep", "load", "segment", "industry", "stage")


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page."""
    which, total = wanted(ask), reports.count(unit, wanted(ask))
    waits = which.waiting or which.due is not None
    found = pressing(unit, ask, which) if waits else reports.talks(unit, which, ask.most, skip=ask.skip)
    extra = [ask.say(k) for k in ("status", "segment", "industry", "waits", "left")]
    table = Table(
        name="talks",
        title=ask.say("talks_title"),
        columns=[*talk_columns(ask), *extra],
        rows=[_row(ask, t) for t in found],
        empty=ask.say("talks_none"),
        total=total,
        pager=pager(ask, "talks", total),
    )
    return Sheet(
        name="talks", title=ask.say("talks"), tables=(table,), choices=_choices(ask, which), intro=_picked(ask)
    )


def wanted(ask: Ask) -> Which:
    """The conversations that an address means; what it does not understand means any."""
    status, late = ask.query.get("status", ""), ask.query.get("late", "")
    plain = {name: ask.value(name) for name in _PICKED}
    return Which(
        status=status if status in _STATES else "",
        waiting=ask.query.get("waiting") == "1",
        due=ask.overdue if late == "1" else ask.soon if late == "risk" else None,
        not_due=ask.overdue if late == "risk" else None,
        **plain,  # type: ignore[arg-type]  # only its texts
    )


def _row(ask: Ask, talk: Talk) -> Row:
    more = (ask.say(talk.status), ask.segment(talk.segment), ask.industry(talk.industry))
    waits = (waited(ask, talk.waiting_since), left(ask, talk))
    return Row(cells=[*talk_cells(ask, talk), *(Cell(text=t) for t in more), *waits])


def _picked(ask: Ask) -> str:
    """What the address picks, in words."""
    name = {
        "channel": lambda v: ask.channel("" if v == "-" else v),
        "cell": lambda v: ask.say("unrouted") if v == "-" else v,
        "rep": lambda v: ask.say("unclaimed") if v == "-" else ask.name_of(v),
        "load": ask.name_of,
        "segment": lambda v: ask.segment("" if v == "-" else v),
        "industry": lambda v: ask.industry("" if v == "-" else v),
        "stage": ask.stage,
    }
    title = {"rep": "claimed", "load": "load"}
    said = [f"{ask.say(title.get(k, k))}: {name[k](v)}" for k in _PICKED if (v := ask.value(k))]
    return " · ".join(said)


def _choices(ask: Ask, which: Which) -> list[Choice]:
    kept = {k: ask.value(k) for k in _PICKED}
    late = ask.query.get("late", "") if which.due is not None else ""
    waits = which.waiting or late
    found = [
        Choice(
            label=ask.say("all_talks" if status == "live" else status),
            href=talks_at(**kept, status=status),
            chosen=which.status == status and not waits,
        )
        for status in _STATES
    ]
    more = (("waiting", {"waiting": "1"}), ("risk", {"late": "risk"}), ("breached", {"late": "1"}))
    for key, query in more:
        chosen = query.get("late", "") == late and bool(waits) and ("waiting" in query) == (not late)
        found.append(Choice(label=ask.say(key), href=talks_at(**kept, **query), chosen=chosen))
    return found
