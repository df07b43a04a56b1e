"""The Teams tab: an empty shell, and pieces of the same pages for whoever Teams vouches for.

The shell holds nobody's data. Our script gets the single sign-on token from TeamsJS, keeps it in memory and sends it
as a bearer with each request: there is no cookie, so there is nothing a foreign page could ride on.
"""

from __future__ import annotations

from aiohttp import web

from rules.errors import BadSignature
from rules.language import spoken
from sidebar.inside import acts, desk, media, upload
from sidebar.inside.desk import PageDesk, Reader
from sidebar.inside.drawing import Place, draw_card, draw_layout, draw_list, draw_names, draw_past
from sidebar.inside.files import Tickets
from sidebar.inside.page import LANGUAGE, Family, Named, designed, reader_language, show
from sidebar.inside.parts import Inside
from sidebar.inside.session import Said

SHELL = "/sidebar/tab"
_LONGEST_TOKEN = 16 * 1024


class TabPages:
    """GET /sidebar/tab, GET /sidebar/tab/data, POST /sidebar/tab/act."""

    def __init__(self, parts: Inside, page_desk: PageDesk) -> None:
        self._parts = parts
        self._desk = page_desk
        settings = parts.settings
        self._shell = Family(
            frames=parts.frame_tab,
            script=settings.teams_sdk if parts.tabs else "",
            integrity=settings.teams_sdk_integrity,
            own=("live.js", "tab.js"),
        )
        self._place = Place(
            family=Family(bare=True),
            home=SHELL,
            card_at=f"{SHELL}?c=",
            post_to=f"{SHELL}/act",
            past_at=f"{SHELL}?c={{id}}&all=1",
            use_at=f"{SHELL}?c={{id}}&use=",
            names_at=f"{SHELL}/names",
            layout_at=f"{SHELL}?layout=1",
            layout_to=f"{SHELL}/layout",
            file_to=f"{SHELL}/file" if parts.files else "",
            tickets=Tickets(parts),
        )

    def routes(self) -> list[web.RouteDef]:
        """What is mounted."""
        page, piece = designed(self._shell, ""), designed(self._place.family, SHELL, self._desk.managers)
        return [
            web.get(SHELL, page(self.shell)),
            web.get(f"{SHELL}/data", piece(self.data)),
            web.post(f"{SHELL}/act", piece(self.act)),
            web.post(f"{SHELL}/file", piece(self.send_file)),
            web.post(f"{SHELL}/names", piece(self.names)),
            web.post(f"{SHELL}/layout", piece(self.arrange)),
        ]

    async def shell(self, request: web.Request) -> web.Response:
        """The page Teams frames."""
        if not self._shell.script:
            raise Named("no_platform")
        language = spoken(request.query["locale"]) if "locale" in request.query else reader_language(request)
        return show("tab", language, self._shell)

    async def data(self, request: web.Request) -> web.Response:
        """A conversation (`c`), all that was said in it (`all`), the layout, what was searched (`q`), or the lists."""
        reader = await self._reader(request)
        self._desk.pace(reader.by)
        query, place, clock = request.query, self._place, self._parts.clock
        if "layout" in query:
            return await self._layout(reader, None)
        wanted = query.get("c", "")
        if wanted and "all" in query:
            card, past = await self._desk.past(wanted, reader, query.get("before", ""))
            return draw_past(card, past, place, reader.language, clock, by=reader.by)
        if wanted:
            card = await self._desk.card(wanted, reader)
            typed = desk.script_in_box(card, query.get("use", ""))
            hidden = {"conversation_id": card.conversation_id}
            return draw_card(card, place, await self._desk.sheet(reader, wanted, hidden=hidden, typed=typed), clock)
        words = query.get("q", "")
        lists = await self._desk.lists(words, reader)
        return draw_list(lists, place, reader.language, clock, words=desk.clean(words))

    async def act(self, request: web.Request) -> web.Response:
        """Do what a form asks for and show the conversation as it is then."""
        reader = await self._reader(request)
        form = await acts.read_form(request)
        self._desk.pace(reader.by)
        card = await self._desk.card(form.get("conversation_id", ""), reader)
        wish = acts.pointed(acts.read(form), card)
        hidden = {"conversation_id": card.conversation_id}
        if wish.problem:
            sheet = await self._desk.sheet(reader, card.conversation_id, hidden=hidden, wish=wish, status=422)
            return draw_card(card, self._place, sheet, self._parts.clock)
        answer = await self._desk.act(wish, card.conversation_id, reader)
        kept = wish if desk.keeps_words(wish, answer) else None
        card = await self._desk.card(card.conversation_id, reader)
        said, status = desk.said(answer, reader.language), 409 if kept else 200
        sheet = await self._desk.sheet(reader, card.conversation_id, hidden=hidden, said=said, wish=kept, status=status)
        return draw_card(card, self._place, sheet, self._parts.clock)

    async def send_file(self, request: web.Request) -> web.Response:
        """Send her a file and show the conversation as it is then."""
        reader = await self._reader(request)
        self._desk.pace(reader.by)
        sent = await upload.read(request, media.most(self._parts))
        card = await self._desk.card(sent.fields.get("conversation_id", ""), reader)
        said = await media.act(self._parts, sent, card.conversation_id, reader)
        card = await self._desk.card(card.conversation_id, reader)
        hidden, status = {"conversation_id": card.conversation_id}, 409 if said.refused else 200
        sheet = await self._desk.sheet(reader, card.conversation_id, hidden=hidden, said=said, status=status)
        return draw_card(card, self._place, sheet, self._parts.clock)

    async def names(self, request: web.Request) -> web.Response:
        """Her names in clear."""
        reader = await self._reader(request)
        form = await acts.read_form(request)
        self._desk.pace(reader.by)
        card, names = await self._desk.names(form.get("conversation_id", ""), reader)
        return draw_names(card, names, self._place, reader.language, self._parts.clock)

    async def arrange(self, request: web.Request) -> web.Response:
        """Move, hide or show a block."""
        reader = await self._reader(request)
        return await self._layout(reader, await self._desk.arrange(await acts.read_form(request), reader))

    async def _layout(self, reader: Reader, said: Said | None) -> web.Response:
        layout = await self._desk.layout(reader)
        return draw_layout(layout, self._place, reader.language, reader.rep.role, hidden={}, said=said)

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
