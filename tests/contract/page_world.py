"""The pages for reps as a server: real rules behind them, the simulated WeCom before them, browsers with cookies.

The hub here keeps customers as `Life`s, which take every event through the engine as a turn would.
"""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

from aiohttp import ClientResponse, ClientSession, CookieJar
from aiohttp.test_utils import BaseTestServer, TestServer
from yarl import URL

from bots.records import Layouts, Past
from connectors.contract import Inbound
from rules.card import CardView, TouchView
from rules.cardview import Seen, build
from rules.decision import Answer
from rules.errors import Unavailable
from rules.events import ContactAdded, MessageReceived, RepActed
from rules.layout import Layout
from rules.listrow import ListRow
from rules.model import Address, Identity, Rep, RepHandle
from sidebar.inside import Inside, SidebarSettings, TabTokens, routes
from sidebar.web import application
from simulator.wecom.oauth import COOKIE
from tests.contract.teams_world import REP, REP2
from tests.contract.wecom_hub import Tower, tower
from tests.unit.builders import LIMITS, Life

LILEI = Rep(id="lilei", name="李雷", team="sales", userid="LiLei", aad_id=REP)
HANMEI = Rep(id="hanmei", name="Han Mei", team="presales", userid="HanMei", aad_id=REP2, language="en")
KEY = b"k" * 32
THREAD = "19:abc@thread.tacv2;messageid=1700000000001"


class MemoryDesk:
    """What the pages ask of the hub, over customers in memory."""

    def __init__(self, *reps: Rep) -> None:
        self.reps = reps
        self.lives: dict[str, Life] = {}
        self.touches: dict[str, list[TouchView]] = {}
        self.acts: list[RepActed] = []
        self.followers: set[tuple[str, str]] = set()
        self.down = False
        self.revealed: list[tuple[str, str]] = []
        self.layout_of: dict[str, Layout | None] = {}
        self._answers: dict[str, Answer | None] = {}

    def writes(self, who: str, text: str, name: str = "王敏") -> str:
        """A customer writes; the id of her conversation."""
        life = self.lives.setdefault(who, Life(reps=self.reps))
        event = MessageReceived(
            id=f"{who}-{len(self.touches.get(who, ()))}",
            at=life.now,
            address=Address(connector="wecom", account="wk-1", wire_id=who),
            identity=Identity(platform="wecom", kind="external_userid", value=who),
            text=text,
            name=name,
        )
        life.happens(event)
        shown = TouchView(at=life.now, who="customer", where="wecom", text=text, id=event.id)
        self.touches.setdefault(who, []).insert(0, shown)
        return life.conversation_id

    def who(self, conversation_id: str) -> str:
        """Whose conversation it is, or empty."""
        return next((w for w, life in self.lives.items() if life.conversation_id == conversation_id), "")

    def owned_by(self, rep: Rep, who: str) -> None:
        """Give a customer to a rep."""
        life = self.lives[who]
        life.customer = replace(life.customer, owner=rep.id)

    async def act(self, inbound: Inbound, *, limit: float) -> Answer | None:
        self._alive()
        event = inbound.event
        if isinstance(event, ContactAdded):
            self.lives.setdefault(event.identity.value, Life(reps=self.reps)).happens(event)
            self.touches.setdefault(event.identity.value, [])
            return None
        assert isinstance(event, RepActed)
        if event.id not in self._answers:
            self.acts.append(event)
            decision = self.lives[self.who(event.conversation_id)].happens(event, self._rep(event.by))
            self._answers[event.id] = decision.answer
        return self._answers[event.id]

    async def card(self, conversation_id: str, by: RepHandle) -> CardView | None:
        self._alive()
        who, rep = self.who(conversation_id), self._rep(by)
        return self._view(who, rep) if rep and who and self._may_see(who, rep) else None

    async def rows(self, query: str, by: RepHandle, *, limit: int) -> Sequence[ListRow]:
        self._alive()
        rep = self._rep(by)
        seen = [self._view(w, rep) for w in self.lives if rep and self._may_see(w, rep)]
        words = query.partition(":")[2]
        if query == "mine":
            seen = [c for c in seen if rep is not None and c.owner == rep.name and c.state != "closed"]
        elif query == "queue":
            seen = [c for c in seen if c.state == "unclaimed"]
        return [ListRow.of_card(c) for c in seen if words in c.name][:limit]

    async def rep(self, by: RepHandle) -> Rep | None:
        self._alive()
        return self._rep(by)

    async def conversation_for(self, identity: Identity, by: RepHandle) -> str | None:
        self._alive()
        rep, life = self._rep(by), self.lives.get(identity.value)
        return life.conversation_id if rep and life and self._may_see(identity.value, rep) else None

    async def follow_found(self, identity: Identity, by: RepHandle) -> None:
        rep = self._rep(by)
        assert rep is not None
        self.followers.add((identity.value, rep.id))

    async def past(self, conversation_id: str, by: RepHandle, *, before: int, limit: int) -> Past | None:
        self._alive()
        who, rep = self.who(conversation_id), self._rep(by)
        if not rep or not who or not self._may_see(who, rep):
            return None
        told = self.touches[who]
        first = len(told) - before + 1 if before else 0
        shown, rest = told[first : first + limit], len(told) - first - limit
        return Past(touches=tuple(shown), older=rest + 1 if rest > 0 else 0)

    async def reveal(self, conversation_id: str, by: RepHandle) -> Sequence[Identity] | None:
        self._alive()
        who, rep = self.who(conversation_id), self._rep(by)
        if not rep or not who or not self._may_see(who, rep):
            return None
        self.revealed.append((rep.id, who))
        return [Identity(platform="wecom", kind="external_userid", value=who)]

    async def layouts(self, by: RepHandle) -> Layouts:
        rep = self._rep(by)
        return Layouts(own=self.layout_of.get(rep.id) if rep else None, everybody=self.layout_of.get(""))

    async def keep_layout(self, by: RepHandle, layout: Layout | None, *, everybody: bool) -> bool:
        self._alive()
        rep = self._rep(by)
        if rep is None or (everybody and rep.role != "manager"):
            return False
        self.layout_of["" if everybody else rep.id] = layout
        return True

    async def managers(self) -> Sequence[str]:
        self._alive()
        return [r.name for r in self.reps if r.active and r.role == "manager"]

    async def thread(self, conversation_id: str, by: RepHandle) -> str:
        return THREAD if self.who(conversation_id) else ""

    def _alive(self) -> None:
        if self.down:
            raise Unavailable("no database")

    def _rep(self, by: RepHandle) -> Rep | None:
        wire = {"wecom": "userid", "teams": "aad_id", "hub": "id"}[by.platform]
        return next((r for r in self.reps if getattr(r, wire).lower() == by.value.lower()), None)

    def _may_see(self, who: str, rep: Rep) -> bool:
        life = self.lives[who]
        mine = life.customer.owner in ("", rep.id) or life.talk.claimed_by == rep.id
        return rep.active and (mine or rep.role == "manager" or (who, rep.id) in self.followers)

    def _view(self, who: str, rep: Rep) -> CardView:
        life = self.lives[who]
        touches = self.touches.get(who, [])
        return build(
            Seen(
                customer=life.customer,
                conversation=life.talk,
                playbook=life.book,
                now=life.now,
                reps=self.reps,
                limits=LIMITS["wecom"],
                touches=touches,
                touch_count=len(touches),
                unknown=len(life.unknown),
                viewer=rep,
            )
        )


# --- what a browser sees --------------------------------------------------------------------------------------------


@dataclass
class Form:
    """A form of a page."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """A page read as a browser would: its forms, elements, and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.forms: list[Form] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._inside = False
        self._area = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.elements.append((tag, told))
        if tag == "form":
            self.forms.append(Form(action=told.get("action", "")))
            self._inside = True
        elif self._inside and tag in ("input", "textarea", "select") and told.get("name"):
            self.forms[-1].fields[told["name"]] = told.get("value", "")
            self._area = told["name"] if tag == "textarea" else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "form"
        self._area = "" if tag == "textarea" else self._area

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._area:
            self.forms[-1].fields[self._area] = data

    def form(self, verb: str, **fits: str) -> Form:
        """The form of an act."""
        wanted = {"verb": verb, **fits}
        return next(f for f in self.forms if wanted.items() <= f.fields.items())

    def has(self, tag: str) -> bool:
        """Whether there is such an element."""
        return any(t == tag for t, _ in self.elements)


@dataclass
class Browser:
    """One rep's WeCom client: cookies, and the headers browsers send by themselves."""

    http: ClientSession
    base: str

    async def get(self, path: str, **headers: str) -> tuple[ClientResponse, Page]:
        """Open a page and follow where it leads."""
        async with self.http.get(self.base + path, headers=headers) as answer:
            return answer, Page(await answer.text())

    async def step(self, url: str) -> ClientResponse:
        """One request, not following redirects."""
        async with self.http.get(URL(url, encoded=True), allow_redirects=False) as answer:
            await answer.read()
            return answer

    async def send(
        self, form: Form, headers: Mapping[str, str] | None = None, **typed: str
    ) -> tuple[ClientResponse, Page]:
        """Submit a form of a page and follow where it leads."""
        sent = {"Origin": self.base, "Sec-Fetch-Site": "same-origin"} if headers is None else headers
        data = {**form.fields, **typed}
        async with self.http.post(self.base + form.action, data=data, headers=sent) as answer:
            return answer, Page(await answer.text())

    def cookie(self, name: str) -> str:
        """A cookie the hub set, or empty."""
        found = self.http.cookie_jar.filter_cookies(URL(self.base)).get(name)
        return found.value if found else ""


@dataclass
class Pages:
    """The pages, what is behind them and in front of them."""

    desk: MemoryDesk
    wecom: Tower
    server: BaseTestServer
    parts: Inside
    base: str
    wall: list[float]
    """Seconds of the wall clock, to be pushed."""
    browsers: list[ClientSession] = field(default_factory=list)

    def browser(self, userid: str = "") -> Browser:
        """A new browser, known to the WeCom client as this employee."""
        jar = CookieJar(unsafe=True)
        if userid:
            session = self.wecom.wecom.room.oauth.session(userid)
            jar.update_cookies({COOKIE: session}, URL(self.wecom.world.base_url))
        agent = {"User-Agent": "Mozilla/5.0 wxwork/4.1.36 MicroMessenger/7.0.1"}
        http = ClientSession(cookie_jar=jar, headers=agent)
        self.browsers.append(http)
        return Browser(http=http, base=self.base)


@asynccontextmanager
async def pages(*, tabs: TabTokens | None = None, reps: Sequence[Rep] = (), **settings: object) -> AsyncIterator[Pages]:
    """Pages and platform up, each on its own port."""
    desk = MemoryDesk(*(reps or (LILEI, HANMEI)))
    here = socket.socket()
    here.bind(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{here.getsockname()[1]}"
    wall = [1_000_000.0]
    async with tower() as wecom:
        wecom.world.settings = wecom.world.settings.model_copy(update={"hub_url": base})
        parts = Inside(
            hub=desk,
            records=desk,
            clock=lambda: next((life.now for life in desk.lives.values()), wecom.world.clock.now()),
            key=KEY,
            public_url=base,
            settings=SidebarSettings.model_validate(settings),
            staff=wecom.connector.staff,
            tabs=tabs,
            frame_sidebar=("http://127.0.0.1:1",),
            frame_tab=("https://teams.microsoft.com",),
            wall=lambda: wall[0],
        )
        app = application(_Healthy(), routes(parts))
        async with TestServer(app, socket_factory=lambda *_: here) as server:
            made = Pages(desk=desk, wecom=wecom, server=server, parts=parts, base=base, wall=wall)
            yield made
            for http in made.browsers:
                await http.close()


class _Healthy:
    async def state(self) -> Mapping[str, object]:
        return {"ready": True}


OURS = ["/sidebar/static/live.js", "/sidebar/static/wecom.js"]
"""Scripts of a page inside WeCom while no address of the platform's own is set."""


def scripts_of(page: Page) -> list[str]:
    """Where a page's scripts come from, in order; each must be a file, never words on the page."""
    return [a.get("src", "").partition("?")[0] for t, a in page.elements if t == "script"]


def visible(text: str) -> str:
    """Text with its white space evened out."""
    return re.sub(r"\s+", " ", text)
