"""Writing to a customer in her kf chat: texts, and the one welcome a code is good for (WeCom docs 94677, 95122, 92137).

A text is one message and one unit of the window: it is never split behind the rep's back.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import Clock, CustomerText, Delivered, Hub, Outcome, TryLater, Undeliverable, Unknown, Welcome
from connectors.wecom.client import Body, Client
from connectors.wecom.errors import STATE, CallFailed, Refusal, outcome
from connectors.wecom.members import maybe
from connectors.wecom.sessions import Name, Sessions
from connectors.wecom.settings import Settings

_ALREADY_WELCOMED = 41051
_NOT_OURS: Mapping[Name, str] = {"pool": "session_in_pool", "human": "taken_over", "ended": "session_ended"}


class KfSender:
    """Sends CustomerText and Welcome jobs."""

    def __init__(self, settings: Settings, hub: Hub, clock: Clock, client: Client, sessions: Sessions) -> None:
        self._settings = settings
        self._hub = hub
        self._clock = clock
        self._client = client
        self._sessions = sessions

    async def text(self, job: CustomerText) -> Outcome:
        """Send one text. When her session is in another state than we thought, look once and decide once more."""
        app = self._settings.kf.get(job.address.account)
        if app is None:
            return Undeliverable(reason="not_allowed", detail="colleagues' own chats take no messages by API")
        size = len(job.text.encode())
        if not job.text.strip() or size > self._settings.text_bytes:
            return Undeliverable(reason="text_too_long" if size else "text_empty", detail=f"{size} bytes")
        try:
            return await self._send(app, job)
        except Refusal as refusal:
            if refusal.errcode not in STATE:
                return outcome(refusal)
        except CallFailed as failure:
            return outcome(failure)
        return await self._second_look(app, job)

    async def welcome(self, job: Welcome) -> Outcome:
        """Use a welcome code. Already welcomed counts as done: what matters is that she was greeted once."""
        try:
            answer = await self._greet(job)
        except Refusal as refusal:
            if refusal.errcode == _ALREADY_WELCOMED:
                return Delivered(extra={"already": "welcomed"})
            return outcome(refusal)
        except CallFailed as failure:
            return outcome(failure)
        return Delivered(wire_id=maybe(answer, "msgid"))

    async def _send(self, app: str, job: CustomerText) -> Outcome:
        body = {
            "touser": job.address.wire_id,
            "open_kfid": job.address.account,
            "msgid": job.row_id,
            "msgtype": "text",
            "text": {"content": job.text},
        }
        answer = await self._client.call(app, "/cgi-bin/kf/send_msg", body)
        return Delivered(wire_id=maybe(answer, "msgid") or job.row_id)

    async def _second_look(self, app: str, job: CustomerText) -> Outcome:
        """A new session is taken for the hub and written to once more; one that is not ours is told to the hub.

        Until the text itself goes out once more nothing is unclear: its first try was refused.
        """
        try:
            state = await self._sessions.look(job.address)
            if reason := _NOT_OURS.get(state.name):
                await self._hub.accept([self._sessions.fact(job.row_id, job.address, state)])
                return Undeliverable(reason=reason)
            if state.name == "new":
                await self._sessions.take(job.address)
        except CallFailed as failure:
            found = outcome(failure)
            return TryLater(reason=found.reason, seconds=2) if isinstance(found, Unknown) else found
        try:
            return await self._send(app, job)
        except CallFailed as failure:
            return outcome(failure)

    async def _greet(self, job: Welcome) -> Body:
        if job.route == "session":
            body = {"code": job.code, "msgid": job.row_id, "msgtype": "text", "text": {"content": job.text}}
            app = self._settings.kf.get(job.address.account) or self._settings.contact
            return await self._client.call(app, "/cgi-bin/kf/send_msg_on_event", body)
        body = {"welcome_code": job.code, "text": {"content": job.text}}
        return await self._client.call(self._settings.contact, "/cgi-bin/externalcontact/send_welcome_msg", body)
