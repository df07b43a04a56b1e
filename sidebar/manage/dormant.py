"""Gone quiet: who, for how long, whether mail may go, which mail comes next, and the word of a manager about it."""

from __future__ import annotations

from datetime import timedelta

from bots.desk import touch_view
from rules.counts import Count
from rules.gates import may_send
from rules.model import Conversation, Customer
from sidebar.manage.ask import HOME, Ask, address
from sidebar.manage.pager import pager
from sidebar.manage.table import Cell, Choice, Press, Question, Row, Sheet, Table
from storage import customers, places, reports
from storage.unit import Unit

CHOICES = (3, 7, 14, 30, 60)
DEFAULT = 7
_ASKED = ("quiet", "preview", "hold")


def build(unit: Unit, ask: Ask) -> Sheet:
    """The page."""
    wanted = ask.query.get("days", "")
    days = int(wanted) if wanted in {str(c) for c in CHOICES} else DEFAULT
    before = ask.now - timedelta(days=days)
    found = reports.quiet(unit, before, ask.most, skip=ask.skip)
    rows = [_row(unit, ask, who, talk) for who, i in found if (talk := who.conversation(i))]
    total = reports.quiet_count(unit, before)
    titles = ("customer", "quiet_days", "stage", "owner", "topic", "consent", "wakeup", "next", "mail")
    table = Table(
        name="quiet",
        title=ask.say("quiet_title"),
        columns=[ask.say(k) for k in titles],
        rows=rows,
        empty=ask.say("quiet_none"),
        total=total,
        pager=pager(ask, "dormant", total),
    )
    choices = [
        Choice(label=ask.say("quiet_for", days=Count(c)), href=address("dormant", days=str(c)), chosen=c == days)
        for c in CHOICES
    ]
    return Sheet(
        name="dormant",
        title=ask.say("dormant"),
        tables=(table,),
        choices=choices,
        question=_question(unit, ask, days),
    )


def _row(unit: Unit, ask: Ask, who: Customer, talk: Conversation) -> Row:
    cells = [
        ask.customer(who.name, talk.id),
        Cell(text=str((ask.now - talk.touched_at).days), number=True),
        Cell(text=ask.stage(who.stage.value)),
        Cell(text=ask.name_of(who.owner) or ask.say("none"), tone="" if who.owner else "warn"),
        Cell(text=_last_words(unit, ask, who, talk) or "–"),
        _consent(ask, who),
        Cell(text=ask.say(f"wake_{talk.wakeup.state}") if talk.wakeup else "–"),
        _next(ask, who, talk),
        Cell(text=ask.say("show_mail"), href=f"{HOME}/mail/{talk.id}", exact="-"),
    ]
    return Row(cells=cells, presses=_presses(ask, who, talk))


def _last_words(unit: Unit, ask: Ask, who: Customer, talk: Conversation) -> str:
    """What was last talked about, as every face tells it."""
    said = (
        touch_view(t, ask.language).text
        for t in customers.touches(unit, who.id)
        if t.conversation_id == talk.id and t.text
    )
    return next(said, "")


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
    kept = {k: v for k in ("days", "page") if (v := ask.value(k))}
    never = address("dormant", never=talk.id, **kept)
    found.append(Press(label=ask.say("never"), to=never, about=name, link=True))
    return found


def _press(ask: Ask, key: str, fields: dict[str, str], about: str, kind: str = "") -> Press:
    return Press(label=ask.say(key), to=f"{HOME}/act", fields=fields, kind=kind, about=about)


def _question(unit: Unit, ask: Ask, days: int) -> Question | None:
    """Before she is never woken again: is it meant? And afterwards: the way back."""
    never, undo = ask.value("never"), ask.value("undo")
    talk_id = never or undo
    customer_id = places.by_conversation(unit, talk_id).customer_id if talk_id else ""
    who = customers.load(unit, customer_id) if customer_id else None
    talk = who.conversation(talk_id) if who else None
    if who is None or talk is None or (talk.status == "closed") != bool(undo):
        return None
    name = who.name or ask.say("unnamed")
    fields = {"conversation_id": talk.id, "card_version": str(talk.card_version)}
    back = address("dormant", days=str(days))
    if undo:
        press = _press(ask, "undo", {"verb": "reopen", **fields}, name)
        return Question(text=ask.say("never_done", name=name), presses=(press,))
    leads = address("dormant", days=str(days), undo=talk.id)
    yes = _press(ask, "never_yes", {"verb": "close", **fields, "onward": leads}, name, "main")
    no = Press(label=ask.say("never_no"), to=back, about=name, link=True)
    return Question(text=ask.say("never_ask", name=name), presses=(yes, no))
