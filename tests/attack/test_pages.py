"""Attacks on the pages reps see: forged sessions, sign-in by a stranger, other people's customers, scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import quote, urlsplit

import pytest
from aiohttp import web
from yarl import URL

from rules.model import RepHandle, Tag
from sidebar.inside.seals import Sealer
from sidebar.inside.session import Sessions
from tests.contract.page_world import HANMEI, KEY, LILEI, OURS, Browser, Pages, pages, scripts_of

MARKUP = """"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}'"""
"""Every way out of a text and of an attribute."""


@pytest.fixture
async def p() -> AsyncIterator[Pages]:
    async with pages() as made:
        yield made


def put(browser: Browser, name: str, value: str) -> None:
    browser.http.cookie_jar.update_cookies({name: value}, URL(browser.base))


async def test_a_forged_session_is_nobody(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    signed_in = p.browser("LiLei")
    await signed_in.get("/sidebar/wecom")
    good = signed_in.cookie("tower_rep")
    value = {"platform": "wecom", "value": "LiLei", "id": "x"}
    later = p.wall[0] + 3600
    forged = [
        "LiLei",
        good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB"),
        good[: len(good) // 2],
        good + "A",
        "A" * 5000,
        Sealer(b"o" * 32).seal("session", value, until=later),
        Sealer(KEY).seal("state", value, until=later),
        Sealer(KEY).seal("session", value, until=p.wall[0] - 1),
        Sealer(KEY).seal("session", {**value, "platform": "teams"}, until=later),
    ]
    for cookie in forged:
        browser = p.browser()
        put(browser, "tower_rep", cookie)
        answer = await browser.step(f"{p.base}/sidebar/c/{talk}")
        assert answer.status == 302 and urlsplit(answer.headers["Location"]).path.endswith("/oauth2/authorize"), cookie
        answer = await browser.step(f"{p.base}/sidebar/wecom/signature?url={quote(p.base + '/sidebar/wecom')}")
        assert answer.status == 401
    assert "LiLei" not in good


async def test_a_cookie_cannot_be_read_by_a_script_or_sent_by_another_site(p: Pages) -> None:
    browser = p.browser("LiLei")
    answer = await browser.step(f"{p.base}/sidebar/wecom")
    assert all(flag in answer.headers["Set-Cookie"] for flag in ("HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in answer.headers["Set-Cookie"]


async def test_over_https_cookies_are_bound_to_host_and_tls(p: Pages) -> None:
    sessions = Sessions(replace(p.parts, public_url="https://tower.example"))
    answer = web.Response()
    sessions.begin(answer, "s", "/")
    cookie = answer.cookies["__Host-tower_state"]
    assert cookie["secure"] and cookie["httponly"] and cookie["path"] == "/" and not cookie["domain"]


async def test_sign_in_must_begin_and_end_in_one_browser(p: Pages) -> None:
    victim, thief = p.browser("LiLei"), p.browser("HanMei")
    away = await thief.step(f"{p.base}/sidebar/wecom")
    back = await thief.step(away.headers["Location"])
    code_address = back.headers["Location"]
    for address in (
        code_address,
        f"{p.base}/sidebar/wecom/back?code=x",
        f"{p.base}/sidebar/wecom/back?code=x&state=",
        f"{p.base}/sidebar/wecom/back",
        f"{p.base}/sidebar/wecom/back?code=%00&state=%ff",
    ):
        answer = await victim.step(address)
        assert answer.status == 401 and not victim.cookie("tower_rep")
    assert (await thief.step(code_address)).status == 303
    assert thief.cookie("tower_rep")
    # the same address again: the state is used up, and a fresh browser has none
    assert (await p.browser("HanMei").step(code_address)).status == 401
    again = await thief.step(code_address)
    assert (again.status, again.headers["Location"]) == (303, "/sidebar/wecom"), "signed in already: nothing is redone"


async def test_a_replayed_code_and_an_old_state_are_refused(p: Pages) -> None:
    browser = p.browser("LiLei")
    away = await browser.step(f"{p.base}/sidebar/wecom")
    state_cookie = browser.cookie("tower_state")
    address = (await browser.step(away.headers["Location"])).headers["Location"]
    assert (await browser.step(address)).status == 303
    replay = p.browser("LiLei")
    put(replay, "tower_state", state_cookie)
    assert (await replay.step(address)).status == 401, "the code works once"
    late = p.browser("LiLei")
    away = await late.step(f"{p.base}/sidebar/wecom")
    address = (await late.step(away.headers["Location"])).headers["Location"]
    p.wall[0] += 601
    assert (await late.step(address)).status == 401


async def test_sign_in_leads_nowhere_else(p: Pages) -> None:
    for asked in (
        "/sidebar/wecom?list=1&to=https://evil.example",
        "/sidebar/c/x?next=//evil.example",
        "/sidebar/c/%2F%2Fevil.example",
        "/sidebar/c/..%5C..%5Cevil",
        "//evil.example/sidebar/c/x",
    ):
        browser = p.browser("LiLei")
        away = await browser.step(p.base + asked)
        if away.status == 302:
            address = (await browser.step(away.headers["Location"])).headers["Location"]
            answer = await browser.step(address)
            onward = answer.headers["Location"]
            assert onward.startswith(("/sidebar/wecom", "/sidebar/c/")) and "\\" not in onward, asked
        else:
            assert away.status == 404, asked


async def test_not_yours_and_not_there_look_alike(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    p.desk.owned_by(LILEI, "wm-9")
    browser = p.browser("HanMei")
    await browser.get("/sidebar/wecom")
    foreign, page = await browser.get(f"/sidebar/c/{talk}")
    missing, other = await browser.get("/sidebar/c/" + "0" * 32)
    assert (foreign.status, missing.status) == (404, 404) and page.html == other.html
    foreign, page = await browser.get("/sidebar/wecom/customer?id=wm-9")
    missing, other = await browser.get("/sidebar/wecom/customer?id=wm-404")
    assert (foreign.status, missing.status) == (404, 404) and page.html == other.html
    for bad in ("", "a b", "x" * 200, "%00", "<script>", "../c"):
        answer, page = await browser.get(f"/sidebar/wecom/customer?id={bad}")
        assert answer.status == 404 and page.html == other.html


async def test_nobody_acts_on_a_foreign_conversation(p: Pages) -> None:
    theirs = p.desk.writes("wm-9", "你好")
    p.desk.owned_by(LILEI, "wm-9")
    mine = p.desk.writes("wm-8", "hello", name="Ann")
    p.desk.owned_by(HANMEI, "wm-8")
    browser = p.browser("HanMei")
    _, page = await browser.get(f"/sidebar/c/{mine}")
    form = page.form("reply")
    form.action = f"/sidebar/c/{theirs}/act"
    answer, _ = await browser.send(form, text="hello from a stranger")
    assert answer.status == 404 and not p.desk.acts


async def test_forms_from_elsewhere_do_nothing(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser, colleague = p.browser("LiLei"), p.browser("LiLei")
    _, page = await browser.get(f"/sidebar/c/{talk}")
    _, hers = await colleague.get(f"/sidebar/c/{talk}")
    form = page.form("claim")
    ours = {"Origin": p.base, "Sec-Fetch-Site": "same-origin"}
    for headers in (
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
        {"Origin": p.base.replace("127.0.0.1", "localhost")},
        {**ours, "Sec-Fetch-Site": "same-site"},
    ):
        answer, said = await browser.send(form, headers)
        assert answer.status == 403, headers
    for stamp in ("", "x", hers.form("claim").fields["stamp"], "\u4e2d"):
        answer, said = await browser.send(form, ours, stamp=stamp, text="<b>not reflected as markup</b>")
        assert answer.status == 403 and "<b>" not in said.html
    answer, said = await browser.send(form, {"Origin": "https://evil.example"}, text="planted words")
    assert answer.status == 403 and "planted" not in said.html, "a stranger's words are not shown"
    assert not p.desk.acts
    answer, _ = await browser.send(form, {})
    assert answer.status == 200 and len(p.desk.acts) == 1, "an old web view that sends no Origin has the stamp"


async def test_malformed_forms_are_refused_and_never_break(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser = p.browser("LiLei")
    _, page = await browser.get(f"/sidebar/c/{talk}")
    form = page.form("claim")
    for wrong in (
        {"verb": "pause"},
        {"verb": "help"},
        {"verb": ""},
        {"nonce": "short"},
        {"nonce": "G" * 32},
        {"card_version": "-1"},
        {"card_version": "9" * 30},
        {"card_version": "one"},
    ):
        answer, _ = await browser.send(form, {"Origin": p.base}, **wrong)
        assert answer.status == 400, wrong
    for verb, name in (("snooze", "hours"), ("stage", "stage"), ("fact", "fact"), ("fact", "said_in")):
        answer, _ = await browser.send(form, {"Origin": p.base}, verb=verb, **{name: "x" * 4000})
        assert answer.status == 400, name
    url = f"{p.base}{form.action}"
    many = "&".join(f"a{i}=1" for i in range(100))
    for body, kind, status in (
        (b"{}", "application/json", 415),
        (b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"verb=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (many.encode(), "application/x-www-form-urlencoded", 400),
    ):
        headers = {"Content-Type": kind, "Origin": p.base}
        async with browser.http.post(url, data=body, headers=headers) as answer:
            assert answer.status == status, (body[:20], answer.status)
    assert not p.desk.acts


async def test_what_outsiders_write_stays_text(p: Pages) -> None:
    talk = p.desk.writes("wm-9", MARKUP, name=MARKUP)
    life = p.desk.lives["wm-9"]
    life.customer = replace(
        life.customer,
        name=MARKUP,
        attributes={"title": MARKUP, "company": MARKUP, "mail": "<b>@x.example"},
        source=MARKUP,
        industry=MARKUP,
        segment=MARKUP,
        tags=(Tag(name=MARKUP[:40], by="rule", rule=MARKUP, at=life.now),),
        conversations=(replace(life.talk, channel=MARKUP),),
    )
    browser = p.browser("LiLei")
    _, card = await browser.get(f"/sidebar/c/{talk}")
    _, home = await browser.get("/sidebar/wecom?list=1")
    _, found = await browser.get(f"/sidebar/wecom?q={quote(MARKUP)}")
    _, wrong = await browser.send(card.form("reply"), text=MARKUP * 60)
    for page in (card, home, found, wrong):
        assert scripts_of(page) == OURS and not page.has("img") and "49" not in page.text.replace("&#", "")
        assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
        assert "alert(1)" in page.text
    assert wrong.form("reply").fields["text"]


async def test_headers_let_nothing_else_run(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser = p.browser("LiLei")
    answer, _ = await browser.get(f"/sidebar/c/{talk}")
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'" and policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "http://127.0.0.1:1" and policy["form-action"] == "'self'"
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["X-Content-Type-Options"] == "nosniff"
    missing, _ = await browser.get("/sidebar/c/none")
    assert missing.headers["Content-Security-Policy"] == answer.headers["Content-Security-Policy"]


class _NeverAsked:
    def thread_link(self, thread: str) -> str:
        return ""

    async def verify_tab_token(self, token: str) -> RepHandle:
        raise AssertionError(f"looked at something that is no bearer token: {token!r}")


async def test_a_tab_without_a_token_gets_nothing() -> None:
    async with pages(tabs=_NeverAsked()) as p:
        talk = p.desk.writes("wm-9", "你好")
        signed_in = p.browser("LiLei")
        await signed_in.get("/sidebar/wecom")
        for given in ("", "Basic eA==", "Bearer", "Bearer ", "bearer  "):
            answer, page = await signed_in.get(f"/sidebar/tab/data?c={talk}", Authorization=given)
            assert answer.status == 401 and "王敏" not in page.text
