"""What a rep sees at once after she pressed a button or wrote to the app: the passive reply of WeCom doc 90241.

A turn that takes longer than WeCom waits is answered afterwards: the button by its response_code, words by a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Literal

import structlog

from connectors.contract import Hub, Inbound
from connectors.wecom.cards import list_lines
from connectors.wecom.notices import LONGEST_TEXT, Notices
from connectors.wecom.settings import Settings
from connectors.wecom.translate import Callback
from connectors.wecom.wire import element
from connectors.wecom.words import DONE, LONGEST_LABEL, NOTHING, fit_bytes, fit_wide
from rules.decision import Answer
from rules.errors import HubError
from rules.events import RepActed, RepSpoke

_log = structlog.get_logger()
_LATE_SECONDS = 30.0
_MOST_LATE = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A passive reply: new words on the pressed button, or a text in the app's chat."""

    shows: Literal["button", "text"]
    text: str

    def xml(self, callback: Callback) -> str:
        """The reply before it is sealed."""
        inner = (
            element("MsgType", "update_button") + f"<Button>{element('ReplaceName', self.text)}</Button>"
            if self.shows == "button"
            else element("MsgType", "text") + element("Content", self.text)
        )
        head = (
            element("ToUserName", callback.rep.value)
            + element("FromUserName", callback.corp_id)
            + element("CreateTime", int(callback.at.timestamp()))
        )
        return f"<xml>{head}{inner}</xml>"


class Replies:
    """Takes acts of reps to the hub and brings the answers back."""

    def __init__(self, settings: Settings, hub: Hub, notices: Notices) -> None:
        self._settings = settings
        self._hub = hub
        self._notices = notices
        self._tasks: set[asyncio.Task[None]] = set()

    async def act(self, told: Inbound, event: RepActed | RepSpoke) -> Reply | None:
        """Store the act and give its answer, or None when that comes later. Raises Unavailable."""
        answer = await self._hub.act(told, limit=self._settings.ack_seconds)
        if answer is None:
            self._spawn(self._late(told, event))
            return None
        if isinstance(event, RepSpoke):
            return Reply(shows="text", text=await self._text(event, answer))
        if answer.show != "card":
            self._spawn(self._say(event, answer))
        label = await self._label(event, answer)
        return Reply(shows="button", text=label) if label else None

    async def stop(self) -> None:
        """Give up what is still to be said; it was only an echo of what the hub has stored."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        if len(self._tasks) >= _MOST_LATE:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _late(self, told: Inbound, event: RepActed | RepSpoke) -> None:
        try:
            answer = await self._hub.act(told, limit=_LATE_SECONDS)
            if answer is None:
                return
            if isinstance(event, RepActed) and event.response_code and (label := await self._label(event, answer)):
                await self._notices.mark(event.by.value, event.response_code, label)
            if isinstance(event, RepSpoke) or answer.show != "card":
                await self._notices.say(event.by.value, await self._text(event, answer))
        except HubError as problem:
            _log.info("late_answer_lost", connector="wecom", reason=type(problem).__name__)

    async def _say(self, event: RepActed, answer: Answer) -> None:
        try:
            await self._notices.say(event.by.value, await self._text(event, answer))
        except HubError as problem:
            _log.info("late_answer_lost", connector="wecom", reason=type(problem).__name__)

    async def _label(self, event: RepActed, answer: Answer) -> str:
        """What stands in place of the buttons from now on; empty when they must stay: nothing was done, only told."""
        done = DONE.get(event.verb)
        if answer.refused or done is None:
            return ""
        text = done.in_(_language(event) or self._settings.language)
        if "{name}" not in text:
            return text
        card = await self._hub.card(event.conversation_id, event.by)
        return fit_wide(text.replace("{name}", card.owner if card else "").strip(), LONGEST_LABEL)

    async def _read_by(self, event: RepActed | RepSpoke) -> str:
        """The language of whoever reads it: of the card she pressed, or her own. One she has just chosen counts."""
        if pressed := _language(event):
            return pressed
        rep = await self._hub.rep(event.by)
        return rep.language if rep is not None else self._settings.language

    async def _text(self, event: RepActed | RepSpoke, answer: Answer) -> str:
        language = await self._read_by(event)
        lines = [answer.words.in_(language)]
        if answer.show == "list" and answer.query:
            rows = await self._hub.cards(answer.query, event.by)
            lines += list_lines(rows, language) or [NOTHING.in_(language)]
        return fit_bytes("\n".join(line for line in lines if line), LONGEST_TEXT)


def _language(event: RepActed | RepSpoke) -> str:
    """The language of the pressed card; what a rep wrote tells none."""
    return event.inputs.get("language", "") if isinstance(event, RepActed) else ""
