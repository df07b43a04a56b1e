"""The conversation page inside WeCom: the card, its acts, all that was said, names in clear, and the layout."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from rules.errors import BadSignature
from sidebar.inside import acts, desk
from sidebar.inside.desk import PageDesk
from sidebar.inside.door import CARD, HOME, LAYOUT, PATH, Door
from sidebar.inside.drafts import Draft
from sidebar.inside.drawing import draw_card, draw_layout, draw_names, draw_past
from sidebar.inside.page import designed, message, reader_language
from sidebar.inside.parts import Inside
from sidebar.inside.session import Said
from sidebar.inside.words import SAID

_TALK = f"{CARD}{{conversation_id}}"
_ABOUT_LAYOUT = "layout"


class TalkPages:
    """GET and POST /sidebar/c/{conversation_id} and below, GET and POST /sidebar/layout."""

    def __init__(self, parts: Inside, page_desk: PageDesk, door: Door) -> None:
        self._parts = parts
        self._desk = page_desk
        self._door = door

    def routes(self) -> list[web.RouteDef]:
        """What is mounted."""
        guard = designed(self._door.place.family, self._door.place.home, self._desk.managers)
        return [
            web.get(_TALK, guard(self.show)),
            web.get(f"{_TALK}/all", guard(self.past)),
            web.post(f"{_TALK}/act", guard(self.act)),
            web.post(f"{_TALK}/names", guard(self.names)),
            web.get(LAYOUT, guard(self.layout)),
            web.post(LAYOUT, guard(self.arrange)),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """The conversation, with what the last act answered, and what was typed before a sign-in."""
        visitor = self._door.sessions.visitor(request)
        if visitor is None:
            return self._door.sign_in(request)
        reader = await self._door.reader(request, visitor)
        self._desk.pace(reader.by)
        card = await self._desk.card(request.match_info["conversation_id"], reader)
        said = self._door.sessions.said(request, card.conversation_id)
        kept = self._door.drafts.kept(request, card.conversation_id, reader.by)
        if kept and said is None:
            said = Said(text=SAID["kept_again"].in_(reader.language))
        typed = desk.script_in_box(card, request.query.get("use", "")) | dict(kept)
        hidden = self._door.hidden(visitor)
        sheet = await self._desk.sheet(reader, card.conversation_id, hidden=hidden, said=said, typed=typed)
        answer = draw_card(card, self._door.beside_chat(request), sheet, self._parts.clock)
        if said is not None:
            self._door.sessions.forget_said(answer)
        if self._door.drafts.waiting(request):
            self._door.drafts.drop(answer)
        return answer

    async def act(self, request: web.Request) -> web.Response:
        """Do what a form asks for, then show the conversation again."""
        form = await acts.read_form(request)
        visitor = self._door.sessions.visitor(request)
        if visitor is None:
            return self._too_late(request, form, "sign_in", 401)
        try:
            self._door.sessions.check_form(request, visitor, form.get("stamp", ""))
        except BadSignature:
            return self._too_late(request, form, "elsewhere", 403)
        reader = await self._door.reader(request, visitor)
        card = await self._desk.card(request.match_info["conversation_id"], reader)
        wish = acts.pointed(acts.read(form), card)
        hidden = self._door.hidden(visitor)
        if wish.problem:
            sheet = await self._desk.sheet(reader, card.conversation_id, hidden=hidden, wish=wish, status=422)
            return draw_card(card, self._door.beside_chat(request), sheet, self._parts.clock)
        answer = await self._desk.act(wish, card.conversation_id, reader)
        said = desk.said(answer, reader.language)
        if desk.keeps_words(wish, answer):
            card = await self._desk.card(card.conversation_id, reader)
            sheet = await self._desk.sheet(
                reader, card.conversation_id, hidden=hidden, wish=wish, said=said, status=409
            )
            return draw_card(card, self._door.beside_chat(request), sheet, self._parts.clock)
        onward = self._door.go(f"{CARD}{card.conversation_id}")
        self._door.sessions.say(onward, card.conversation_id, said)
        return onward

    def _too_late(self, request: web.Request, form: Mapping[str, str], page: str, status: int) -> web.Response:
        """Refused before anything was done; our own page's words are handed back, so that they are not lost."""
        about = request.match_info["conversation_id"]
        verb = form.get("verb", "")
        typed = form.get(acts.TYPED.get(verb, "text"), "")[: acts.MOST["text"]]
        kept = typed if self._door.sessions.ours(request) else ""
        family, back = self._door.place.family, f"{CARD}{about}"
        language = reader_language(request)
        answer = message(language, family, page, status=status, back=back if PATH.match(back) else HOME, kept=kept)
        if kept and page == "sign_in":
            box = acts.box_of(verb, form)
            self._door.drafts.keep(answer, Draft(conversation_id=about, of=form.get("of", ""), box=box, text=kept))
        return answer

    async def past(self, request: web.Request) -> web.Response:
        """All that was said, a page at a time."""
        visitor = self._door.sessions.visitor(request)
        if visitor is None:
            return self._door.sign_in(request)
        reader = await self._door.reader(request, visitor)
        self._desk.pace(reader.by)
        before = request.query.get("before", "")
        card, past = await self._desk.past(request.match_info["conversation_id"], reader, before)
        return draw_past(card, past, self._door.place, reader.language, self._parts.clock)

    async def names(self, request: web.Request) -> web.Response:
        """Her names in clear."""
        _, reader = await self._door.submitted(request, await acts.read_form(request))
        self._desk.pace(reader.by)
        card, names = await self._desk.names(request.match_info["conversation_id"], reader)
        return draw_names(card, names, self._door.place, reader.language, self._parts.clock)

    async def layout(self, request: web.Request) -> web.Response:
        """The page to arrange the blocks."""
        visitor = self._door.sessions.visitor(request)
        if visitor is None:
            return self._door.sign_in(request)
        reader = await self._door.reader(request, visitor)
        said = self._door.sessions.said(request, _ABOUT_LAYOUT)
        layout, hidden = await self._desk.layout(reader), self._door.hidden(visitor)
        place, role = self._door.place, reader.rep.role
        answer = draw_layout(layout, place, reader.language, role, hidden=hidden, said=said)
        if said is not None:
            self._door.sessions.forget_said(answer)
        return answer

    async def arrange(self, request: web.Request) -> web.Response:
        """Move, hide or show a block."""
        form = await acts.read_form(request)
        _, reader = await self._door.submitted(request, form)
        onward = self._door.go(LAYOUT)
        self._door.sessions.say(onward, _ABOUT_LAYOUT, await self._desk.arrange(form, reader))
        return onward
