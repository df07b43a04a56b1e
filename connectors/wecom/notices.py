"""Messages to reps in the app's chat: template cards with buttons, text cards, texts (WeCom docs 90236 and 94888).

They reach employees only, never customers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from connectors.contract import Clock, Delivered, NoticeMarks, Outcome, RepNotice, TryLater, Undeliverable
from connectors.wecom.cards import Json, notice_card
from connectors.wecom.client import Body, Client
from connectors.wecom.errors import CallFailed, Refusal, outcome
from connectors.wecom.members import maybe
from connectors.wecom.settings import Settings
from connectors.wecom.words import LONGEST_LABEL, MARKED, OPEN, fit, fit_bytes, fit_wide

LONGEST_TEXT = 2048
"""Bytes; WeCom cuts longer texts without a word."""
_TITLE, _DESCRIPTION, _LINK = 128, 512, 4
_MINUTE = timedelta(minutes=1)
_REPS_KEPT = 10_000


class Notices:
    """Sends RepNotice jobs, and the small answers to what reps press and write."""

    def __init__(self, settings: Settings, clock: Clock, client: Client) -> None:
        self._settings = settings
        self._clock = clock
        self._client = client
        self._sent: dict[str, deque[datetime]] = {}

    async def deliver(self, job: RepNotice | NoticeMarks) -> Outcome:
        """One notice, or marks on older ones. Each attempt is a card of its own: a task_id may be used once only."""
        if isinstance(job, NoticeMarks):
            return await self._mark_all(job)
        if wait := self._wait(job.rep.userid):
            return TryLater(reason="throttled", seconds=wait)
        task_id = f"{job.row_id}-{job.attempt}"
        try:
            answer = await self._send(job.rep.userid, _content(job, task_id))
        except CallFailed as failure:
            return outcome(failure)
        if reason := _missed(answer, job.rep.userid):
            return Undeliverable(reason=reason)
        extra = {"task_id": task_id, "response_code": maybe(answer, "response_code")} if job.actions else {}
        return Delivered(wire_id=maybe(answer, "msgid"), extra=extra)

    async def say(self, userid: str, text: str) -> None:
        """A text in answer to what the rep did; over the limit it is left out. Raises CallFailed."""
        if not self._wait(userid):
            await self._send(userid, {"msgtype": "text", "text": {"content": fit_bytes(text, LONGEST_TEXT)}})

    async def mark(self, userid: str, response_code: str, text: str) -> None:
        """Put other words on a pressed button. A response_code works once and for 72 hours. Raises CallFailed."""
        body = {
            "userids": [userid],
            "agentid": self._settings.apps[self._settings.staff].agent_id,
            "response_code": response_code,
            "button": {"replace_name": text},
        }
        await self._client.call(self._settings.staff, "/cgi-bin/message/update_template_card", body)

    async def _mark_all(self, job: NoticeMarks) -> Outcome:
        """Put the words on every card that still takes them; one that was marked before, or is too old, stays."""
        for one in job.marks:
            try:
                await self.mark(one.userid, one.response_code, fit_wide(one.text, LONGEST_LABEL))
            except Refusal:
                continue
            except CallFailed as failure:
                return outcome(failure)
        return Delivered()

    async def _send(self, userid: str, content: Body) -> Body:
        agent = self._settings.apps[self._settings.staff].agent_id
        body = {"touser": userid, "agentid": agent, **content}
        self._count(userid)
        return await self._client.call(self._settings.staff, "/cgi-bin/message/send", body)

    def _wait(self, userid: str) -> float:
        """Business seconds until WeCom would show one more message to this rep instead of dropping it."""
        now, sent = self._clock(), self._sent.get(userid, deque())
        while sent and not now - _MINUTE < sent[0] <= now:
            sent.popleft()
        if len(sent) < self._settings.member_per_minute:
            return 0
        return (sent[0] + _MINUTE - now).total_seconds()

    def _count(self, userid: str) -> None:
        if userid not in self._sent and len(self._sent) >= _REPS_KEPT:
            self._sent.pop(next(iter(self._sent)))
        self._sent.setdefault(userid, deque()).append(self._clock())


def _content(job: RepNotice, task_id: str) -> Json:
    if job.actions:
        return {"msgtype": "template_card", "template_card": notice_card(job, task_id)}
    language = job.language
    title = (MARKED.in_(language) if job.marked else "") + job.title.in_(language)
    text = job.text.in_(language)
    if not job.page_url:
        return {"msgtype": "text", "text": {"content": fit_bytes(f"{title}\n{text}", LONGEST_TEXT)}}
    card = {
        "title": fit(title, _TITLE),
        "description": fit(text, _DESCRIPTION) or title,
        "url": job.page_url,
        "btntxt": fit(OPEN.in_(language), _LINK),
    }
    return {"msgtype": "textcard", "textcard": card}


def _missed(answer: Mapping[str, object], userid: str) -> str:
    """errcode 0 is no promise: whom it did not reach stands beside it, in lower case."""
    for member, reason in (("invaliduser", "rep_unreachable"), ("unlicenseduser", "rep_unreachable")):
        if userid.lower() in maybe(answer, member).lower().split("|"):
            return reason
    return ""
