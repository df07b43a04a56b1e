"""Where a rep reads notices, and her quiet hours, in which they are held and then told as one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from rules.calendar import zone_of
from rules.model import Rep

Way = Literal["", "teams", "wecom"]
OFF = "off"
_SPAN = re.compile(r"^([01]?\d|2[0-3])(?:[:：]([0-5]\d))?\s*[-–—~至到]\s*([01]?\d|2[0-3])(?:[:：]([0-5]\d))?$")


def span_of(text: str) -> str:
    """Quiet hours as somebody writes them, in one form: `21-8` is `21:00-08:00`; empty when it is no span."""
    match = _SPAN.match(text.strip())
    if match is None:
        return ""
    start, end = (f"{int(h):02}:{m or '00'}" for h, m in ((match[1], match[2]), (match[3], match[4])))
    return f"{start}-{end}" if start != end else ""


def quiet_hours(rep: Rep, usual: str) -> str:
    """Her quiet hours, or the company's usual ones; empty for none."""
    wished = rep.wishes.quiet or usual
    return "" if wished == OFF else wished


def quiet_until(rep: Rep, usual: str, now: datetime) -> datetime | None:
    """When her quiet hours end, in UTC, if `now` lies in them on the wall clock of her zone. Hours that end when they
    begin are none."""
    span = quiet_hours(rep, usual)
    if not span:
        return None
    start, end = (time.fromisoformat(clock) for clock in span.split("-"))
    tz = zone_of(rep.zone)
    local = now.astimezone(tz)
    clock = local.time().replace(tzinfo=None)
    inside = start <= clock < end if start <= end else clock >= start or clock < end
    if not inside:
        return None
    day = local.date() + timedelta(days=1) if clock >= end else local.date()
    return datetime.combine(day, end, tzinfo=tz).astimezone(UTC)


def ways(rep: Rep) -> tuple[Way, ...]:
    """Where a notice to her goes. Empty: she can be reached nowhere.

    What she wished for counts where she is; else she gets it wherever she is. The empty way is: wherever the hub can
    reach her, Teams first.
    """
    teams, wecom = bool(rep.aad_id), bool(rep.userid)
    if not (teams or wecom):
        return ()
    match rep.wishes.notices:
        case "both" if teams and wecom:
            return ("teams", "wecom")
        case "teams" if teams:
            return ("teams",)
        case "wecom" if wecom:
            return ("wecom",)
        case _:
            return ("",)
