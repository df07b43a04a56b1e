"""Attacks on the links in mails and forms: foreign and bent tokens, open redirects, prefetching, floods, bad bodies."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from rules.events import LinkClicked, Unsubscribed
from rules.tokens import Purpose, Tokens
from sidebar.outside import FormState, LinkTarget, routes
from sidebar.web import guard
from tests.contract.mail_parts import MAIL_ID, TOKENS, FakeHub, now
from tests.contract.test_mail_pages import PERSON, Facts

Client = TestClient[web.Request, web.Application]
OTHER = "f" * 32


@pytest.fixture
async def hub() -> FakeHub:
    return FakeHub()


@pytest.fixture
async def facts() -> Facts:
    facts = Facts()
    facts.forms["f1"] = FormState(conversation_id="c1")
    facts.links[MAIL_ID, 0] = LinkTarget(url="https://example.com/a")
    facts.links[MAIL_ID, 1] = LinkTarget(url="https://example.com/b")
    return facts


@pytest.fixture
async def client(hub: FakeHub, facts: Facts) -> AsyncIterator[Client]:
    app = web.Application(middlewares=[guard])
    app.add_routes(routes(hub, TOKENS, facts, now))
    async with TestClient(TestServer(app)) as client:
        yield client


def good(purpose: Purpose, ref: str) -> str:
    return TOKENS.mint(purpose, ref)


def bent() -> list[str]:
    """Tokens that are none: of another key, another purpose, another mail, cut, stretched, and words."""
    token = good("unsubscribe", MAIL_ID)
    ref, _, mac = token.rpartition(".")
    return [
        "x",
        ".",
        "..",
        f"{ref}.",
        f".{mac}",
        token[:-1],
        token[:-1] + ("a" if token[-1] != "a" else "b"),
        token + "a",
        token.replace(MAIL_ID, OTHER),
        Tokens(key=b"z" * 32).mint("unsubscribe", MAIL_ID),
        good("reply", MAIL_ID),
        good("bounce", MAIL_ID),
        good("page", MAIL_ID),
        "%00" + token,
        "%E7%8E%8B%E6%95%8F." + mac,
        "a" * 5000,
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "{{7*7}}",
        "%27%20OR%201=1--." + mac,
    ]


@pytest.mark.parametrize("token", bent())
@pytest.mark.parametrize("letter", ["u", "r", "f"])
async def test_a_token_that_is_none_does_nothing_anywhere(
    client: Client, hub: FakeHub, letter: str, token: str
) -> None:
    for method in ("GET", "POST", "HEAD"):
        response = await client.request(method, f"/{letter}/{token}", allow_redirects=False)
        assert response.status in (404, 405), (method, response.status)
        assert "Location" not in response.headers
    assert hub.events == []


async def test_a_token_for_one_purpose_opens_no_other_door(client: Client, hub: FakeHub) -> None:
    purposes: tuple[Purpose, ...] = ("unsubscribe", "click", "form", "reply", "bounce", "page")
    own = {"u": "unsubscribe", "r": "click", "f": "form"}
    for purpose in purposes:
        for letter in ("u", "r", "f"):
            if own[letter] == purpose:
                continue
            for ref in (MAIL_ID, f"{MAIL_ID}-0", "f1"):
                response = await client.get(f"/{letter}/{good(purpose, ref)}", allow_redirects=False)
                assert response.status == 404
    assert hub.events == []


async def test_an_unsubscribe_token_is_no_login(client: Client) -> None:
    token = good("unsubscribe", MAIL_ID)
    for path in (f"/f/{token}", f"/r/{token}", f"/sidebar/{token}", f"/manage/{token}"):
        response = await client.get(path, headers={"Authorization": f"Bearer {token}"}, allow_redirects=False)
        assert response.status == 404
    assert "Set-Cookie" not in (await client.get(f"/u/{token}")).headers


@pytest.mark.parametrize(
    "extra",
    ["?url=https://evil.test/", "?next=//evil.test", "?target=https%3A%2F%2Fevil.test", "#https://evil.test"],
)
async def test_a_redirect_goes_where_our_table_says_and_nowhere_else(client: Client, extra: str) -> None:
    path = f"/r/{good('click', f'{MAIL_ID}-0')}{extra}"
    headers = PERSON | {"X-Forwarded-Host": "evil.test", "Referer": "https://evil.test/"}
    response = await client.get(path, headers=headers, allow_redirects=False)
    assert response.headers["Location"] == "https://example.com/a"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.test",
        "ftp://evil.test/",
        "https://",
        "https://example.com/\r\nSet-Cookie: a=b",
        "https://[broken",
        "",
    ],
)
async def test_a_spoiled_table_leads_nowhere(client: Client, facts: Facts, hub: FakeHub, url: str) -> None:
    facts.links[MAIL_ID, 0] = LinkTarget(url=url)
    response = await client.get(f"/r/{good('click', f'{MAIL_ID}-0')}", allow_redirects=False)
    assert response.status == 404
    assert hub.events == []


@pytest.mark.parametrize("ref", [f"{MAIL_ID}-9", f"{MAIL_ID}-9999", f"{MAIL_ID}-", MAIL_ID, f"{OTHER}-0", "-0", "0"])
async def test_a_link_that_the_mail_does_not_have(client: Client, hub: FakeHub, ref: str) -> None:
    assert (await client.get(f"/r/{good('click', ref)}", allow_redirects=False)).status == 404
    assert hub.events == []


async def test_a_prefetcher_unsubscribes_nobody_and_raises_no_score(client: Client, hub: FakeHub) -> None:
    paths = [f"/r/{good('click', f'{MAIL_ID}-{i}')}" for i in (0, 1)]
    paths += [f"/u/{good('unsubscribe', MAIL_ID)}", f"/f/{good('form', 'f1')}"]
    for path in paths:
        for method in ("HEAD", "GET", "OPTIONS"):
            response = await client.request(
                method, path, headers={"User-Agent": "SafeLinks-Scan/1.0"}, allow_redirects=False
            )
            assert response.status < 500
    assert hub.events
    assert all(isinstance(e, LinkClicked) and e.robot for e in hub.events)


async def test_a_flood_of_clicks_is_one_event(client: Client, hub: FakeHub) -> None:
    path = f"/r/{good('click', f'{MAIL_ID}-0')}"
    for _ in range(300):
        await client.get(path, headers=PERSON, allow_redirects=False)
    assert len(hub.events) == 1


async def test_a_flood_of_unsubscribes_is_at_most_one_event_a_second(client: Client, hub: FakeHub) -> None:
    path = f"/u/{good('unsubscribe', MAIL_ID)}"
    for _ in range(200):
        assert (await client.post(path, data={"List-Unsubscribe": "One-Click"})).status == 200
    assert 1 <= len([e for e in hub.events if isinstance(e, Unsubscribed)]) < 20


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"mail=%ff", "application/x-www-form-urlencoded", 400),
        (b"mail=\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=1" for _ in range(100)), "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
        (b"<x/>", "text/xml", 415),
        (b"--b\r\n\r\n", "multipart/form-data; boundary=b", 415),
        (b"", "application/x-www-form-urlencoded", 422),
        (b"mail=%00%0d%0aBcc:x@y.test", "application/x-www-form-urlencoded", 422),
    ],
)
async def test_bodies_that_are_no_form(client: Client, hub: FakeHub, body: bytes, kind: str, status: int) -> None:
    response = await client.post(f"/f/{good('form', 'f1')}", data=body, headers={"Content-Type": kind})
    assert response.status == status
    assert hub.events == []


async def test_a_long_body_on_the_way_out_is_refused(client: Client, hub: FakeHub) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 1024

    path = f"/u/{good('unsubscribe', MAIL_ID)}"
    assert (await client.post(path, data=b"x" * 20_000)).status == 413
    assert (await client.post(path, data=endless())).status == 413
    assert hub.events == []


async def test_her_words_are_shown_as_words(client: Client) -> None:
    evil = '"><script>alert(1)</script>{{7*7}}'
    response = await client.post(f"/f/{good('form', 'f1')}", data={"mail": evil, "name": evil, "industry": evil})
    html = await response.text()
    assert response.status == 422
    assert "<script" not in html
    assert "49" not in html.split("<main>")[1]
