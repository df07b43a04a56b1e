"""The manager's pages as routes: look, download, act, pause, put back. Whoever is no manager finds nothing here."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from connectors.contract import Inbound
from rules.card import CardView
from rules.errors import BadRequest, BadSignature, NotAllowed, PlatformAway, Unavailable
from rules.events import RepActed
from rules.language import spoken
from rules.model import Address, Rep
from sidebar.inside import acts, desk
from sidebar.inside.desk import PageDesk, Reader
from sidebar.inside.drawing import Place, draw_card
from sidebar.inside.drawing import Sheet as CardSheet
from sidebar.inside.files import Tickets
from sidebar.inside.page import Family, headers, reader_language, refused
from sidebar.inside.session import Said, Visitor
from sidebar.manage import deliveries, dormant, matrix, people, records, talks, today
from sidebar.manage.ask import CARD, EXPORTED, HOME, SHOWN, Ask
from sidebar.manage.page import Frame, draw, draw_around, plain
from sidebar.manage.parts import Manage
from sidebar.manage.signing import BACK, SIGNED_IN, NotManager, SignIn
from sidebar.manage.table import Sheet, as_csv
from sidebar.manage.words import SAID
from storage import audit, inbox, notes, orders, reports, reps
from storage.unit import Unit

Build = Callable[[Unit, Ask], Sheet]
Handler = Callable[[web.Request], Awaitable[web.Response]]
SHEETS: Mapping[str, Build] = {
    "today": today.build,
    "matrix": matrix.build,
    "dormant": dormant.build,
    "deliveries": deliveries.build,
    "people": people.build,
    "audit": records.build,
    "talks": talks.build,
}
"""Every page by its name in the address."""
_HERE = "manage"
_BACK_TO = re.compile(r"/manage(?:/[a-z]+)?(?:\?[^\s\\]{0,400})?\Z")
_NONCE = re.compile(r"[0-9a-f]{32}\Z")
_ID = re.compile(r"[0-9A-Za-z_-]{1,100}\Z")
_LONGEST_ID = 255


class ManagePages:
    """GET /manage and below; POST /manage/act, pause, replay, sign-out, c/{id}/act."""

    def __init__(self, parts: Manage) -> None:
        self._parts = parts
        self._inside = parts.inside
        self._family = Family()
        self._desk = PageDesk(parts.inside)
        self._in = SignIn(parts, self._family)
        self._place = Place(
            family=Family(bare=True),
            home=HOME,
            card_at=CARD,
            post_to=f"{CARD}{{id}}/act",
            tickets=Tickets(parts.inside),
        )

    def routes(self) -> list[web.RouteDef]:
        """What is mounted."""
        get, post, guard = web.get, web.post, self._guard
        return [
            get(HOME, guard(self.sheet)),
            get(BACK, guard(self.back)),
            get(f"{HOME}/sign-in", guard(self._in.again)),
            post(f"{HOME}/sign-out", guard(self._in.out)),
            post(f"{HOME}/act", guard(self.act)),
            post(f"{HOME}/pause", guard(self.pause)),
            post(f"{HOME}/replay", guard(self.replay)),
            get(f"{CARD}{{conversation_id}}", guard(self.card)),
            post(f"{CARD}{{conversation_id}}/act", guard(self.card_act)),
            get(f"{HOME}/{{sheet}}", guard(self.sheet)),
            get(f"{HOME}/{{sheet}}/{{table}}.csv", guard(self.export)),
        ]

    # --- looking ----------------------------------------------------------------------------------------------------

    async def sheet(self, request: web.Request) -> web.Response:
        """One page."""
        visitor = self._in.sessions.visitor(request)
        if visitor is None:
            return self._in.begin(request.path_qs)
        rep = await self._look(request, visitor)
        build = self._build(request)
        ask, banner, sheet = await self._parts.db.read(lambda unit: self._read(unit, request, rep, build, SHOWN))
        frame = self._frame(request, visitor, ask, banner, about=_HERE)
        return self._shown(draw(sheet, frame), frame)

    async def export(self, request: web.Request) -> web.Response:
        """One table of a page as CSV; that it was taken is on record."""
        visitor = self._visitor(request)
        rep = await self._look(request, visitor)
        build, wanted = self._build(request), request.match_info["table"]
        *_, sheet = await self._parts.db.read(lambda unit: self._read(unit, request, rep, build, EXPORTED))
        table = next((t for t in sheet.tables if t.name == wanted), None)
        if table is None:
            raise NotAllowed("no such table")
        await self._record(rep.id, "export", f"{sheet.name}/{table.name}", rows=str(len(table.rows)))
        name = f"tower-{sheet.name}-{table.name}.csv"
        sent = {**headers(self._family), "Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=as_csv(table), content_type="text/csv", charset="utf-8", headers=sent)

    async def card(self, request: web.Request) -> web.Response:
        """One conversation, as reps see it."""
        visitor = self._in.sessions.visitor(request)
        if visitor is None:
            return self._in.begin(request.path_qs)
        rep = await self._look(request, visitor)
        return await self._card(request, visitor, rep, CardSheet(language=spoken(rep.language)))

    async def _card(self, request: web.Request, visitor: Visitor, rep: Rep, sheet: CardSheet) -> web.Response:
        conversation_id = request.match_info["conversation_id"]
        card = await self._found(conversation_id, Reader(by=visitor.by, rep=rep))
        ask, banner = await self._parts.db.read(lambda unit: self._asked(unit, request, rep, SHOWN))
        frame = self._frame(request, visitor, ask, banner, about=conversation_id, to=f"{CARD}{conversation_id}")
        full = CardSheet(
            language=sheet.language,
            hidden={"stamp": self._in.sessions.stamp(visitor)},
            said=sheet.said or frame.said,
            wish=sheet.wish,
            status=sheet.status,
            by=visitor.by,
        )
        piece = draw_card(card, self._place, full, self._inside.clock).text or ""
        around = draw_around(piece, card.name or ask.say("unnamed"), frame, status=sheet.status)
        return self._shown(around, frame)

    # --- acting -----------------------------------------------------------------------------------------------------

    async def act(self, request: web.Request) -> web.Response:
        """A button of a table: the same act as on the conversation's card."""
        visitor, rep, form = await self._form(request)
        reader = Reader(by=visitor.by, rep=rep)
        card = await self._found(form.get("conversation_id", ""), reader)
        answer = await self._desk.act(acts.read(form), card.conversation_id, reader)
        return self._onward(form, desk.said(answer, reader.language))

    async def card_act(self, request: web.Request) -> web.Response:
        """A form of a conversation's card."""
        visitor, rep, form = await self._form(request)
        reader = Reader(by=visitor.by, rep=rep)
        card = await self._found(request.match_info["conversation_id"], reader)
        wish = acts.read(form)
        if wish.problem:
            sheet = CardSheet(language=reader.language, wish=wish, status=422)
            return await self._card(request, visitor, rep, sheet)
        answer = await self._desk.act(wish, card.conversation_id, reader)
        said = desk.said(answer, reader.language)
        if desk.keeps_words(wish, answer):
            sheet = CardSheet(language=reader.language, wish=wish, said=said, status=409)
            return await self._card(request, visitor, rep, sheet)
        onward = self._go(f"{CARD}{card.conversation_id}")
        self._in.sessions.say(onward, card.conversation_id, said)
        return onward

    async def pause(self, request: web.Request) -> web.Response:
        """The one switch: every automatic send off, or on again."""
        visitor, rep, form = await self._form(request)
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
            await self._record(rep.id, verb, "")
        return self._onward(form, desk.said(answer, spoken(rep.language)))

    async def replay(self, request: web.Request) -> web.Response:
        """Put an event that was given up back into the inbox."""
        _, rep, form = await self._form(request)
        about = form.get("about", "")[:_LONGEST_ID]
        about = about if about.isprintable() else ""
        now = self._inside.clock()

        def work(unit: Unit) -> bool:
            found = inbox.replay(unit, about)
            if found:
                audit.append(unit, at=now, who=rep.id, action="replay", about=about)
            return found

        done = await self._parts.db.write(work, label="staff")
        words = SAID["replayed" if done else "not_parked"].in_(spoken(rep.language))
        return self._onward(form, Said(text=words, refused=not done))

    # --- signing in -------------------------------------------------------------------------------------------------

    async def back(self, request: web.Request) -> web.Response:
        """The way back from the directory; whoever signs in is on record."""
        answer = await self._in.back(request)
        await self._record(request[SIGNED_IN], "sign-in", "")
        return answer

    async def _found(self, conversation_id: str, reader: Reader) -> CardView:
        """The card of a conversation. Raises NotAllowed."""
        if not _ID.match(conversation_id):
            raise NotAllowed("no such conversation")
        return await self._desk.card(conversation_id, reader)

    # --- small things -----------------------------------------------------------------------------------------------

    def _visitor(self, request: web.Request) -> Visitor:
        visitor = self._in.sessions.visitor(request)
        if visitor is None:
            raise BadSignature("nobody is signed in")
        return visitor

    async def _look(self, request: web.Request, visitor: Visitor) -> Rep:
        """The manager who looks, counted. Raises NotManager, NotAllowed (429)."""
        rep = await self._in.manager(request, visitor.by)
        self._desk.pace(visitor.by)
        return rep

    async def _form(self, request: web.Request) -> tuple[Visitor, Rep, Mapping[str, str]]:
        """A form that this very session drew. Raises BadSignature, NotManager, BadRequest."""
        form = await acts.read_form(request)
        visitor = self._visitor(request)
        self._in.sessions.check_form(request, visitor, form.get("stamp", ""))
        return visitor, await self._in.manager(request, visitor.by), form

    def _build(self, request: web.Request) -> Build:
        build = SHEETS.get(request.match_info.get("sheet", "today"))
        if build is None:
            raise NotAllowed("no such page")
        return build

    def _read(self, unit: Unit, request: web.Request, rep: Rep, build: Build, most: int) -> tuple[Ask, str, Sheet]:
        ask, banner = self._asked(unit, request, rep, most)
        return ask, banner, build(unit, ask)

    def _asked(self, unit: Unit, request: web.Request, rep: Rep, most: int) -> tuple[Ask, str]:
        """What a page is built from, and the sentence of the banner."""
        everybody = {r.id: r for r in reps.all_reps(unit)}
        ask = Ask(
            rep=rep,
            now=self._inside.clock(),
            book=self._parts.playbook,
            late_minutes=self._parts.settings.late_minutes,
            query=dict(request.query),
            reps=everybody,
            paused=notes.switched(unit, orders.PAUSED),
            most=most,
        )
        switched = reports.paused_by(unit, orders.PAUSED)
        if switched is None:
            return ask, ""
        by, at = switched
        return ask, ask.say("paused", name=ask.name_of(by), at=ask.moment(at))

    def _frame(
        self, request: web.Request, visitor: Visitor, ask: Ask, banner: str, *, about: str, to: str = ""
    ) -> Frame:
        hidden = {"stamp": self._in.sessions.stamp(visitor), "nonce": secrets.token_hex(16)}
        said = self._in.sessions.said(request, about)
        back = to or (request.path_qs if _BACK_TO.match(request.path_qs) else HOME)
        return Frame(ask=ask, family=self._family, hidden=hidden, back=back, said=said, paused=banner)

    def _shown(self, answer: web.Response, frame: Frame) -> web.Response:
        """What an act answered is shown once."""
        if frame.said is not None:
            self._in.sessions.forget_said(answer)
        return answer

    def _onward(self, form: Mapping[str, str], said: Said) -> web.Response:
        """Back to the page the form stood on, with the answer."""
        back = form.get("back", "")
        known = _BACK_TO.match(back) or re.fullmatch(r"/manage/c/[0-9A-Za-z_-]{1,100}", back)
        answer = self._go(back if known else HOME)
        about = back.removeprefix(CARD) if back.startswith(CARD) else _HERE
        self._in.sessions.say(answer, about, said)
        return answer

    def _go(self, path: str) -> web.Response:
        return web.Response(status=303, headers={**headers(self._family), "Location": path})

    async def _record(self, who: str, action: str, about: str, **details: str) -> None:
        """Write down what a manager did here."""
        now = self._inside.clock()
        await self._parts.db.write(
            lambda unit: audit.append(unit, at=now, who=who, action=action, about=about, details=details), label="staff"
        )

    def _guard(self, handler: Handler) -> Handler:
        """Every refusal is a page in words, with a way on."""

        async def guarded(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except NotManager:
                link = f"{HOME}/sign-in"
                language = reader_language(request)
                return plain("other", language, self._family, status=404, link=link, link_text="sign_in_other")
            except (BadSignature, NotAllowed, BadRequest, PlatformAway, Unavailable) as refusal:
                return refused(request, self._family, refusal, HOME)

        return guarded
