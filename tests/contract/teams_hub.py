"""A hub that only remembers: the Teams connector is tested against it, with the simulated company on the other side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from connectors.contract import ChannelRef, Inbound, ProvisionChannels, Reference, ThreadPost
from connectors.teams.connector import TeamsConnector
from connectors.teams.settings import Settings
from rules.card import CardView
from rules.decision import Answer
from rules.events import BotInstalled, Event, RepActed, RepSpoke
from rules.model import Address, Rep, RepHandle, Words
from simulator.__main__ import compose, listen, open_world
from tests.cardviews import NOW, view
from tests.contract import teams_world
from tests.contract.teams_world import APP_ID, GENERAL, GROUP, PASSWORD, TENANT, Company, StubHub

SERVERS = ("teams", "entra", "graph", "directline", "control")
Json = dict[str, Any]


@dataclass
class RememberingHub:
    """Keeps what it accepts, once per key, and answers acts as it was told."""

    stored: list[Inbound] = field(default_factory=list)
    refused: int = 0
    """Duplicates."""
    answers: dict[str, Answer] = field(default_factory=dict)
    """By verb."""
    shown: CardView | None = field(default_factory=view)
    notes: dict[str, tuple[str, float]] = field(default_factory=dict)
    queries: list[str] = field(default_factory=list)
    staff: dict[str, Rep] = field(default_factory=dict)
    """By what the platform proves."""
    slow: asyncio.Event | None = None
    """When set, acts wait for it."""
    _keys: set[str] = field(default_factory=set)
    _first: dict[str, Answer] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def events(self) -> list[Event]:
        return [inbound.event for inbound in self.stored]

    async def accept(self, inbound: Sequence[Inbound]) -> None:
        for one in inbound:
            keys = {one.event.id, *one.keys}
            if keys & self._keys:
                self.refused += 1
                continue
            self._keys |= keys
            self.stored.append(one)
        async with self._changed:
            self._changed.notify_all()

    async def accept_page(self, inbound: Sequence[Inbound], *, account: str, before: str, after: str) -> None:
        raise AssertionError("Teams is not pulled")

    async def cursor(self, account: str) -> str:
        return ""

    async def act(self, inbound: Inbound, *, limit: float) -> Answer | None:
        event = inbound.event
        if self.slow is not None:
            try:
                await asyncio.wait_for(self.slow.wait(), limit)
            except TimeoutError:
                if not isinstance(event, RepSpoke):
                    await self.accept([inbound])
                return None
        if isinstance(event, RepSpoke):  # stored before: whoever asks only waits for the turn
            return self.answers.get("spoke")
        assert isinstance(event, RepActed)
        await self.accept([inbound])
        words = Words(zh="好", en="done")
        return self._first.setdefault(event.id, self.answers.get(event.verb, Answer(show="toast", words=words)))

    async def card(self, conversation_id: str, by: RepHandle) -> CardView | None:
        return self.shown if self.shown and self.shown.conversation_id == conversation_id else None

    async def cards(self, query: str, by: RepHandle, *, limit: int = 10) -> Sequence[CardView]:
        self.queries.append(query)
        return [self.shown] if self.shown else []

    async def rep(self, by: RepHandle) -> Rep | None:
        return self.staff.get(by.value)

    async def note(self, key: str) -> tuple[str, float] | None:
        return self.notes.get(key)

    async def keep_note(self, key: str, value: str, expires: float) -> None:
        self.notes[key] = (value, expires)

    async def until(self, ready: Callable[[], bool], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(ready)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class Bench:
    """The connector in the hub's place of a simulated company."""

    company: Company
    hub: RememberingHub
    teams: TeamsConnector
    url: str
    """Where the connector listens."""

    async def install(self) -> Reference:
        """Put the bot into the team and return how it may speak there."""
        await self.company.control("teams/install", team=True)
        await self.hub.until(lambda: len(self.hub.of(BotInstalled)) >= 2)
        event = self.hub.of(BotInstalled)[0]
        return Reference(
            wire_id=event.address.wire_id,
            service_url=event.service_url,
            team_id=event.team_id,
            group_id=event.group_id,
        )

    async def general(self) -> ChannelRef:
        return ChannelRef(key="general", team="Sales", name="General", wire_id=GENERAL, reference=await self.install())

    async def thread(self, card: CardView | None = None, row: str = "root-1") -> tuple[ChannelRef, str, str]:
        """A posted thread: its channel, wire id and root activity."""
        channel = await self.general()
        outcome = await self.teams.deliver(ThreadPost(row_id=row, attempt=1, channel=channel, card=card or view()))
        return channel, getattr(outcome, "wire_id", ""), getattr(outcome, "part_id", "")


def connector_settings(base_url: str, **changes: Any) -> Settings:
    """The connector's settings for a company at this address."""
    host = base_url.partition("://")[2]
    login = f"{base_url}/login/{TENANT}"
    given = {
        "app_id": APP_ID,
        "app_password": PASSWORD,
        "tenant_id": TENANT,
        "openid_url": f"{base_url}/botframework/v1/.well-known/openidconfiguration",
        "token_url": f"{login}/oauth2/v2.0/token",
        "service_hosts": [host],
        "graph_url": f"{base_url}/graph/v1.0",
        "tab_audience": [f"api://tower.example/{APP_ID}"],
        "tab_issuers": [f"{login}/v2.0"],
        "tab_keys_url": f"{login}/discovery/v2.0/keys",
    }
    return Settings.model_validate({**given, **changes})


@asynccontextmanager
async def bench(**changes: Any) -> AsyncIterator[Bench]:
    """A company with our connector as its hub."""
    hub, built = RememberingHub(), asyncio.Event()
    holder: list[TeamsConnector] = []

    async def messages(request: web.Request) -> web.StreamResponse:
        await built.wait()
        return await holder[0].routes()[0].handler(request)

    app = web.Application()
    app.add_routes([web.post("/api/messages", messages)])
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        async with open_world(teams_world.settings(url)) as world:
            runner = await listen(compose(world, SERVERS), world)
            async with ClientSession() as http:
                teams = TeamsConnector(connector_settings(world.base_url, **changes), hub, world.clock.now)
                holder.append(teams)
                built.set()
                await teams.start()
                try:
                    yield Bench(company=Company(world=world, hub=StubHub(), http=http), hub=hub, teams=teams, url=url)
                finally:
                    await teams.stop()
                    await runner.cleanup()


def channel(name: str, reference: Reference | None) -> ChannelRef:
    return ChannelRef(key=name, team="Sales", name=name, reference=reference)


def provision(*channels: ChannelRef) -> ProvisionChannels:
    return ProvisionChannels(row_id="p1", attempt=1, channels=channels)


def address(wire_id: str) -> Address:
    return Address(connector="teams", account=f"msteams:{TENANT}", wire_id=wire_id)


__all__ = ["GROUP", "NOW", "Bench", "RememberingHub", "address", "bench", "channel", "provision", "view"]
