"""Carries jobs to Teams and web chat: draws what is to be seen, makes the call, says how it ended."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any, Protocol

from connectors.contract import (
    CardEdit,
    ChannelRef,
    CustomerFile,
    CustomerText,
    Delivered,
    LineEdit,
    LinePost,
    Outcome,
    Reference,
    RepNotice,
    ThreadPost,
    TryLater,
    Undeliverable,
    Unknown,
)
from connectors.teams import cards, lines
from connectors.teams.client import BotClient
from connectors.teams.drawing import Drawing
from connectors.teams.elements import MAX_REFRESH_USERS
from connectors.teams.heard import Heard, thread_of
from connectors.teams.lines import Attached, Post
from connectors.teams.outcomes import Ended
from connectors.teams.settings import Settings
from connectors.teams.tab import card_link
from connectors.teams.wire import text_of
from rules.card import CardView


class Writer(Protocol):
    """Makes the JSON of activities: sdk.py, once it is loaded."""

    def message(self, post: Post, *, bot_id: str, bot_name: str, reply_to: str = "") -> dict[str, Any]:
        """A message activity."""

    def new_thread(self, activity: dict[str, Any], *, bot_id: str, tenant_id: str, channel: str) -> dict[str, Any]:
        """What begins a thread."""

    def new_chat(self, *, bot_id: str, tenant_id: str, member: str) -> dict[str, Any]:
        """What opens a person's chat."""


class Sender:
    """One method a kind of job. Each raises Ended when the call did not end well."""

    def __init__(self, settings: Settings, client: BotClient, writer: Writer) -> None:
        self._settings, self._client, self._writer = settings, client, writer

    async def thread(self, job: ThreadPost) -> Outcome:
        """Begin a thread. Her words are left out of the card: they follow as the thread's first lines."""
        channel, reference = job.channel, _reference_of(job.channel)
        drawing = replace(self._drawing(job), history=False, moved_from=job.moved_from)
        activity = self._message(Post(summary=_summary(job.card), card=self._fitted(job.card, drawing)))
        tenant, bot = self._settings.tenant_id, self._settings.bot_id
        body = self._writer.new_thread(activity, bot_id=bot, tenant_id=tenant, channel=channel.wire_id)
        answer = await self._client.create(reference.service_url, body, about=channel.wire_id)
        thread = text_of(answer.get("id"))
        if not thread:
            return Unknown(reason="interrupted")
        root = text_of(answer.get("activityId")) or thread.rpartition(";messageid=")[2]
        return Delivered(wire_id=thread, part_id=root)

    async def card(self, job: CardEdit) -> Outcome:
        """Redraw a root card, or leave a sign at the old place of a thread that moved."""
        drawing = self._drawing(job)
        if job.moved_to:
            card = cards.moved(job.card, drawing, job.moved_to)
        else:
            card = self._fitted(job.card, drawing)
        activity = self._message(Post(summary=_summary(job.card), card=card))
        await self._client.update(job.reference.service_url, job.thread, job.activity, activity)
        return Delivered(wire_id=job.thread, part_id=job.activity)

    async def line(self, job: LinePost) -> Outcome:
        """Add a line to a thread."""
        activity = self._message(self._line(job))
        part = await self._client.send(job.reference.service_url, job.thread, activity)
        return Delivered(wire_id=job.thread, part_id=part)

    async def line_edit(self, job: LineEdit) -> Outcome:
        """Redraw a line."""
        activity = self._message(self._line(job))
        await self._client.update(job.reference.service_url, job.thread, job.activity, activity)
        return Delivered(wire_id=job.thread, part_id=job.activity)

    async def notice(self, job: RepNotice) -> Outcome:
        """Tell a rep something in her own chat, which is opened when it is not known yet."""
        if job.reference is None:
            return Undeliverable(reason="no_reference")
        chat = job.reference.wire_id or await self._open_chat(job, job.reference)
        if not chat:
            return Unknown(reason="interrupted")
        activity = self._message(lines.notice(job, nonce=job.row_id))
        part = await self._client.send(job.reference.service_url, chat, activity)
        return Delivered(wire_id=chat, part_id=part)

    async def typing(self, heard: Heard) -> None:
        """Show where somebody asked that an answer is on its way. Whether that arrives matters to nobody."""
        activity = {"type": "typing", "from": {"id": self._settings.bot_id, "name": self._settings.bot_name}}
        service = text_of(heard.activity.get("serviceUrl"))
        with contextlib.suppress(Ended):
            await self._client.send(service, thread_of(heard).wire_id, activity)

    async def _open_chat(self, job: RepNotice, reference: Reference) -> str:
        """The chat with a person; asking again gives the same one."""
        member = reference.member_wire_id or job.rep.teams_id
        if not member:
            raise Ended(Undeliverable(reason="no_reference"))
        body = self._writer.new_chat(bot_id=self._settings.bot_id, tenant_id=self._settings.tenant_id, member=member)
        answer = await self._client.create(reference.service_url, body, about=member)
        return text_of(answer.get("id"))

    async def customer(self, job: CustomerText) -> Outcome:
        """Write to a customer in web chat."""
        if len(job.text.encode()) > self._settings.limits.text_bytes:
            return Undeliverable(reason="text_too_long")
        return await self._to_customer(job, Post(text=job.text))

    async def customer_file(self, job: CustomerFile) -> Outcome:
        """Send a customer in web chat a file, by an address of ours: the service carries no contents of a bot's."""
        return await self._to_customer(job, Post(file=Attached(name=job.name, type=job.type, url=job.url)))

    async def _to_customer(self, job: CustomerText | CustomerFile, post: Post) -> Outcome:
        service = job.reference.service_url if job.reference is not None else ""
        if not service:
            webchat = job.address.account == "webchat"
            service = self._settings.webchat_url if webchat else self._settings.directline_url
        part = await self._client.send(service, job.address.wire_id, self._message(post))
        return Delivered(wire_id=job.address.wire_id, part_id=part)

    def _message(self, post: Post) -> dict[str, Any]:
        return self._writer.message(post, bot_id=self._settings.bot_id, bot_name=self._settings.bot_name)

    def _line(self, job: LinePost | LineEdit) -> Post:
        limit = self._settings.limits.text_bytes
        link = card_link(self._settings, job.line.conversation_id)
        return lines.draw(job.line, language=job.language, nonce=job.row_id, text_bytes=limit, link=link)

    def _drawing(self, job: ThreadPost | CardEdit) -> Drawing:
        link = card_link(self._settings, job.card.conversation_id)
        readers = job.readers[:MAX_REFRESH_USERS]
        return Drawing(language=job.language, nonce=job.row_id, readers=readers, open_url=link)

    def _fitted(self, view: CardView, drawing: Drawing) -> dict[str, Any]:
        return cards.fitted(view, drawing, self._settings.limits.card_bytes)


def _reference_of(channel: ChannelRef) -> Reference:
    """How to speak in the channel's team. Raises Ended with TryLater while the bot is not there, or the channel not."""
    if channel.reference is None:
        raise Ended(TryLater(reason="no_reference", seconds=60.0, alarm=True))
    if not channel.wire_id:
        raise Ended(TryLater(reason="no_channel", seconds=30.0))
    return channel.reference


def _summary(view: CardView) -> str:
    return " · ".join(p for p in (view.name, view.company) if p)[:200]
