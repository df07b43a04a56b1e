"""The Teams tab: an empty shell, and pieces of the same pages for whoever Teams vouches for.

The shell holds nobody's data. Our script gets the single sign-on token from TeamsJS, keeps it in memory and sends it
as a bearer with each request: there is no cookie, so there is nothing a foreign page could ride on.
"""

from __future__ import annotations

from aiohttp import web

from rules.errors import BadSignature
from rules.language import spoken
from sidebar.inside import acts, desk
from sidebar.inside.desk import PageDesk, Reader
from sidebar.inside.drawing import Place, Sheet, draw_card, draw_list
from sidebar.inside.page import LANGUAGE, Family, Named, designed, reader_language, show
from sidebar.inside.parts import Inside

SHELL = "/sidebar/tab"
_LONGEST_TOKEN = 16 * 1024


class TabPages:
    """GET /sidebar/tab, GET /sidebar/tab/data, POST /sidebar/tab/act."""

    def __init__(self, parts: Inside, page_desk: PageDesk) -> None:
        self._parts = parts
        self._desk = page_desk
        self._shell = Family(frames=parts.frame_tab, script=parts.settings.teams_sdk if parts.tabs else "")
        piece = Family(bare=True)
        self._place = Place(family=piece, home=SHELL, card_at=f"{SHELL}?c=", post_to=f"{SHELL}/act")

    def routes(self) -> list[web.RouteDef]:
        """What is mounted."""
        page, piece = designed(self._shell, ""), designed(self._place.family, SHELL)
        return [
            web.get(SHELL, page(self.shell)),
            web.get(f"{SHELL}/data", piece(self.data)),
            web.post(f"{SHELL}/act", piece(self.act)),
        ]

    async def shell(self, request: web.Request) -> web.Response:
        """The page Teams frames."""
        if not self._shell.script:
            raise Named("no_platform")
        language = spoken(request.query["locale"]) if "locale" in request.query else reader_language(request)
        settings = self._parts.settings
        return show("tab", language, self._shell, sdk=settings.teams_sdk, integrity=settings.teams_sdk_integrity)

    async def data(self, request: web.Request) -> web.Response:
        """A conversation (`c`), what was searched (`q`), or the lists."""
        reader = await self._reader(request)
        self._desk.pace(reader.by)
        if wanted := request.query.get("c", ""):
            card = await self._desk.card(wanted, reader)
            sheet = Sheet(language=reader.language, hidden={"conversation_id": card.conversation_id})
            return draw_card(card, self._place, sheet, self._parts.clock)
        words = request.query.get("q", "")
        lists = await self._desk.lists(words, reader)
        return draw_list(lists, self._place, reader.language, self._parts.clock, words=desk.clean(words))

    async def act(self, request: web.Request) -> web.Response:
        """Do what a form asks for and show the conversation as it is then."""
        reader = await self._reader(request)
        form = await acts.read_form(request)
        self._desk.pace(reader.by)
        card = await self._desk.card(form.get("conversation_id", ""), reader)
        wish = acts.read(form)
        hidden = {"conversation_id": card.conversation_id}
        if wish.problem:
            sheet = Sheet(language=reader.language, hidden=hidden, wish=wish, status=422)
            return draw_card(card, self._place, sheet, self._parts.clock)
        answer = await self._desk.act(wish, card.conversation_id, reader)
        kept = wish if desk.keeps_words(wish, answer) else None
        card = await self._desk.card(card.conversation_id, reader)
        said = desk.said(answer, reader.language)
        sheet = Sheet(language=reader.language, hidden=hidden, said=said, wish=kept, status=409 if kept else 200)
        return draw_card(card, self._place, sheet, self._parts.clock)

    async def _reader(self, request: web.Request) -> Reader:
        """The rep Teams vouches for. Raises BadSignature, NotAllowed, Unavailable."""
        if self._parts.tabs is None:
            raise Named("no_platform")
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
            raise BadSignature("no token")
        reader = await self._desk.reader(await self._parts.tabs.verify_tab_token(token))
        request[LANGUAGE] = reader.language
        return reader
