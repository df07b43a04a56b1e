"""Files as weapons: contents that lie, services that lie about them, names that climb, forms from elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestServer

from connectors.contract import Delivered, FileFetch, Outcome, TryLater, Undeliverable
from connectors.wecom import WeComConnector
from rules.files import judge
from rules.model import Address, RepHandle
from sidebar.inside.files import Tickets
from storage import migrations
from tests.contract.file_world import HANMEI, House, house
from tests.contract.page_world import Page
from tests.contract.test_files import came, files_of
from tests.contract.wecom_hub import MemoryHub, connector_settings
from tests.unit.samples import HTML, PNG, ZIP

HER = Address(connector="wecom", account="wk-1", wire_id="wm-9")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
FILE = {"Content-Disposition": 'attachment; filename="a.png"'}


@pytest.fixture
async def h(tmp_path: Path) -> AsyncIterator[House]:
    url = f"sqlite:///{tmp_path}/tower.db"
    migrations.upgrade(url)
    async with house(url) as made:
        yield made


# --- a platform that lies -------------------------------------------------------------------------------------------


@asynccontextmanager
async def platform(media: Handler) -> AsyncIterator[WeComConnector]:
    """A WeCom whose media/get answers as it likes."""

    async def token(_: web.Request) -> web.Response:
        return web.json_response({"errcode": 0, "access_token": "t", "expires_in": 7200})

    app = web.Application()
    app.add_routes([web.get("/cgi-bin/gettoken", token), web.get("/cgi-bin/media/get", media)])
    app.add_routes([web.get("/elsewhere", media)])
    async with TestServer(app) as server:
        base = str(server.make_url("")).rstrip("/")
        settings = connector_settings(api_base=base, file_seconds=2.0)
        connector = WeComConnector(settings, MemoryHub(), lambda: datetime(2026, 1, 1, tzinfo=UTC))
        await connector.start()
        try:
            yield connector
        finally:
            await connector.stop()


async def fetched(media: Handler, most: int = 1000) -> Outcome:
    async with platform(media) as connector:
        return await connector.deliver(
            FileFetch(row_id="1", attempt=1, address=HER, reference=None, form="image", wire_id="m", url="", most=most)
        )


async def test_a_stream_longer_than_it_said_is_cut_off() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers=FILE)
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        with suppress(ConnectionResetError):
            for _ in range(10_000):
                await answer.write(b"x" * 65_536)
        return answer

    assert await fetched(endless) == Undeliverable(reason="file_too_large")


async def test_one_that_says_it_is_longer_is_not_waited_for() -> None:
    async def liar(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={**FILE, "Content-Length": "99999999999"})
        await answer.prepare(request)
        return answer

    assert await fetched(liar) == Undeliverable(reason="file_too_large")


async def test_one_shorter_than_it_said_is_not_taken_for_whole() -> None:
    async def short(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={**FILE, "Content-Length": "500"})
        await answer.prepare(request)
        await answer.write(PNG)
        assert request.transport is not None
        request.transport.close()
        return answer

    assert isinstance(await fetched(short), TryLater)


async def test_a_packed_answer_is_not_unpacked() -> None:
    async def bomb(_: web.Request) -> web.Response:
        return web.Response(body=b"\x1f\x8b\x08" + b"\0" * 100, headers={**FILE, "Content-Encoding": "gzip"})

    assert isinstance(await fetched(bomb), TryLater)


async def test_one_that_never_ends_its_answer_is_left() -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers=FILE)
        await answer.prepare(request)
        await answer.write(b"x")
        while request.transport is not None and not request.transport.is_closing():
            await asyncio.sleep(0.05)
        return answer

    assert isinstance(await fetched(slow), TryLater)


async def test_a_redirect_is_not_followed() -> None:
    async def away(request: web.Request) -> web.Response:
        if request.path == "/elsewhere":
            return web.Response(body=PNG, headers=FILE)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    assert not isinstance(await fetched(away), Delivered)


# --- contents that lie ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", PNG + HTML),
        ("a.gif", b"GIF89a\x01\x00\x01\x00/*" + HTML + b"*/"),
        ("a.jpg", b"\xff\xd8\xff" + b"<?php system($_GET['c']); ?>"),
    ],
)
async def test_a_picture_that_is_also_a_page_is_only_ever_a_picture(h: House, name: str, content: bytes) -> None:
    await h.sends("image" if not name.endswith("gif") else "file", name, content)
    file = await came(h)
    status, headers, body = await h.fetch(h.browser(), f"/sidebar/media/{file.id}")
    assert (status, body) == (200, content)
    assert headers["Content-Type"].startswith("image/")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]


def test_an_archive_that_would_grow_is_as_small_as_it_came() -> None:
    assert judge("file", "42.zip", "application/zip", ZIP).reason == ""


async def test_a_name_that_climbs_or_turns_around_is_only_a_name(h: House) -> None:
    await h.sends("file", "../../\u202egnp.<script>alert(1)</script>.pdf", b"%PDF-1.7")
    file = await came(h)
    assert "/" not in file.name and "\u202e" not in file.name and "<" not in file.name
    _, headers, _ = await h.fetch(h.browser(), f"/sidebar/media/{file.id}")
    assert ".." not in headers["Content-Disposition"]
    assert "\n" not in headers["Content-Disposition"]


# --- forms and addresses --------------------------------------------------------------------------------------------


async def form_of(h: House) -> tuple[str, dict[str, str]]:
    talk = await h.says("你好")
    _, page = await h.browser().get(f"/sidebar/c/{talk}")
    found = next(f for f in page.forms if f.action == f"/sidebar/c/{talk}/file")
    return found.action, found.fields


def body(fields: dict[str, str], *more: tuple[str, bytes]) -> FormData:
    form = FormData(quote_fields=False)
    for name, value in fields.items():
        if name != "file":
            form.add_field(name, value)
    for name, content in more or (("file", PNG),):
        form.add_field(name, content, filename="a.png", content_type="image/png")
    return form


async def test_a_form_from_elsewhere_sends_nothing(h: House) -> None:
    action, fields = await form_of(h)
    browser = h.browser()
    await browser.get(action.removesuffix("/file"))
    for sent, headers in (
        ({**fields, "stamp": "x"}, {"Origin": h.base}),
        (fields, {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}),
        ({k: v for k, v in fields.items() if k != "nonce"}, {"Origin": h.base}),
    ):
        async with browser.http.post(h.base + action, data=body(sent), headers=headers) as answer:
            assert answer.status in (400, 403)
    assert await h.phone() == []
    assert files_of(await h.card(lambda _: True)) == []


@pytest.mark.parametrize(
    "more", [(("file", PNG), ("file", PNG)), (("other", PNG),), tuple(("file", b"") for _ in range(30))]
)
async def test_a_form_no_page_of_ours_makes_is_refused(h: House, more: tuple[tuple[str, bytes], ...]) -> None:
    action, fields = await form_of(h)
    browser = h.browser()
    await browser.get(action.removesuffix("/file"))
    async with browser.http.post(h.base + action, data=body(fields, *more), headers={"Origin": h.base}) as answer:
        assert answer.status in (400, 413)


@pytest.mark.parametrize(
    "heads", [b"A: " + b"y" * 20_000, b"".join(b"H%d: 1\r\n" % i for i in range(5000)), b"no colon here"]
)
async def test_heads_of_a_part_that_nobody_sends_are_refused(h: House, heads: bytes) -> None:
    action, _ = await form_of(h)
    browser = h.browser()
    await browser.get(action.removesuffix("/file"))
    headers = {"Origin": h.base, "Content-Type": "multipart/form-data; boundary=B"}
    content = b"--B\r\n" + heads + b"\r\n\r\nx\r\n--B--\r\n"
    async with browser.http.post(h.base + action, data=content, headers=headers) as answer:
        assert answer.status == 400


async def test_who_may_not_see_her_sends_her_nothing(h: House) -> None:
    action, fields = await form_of(h)
    claimed = h.browser()
    _, page = await claimed.get(action.removesuffix("/file"))
    await claimed.send(page.form("claim"))
    stranger = h.browser(HANMEI.userid)
    await stranger.get("/sidebar/wecom?list=1")
    async with stranger.http.post(h.base + action, data=body(fields), headers={"Origin": h.base}) as answer:
        theirs = Page(await answer.text()).text
        assert answer.status == 404
    nowhere = "/sidebar/c/nobody/file"
    async with stranger.http.post(h.base + nowhere, data=body(fields), headers={"Origin": h.base}) as answer:
        assert Page(await answer.text()).text == theirs
    assert await h.phone() == []


async def test_a_file_sent_after_the_sign_in_ended_is_told_so_and_not_sent(h: House) -> None:
    action, fields = await form_of(h)
    async with h.browser().http.post(h.base + action, data=body(fields), headers={"Origin": h.base}) as answer:
        assert answer.status == 401 and "需要登录" in Page(await answer.text()).text
    assert await h.phone() == []


async def test_nobody_in_particular_is_sent_to_sign_in(h: House) -> None:
    await h.sends("image", "a.png", PNG)
    file = await came(h)
    answer = await h.browser().step(f"{h.base}/sidebar/media/{file.id}")
    assert answer.status == 302
    for forged in ("x", "a" * 5000, "%00"):
        answer = await h.browser().step(f"{h.base}/sidebar/media/{file.id}?for={forged}")
        assert answer.status == 302


async def test_an_address_drawn_for_a_reader_is_hers_and_ends(h: House) -> None:
    await h.sends("image", "a.png", PNG)
    file = await came(h)
    other = await h.browser().step(f"{h.base}/m/{h.hub.tokens.mint('file', file.id)}")
    assert other.status == 404
    wall = [1000.0]
    tickets = Tickets(replace(h.parts, wall=lambda: wall[0]))
    mine = tickets.at(file, RepHandle(platform="hub", value="lilei"))
    assert (await h.browser().step(h.base + mine)).status == 302, "it ended long ago"
    now = Tickets(h.parts).at(file, RepHandle(platform="hub", value="lilei"))
    assert (await h.browser().step(h.base + now)).status == 200
    moved = now.replace(file.id, "0" * 32)
    assert (await h.browser().step(h.base + moved)).status == 302
    nobody = Tickets(h.parts).at(file, RepHandle(platform="hub", value="gone"))
    assert (await h.browser().step(h.base + nobody)).status == 404
