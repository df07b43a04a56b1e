"""A running simulator with Teams, Graph and the rest, and a stub in the hub's place that remembers what it was told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from simulator.__main__ import compose, listen, open_world
from simulator.world import Settings, World

APP_ID = "11111111-2222-3333-4444-555555555555"
PASSWORD = "a-long-app-password"
TENANT = "99999999-8888-7777-6666-555555555555"
REP = "aaaaaaaa-0000-0000-0000-000000000001"
REP2 = "aaaaaaaa-0000-0000-0000-000000000002"
GENERAL = "19:general@thread.tacv2"
GROUP = "cccccccc-0000-0000-0000-000000000001"
BOT_SCOPE = "https://api.botframework.com/.default"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"

Json = dict[str, Any]


def settings(hub_url: str) -> Settings:
    employees: list[Json] = [
        {"name": "Wang Fang", "mail": "wang@corp.example", "aad_id": REP, "teams_id": "29:wang", "userid": "wang"},
        {"name": "Li Lei", "mail": "li@corp.example", "aad_id": REP2, "teams_id": "29:li", "userid": "li"},
    ]
    team: Json = {"group_id": GROUP, "thread_id": GENERAL, "name": "Sales", "members": [REP, REP2]}
    return Settings.model_validate(
        {
            "ports_file": "unused",
            "hub_url": hub_url,
            "hub_smtp_port": 1,
            "mail_secret": "m",
            "clock_start": "2026-01-05T01:00:00+00:00",
            "tenant_id": TENANT,
            "app_id": APP_ID,
            "app_password": PASSWORD,
            "tab_audience": f"api://tower.example/{APP_ID}",
            "directline_secret": "dl-secret",
            "corp_id": "ww1",
            "agent_id": 1,
            "agent_secret": "s",
            "callback_token": "t",
            "callback_aes_key": "k" * 43,
            "open_kfid": "wk1",
            "team": team,
            "employees": employees,
            "people": [],
        }
    )


@dataclass
class StubHub:
    """Takes activities as the hub would; `answers` are used up first, then 200."""

    activities: list[Json] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    answers: list[tuple[int, object]] = field(default_factory=list)
    ready: list[Json] = field(default_factory=list)
    """Answers of /readyz, the last one for ever."""

    async def messages(self, request: web.Request) -> web.Response:
        self.tokens.append(request.headers["Authorization"].partition(" ")[2])
        self.activities.append(orjson.loads(await request.read()))
        status, body = self.answers.pop(0) if self.answers else (200, None)
        return web.json_response(body, status=status) if body is not None else web.Response(status=status)

    async def readyz(self, _: web.Request) -> web.Response:
        told = self.ready.pop(0) if len(self.ready) > 1 else self.ready[0]
        return web.json_response(told)


@dataclass
class Company:
    """The simulated company as a test sees it."""

    world: World
    hub: StubHub
    http: ClientSession

    def url(self, path: str) -> str:
        return self.world.base_url + path

    async def control(self, path: str, **body: object) -> Json:
        async with self.http.post(self.url(f"/control/{path}"), json=body) as response:
            found: Json = await response.json()
            assert response.status == 200, found
            return found

    async def read(self, path: str) -> Json:
        async with self.http.get(self.url(path)) as response:
            assert response.status == 200
            found: Json = await response.json()
            return found

    async def token(self, scope: str = BOT_SCOPE) -> str:
        form = {"grant_type": "client_credentials", "client_id": APP_ID, "client_secret": PASSWORD, "scope": scope}
        async with self.http.post(self.url(f"/login/{TENANT}/oauth2/v2.0/token"), data=form) as response:
            assert response.status == 200
            return str((await response.json())["access_token"])

    async def call(
        self, method: str, path: str, body: object = None, scope: str = BOT_SCOPE
    ) -> tuple[int, Any, dict[str, str]]:
        headers = {"Authorization": f"Bearer {await self.token(scope)}"}
        async with self.http.request(method, self.url(path), json=body, headers=headers) as response:
            raw = await response.read()
            return response.status, orjson.loads(raw) if raw else None, dict(response.headers)

    def logged(self, kind: str) -> list[Json]:
        return [entry.data for entry in self.world.log.entries if entry.kind == kind]


@asynccontextmanager
async def company(*servers: str) -> AsyncIterator[Company]:
    """A company with these servers, and the stub hub beside it."""
    hub = StubHub()
    app = web.Application()
    app.add_routes([web.post("/api/messages", hub.messages), web.get("/readyz", hub.readyz)])
    async with TestServer(app) as server, open_world(settings(str(server.make_url("")).rstrip("/"))) as world:
        runner = await listen(compose(world, servers), world)
        async with ClientSession() as http:
            yield Company(world=world, hub=hub, http=http)
        await runner.cleanup()


def card(*actions: Json, text: str = "hello", **extra: object) -> Json:
    """An activity with one Adaptive Card."""
    content: Json = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": text}]}
    content |= {"actions": list(actions), **extra}
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": content}
    return {"type": "message", "attachments": [attachment]}


def new_thread(activity: Json, channel: str = GENERAL) -> Json:
    """The body that opens a thread, with a name in unusual case as some SDKs write it."""
    data = {"channel": {"id": channel}}
    return {"isGroup": True, "channelData": data, "tenantID": TENANT, "activity": activity}
