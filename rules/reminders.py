"""When the hub tells its own people something unasked, where, and when it leaves them in peace."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from rules.book import Playbook
from rules.calendar import LOOK_AHEAD_DAYS, spans_of, zone_of
from rules.draft import Draft
from rules.events import ReminderDue
from rules.model import Rep, Words
from rules.peace import quiet_until

TOO_LATE = timedelta(hours=2)
"""A digest that could not be told at its time (the hub was away) is left out after so long; the next one comes."""
DIGEST = Words(zh="你的待办摘要", en="Your digest")
DIGEST_TEXT = Words(zh="发「设置 摘要 关」可停收。", en="Send “settings digest off” to stop these.")


def next_digest(rep: Rep, book: Playbook, now: datetime) -> datetime | None:
    """The first moment after `now` at which this rep gets a digest, on the wall clock of her zone, on days on which
    the office works; None when she wants none, or there is none."""
    if not (rep.active and rep.wishes.digest and book.reminders.digests):
        return None
    tz = zone_of(rep.zone)
    day = now.astimezone(tz).date()
    for _ in range(LOOK_AHEAD_DAYS):
        if spans_of(book.office.hours, book.holidays, day):
            for clock in sorted(book.reminders.digests):
                moment = datetime.combine(day, time.fromisoformat(clock), tzinfo=tz).astimezone(UTC)
                if moment > now:
                    return moment
        day += timedelta(days=1)
    return None


def digest_due(draft: Draft, event: ReminderDue) -> None:
    """It is time for a rep's digest. What stands in it is looked up when it is sent."""
    rep = draft.rep(event.rep)
    if rep is None or not rep.active or not rep.wishes.digest:
        draft.skip("她不要摘要", "She wants no digest", rep=event.rep)
    elif quiet_until(rep, draft.playbook.reminders.quiet_hours, draft.now):
        draft.skip("她的安静时段，不发摘要", "Her quiet hours: no digest", rep=rep.id)
    elif draft.now - event.due_at > TOO_LATE:
        draft.skip("摘要已过时，等下一次", "Too late for this digest; the next one comes", due=event.due_at.isoformat())
    else:
        draft.tell(rep.id, DIGEST, DIGEST_TEXT, query="digest")
        draft.because("send", "到了摘要的时间", "It is time for the digest", seen={"due": event.due_at.isoformat()})
