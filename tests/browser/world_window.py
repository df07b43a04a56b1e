"""A running world with everybody in it, a stub in the hub's place, and Chromium looking at the world page."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiosmtpd.smtp import SMTP, Envelope, Session
from playwright.async_api import Browser, Page, async_playwright

from simulator import mail
from simulator.__main__ import compose, listen, open_world
from simulator.mail.room import MailRoom
from simulator.teams.room import teams
from simulator.wecom.notices import Notice
from simulator.wecom.room import Room
from simulator.world import Settings, World

Json = dict[str, Any]
SERVERS = ("teams", "entra", "wecom", "mail", "control", "page")
MIN = "wang.min@customer.example"
NASTY = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


@dataclass(kw_only=True)
class StubHub:
    """Takes everything the world tells it and remembers it."""

    invokes: list[Json] = field(default_factory=list)
    activities: list[Json] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    smtp_port: int = 0

    async def everything(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked.append((request.method, request.path))
        if request.path == "/readyz":
            return web.json_response({"ready": True, "pending": 0, "next_due": None, "clock_version": 10**6})
        if request.path == "/api/messages":
            return self._activity(orjson.loads(body))
        if request.path.startswith("/sidebar"):
            return web.Response(text="<h1>会话页</h1>", content_type="text/html")
        return web.Response(text="success")

    def _activity(self, activity: Json) -> web.Response:
        if activity["type"] != "invoke":
            self.activities.append(activity)
            return web.Response(status=200)
        self.invokes.append(activity)
        told = {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "收到"}
        return web.json_response(told)

    def pressed(self) -> list[Json]:
        """The actions reps pressed, refreshes left out."""
        return [i["value"]["action"] for i in self.invokes if i["value"]["trigger"] == "manual"]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.mails.append(bytes(envelope.original_content or b""))
        return "250 2.0.0 taken"


def settings(hub_url: str, smtp_port: int) -> Settings:
    return Settings.model_validate(
        {
            "ports_file": "unused",
            "hub_url": hub_url,
            "hub_smtp_port": smtp_port,
            "mail_secret": "m",
            "clock_start": "2026-03-02T01:00:00+00:00",
            "tenant_id": "t",
            "app_id": "app",
            "app_password": "p",
            "tab_audience": "api://tab",
            "directline_secret": "d",
            "corp_id": "ww1",
            "agent_id": 1,
            "agent_secret": "s",
            "callback_token": "t",
            "callback_aes_key": "k" * 43,
            "open_kfid": "wk1",
            "team": {"group_id": "g", "thread_id": "19:t@thread.tacv2", "name": "Sales", "members": ["a1", "a2"]},
            "employees": [
                {"name": "陈磊", "mail": "chen@corp.example", "aad_id": "a1", "teams_id": "29:1", "userid": "chen"},
                {"name": "Julia", "mail": "julia@corp.example", "aad_id": "a2", "teams_id": "29:2", "userid": "julia"},
            ],
            "people": [
                {"name": "王敏", "external_userid": "wm1", "unionid": "u1", "mail": MIN},
                {"name": "Tom", "external_userid": "wm2", "unionid": "u2", "mail": "tom@customer.example"},
            ],
        }
    )


def lead_card() -> Json:
    """A card with one of everything the page must draw."""
    reply = {
        "type": "AdaptiveCard",
        "body": [{"type": "Input.Text", "id": "text", "isMultiline": True, "label": "发给客户", "isRequired": True}],
        "actions": [{"type": "Action.Execute", "title": "发送给客户", "verb": "reply", "data": {"lead": "L1"}}],
    }
    tags = [{"type": "Badge", "text": "制造业"}, {"type": "Badge", "text": "白皮书"}]
    return {
        "type": "AdaptiveCard",
        "version": "1.5",
        "refresh": {"action": {"type": "Action.Execute", "verb": "refresh", "data": {}}, "userIds": ["29:1"]},
        "body": [
            {"type": "TextBlock", "text": f"**王敏** {NASTY}", "wrap": True, "size": "Large"},
            {
                "type": "Container",
                "layouts": [{"type": "Layout.Flow"}],
                "items": tags,
                "fallback": {"type": "TextBlock", "text": "制造业 · 白皮书"},
            },
            {"type": "Hologram", "fallback": {"type": "TextBlock", "text": "a plain picture"}},
            {"type": "FactSet", "facts": [{"title": "时效", "value": "41 小时,3/5 条"}]},
            {
                "type": "Container",
                "id": "past",
                "isVisible": False,
                "items": [{"type": "TextBlock", "text": "09:01 扫码"}],
            },
        ],
        "actions": [
            {"type": "Action.Execute", "title": "认领", "verb": "claim", "style": "positive", "data": {"lead": "L1"}},
            {"type": "Action.ShowCard", "title": "回复", "card": reply},
            {"type": "Action.ToggleVisibility", "title": "历史", "targetElements": ["past"]},
            {"type": "Action.Execute", "title": "稍后", "verb": "snooze", "mode": "secondary"},
        ],
    }


@dataclass(kw_only=True)
class Window:
    """The world page in a browser, with the world and the stub hub behind it."""

    world: World
    hub: StubHub
    browser: Browser
    troubles: list[str] = field(default_factory=list)
    """Console errors and page errors."""
    hosts: set[str] = field(default_factory=set)

    async def open(self, query: str = "lang=zh", width: int = 1500, height: int = 950) -> Page:
        page = await self.browser.new_page(viewport={"width": width, "height": height})
        page.on("console", lambda m: self.troubles.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))
        await page.goto(f"{self.world.base_url}/?{query}")
        await page.locator("#counts dd").first.wait_for()
        return page

    async def post_card(self, card: Json) -> None:
        room = teams(self.world)
        room.installed = True
        thread = room.open_thread(room.add_channel("制造业"), "1001")
        room.add_post(thread, "Tower", "", [card], by_bot=True, post_id="1001")
        await self.world.log.add("teams", "card", activity_id="1001", where=thread.id)

    async def send_mail(self, **headers: str) -> None:
        message = EmailMessage()
        message["From"], message["To"] = "销售 <hello@hub.example>", MIN
        message["Subject"], message["Message-ID"] = f"白皮书 {NASTY}", "<w1@hub.example>"
        message["Date"] = "Mon, 02 Mar 2026 01:00:00 +0000"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content("王女士")
        message.add_alternative("<h2>王女士</h2><script>parent.document.title='owned'</script>", subtype="html")
        room = self.world.rooms["mail"]
        assert isinstance(room, MailRoom)
        await room.deliver(message.as_bytes(policy=policy.SMTP), "b@hub.example", [MIN])

    async def notify(self, userid: str, card: Json) -> None:
        room = self.world.rooms["wecom"]
        assert isinstance(room, Room)
        now = self.world.clock.now()
        notice = Notice(msgid="n1", userid=userid, msgtype="template_card", text="t", at=now, content=card)
        await room.notices.deliver(notice)

    def said(self) -> list[tuple[str, str]]:
        return [(str(e.data["toward"]), str(e.data["text"])) for e in self.world.log.entries if e.kind == "said"]


@asynccontextmanager
async def window() -> AsyncIterator[Window]:
    """Everything up; skipped where Debian's Chromium is not installed."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Debian's chromium is not installed")
    hub = StubHub()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", hub.everything)
    loop = asyncio.get_running_loop()
    door = await loop.create_server(lambda: SMTP(hub, hostname="hub.example", loop=loop), "127.0.0.1", 0)
    hub.smtp_port = door.sockets[0].getsockname()[1]
    async with TestServer(app) as server:
        hub_url = str(server.make_url("")).rstrip("/")
        async with open_world(settings(hub_url, hub.smtp_port)) as world, async_playwright() as player:
            runner = await listen(compose(world, SERVERS), world)
            await mail.start(world)
            browser = await player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            yield Window(world=world, hub=hub, browser=browser)
            await browser.close()
            await mail.stop(world)
            await runner.cleanup()
    door.close()
