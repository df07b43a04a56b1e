"""Gone quiet: who, for how long, whether mail may go, what comes next, and the word of a manager about it."""

from __future__ import annotations

from datetime import timedelta

from rules.counts import Count
from rules.gates import may_send
from rules.model import Conversation, Customer
from sidebar.manage.ask import HOME, Ask
from sidebar.manage.table import Cell, Choice, Press, Row, Sheet, Table
from storage import reports
from storage.unit import Unit

CHOICES = (3, 7, 14, 30, 60)
DEFAULT = 7
_ASKED = ("quiet", "preview", "hold")


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page."""
    wanted = ask.query.get("days", "")
    days = int(wanted) if wanted in {str(c) for c in CHOICES} else DEFAULT
    before = ask.now - timedelta(days=days)
    rows = [_row(ask, who, talk) for who, i in reports.quiet(unit, before, ask.most) if (talk := who.conversation(i))]
    titles = ("customer", "quiet_days", "stage", "owner", "consent", "wakeup", "next")
    table = Table(
        name="quiet",
        title=ask.say("quiet_title"),
        columns=[ask.say(k) for k in titles],
        rows=rows,
        empty=ask.say("quiet_none"),
        total=reports.quiet_count(unit, before),
    )
    choices = [
        Choice(label=ask.say("quiet_for", days=Count(c)), href=f"{HOME}/dormant?days={c}", chosen=c == days)
        for c in CHOICES
    ]
    return Sheet(name="dormant", title=ask.say("dormant"), tables=(table,), choices=choices)


def _row(ask: Ask, who: Customer, talk: Conversation) -> Row:
    touched = talk.touched_at
    cells = [
        ask.customer(who.name, talk.id),
        Cell(text=str((ask.now - touched).days), number=True),
        Cell(text=ask.stage(who.stage.value)),
        Cell(text=ask.name_of(who.owner) or ask.say("none"), tone="" if who.owner else "warn"),
        _consent(ask, who),
        Cell(text=ask.say(f"wake_{talk.wakeup.state}") if talk.wakeup else "–"),
        _next(ask, who, talk),
    ]
    return Row(cells=cells, presses=_presses(ask, who, talk))


def _consent(ask: Ask, who: Customer) -> Cell:
    """Whether a wake-up mail may go to her, asked of the same gate that every mail passes."""
    may, because = may_send(who, ask.now, ask.book, ask.paused)
    return Cell(text=because.words.in_(ask.language), tone="good" if may else "")


def _next(ask: Ask, who: Customer, talk: Conversation) -> Cell:
    mine = [t for t in who.timers if t.conversation_id == talk.id and t.kind in _ASKED]
    first = min(mine, key=lambda t: t.due_at, default=None)
    if first is None:
        return Cell(text="–", exact="-")
    text = ask.say(f"timer_{first.kind}", at=ask.moment(first.due_at))
    return Cell(text=text, exact=f"{first.kind} {first.due_at.isoformat(timespec='seconds')}")


def _presses(ask: Ask, who: Customer, talk: Conversation) -> list[Press]:
    fields = {"conversation_id": talk.id, "card_version": str(talk.card_version)}
    name = who.name or ask.say("unnamed")
    found: list[Press] = []
    wakeup = talk.wakeup
    if wakeup is not None and wakeup.state in ("proposed", "held"):
        about = {**fields, "about": wakeup.mail_id}
        found.append(_press(ask, "send_now", {"verb": "wake_now", **about}, name, "main"))
        if wakeup.state == "proposed":
            found.append(_press(ask, "hold", {"verb": "wake_hold", **about}, name))
    found.append(_press(ask, "never", {"verb": "close", **fields}, name))
    return found


def _press(ask: Ask, key: str, fields: dict[str, str], about: str, kind: str = "") -> Press:
    return Press(label=ask.say(key), to=f"{HOME}/act", fields=fields, kind=kind, about=about)
