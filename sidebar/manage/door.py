"""What every route of the manager's pages begins and ends with: who asks, which form it was, and how refusals read."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from rules.errors import BadRequest, BadSignature, NotAllowed, PlatformAway, Unavailable
from rules.model import Rep
from sidebar.inside import acts
from sidebar.inside.desk import PageDesk
from sidebar.inside.page import Family, headers, reader_language, refused
from sidebar.inside.session import Said, Visitor
from sidebar.manage.ask import CARD, HOME, SHOWN, Ask
from sidebar.manage.page import THEMES, Frame, plain
from sidebar.manage.parts import Manage
from sidebar.manage.signing import NotManager, SignIn
from storage import audit, notes, orders, reports, reps
from storage.unit import Unit

Handler = Callable[[web.Request], Awaitable[web.Response]]
HERE = "manage"
THEME = "tower_theme"
"""The cookie that remembers how she wants the pages to look; it says nothing about her."""
MOST_FIELDS = 900
_BACK_TO = re.compile(r"/manage(?:/[a-z]+(?:/[a-z0-9_-]{1,60})?)?(?:\?[^\s\\]{0,400})?\Z")
_CARD = re.compile(rf"{CARD}[0-9A-Za-z_-]{{1,100}}\Z")
ID = re.compile(r"[0-9A-Za-z_-]{1,100}\Z")


class Door:
    """Shared by every family of the manager's routes."""

    def __init__(self, parts: Manage, signing: SignIn, desk: PageDesk) -> None:
        self.parts, self.inside, self.desk, self.signing = parts, parts.inside, desk, signing
        self.family = Family()

    # --- who --------------------------------------------------------------------------------------------------------

    def visitor(self, request: web.Request) -> Visitor:
        """Whoever is signed in. Raises BadSignature."""
        visitor = self.signing.sessions.visitor(request)
        if visitor is None:
            raise BadSignature("nobody is signed in")
        return visitor

    async def look(self, request: web.Request, visitor: Visitor) -> Rep:
        """The manager who looks, counted. Raises NotManager, NotAllowed (429)."""
        rep = await self.signing.manager(request, visitor.by)
        self.desk.pace(visitor.by)
        return rep

    async def form(self, request: web.Request) -> tuple[Visitor, Rep, dict[str, str]]:
        """A form that this very session drew. Raises BadSignature, NotManager, BadRequest."""
        form = await acts.read_form(request, most=MOST_FIELDS)
        visitor = self.visitor(request)
        self.signing.sessions.check_form(request, visitor, form.get("stamp", ""))
        return visitor, await self.signing.manager(request, visitor.by), form

    # --- what a page is built from ----------------------------------------------------------------------------------

    def asked(self, unit: Unit, request: web.Request, rep: Rep, most: int = SHOWN) -> tuple[Ask, str]:
        """What a page is built from, and the sentence of the banner."""
        everybody = {r.id: r for r in reps.all_reps(unit)}
        ask = Ask(
            rep=rep,
            now=self.inside.clock(),
            book=self.parts.playbook,
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

    def frame(
        self, request: web.Request, visitor: Visitor, ask: Ask, banner: str, *, about: str = HERE, to: str = ""
    ) -> Frame:
        """What stands around a page."""
        hidden = {"stamp": self.signing.sessions.stamp(visitor), "nonce": secrets.token_hex(16)}
        said = self.signing.sessions.said(request, about)
        back = to or (request.path_qs if _BACK_TO.match(request.path_qs) else HOME)
        return Frame(
            ask=ask,
            family=self.family,
            hidden=hidden,
            back=back,
            said=said,
            paused=banner,
            theme=theme_of(request),
        )

    def shown(self, answer: web.Response, frame: Frame) -> web.Response:
        """What an act answered is shown once."""
        if frame.said is not None:
            self.signing.sessions.forget_said(answer)
        return answer

    # --- onward -----------------------------------------------------------------------------------------------------

    def onward(self, form: Mapping[str, str], said: Said) -> web.Response:
        """Back to the page the form stood on, or to where it leads once done, with the answer."""
        back = form.get("back", "")
        leads = form.get("onward", "")
        if leads and not said.refused and _BACK_TO.match(leads):
            back = leads
        known = _BACK_TO.match(back) or _CARD.match(back)
        about = back.removeprefix(CARD) if _CARD.match(back) else HERE
        return self.told(back if known else HOME, said, about=about)

    def told(self, path: str, said: Said, *, about: str = HERE) -> web.Response:
        """On to a page of ours, which says this once."""
        answer = self.go(path)
        self.signing.sessions.say(answer, about, said)
        return answer

    def go(self, path: str) -> web.Response:
        """On to a page of ours."""
        return web.Response(status=303, headers={**headers(self.family), "Location": path})

    async def theme(self, request: web.Request) -> web.Response:
        """How she wants the pages to look, remembered by her browser."""
        _, _, form = await self.form(request)
        wanted = form.get("theme", "")
        back = form.get("back", "")
        answer = self.go(back if _BACK_TO.match(back) or _CARD.match(back) else HOME)
        secure = self.inside.public_url.startswith("https")
        if wanted in THEMES[1:]:
            answer.set_cookie(
                THEME, wanted, max_age=31_536_000, path=HOME, secure=secure, httponly=True, samesite="Lax"
            )
        else:
            answer.del_cookie(THEME, path=HOME, secure=secure, httponly=True, samesite="Lax")
        return answer

    async def record(self, who: str, action: str, about: str, **details: str) -> None:
        """Write down what a manager did here."""
        now = self.inside.clock()
        await self.parts.db.write(
            lambda unit: audit.append(unit, at=now, who=who, action=action, about=about, details=details), label="staff"
        )

    def guard(self, handler: Handler) -> Handler:
        """Every refusal is a page in words, with a way on."""

        async def guarded(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except NotManager:
                link = f"{HOME}/sign-in"
                language = reader_language(request)
                return plain("other", language, self.family, status=404, links=((link, "sign_in_other"),))
            except (BadSignature, NotAllowed, BadRequest, PlatformAway, Unavailable) as refusal:
                return refused(request, self.family, refusal, HOME)

        return guarded


def theme_of(request: web.Request) -> str:
    """The theme her browser remembers; empty = as the system."""
    found = request.cookies.get(THEME, "")
    return found if found in THEMES[1:] else ""
