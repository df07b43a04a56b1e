"""A small true hub in memory for tests of the WeCom connector, and the connector served against the simulated WeCom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from aiohttp import ClientSession, web
from aiohttp.test_utils import BaseTestServer, TestServer
from pydantic import SecretStr

from connectors.contract import Inbound, Outcome, Pull
from connectors.wecom import Settings, WeComConnector
from connectors.wecom.settings import App
from rules.card import CardView
from rules.decision import Answer
from rules.errors import Conflict, Unavailable
from rules.events import Event, PullAnnounced
from rules.model import Rep, RepHandle
from simulator import wecom
from simulator.clock import Clock
from simulator.faults import Faults
from simulator.log import Log
from simulator.wecom.room import Room
from simulator.world import World
from tests.cardviews import view
from tests.contract.wecom_world import CORP, KEY, START, HubStub, Wecom
from tests.contract.wecom_world import settings as world_settings


class MemoryHub:
    """Keeps what the contract asks for: events once, pages with their cursor, notes, answers."""

    def __init__(self) -> None:
        self.inbox: list[Inbound] = []
        self.pages = 0
        self.cursors: dict[str, str] = {}
        self.notes: dict[str, tuple[str, float]] = {}
        self.down = False
        self.slow = False
        self.answers: Callable[[Event], Answer | None] = lambda _: None
        self.shown: list[CardView] = []
        self.staff: dict[str, Rep] = {}
        self.before_page: Callable[[], None] = lambda: None
        self._seen: set[str] = set()
        self._given: dict[str, Answer | None] = {}
        self._grew = asyncio.Condition()

    @property
    def events(self) -> list[Event]:
        """All events, in the order they were stored."""
        return [one.event for one in self.inbox]

    async def accept(self, inbound: Sequence[Inbound]) -> None:
        if self.down:
            raise Unavailable("no room")
        async with self._grew:
            self._store(inbound)
            self._grew.notify_all()

    async def accept_page(self, inbound: Sequence[Inbound], *, account: str, before: str, after: str) -> None:
        self.before_page()
        if self.cursors.get(account, "") != before:
            raise Conflict("the cursor moved")
        await self.accept(inbound)
        self.cursors[account] = after
        self.pages += 1

    async def cursor(self, account: str) -> str:
        return self.cursors.get(account, "")

    async def act(self, inbound: Inbound, *, limit: float) -> Answer | None:
        keys = {inbound.event.id, *inbound.keys}
        if not keys & self._seen:
            await self.accept([inbound])
            answer = self.answers(inbound.event)
            for key in keys:
                self._given[key] = answer
        if self.slow:
            self.slow = False
            return None
        return next((self._given[k] for k in keys if k in self._given), None)

    async def card(self, conversation_id: str, by: RepHandle) -> CardView | None:
        return next((c for c in self.shown if c.conversation_id == conversation_id), None)

    async def cards(self, query: str, by: RepHandle, *, limit: int = 10) -> Sequence[CardView]:
        return self.shown[:limit]

    async def rep(self, by: RepHandle) -> Rep | None:
        return self.staff.get(by.value)

    async def note(self, key: str) -> tuple[str, float] | None:
        return self.notes.get(key)

    async def keep_note(self, key: str, value: str, expires: float) -> None:
        self.notes[key] = (value, expires)

    async def until(self, what: type[Event], number: int = 1) -> list[Event]:
        """Wait until so many events of a kind are in the inbox."""
        async with self._grew:
            await asyncio.wait_for(self._grew.wait_for(lambda: len(self._of(what)) >= number), 10)
        return self._of(what)

    def _of(self, what: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, what)]

    def _store(self, inbound: Sequence[Inbound]) -> None:
        for one in inbound:
            keys = {one.event.id, *one.keys}
            if not keys & self._seen:
                self._seen |= keys
                self.inbox.append(one)


@dataclass
class Tower:
    """The connector under test between the hub in memory and the simulated WeCom."""

    hub: MemoryHub
    connector: WeComConnector
    wecom: Wecom
    settings: Settings
    server: BaseTestServer
    jobs: int = field(default=0)

    @property
    def world(self) -> World:
        return self.wecom.world

    @property
    def url(self) -> str:
        """Where the connector takes callbacks of the one app."""
        return str(self.server.make_url("/wecom/callback/agent"))

    def next_row(self) -> str:
        """An outbox id as the hub makes them."""
        self.jobs += 1
        return f"{self.jobs:032x}"

    async def pull(self, token: str | None = None) -> Outcome:
        """Do the newest announcement's pull."""
        announced = [e for e in self.hub.events if isinstance(e, PullAnnounced)]
        told = announced[-1].token if token is None else token
        return await self.connector.deliver(
            Pull(row_id=self.next_row(), attempt=1, address=announced[-1].address, token=told)
        )

    async def say(self, text: str, person: str = "王敏") -> Outcome:
        """She writes; the announcement comes; it is pulled."""
        before = sum(isinstance(e, PullAnnounced) for e in self.hub.events)
        await self.wecom.control("/say", person=person, text=text)
        await self.hub.until(PullAnnounced, before + 1)
        return await self.pull()

    async def shown(self, person: str = "王敏") -> list[str]:
        """What the account said on her phone."""
        chat = await self.wecom.look("/chat", person=person)
        lines = cast("list[dict[str, str]]", chat["lines"])
        return [line["text"] for line in lines if line["by"] not in ("customer", "servicer")]


def connector_settings(**more: object) -> Settings:
    """Settings that fit the simulated company."""
    app = App(
        agent_id=1000002,
        secret=SecretStr("the-secret"),
        token=SecretStr("callback-token"),
        aes_key=SecretStr(KEY),
    )
    given = {
        "corp_id": CORP,
        "apps": {"agent": app},
        "kf": {"wk-1": "agent"},
        "menu": False,
    }
    return Settings.model_validate({**given, **more})


def card_view(conversation_id: str = "c1", name: str = "王敏") -> CardView:
    """A card as the hub would give it."""
    return view(conversation_id=conversation_id, name=name)


@asynccontextmanager
async def tower(**more: object) -> AsyncIterator[Tower]:
    """Connector and platform up, each on its own port, the business clock frozen at START."""
    hub = MemoryHub()
    app = web.Application()
    async with ClientSession() as http:
        clock = Clock(START, running=False)
        log = Log(clock.now)
        world = World(settings=world_settings(""), clock=clock, log=log, faults=Faults(log), http=http)
        platform = web.Application()
        platform.add_routes(wecom.routes(world))
        async with TestServer(platform) as server:
            world.base_url = str(server.make_url("")).rstrip("/")
            room = world.rooms["wecom"]
            assert isinstance(room, Room)
            room.limits.resend_waits = (0.01, 0.01, 0.01)
            bases = {
                "api_base": f"{world.base_url}/wecom",
                "open_base": f"{world.base_url}/wecom-open",
                "login_base": f"{world.base_url}/wecom-open",
            }
            settings = connector_settings(**{**bases, **more})
            connector = WeComConnector(settings, hub, clock.now)
            app.add_routes(connector.routes())
            async with TestServer(app) as hub_server:
                hub_url = str(hub_server.make_url("")).rstrip("/")
                world.settings = world.settings.model_copy(update={"hub_url": hub_url})
                await connector.start()
                try:
                    stub = Wecom(world=world, room=room, hub=HubStub(), http=http)
                    yield Tower(hub=hub, connector=connector, wecom=stub, settings=settings, server=hub_server)
                finally:
                    await connector.stop()
