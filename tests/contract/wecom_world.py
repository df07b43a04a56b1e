"""A simulated WeCom on a free port and a hub stub that reads its callbacks with wechatpy, an independent reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import xmltodict
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from wechatpy.enterprise.crypto import WeChatCrypto

from simulator import wecom
from simulator.clock import Clock
from simulator.faults import Faults
from simulator.log import Log
from simulator.wecom.room import Room
from simulator.world import Employee, Person, Settings, TeamSettings, World

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CORP = "ww-demo"
Json = dict[str, object]


def settings(hub_url: str) -> Settings:
    """A small company: two employees, two customers."""
    return Settings(
        ports_file="", hub_url=hub_url, hub_smtp_port=0, mail_secret="m", clock_start=START, tenant_id="t", app_id="a",
        app_password="p", tab_audience="x", directline_secret="d", corp_id=CORP, agent_id=1000002,
        agent_secret="the-secret", callback_token="callback-token", callback_aes_key=KEY, open_kfid="wk-1",
        team=TeamSettings(group_id="g", thread_id="19:t@thread.tacv2", name="Sales", members=[]),
        employees=[
            Employee(name="Li Lei", mail="li@c.example", aad_id="a1", teams_id="29:1", userid="LiLei"),
            Employee(name="Han Mei", mail="han@c.example", aad_id="a2", teams_id="29:2", userid="HanMei"),
        ],
        people=[
            Person(name="王敏", external_userid="wm-9", unionid="u9", mail="wang@x.example"),
            Person(name="Ann", external_userid="wm-8", unionid="u8", mail="ann@x.example"),
        ],
    )  # fmt: skip


@dataclass
class HubStub:
    """What stands in for the hub: it verifies, decrypts and keeps what WeCom posts."""

    got: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)
    bodies: list[bytes] = field(default_factory=list)
    echo_quotes: str = ""
    answer: Callable[[web.Request], Awaitable[web.Response]] | None = None
    pages: dict[str, Callable[[web.Request], Awaitable[web.Response]]] = field(default_factory=dict)

    def crypto(self) -> WeChatCrypto:
        """The vendor protocol by another hand."""
        return WeChatCrypto("callback-token", KEY, CORP)

    async def verify(self, request: web.Request) -> web.Response:
        """URL verification."""
        q = request.query
        echo = self.crypto().check_signature(q["msg_signature"], q["timestamp"], q["nonce"], q["echostr"])
        return web.Response(text=f"{self.echo_quotes}{echo}{self.echo_quotes}")

    async def receive(self, request: web.Request) -> web.Response:
        """A callback."""
        q, body = request.query, await request.read()
        plain = self.crypto().decrypt_message(body.decode(), q["msg_signature"], q["timestamp"], q["nonce"])
        self.bodies.append(body)
        self.got.put_nowait(xmltodict.parse(plain)["xml"])
        return await self.answer(request) if self.answer else web.Response(text="success")

    async def page(self, request: web.Request) -> web.Response:
        """Any page a test put up."""
        return await self.pages[request.path](request)

    async def next(self) -> Json:
        """The next callback."""
        return await asyncio.wait_for(self.got.get(), 10)

    def app(self) -> web.Application:
        """The stub as a server."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/wecom/callback/agent", self.verify),
                web.post("/wecom/callback/agent", self.receive),
                web.route("*", "/{tail:.*}", self.page),
            ]
        )
        return app


@dataclass
class Wecom:
    """The simulator under test and the ways a test speaks to it."""

    world: World
    room: Room
    hub: HubStub
    http: ClientSession
    token: str = ""

    async def api(self, path: str, body: Json | None = None, **query: str) -> Json:
        """A call with our token, which is fetched at first use."""
        if not self.token:
            await self.gettoken()
        query.setdefault("access_token", self.token)
        url = f"{self.world.base_url}/wecom/cgi-bin{path}"
        async with self.http.post(url, params=query, json=body or {}) as answer:
            assert answer.status == 200
            return dict(await answer.json())

    async def gettoken(self, corp: str = CORP, **wrong: str) -> Json:
        """The token call itself; `secret=` to give a wrong one."""
        url = f"{self.world.base_url}/wecom/cgi-bin/gettoken"
        query = {"corpid": corp, "corpsecret": wrong.get("secret", "the-secret")}
        async with self.http.get(url, params=query) as answer:
            told = dict(await answer.json())
        self.token = str(told.get("access_token", self.token))
        return told

    async def control(self, path: str, status: int = 200, **body: object) -> Json:
        """A control call by POST."""
        url = f"{self.world.base_url}/control/wecom{path}"
        async with self.http.post(url, json=body) as answer:
            assert answer.status == status, await answer.text()
            return dict(await answer.json())

    async def look(self, path: str, **query: str) -> Json:
        """A control question by GET."""
        async with self.http.get(f"{self.world.base_url}/control/wecom{path}", params=query) as answer:
            assert answer.status == 200, await answer.text()
            return dict(await answer.json())

    async def pass_time(self, **parts: float) -> None:
        """Push the virtual clock."""
        await self.world.clock.jump(self.world.clock.now() + timedelta(**parts))

    async def logged(self, kind: str, times: int = 1) -> list[Json]:
        """Wait until entries of this kind stand in the log."""
        while True:
            found = [entry.data for entry in self.world.log.entries if entry.kind == kind]
            if len(found) >= times:
                return found
            assert await self.world.log.after(len(self.world.log.entries), 10), f"no {kind} in the log"

    async def pull(self, cursor: str = "", **more: object) -> Json:
        """A kf pull."""
        return await self.api("/kf/sync_msg", {"open_kfid": "wk-1", "cursor": cursor, **more})

    async def send(self, text: str, msgid: str = "", to: str = "wm-9") -> Json:
        """A kf text."""
        body: Json = {"touser": to, "open_kfid": "wk-1", "msgtype": "text", "text": {"content": text}}
        return await self.api("/kf/send_msg", {**body, **({"msgid": msgid} if msgid else {})})


@asynccontextmanager
async def wecom_world() -> AsyncIterator[Wecom]:
    """Both servers up, the clock frozen at START."""
    hub = HubStub()
    async with TestServer(hub.app()) as hub_server, ClientSession() as http:
        clock = Clock(START, running=False)
        log = Log(clock.now)
        world = World(
            settings=settings(str(hub_server.make_url("")).rstrip("/")),
            clock=clock, log=log, faults=Faults(log), http=http,
        )  # fmt: skip
        app = web.Application()
        app.add_routes(wecom.routes(world))
        async with TestServer(app) as server:
            world.base_url = str(server.make_url("")).rstrip("/")
            room = world.rooms["wecom"]
            assert isinstance(room, Room)
            room.limits.resend_waits = (0.01, 0.01, 0.01)
            yield Wecom(world=world, room=room, hub=hub, http=http)
