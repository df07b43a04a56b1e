"""The manager's pages as routes: look, download, act, pause, put back. Whoever is no manager finds nothing here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping

from aiohttp import web

from connectors.contract import Inbound
from rules.card import CardView
from rules.errors import BadRequest, NotAllowed
from rules.events import RepActed
from rules.language import spoken
from rules.model import Address, Rep
from sidebar.inside import acts, desk, media, upload
from sidebar.inside.desk import PageDesk, Reader
from sidebar.inside.drawing import Place, draw_card
from sidebar.inside.drawing import Sheet as CardSheet
from sidebar.inside.files import Tickets
from sidebar.inside.page import Family, headers
from sidebar.inside.session import Said, Visitor
from sidebar.manage import (
    customers,
    deliveries,
    dormant,
    funnel,
    matrix,
    people,
    records,
    rulelist,
    sources,
    talks,
    today,
)
from sidebar.manage.ask import CARD, EXPORTED, HOME, SHOWN, Ask
from sidebar.manage.door import ID, Door
from sidebar.manage.mailpage import MailPages
from sidebar.manage.page import draw, draw_around
from sidebar.manage.parts import Manage
from sidebar.manage.rulepages import RulePages
from sidebar.manage.signing import BACK, BACK_WECOM, SIGNED_IN, SignIn
from sidebar.manage.table import Sheet, Table, as_csv
from sidebar.manage.words import SAID
from storage import audit, inbox
from storage.unit import Unit

Build = Callable[[Unit, Ask], Sheet]
SHEETS: Mapping[str, Build] = {
    "today": today.build,
    "matrix": matrix.build,
    "funnel": funnel.build,
    "dormant": dormant.build,
    "people": people.build,
    "deliveries": deliveries.build,
    "rules": rulelist.build,
    "sources": sources.build,
    "audit": records.build,
    "talks": talks.build,
    "customers": customers.build,
    "moves": customers.moves,
}
"""Every page by its name in the address."""
_NONCE = re.compile(r"[0-9a-f]{32}\Z")
_LONGEST_ID = 255


class ManagePages:
    """GET /manage and below; POST /manage/act, pause, replay, theme, sign-out, c/{id}/act."""

    def __init__(self, parts: Manage) -> None:
        self._parts = parts
        self._inside = parts.inside
        self._desk = PageDesk(parts.inside)
        self._in = SignIn(parts, Family())
        self._door = Door(parts, self._in, self._desk)
        self._place = Place(
            family=Family(bare=True),
            home=HOME,
            card_at=CARD,
            post_to=f"{CARD}{{id}}/act",
            file_to=f"{CARD}{{id}}/file" if parts.inside.files else "",
            tickets=Tickets(parts.inside),
        )

    def routes(self) -> list[web.RouteDef]:
        """What is mounted."""
        get, post, guard = web.get, web.post, self._door.guard
        return [
            get(HOME, guard(self.sheet)),
            get(BACK, guard(self.back)),
            get(BACK_WECOM, guard(self.back_wecom)),
            get(f"{HOME}/sign-in", guard(self._in.again)),
            get(f"{HOME}/sign-in/{{where}}", guard(self._in.choose)),
            post(f"{HOME}/sign-out", guard(self._in.out)),
            post(f"{HOME}/act", guard(self.act)),
            post(f"{HOME}/pause", guard(self.pause)),
            post(f"{HOME}/replay", guard(self.replay)),
            post(f"{HOME}/theme", guard(self._door.theme)),
            get(f"{CARD}{{conversation_id}}", guard(self.card)),
            post(f"{CARD}{{conversation_id}}/act", guard(self.card_act)),
            post(f"{CARD}{{conversation_id}}/file", guard(self.card_file)),
            get(f"{HOME}/{{sheet}}/{{table}}.csv", guard(self.export)),
            *RulePages(self._door).routes(),
            *MailPages(self._door).routes(),
            get(f"{HOME}/{{sheet}}", guard(self.sheet)),
        ]

    # --- looking ----------------------------------------------------------------------------------------------------

    async def sheet(self, request: web.Request) -> web.Response:
        """One page."""
        visitor = self._in.sessions.visitor(request)
        if visitor is None:
            return self._in.begin(request)
        rep = await self._door.look(request, visitor)
        build = self._build(request)
        ask, banner, sheet = await self._parts.db.read(lambda unit: self._read(unit, request, rep, build, SHOWN))
        frame = self._door.frame(request, visitor, ask, banner)
        return self._door.shown(draw(sheet, frame), frame)

    async def export(self, request: web.Request) -> web.Response:
        """One table of a page as CSV; that it was taken is on record."""
        visitor = self._door.visitor(request)
        rep = await self._door.look(request, visitor)
        build, wanted = self._build(request), request.match_info["table"]
        *_, sheet = await self._parts.db.read(lambda unit: self._read(unit, request, rep, build, EXPORTED))
        table = next((t for t in sheet.tables if t.name == wanted), None)
        if table is None:
            raise NotAllowed("no such table")
        await self._door.record(rep.id, "export", f"{sheet.name}/{table.name}", rows=str(len(table.rows)))
        name = f"tower-{sheet.name}-{table.name}{_cut(sheet, table)}.csv"
        sent = {**headers(Family()), "Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=as_csv(table), content_type="text/csv", charset="utf-8", headers=sent)

    async def card(self, request: web.Request) -> web.Response:
        """One conversation, as reps see it."""
        visitor = self._in.sessions.visitor(request)
        if visitor is None:
            return self._in.begin(request)
        rep = await self._door.look(request, visitor)
        return await self._card(request, visitor, rep)

    async def _card(
        self,
        request: web.Request,
        visitor: Visitor,
        rep: Rep,
        *,
        said: Said | None = None,
        wish: acts.Wish | None = None,
        status: int = 200,
    ) -> web.Response:
        conversation_id, reader = request.match_info["conversation_id"], Reader(by=visitor.by, rep=rep)
        card = await self._found(conversation_id, reader)
        ask, banner = await self._parts.db.read(lambda unit: self._door.asked(unit, request, rep))
        frame = self._door.frame(request, visitor, ask, banner, about=conversation_id, to=f"{CARD}{conversation_id}")
        full: CardSheet = await self._desk.sheet(
            reader,
            conversation_id,
            hidden={"stamp": self._in.sessions.stamp(visitor)},
            said=said or frame.said,
            wish=wish,
            status=status,
        )
        piece = draw_card(card, self._place, full, self._inside.clock).text or ""
        around = draw_around(piece, card.name or ask.say("unnamed"), frame, status=status)
        return self._door.shown(around, frame)

    # --- acting -----------------------------------------------------------------------------------------------------

    async def act(self, request: web.Request) -> web.Response:
        """A button of a table: the same act as on the conversation's card."""
        visitor, rep, form = await self._door.form(request)
        reader = Reader(by=visitor.by, rep=rep)
        card = await self._found(form.get("conversation_id", ""), reader)
        answer = await self._desk.act(acts.read(form), card.conversation_id, reader)
        return self._door.onward(form, desk.said(answer, reader.language))

    async def card_act(self, request: web.Request) -> web.Response:
        """A form of a conversation's card."""
        visitor, rep, form = await self._door.form(request)
        reader = Reader(by=visitor.by, rep=rep)
        card = await self._found(request.match_info["conversation_id"], reader)
        wish = acts.pointed(acts.read(form), card)
        if wish.problem:
            return await self._card(request, visitor, rep, wish=wish, status=422)
        answer = await self._desk.act(wish, card.conversation_id, reader)
        said = desk.said(answer, reader.language)
        if desk.keeps_words(wish, answer):
            return await self._card(request, visitor, rep, wish=wish, said=said, status=409)
        return self._door.told(f"{CARD}{card.conversation_id}", said, about=card.conversation_id)

    async def card_file(self, request: web.Request) -> web.Response:
        """Send her a file; one that cannot go is told before anything is sent."""
        visitor = self._door.visitor(request)
        rep = await self._in.manager(request, visitor.by)
        reader = Reader(by=visitor.by, rep=rep)
        card = await self._found(request.match_info["conversation_id"], reader)
        sent = await upload.read(request, media.most(self._inside))
        self._in.sessions.check_form(request, visitor, sent.fields.get("stamp", ""))
        said = await media.act(self._inside, sent, card.conversation_id, reader)
        if said.refused:
            return await self._card(request, visitor, rep, said=said, status=409)
        return self._door.told(f"{CARD}{card.conversation_id}", said, about=card.conversation_id)

    async def pause(self, request: web.Request) -> web.Response:
        """The one switch: every automatic send off, or on again."""
        visitor, rep, form = await self._door.form(request)
        verb, nonce = form.get("verb", ""), form.get("nonce", "")
        if verb not in ("pause", "resume") or not _NONCE.match(nonce):
            raise BadRequest("no such act")
        named = "\x1f".join((visitor.by.value, verb, nonce)).encode()
        event = RepActed(
            id=f"manage/{hashlib.blake2b(named, digest_size=16).hexdigest()}",
            at=self._inside.clock(),
            by=visitor.by,
            by_name=rep.name,
            verb=verb,
            conversation_id="",
        )
        inbound = Inbound(event=event, order=Address(connector="hub", account="page", wire_id="switch"))
        answer = await self._inside.hub.act(inbound, limit=self._inside.settings.act_seconds)
        if answer is None or not answer.refused:
            was, now_is = ("on", "off") if verb == "pause" else ("off", "on")
            await self._door.record(rep.id, verb, "automatic-sends", before=was, after=now_is)
        return self._door.onward(form, desk.said(answer, spoken(rep.language)))

    async def replay(self, request: web.Request) -> web.Response:
        """Put an event that was given up back into the inbox."""
        _, rep, form = await self._door.form(request)
        about = form.get("about", "")[:_LONGEST_ID]
        about = about if about.isprintable() else ""
        now = self._inside.clock()

        def work(unit: Unit) -> bool:
            found = inbox.replay(unit, about)
            if found:
                details = {"before": "parked", "after": "new"}
                audit.append(unit, at=now, who=rep.id, action="replay", about=about, details=details)
            return found

        done = await self._parts.db.write(work, label="staff")
        words = SAID["replayed" if done else "not_parked"].in_(rep.language)
        return self._door.onward(form, Said(text=words, refused=not done))

    # --- signing in -------------------------------------------------------------------------------------------------

    async def back(self, request: web.Request) -> web.Response:
        """The way back from the directory; whoever signs in is on record."""
        answer = await self._in.back(request)
        await self._door.record(request[SIGNED_IN], "sign-in", "", by="entra")
        return answer

    async def back_wecom(self, request: web.Request) -> web.Response:
        """The way back from WeCom; whoever signs in is on record."""
        answer = await self._in.back_wecom(request)
        await self._door.record(request[SIGNED_IN], "sign-in", "", by="wecom")
        return answer

    # --- small things -----------------------------------------------------------------------------------------------

    async def _found(self, conversation_id: str, reader: Reader) -> CardView:
        """The card of a conversation. Raises NotAllowed."""
        if not ID.match(conversation_id):
            raise NotAllowed("no such conversation")
        return await self._desk.card(conversation_id, reader)

    def _build(self, request: web.Request) -> Build:
        build = SHEETS.get(request.match_info.get("sheet", "today"))
        if build is None:
            raise NotAllowed("no such page")
        return build

    def _read(self, unit: Unit, request: web.Request, rep: Rep, build: Build, most: int) -> tuple[Ask, str, Sheet]:
        ask, banner = self._door.asked(unit, request, rep, most)
        return ask, banner, build(unit, ask)


def _cut(sheet: Sheet, table: Table) -> str:
    """How a file's name tells that it does not hold all rows; empty when it does."""
    held = len(table.rows)
    if table.all > held:
        return f"-first-{held}-of-{table.all}"
    return f"-first-{held}" if table.total is None and sheet.older and held == EXPORTED else ""
