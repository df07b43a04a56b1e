"""GET /sidebar/media/{file_id}, and the forms that send a file: inside WeCom, and in the Teams tab."""

from __future__ import annotations

from aiohttp import web

from rules.decision import Answer
from rules.errors import BadSignature, NotAllowed
from sidebar.inside import desk, files, upload
from sidebar.inside.desk import PageDesk, Reader
from sidebar.inside.door import CARD, Door
from sidebar.inside.drawing import draw_card
from sidebar.inside.page import designed
from sidebar.inside.parts import Inside
from sidebar.inside.session import Said
from sidebar.inside.words import SAID


class MediaPages:
    """Files for reps."""

    def __init__(self, parts: Inside, page_desk: PageDesk, door: Door) -> None:
        self._parts = parts
        self._desk = page_desk
        self._door = door
        self._tickets = files.Tickets(parts)

    def routes(self) -> list[web.RouteDef]:
        """What is mounted."""
        guard = designed(self._door.place.family, self._door.place.home, self._desk.managers)
        return [
            web.get(f"{files.MEDIA}{{file_id}}", guard(self.open)),
            web.post(f"{CARD}{{conversation_id}}/file", guard(self.send)),
        ]

    async def open(self, request: web.Request) -> web.Response:
        """The content of a file."""
        by = self._tickets.reader(request)
        if by is None:
            visitor = self._door.sessions.visitor(request)
            if visitor is None:
                return self._door.sign_in(request)
            by = visitor.by
        reader = await self._desk.reader(by)
        self._desk.pace(reader.by)
        return files.answer(await files.opened(self._parts, request.match_info["file_id"], reader.by))

    async def send(self, request: web.Request) -> web.Response:
        """Send her a file, then show the conversation again; one that cannot go is told before anything is sent."""
        visitor = self._door.sessions.visitor(request)
        if visitor is None:  # told as a page: led away at once, she would not know that nothing was sent
            raise BadSignature("nobody is signed in")
        talk = request.match_info["conversation_id"]
        reader = await self._door.reader(request, visitor)
        self._desk.pace(reader.by)
        card = await self._desk.card(talk, reader)
        sent = await upload.read(request, most(self._parts))
        self._door.sessions.check_form(request, visitor, sent.fields.get("stamp", ""))
        said = await act(self._parts, sent, card.conversation_id, reader)
        if said.refused:
            card = await self._desk.card(talk, reader)
            hidden = self._door.hidden(visitor)
            sheet = await self._desk.sheet(reader, talk, hidden=hidden, said=said, status=409)
            return draw_card(card, self._door.beside_chat(request), sheet, self._parts.clock)
        onward = self._door.go(f"{CARD}{card.conversation_id}")
        self._door.sessions.say(onward, card.conversation_id, said)
        return onward


def most(parts: Inside) -> int:
    """The largest file that is taken. Raises NotAllowed where none is."""
    if parts.files is None:
        raise NotAllowed("no files here")
    return parts.files.most_bytes


async def act(parts: Inside, sent: upload.Upload, conversation_id: str, reader: Reader) -> Said:
    """Send the file by the common door; what is to be said about it. Raises BadRequest, Unavailable."""
    if not sent.size:
        return Said(text=SAID["file_missing"].in_(reader.language), refused=True)
    event = files.inbound(parts, sent, conversation_id, reader.by, reader.rep.name)
    answer: Answer | None = await parts.hub.act(event, limit=parts.settings.act_seconds)
    return desk.said(answer, reader.language)
