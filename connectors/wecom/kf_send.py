"""Writing to a customer in her kf chat: texts, files, and the one welcome a code is good for.

Source: WeCom docs 94677, 95122, 92137. A text or a file is one message
and one unit of the window: it is never split behind the rep's back.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import (
    CustomerFile,
    CustomerText,
    Delivered,
    Hub,
    Outcome,
    TryLater,
    Undeliverable,
    Unknown,
    Welcome,
)
from connectors.wecom.client import Body, Client
from connectors.wecom.errors import STATE, CallFailed, Refusal, outcome
from connectors.wecom.media import Media
from connectors.wecom.members import maybe
from connectors.wecom.sessions import Name, Sessions
from connectors.wecom.settings import Settings

_ALREADY_WELCOMED = 41051
_NO_API = Undeliverable(reason="not_allowed", detail="colleagues' own chats take no messages by API")
_NOT_OURS: Mapping[Name, str] = {"pool": "session_in_pool", "human": "taken_over", "ended": "session_ended"}


class KfSender:
    """Sends CustomerText, CustomerFile and Welcome jobs."""

    def __init__(self, settings: Settings, hub: Hub, client: Client, sessions: Sessions, media: Media) -> None:
        self._settings = settings
        self._hub = hub
        self._client = client
        self._sessions = sessions
        self._media = media

    async def text(self, job: CustomerText) -> Outcome:
        """Send one text."""
        size = len(job.text.encode())
        if not job.text.strip() or size > self._settings.text_bytes:
            return Undeliverable(reason="text_too_long" if size else "text_empty", detail=f"{size} bytes")
        return await self._message(job, {"msgtype": "text", "text": {"content": job.text}})

    async def file(self, job: CustomerFile) -> Outcome:
        """Upload a content and send it: one message of the window, like a text."""
        app = self._settings.kf.get(job.address.account)
        if app is None:
            return _NO_API
        media_id = await self._media.upload(app, job)
        if not isinstance(media_id, str):
            return media_id
        return await self._message(job, {"msgtype": job.form, job.form: {"media_id": media_id}})

    async def _message(self, job: CustomerText | CustomerFile, content: Body) -> Outcome:
        """Send. When her session is in another state than we thought, look once and decide once more."""
        app = self._settings.kf.get(job.address.account)
        if app is None:
            return _NO_API
        body = {
            "touser": job.address.wire_id,
            "open_kfid": job.address.account,
            "msgid": job.row_id,
            **content,
        }
        try:
            return await self._send(app, job, body)
        except Refusal as refusal:
            if refusal.errcode not in STATE:
                return outcome(refusal)
        except CallFailed as failure:
            return outcome(failure)
        return await self._second_look(app, job, body)

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

    async def _send(self, app: str, job: CustomerText | CustomerFile, body: Body) -> Outcome:
        answer = await self._client.call(app, "/cgi-bin/kf/send_msg", body)
        return Delivered(wire_id=maybe(answer, "msgid") or job.row_id)

    async def _second_look(self, app: str, job: CustomerText | CustomerFile, body: Body) -> Outcome:
        """A new session is taken for the hub and written to once more; one that is not ours is told to the hub.

        Until the message itself goes out once more nothing is unclear: its first try was refused.
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
            return await self._send(app, job, body)
        except CallFailed as failure:
            return outcome(failure)

    async def _greet(self, job: Welcome) -> Body:
        if job.route == "session":
            body = {"code": job.code, "msgid": job.row_id, "msgtype": "text", "text": {"content": job.text}}
            app = self._settings.kf.get(job.address.account) or self._settings.contact
            return await self._client.call(app, "/cgi-bin/kf/send_msg_on_event", body)
        body = {"welcome_code": job.code, "text": {"content": job.text}}
        return await self._client.call(self._settings.contact, "/cgi-bin/externalcontact/send_welcome_msg", body)
