"""Deliveries: sendings whose end a person must find out, and events that were given up."""

from __future__ import annotations

from rules.reasons import reason_words
from rules.verbs import VERBS
from sidebar.manage.ask import HOME, Ask
from sidebar.manage.kinds import EVENTS, SENDINGS, said
from sidebar.manage.table import Cell, Press, Row, Sheet, Table
from storage import reports
from storage.unit import Unit

SETTLE = ("settle_arrived", "settle_again")


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page."""
    return Sheet(name="deliveries", title=ask.say("deliveries"), tables=(_unknown(unit, ask), _parked(unit, ask)))


def _unknown(unit: Unit, ask: Ask) -> Table:
    found = reports.unclear(unit, ask.most)
    called = reports.names(unit, {u.customer_id for u in found if u.customer_id})
    versions = reports.versions(unit, {u.conversation_id for u in found if u.conversation_id})
    rows = []
    for one in found:
        name, what = called.get(one.customer_id, ""), said(SENDINGS, one.kind, ask.language)
        cells = [
            ask.customer(name, one.conversation_id) if one.customer_id else Cell(text="–", exact="-"),
            Cell(text=what, exact=one.kind),
            Cell(text=ask.place(one.connector)),
            Cell(text=reason_words(one.reason).in_(ask.language) if one.reason else "–"),
            ask.when(one.ended_at),
            Cell(text=str(one.attempts), number=True),
        ]
        fields = {"conversation_id": one.conversation_id, "about": one.id}
        fields["card_version"] = str(versions.get(one.conversation_id, 0))
        about = f"{name or ask.say('unnamed')}, {what} {one.id[:6]}"
        rows.append(Row(cells=cells, presses=_settle(ask, fields, about) if one.conversation_id in versions else ()))
    return Table(
        name="unknown",
        title=ask.say("unknown_title"),
        columns=[ask.say(k) for k in ("customer", "what", "where", "why", "when", "tries")],
        rows=rows,
        empty=ask.say("unknown_none"),
        note=ask.say("unknown_note"),
    )


def _settle(ask: Ask, fields: dict[str, str], about: str) -> list[Press]:
    return [
        Press(label=VERBS[verb].in_(ask.language), to=f"{HOME}/act", fields={"verb": verb, **fields}, about=about)
        for verb in SETTLE
    ]


def _parked(unit: Unit, ask: Ask) -> Table:
    rows = []
    for one in reports.parked(unit, ask.most):
        what = said(EVENTS, one.kind, ask.language)
        cells = [
            Cell(text=what, exact=one.kind),
            ask.when(one.at),
            Cell(text=one.error),
            Cell(text=str(one.attempts), number=True),
            Cell(text=one.id[-8:], exact=one.id),
        ]
        again = Press(
            label=ask.say("replay"), to=f"{HOME}/replay", fields={"about": one.id}, about=f"{what} {one.id[-8:]}"
        )
        rows.append(Row(cells=cells, presses=(again,)))
    return Table(
        name="parked",
        title=ask.say("parked_title"),
        columns=[ask.say(k) for k in ("what", "when", "error", "tries", "event")],
        rows=rows,
        empty=ask.say("parked_none"),
        note=ask.say("parked_note"),
    )
