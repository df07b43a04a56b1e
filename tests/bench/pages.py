"""How long the hub takes for a page of a rep: the conversation page inside WeCom, its list, and the Teams tab's pieces.

A real hub over SQLite with 20,000 conversations, a fair share of them the rep's own; one browser in the same process
asks, one request after the other, so that its own work is in the figures. What stays outside them: the check of the
tab's token, whose keys are cached.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer

from bots.records import PageRecords
from rules.model import RepHandle
from sidebar.inside import Inside, SidebarSettings, routes
from sidebar.inside.session import Sessions
from sidebar.web import application
from storage.tables import conversations, customers
from storage.unit import Unit
from tests.bench import manager
from tests.contract.manage_world import LILEI, Office, office

CUSTOMERS = 300
ROUNDS = 100
KEY = b"k" * 32
USERID = "LiLei"
BY = RepHandle(platform="teams", value=LILEI.aad_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One page's times in milliseconds, as the browser sees them."""

    name: str
    middle: float
    p95: float
    cpu: float
    """CPU time of hub and browser together, for one page."""
    aim: float


class _Known:
    """A tab whose token was checked before."""

    def thread_link(self, thread: str) -> str:
        return thread

    async def verify_tab_token(self, token: str) -> RepHandle:
        return BY


async def measure(folder: Path) -> Sequence[Page]:
    """Fill a company, ask for each page many times."""
    # A line for every turn of the filling would bury the table.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    async with office(folder) as made:
        await made.hub.employ([replace(LILEI, userid=USERID)])
        await manager.fill(made)
        await made.hub.db.write(_hers, label="staff")
        talks = [await made.writes(f"buyer-{n}", f"第 {n} 位：能报价吗？", name=f"客户 {n}") for n in range(CUSTOMERS)]
        parts = _parts(made)
        server = TestServer(application(made.hub, routes(parts)))
        async with server, ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
            browser.cookie_jar.update_cookies({"tower_rep": _signed_in(parts)}, server.make_url(""))
            at = str(server.make_url("")).rstrip("/")
            return [
                await _timed(browser, "sidebar: a conversation", 20, [f"{at}/sidebar/c/{t}" for t in talks]),
                await _timed(browser, "sidebar: the lists", 20, [f"{at}/sidebar/wecom?list=1"]),
                await _timed(browser, "tab: a conversation", 50, [f"{at}/sidebar/tab/data?c={t}" for t in talks]),
                await _timed(browser, "tab: the lists", 50, [f"{at}/sidebar/tab/data"]),
            ]


def _hers(unit: Unit) -> None:
    """She takes the place of one of the team."""
    unit.run(conversations.update().where(conversations.c.claimed_by == "rep-1").values(claimed_by=LILEI.id))
    unit.run(customers.update().where(customers.c.owner == "rep-1").values(owner=LILEI.id))


def _parts(made: Office) -> Inside:
    return Inside(
        hub=made.hub,
        records=PageRecords(db=made.hub.db, desk=made.hub.desk),
        clock=made.clock.now,
        key=KEY,
        public_url=made.base,
        settings=SidebarSettings(views_per_minute=1_000_000),
        tabs=_Known(),
    )


def _signed_in(parts: Inside) -> str:
    """The cookie of a rep who signed in."""
    answer = web.Response()
    by = RepHandle(platform="wecom", value=USERID)
    Sessions(parts).grant(answer, by)
    return answer.cookies["tower_rep"].value


async def _timed(browser: ClientSession, name: str, aim: float, addresses: Sequence[str]) -> Page:
    times: list[float] = []
    used = 0.0
    for number in range(ROUNDS + 20):
        used = time.process_time() if number == 20 else used
        began = time.perf_counter()
        headers = {"Authorization": "Bearer x"}
        async with browser.get(addresses[number % len(addresses)], headers=headers) as answer:
            body = await answer.text()
        if answer.status != 200 or "<h1" not in body:
            raise AssertionError(f"{name}: {answer.status}")
        times.append((time.perf_counter() - began) * 1000)
    cpu, shown = (time.process_time() - used) * 1000 / ROUNDS, sorted(times[20:])
    return Page(name=name, middle=shown[len(shown) // 2], p95=shown[int(len(shown) * 0.95)], cpu=cpu, aim=aim)
