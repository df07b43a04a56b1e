"""Notices that offered a conversation learn who took it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bots.making import NotNow, base
from connectors.contract import Job, Mark, NoticeMarks, Skipped
from storage import outbox, reps
from storage.outbox import Claim
from storage.unit import Unit

GOOD_FOR = timedelta(hours=72)
"""How long a platform lets a notice be changed (WeCom doc 94888, response_code)."""
NOTHING = "nothing_to_mark"


def marks(_bench: object, unit: Unit, claim: Claim, now: datetime) -> Job | NotNow:
    """What to put on which notices; nothing where none can be changed."""
    sending: Any = claim.sending
    found = []
    for sent in outbox.noticed(unit, sending.conversation_id, now - GOOD_FOR):
        notice: Any = sent.sending
        code, rep = sent.facts.get("response_code", ""), reps.by_id(unit, notice.rep)
        if code and rep is not None and rep.userid and "claim" in notice.actions:
            found.append(Mark(userid=rep.userid, response_code=code, text=sending.words.in_(rep.language)))
    if not found:
        return NotNow(outcome=Skipped(reason=NOTHING))
    return NoticeMarks(**base(claim, "zh-CN"), marks=tuple(found))
