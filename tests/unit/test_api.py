"""Who may open web chats, how many, and whose address counts: only our own proxies are believed about others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from multidict import CIMultiDict

from connectors.contract import ChatPass, WebChat
from sidebar import api
from sidebar.api import caller
from sidebar.web import application

SITE = "https://www.example.com"


class Door:
    """Web chat without a platform behind it."""

    per_minute = 3

    def __init__(self) -> None:
        self.admitted = 0

    def trusts(self, origin: str) -> bool:
        return origin == SITE

    async def admit(self, origin: str) -> ChatPass:
        self.admitted += 1
        return ChatPass(token=f"t{self.admitted}", conversation_id="c", expires_in=1800)


class Healthy:
    async def state(self) -> Mapping[str, object]:
        return {"ready": True}


@asynccontextmanager
async def site(door: WebChat | None) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async with TestClient(TestServer(application(Healthy(), api.routes(door, ())))) as client:
        yield client


async def test_one_address_cannot_open_chats_without_end() -> None:
    door = Door()
    async with site(door) as client:
        answers = [await client.post(api.TOKEN, headers={"Origin": SITE}) for _ in range(5)]
    assert [a.status for a in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].headers["Retry-After"] and door.admitted == 3


async def test_without_the_channels_secret_there_is_no_web_chat() -> None:
    async with site(None) as client:
        assert (await client.post(api.TOKEN, headers={"Origin": SITE})).status == 404
        assert (await client.options(api.TOKEN, headers={"Origin": SITE})).status == 404


def seen(*forwarded: str, proxies: tuple[str, ...]) -> str:
    headers = CIMultiDict([("X-Forwarded-For", line) for line in forwarded])
    request = make_mocked_request("POST", "/", headers=headers)
    return caller(request.clone(remote="10.0.0.2"), frozenset(proxies))


def test_a_strangers_word_on_where_he_comes_from_is_not_believed() -> None:
    assert seen("203.0.113.9", proxies=()) == "10.0.0.2"


def test_our_proxys_word_is_and_nothing_before_it() -> None:
    assert seen("1.1.1.1, 203.0.113.9", proxies=("10.0.0.2",)) == "203.0.113.9"
    assert seen("1.1.1.1", "203.0.113.9, 10.0.0.2", proxies=("10.0.0.2",)) == "203.0.113.9"


def test_a_proxy_that_says_nothing_speaks_for_itself() -> None:
    assert seen(proxies=("10.0.0.2",)) == "10.0.0.2"
