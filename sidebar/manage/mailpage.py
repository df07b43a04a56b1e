"""The wake-up mail itself, shown before it goes: in a frame that can run nothing, load nothing and lead nowhere."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from connectors.contract import Preview
from rules.errors import NotAllowed
from rules.letter import variables
from sidebar.inside.page import headers
from sidebar.manage.ask import HOME
from sidebar.manage.door import ID, Door
from sidebar.manage.page import draw_page
from storage import customers, places, reps
from storage.unit import Unit

MAIL = f"{HOME}/mail/"
_POLICY = (
    "default-src 'none'; script-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; "
    "frame-ancestors 'self'; base-uri 'none'"
)
"""Of the mail's own document: its styles and nothing else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A mail on its page."""

    name: str
    language: str
    preview: Preview | None


class MailPages:
    """GET /manage/mail/{conversation_id} and the same with /body."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def routes(self) -> list[web.RouteDef]:
        """What is mounted."""
        guard = self._door.guard
        return [
            web.get(f"{MAIL}{{conversation_id}}", guard(self.page)),
            web.get(f"{MAIL}{{conversation_id}}/body", guard(self.body)),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """Subject, the mail in a frame, and its plain text; that it was looked at is on record."""
        visitor = self._door.signing.sessions.visitor(request)
        if visitor is None:
            return self._door.signing.begin(request)
        rep = await self._door.look(request, visitor)
        talk = _talk(request)
        ask, banner, shown = await self._door.parts.db.read(
            lambda unit: (*self._door.asked(unit, request, rep), self._shown(unit, talk))
        )
        await self._door.record(rep.id, "preview", talk)
        frame = self._door.frame(request, visitor, ask, banner)
        title = ask.say("mail_title", name=shown.name or ask.say("unnamed"))
        body = f"{MAIL}{talk}/body"
        answer = draw_page("mail", title, "dormant", frame, mail=shown.preview, body=body, language=shown.language)
        policy = answer.headers["Content-Security-Policy"]
        answer.headers["Content-Security-Policy"] = f"{policy}; frame-src 'self'"
        return answer

    async def body(self, request: web.Request) -> web.Response:
        """The mail's own document, for the frame."""
        rep = await self._door.look(request, self._door.visitor(request))
        talk = _talk(request)
        _, shown = await self._door.parts.db.read(
            lambda unit: (self._door.asked(unit, request, rep), self._shown(unit, talk))
        )
        if shown.preview is None:
            raise NotAllowed("no such mail")
        sent = {**headers(self._door.family), "Content-Security-Policy": _POLICY}
        return web.Response(text=shown.preview.html, content_type="text/html", headers=sent)

    def _shown(self, unit: Unit, conversation_id: str) -> Shown:
        """The mail as it would go to her now. Raises NotAllowed for a conversation that is not there."""
        customer_id = places.by_conversation(unit, conversation_id).customer_id
        who = customers.load(unit, customer_id) if customer_id else None
        if who is None:
            raise NotAllowed("no such conversation")
        parts, book = self._door.parts, self._door.parts.playbook
        if parts.previews is None:
            return Shown(name=who.name, language=who.language, preview=None)
        owner = next((r.name for r in reps.all_reps(unit) if r.id == who.owner), who.owner)
        filled = variables(who, book, who.language, owner)
        preview = parts.previews.preview(book.wakeup.template, who.language, filled)
        return Shown(name=who.name, language=who.language, preview=preview)


def _talk(request: web.Request) -> str:
    found = request.match_info["conversation_id"]
    if not ID.match(found):
        raise NotAllowed("no such conversation")
    return found
