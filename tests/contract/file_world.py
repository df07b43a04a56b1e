"""A whole hub in one process with its database, the simulated WeCom before it and the pages of reps beside it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, TypeVar, cast

from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer
from yarl import URL

from bots.hub import Hub
from bots.records import PageRecords
from connectors.wecom import WeComConnector
from rules.card import CardView
from rules.model import Identity, Rep, RepHandle
from sidebar import inside, outside
from sidebar.inside import Inside, SidebarSettings
from sidebar.outside import FormState, LinkTarget
from sidebar.web import application
from simulator import wecom
from simulator.clock import Clock
from simulator.faults import Faults
from simulator.log import Log
from simulator.wecom.oauth import COOKIE
from simulator.wecom.room import Room
from simulator.world import World
from storage import reps
from storage.database import Database
from storage.unit import Unit
from tests.contract.backends import vault
from tests.contract.manage_world import Hands, one_hub
from tests.contract.page_world import KEY, Browser, Form
from tests.contract.wecom_hub import connector_settings
from tests.contract.wecom_world import START, HubStub, Wecom
from tests.contract.wecom_world import settings as world_settings

LILEI = Rep(id="lilei", name="李雷", team="sales", userid="LiLei", role="manager")
HANMEI = Rep(id="hanmei", name="Han Mei", team="presales", userid="HanMei", language="en")
SHE = Identity(platform="wecom", kind="external_userid", value="wm-9")
Kind = Literal["image", "voice", "video", "file"]
T = TypeVar("T")


class NoFacts:
    """No forms and no mails here."""

    async def form_state(self, form_id: str) -> FormState | None:
        return None

    async def link_target(self, mail_id: str, index: int) -> LinkTarget | None:
        return None

    async def mail_language(self, mail_id: str) -> str | None:
        return None


class OneTab:
    """A Teams whose tokens are the reps' own ids."""

    def thread_link(self, thread: str) -> str:
        return ""

    async def verify_tab_token(self, token: str) -> RepHandle:
        return RepHandle(platform="hub", value=token)


@dataclass
class House:
    """The hub, who is before it, and the ways a test looks at both."""

    hub: Hub
    wecom: Wecom
    base: str
    parts: Inside
    clock: Hands
    browsers: list[ClientSession] = field(default_factory=list)

    def browser(self, userid: str = "LiLei") -> Browser:
        """A browser inside the WeCom client of this employee."""
        jar = CookieJar(unsafe=True)
        jar.update_cookies({COOKIE: self.wecom.room.oauth.session(userid)}, URL(self.wecom.world.base_url))
        agent = {"User-Agent": "Mozilla/5.0 wxwork/4.1.36 MicroMessenger/7.0.1"}
        http = ClientSession(cookie_jar=jar, headers=agent)
        self.browsers.append(http)
        return Browser(http=http, base=self.base)

    async def says(self, text: str) -> str:
        """She writes; her conversation's id, once it is there. Some time has passed: pulls are rationed."""
        self.later(minutes=2)
        await self.wecom.control("/enter", person="王敏")
        await self.wecom.control("/say", person="王敏", text=text)
        return (await self.card(lambda c: any(t.text == text for t in c.touches))).conversation_id

    async def sends(self, kind: Kind, name: str, content: bytes) -> None:
        """She sends a file, some time after what was before."""
        self.later(minutes=2)
        coded = base64.b64encode(content).decode()
        await self.wecom.control("/enter", person="王敏")
        await self.wecom.control("/send_media", person="王敏", kind=kind, name=name, base64=coded)

    async def card(self, holds: Callable[[CardView], bool], rep: Rep = LILEI) -> CardView:
        """Her card, as soon as it is as told."""

        async def look() -> CardView | None:
            by = RepHandle(platform="hub", value=rep.id)
            talk = await self.hub.conversation_for(SHE, by)
            card = await self.hub.card(talk, by) if talk else None
            return card if card and holds(card) else None

        found: CardView = await self.until(look)
        return found

    async def until(self, look: Callable[[], Any]) -> Any:
        """What `look` gives, once it gives something."""
        async with asyncio.timeout(20):
            while not (found := await look()):
                self.hub.deliveries.wake()
                self.hub.turns.wake()
                await asyncio.sleep(0.02)
        return found

    async def phone(self) -> list[dict[str, Any]]:
        """The files that stand on her phone from us."""
        chat = await self.wecom.look("/chat", person="王敏")
        lines = cast("list[dict[str, Any]]", chat["lines"])
        return [line for line in lines if line["by"] == "hub" and line["msgtype"] != "text"]

    async def fetch(self, browser: Browser, path: str) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and content at an address of the hub."""
        async with browser.http.get(self.base + path) as answer:
            return answer.status, answer.headers, await answer.read()

    async def upload(
        self,
        browser: Browser,
        form: Form,
        name: str,
        content: bytes,
        *,
        kind: str,
        more: Mapping[str, str] | None = None,
    ) -> tuple[int, str]:
        """Send the form with a file and more headers; status and page of where it leads."""
        data = _multipart(form.fields, name, content, kind)
        headers = {"Origin": self.base, "Sec-Fetch-Site": "same-origin", **(more or {})}
        async with browser.http.post(self.base + form.action, data=data, headers=headers) as answer:
            return answer.status, await answer.text()

    def later(self, **span: float) -> None:
        """Let the hub's business time pass."""
        self.clock.at += timedelta(**span)


def _multipart(fields: dict[str, str], name: str, content: bytes, kind: str) -> Any:
    from aiohttp import FormData

    form = FormData(quote_fields=False)
    for key, value in fields.items():
        if key != "file":
            form.add_field(key, value)
    form.add_field("file", content, filename=name, content_type=kind)
    return form


@asynccontextmanager
async def house(url: str) -> AsyncIterator[House]:
    """Everything up: hub with its loops on the database, WeCom, pages."""
    here = socket.socket()
    here.bind(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{here.getsockname()[1]}"
    async with contextlib.AsyncExitStack() as up:
        http = await up.enter_async_context(ClientSession())
        db = await up.enter_async_context(Database.open(url, vault()))
        await db.write(_hire, label="staff")
        log_clock = Clock(START, running=False)
        log = Log(log_clock.now)
        world = World(settings=world_settings(base), clock=log_clock, log=log, faults=Faults(log), http=http)
        outer = web.Application()
        outer.add_routes(wecom.routes(world))
        server = await up.enter_async_context(TestServer(outer))
        world.base_url = str(server.make_url("")).rstrip("/")
        room = world.rooms["wecom"]
        assert isinstance(room, Room)
        clock = Hands(at=START)
        hub = one_hub(db, clock, base, file_bytes=100_000)
        addresses = dict.fromkeys(("open_base", "login_base"), f"{world.base_url}/wecom-open")
        addresses["api_base"] = f"{world.base_url}/wecom"
        connector = WeComConnector(connector_settings(**addresses), hub, clock.now)
        hub.connect([connector])
        parts = _parts(hub, base, connector)
        routes = [*connector.routes(), *inside.routes(parts)]
        routes += outside.routes(hub, hub.tokens, NoFacts(), clock.now, files=hub.files)
        await up.enter_async_context(TestServer(application(hub, routes), socket_factory=lambda *_: here))
        stopping = asyncio.Event()
        running = asyncio.create_task(hub.run(stopping))
        stub = Wecom(world=world, room=room, hub=HubStub(), http=http)
        made = House(hub=hub, wecom=stub, base=base, parts=parts, clock=clock)
        try:
            yield made
        finally:
            for browser in made.browsers:
                await browser.close()
            stopping.set()
            await running


def _hire(unit: Unit) -> None:
    for rep in (LILEI, HANMEI):
        reps.upsert(unit, rep)


def _parts(hub: Hub, base: str, connector: WeComConnector) -> Inside:
    return Inside(
        hub=hub,
        records=PageRecords(db=hub.db, desk=hub.desk),
        files=hub.files,
        clock=hub.clock.now,
        key=KEY,
        public_url=base,
        settings=SidebarSettings(views_per_minute=1000),
        staff=connector.staff,
        tabs=OneTab(),
    )
