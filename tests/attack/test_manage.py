"""Attacks on the manager's pages: sign-in by a stranger, forged tokens, foreign forms, reps, markup, formulas."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr
from yarl import URL

from connectors.contract import SignInTrip
from connectors.teams.signin import EntraSignIn, Realm
from rules.errors import BadSignature, PlatformAway
from rules.model import RepHandle
from sidebar.inside.seals import Sealer
from storage import customers, notes, orders, places, playbooks
from tests.attack.test_pages import MARKUP, put
from tests.contract.manage_world import BOSS, LILEI, Office, office, press
from tests.contract.page_world import KEY, Form
from tests.contract.teams_world import REP

ROUTES = (
    "/manage",
    "/manage/matrix",
    "/manage/dormant",
    "/manage/deliveries",
    "/manage/people",
    "/manage/audit",
    "/manage/talks",
    "/manage/c/{id}",
    "/manage/funnel",
    "/manage/sources",
    "/manage/customers",
    "/manage/moves",
    "/manage/rules",
    "/manage/rules/asked-price",
    "/manage/rules/v/1",
    "/manage/rules/playbook.yaml",
    "/manage/mail/{id}",
    "/manage/mail/{id}/body",
    "/manage/today/waiting.csv",
    "/manage/audit/deeds.csv",
)


@pytest.fixture
async def o(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as made:
        yield made


async def test_nobody_sees_anything_without_a_session(o: Office) -> None:
    talk = await o.writes("wm-1", name="秘密客户")
    for route in ROUTES:
        answer = await o.browser().step(o.base + route.format(id=talk))
        assert answer.status in (302, 401), route
        assert "秘密客户" not in await answer.text()


async def test_a_rep_is_not_let_in(o: Office) -> None:
    browser = o.browser()
    answer = await browser.step(await o.code_address(browser, LILEI))
    assert answer.status == 404 and not browser.cookie("tower_manager")
    page = await answer.text()
    assert "/manage/sign-in" in page


async def test_a_forged_session_is_nobody(o: Office) -> None:
    signed_in, _ = await o.signed_in()
    good = signed_in.cookie("tower_manager")
    assert good and BOSS.id not in good
    value = {"platform": "hub", "value": BOSS.id, "id": "x"}
    later = o.wall[0] + 3600
    forged = [
        BOSS.id,
        good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB"),
        good + "A",
        "A" * 5000,
        Sealer(KEY).seal("session", value, until=later),
        Sealer(b"o" * 32).seal("session", value, until=later),
    ]
    for cookie in forged:
        browser = o.browser()
        put(browser, "tower_manager", cookie)
        assert (await browser.step(f"{o.base}/manage")).status == 302, cookie
    o.wall[0] += 9 * 3600
    assert (await signed_in.step(f"{o.base}/manage")).status == 302, "eight hours are over"


async def test_sign_in_must_begin_and_end_in_one_browser(o: Office) -> None:
    victim, thief = o.browser(), o.browser()
    address = await o.code_address(thief)
    state = URL(address).query["state"]
    for tried in (address, f"{o.base}/manage/back", f"{o.base}/manage/back?code=x&state={state}", f"{address}%ff"):
        answer = await victim.step(tried)
        assert answer.status == 401 and not victim.cookie("tower_manager"), tried
    kept = thief.cookie("tower_state_manager")
    assert (await thief.step(address)).status == 303
    assert (await thief.step(address)).status == 401, "the state is used up"
    put(thief, "tower_state_manager", kept)
    assert (await thief.step(address)).status == 401, "and so is the code"


async def test_a_code_of_another_sign_in_is_refused(o: Office) -> None:
    """Login by injected code: the verifier and the nonce belong to the state of this browser."""
    victim, thief = o.browser(), o.browser()
    stolen = URL(await o.code_address(thief)).query["code"]
    mine = URL(await o.code_address(victim))
    assert (await victim.step(str(mine.update_query({"code": stolen})))).status == 401
    assert not victim.cookie("tower_manager")


@pytest.mark.parametrize("code", ["", "x", "%00", "%0d%0aSet-Cookie:a", "a" * 5000, "error=access_denied"])
async def test_garbage_on_the_way_back_is_a_refusal(o: Office, code: str) -> None:
    browser = o.browser()
    state = (await o.away(browser)).query["state"]
    answer = await browser.step(f"{o.base}/manage/back?state={state}&code={code}")
    assert answer.status == 401 and not browser.cookie("tower_manager")


async def test_sign_in_leads_nowhere_else(o: Office) -> None:
    for asked in ("/manage/c/%2F%2Fevil.example", "/manage/people?to=//evil.example", "/manage/talks?rep=%0d%0aX:1"):
        browser = o.browser()
        address = await o.code_address(browser, path=asked)
        answer = await browser.step(address)
        assert answer.status == 303 and answer.headers["Location"].startswith("/manage"), asked


async def test_forms_from_elsewhere_do_nothing(o: Office) -> None:
    talk = await o.writes("wm-1")
    browser, page = await o.signed_in()
    other, theirs = await o.signed_in()
    form = press(page, "/manage/pause", verb="pause")
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": o.base, "Sec-Fetch-Site": "cross-site"},
    ):
        answer, _ = await browser.send(form, headers=headers)
        assert answer.status == 403, headers
    answer, _ = await browser.send(form, stamp="")
    assert answer.status == 403
    answer, _ = await browser.send(press(theirs, "/manage/pause", verb="pause"))
    assert answer.status == 403, "a form of another session"
    assert not await o.hub.db.read(lambda unit: notes.switched(unit, orders.PAUSED))
    for path in ("act", "pause", "replay", f"c/{talk}/act"):
        async with o.browser().http.post(f"{o.base}/manage/{path}", data={"verb": "close"}) as answer:
            assert answer.status == 401, path
        async with browser.http.post(f"{o.base}/manage/{path}", json={"verb": "close"}) as answer:
            assert answer.status == 415, path
    answer, _ = await other.send(form, back="//evil.example", stamp=press(theirs, "/manage/pause").fields["stamp"])
    assert answer.status == 200 and answer.url.host == "127.0.0.1" and answer.url.path == "/manage"


async def test_wishes_no_page_of_ours_offers_are_refused(o: Office) -> None:
    talk = await o.writes("wm-1")
    browser, page = await o.signed_in()
    stamp = press(page, "/manage/pause").fields["stamp"]
    good = {"stamp": stamp, "nonce": "0" * 32, "card_version": "0", "conversation_id": talk, "back": "/manage"}
    for path, wish, status in (
        ("act", {**good, "verb": "drop"}, 400),
        ("act", {**good, "verb": "close", "nonce": "x"}, 400),
        ("act", {**good, "verb": "close", "conversation_id": "no-such"}, 404),
        ("act", {**good, "verb": "close", "conversation_id": "x" * 9999}, 404),
        ("pause", {**good, "verb": "claim"}, 400),
        ("pause", {**good, "verb": "pause", "nonce": ""}, 400),
        ("replay", {**good, "about": "x" * 60_000}, 200),
        ("replay", {**good, "about": "x" * 70_000}, 413),
    ):
        headers = {"Origin": o.base, "Sec-Fetch-Site": "same-origin"}
        async with browser.http.post(f"{o.base}/manage/{path}", data=wish, headers=headers) as answer:
            assert answer.status == status, (path, wish)


@pytest.mark.parametrize(
    "query",
    [
        "days=-1",
        "days=9" * 90,
        "before=-1",
        "before=99999999999999999999999",
        "before=１",
        "status=%27%3B--",
        "cell=%00",
        "stage=nothing",
        "rep=%ff",
        "load=" + "x" * 3000,
        "channel=%3Cscript%3E",
    ],
)
async def test_odd_addresses_are_pages_and_never_failures(o: Office, query: str) -> None:
    await o.writes("wm-1")
    browser, _ = await o.signed_in()
    for name in ("talks", "dormant", "audit", "today"):
        answer, page = await browser.get(f"/manage/{name}?{query}")
        assert answer.status in (200, 400), name
        assert "<script>" not in page.html


async def test_markup_in_every_field_of_hers_is_text(o: Office) -> None:
    talk = await o.writes("wm-1", MARKUP, name=MARKUP)
    o.later(days=8)
    browser, _ = await o.signed_in()
    for route in ROUTES:
        answer, page = await browser.get(route.format(id=talk))
        assert answer.status == 200, route
        if answer.content_type == "text/html":
            assert not page.has("script") and not page.has("img"), route
            assert "script-src 'none'" in answer.headers["Content-Security-Policy"]
            framed = "'self'" if route.endswith("/body") else "'none'"
            assert f"frame-ancestors {framed}" in answer.headers["Content-Security-Policy"]


async def test_copying_everybody_is_too_slow(o: Office, tmp_path: Path) -> None:
    (tmp_path / "slow").mkdir()
    async with office(tmp_path / "slow", views_per_minute=5) as slow:
        browser, _ = await slow.signed_in()
        seen = [(await browser.get("/manage/today/waiting.csv"))[0].status for _ in range(6)]
        assert seen[-1] == 429 and 200 in seen


async def test_a_manager_acts_under_her_own_name(o: Office) -> None:
    """What a form says about who acts is not looked at."""
    talk = await o.writes("wm-1")
    browser, _ = await o.signed_in()
    _, page = await browser.get(f"/manage/c/{talk}")
    form = press(page, f"/manage/c/{talk}/act", verb="claim")
    await browser.send(form, by=LILEI.id, platform="hub", value=LILEI.id)
    place = await o.hub.db.read(lambda unit: places.by_conversation(unit, talk))
    found = await o.hub.db.read(lambda unit: customers.load(unit, place.customer_id))
    assert found is not None and found.conversations[0].claimed_by == BOSS.id


# --- tokens ---------------------------------------------------------------------------------------------------------

TRIP = SignInTrip(redirect="http://127.0.0.1:1/manage/back", state="s", nonce="n-1", verifier="v" * 43)
TENANT, CLIENT = "tenant-1", "client-1"
OURS, THEIRS = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


def claims(**changes: object) -> dict[str, object]:
    now = int(time.time())
    good = {"aud": CLIENT, "iss": "ISSUER", "tid": TENANT, "oid": REP, "nonce": "n-1", "iat": now, "exp": now + 600}
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


async def recognised(body: object, status: int = 200) -> RepHandle:
    """Who somebody is, when the directory answers a code with this."""

    async def keys(_: web.Request) -> web.Response:
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(OURS.public_key(), as_dict=True)
        return web.json_response({"keys": [{**jwk, "kid": "k1", "use": "sig"}]})

    async def token(request: web.Request) -> web.Response:
        form = await request.post()
        assert (form["code"], form["code_verifier"], form["redirect_uri"]) == ("c", TRIP.verifier, TRIP.redirect)
        return web.json_response(body, status=status)

    app = web.Application()
    app.add_routes([web.get("/t/discovery/v2.0/keys", keys), web.post("/t/oauth2/v2.0/token", token)])
    async with TestServer(app) as server:
        realm = Realm(
            authority=str(server.make_url("/t")),
            issuer="ISSUER",
            tenant_id=TENANT,
            client_id=CLIENT,
            secret=SecretStr("s"),
            leeway=10,
            refresh=300,
            call_seconds=5,
        )
        async with EntraSignIn(realm) as directory:
            return await directory.signed_in(TRIP, "c")


def signed(told: dict[str, object], key: object = OURS, kid: str = "k1", algorithm: str = "RS256") -> str:
    return jwt.encode(told, key, algorithm=algorithm, headers={"kid": kid})  # type: ignore[arg-type]


async def test_a_good_token_is_somebody() -> None:
    assert await recognised({"id_token": signed(claims())}) == RepHandle(platform="teams", value=REP)


@pytest.mark.parametrize(
    "token",
    [
        signed(claims(), THEIRS),
        signed(claims(), kid="k2"),
        signed(claims(aud="another app")),
        signed(claims(iss="another tenant")),
        signed(claims(tid="another tenant")),
        signed(claims(tid=None)),
        signed(claims(nonce="n-2")),
        signed(claims(nonce=None)),
        signed(claims(oid=None)),
        signed(claims(oid=["x"])),
        signed(claims(exp=1)),
        signed(claims(exp=None)),
        signed(claims(nbf=4102444800)),
        signed(claims(), "a secret that is long enough for it", algorithm="HS256"),
        jwt.encode(claims(), "", algorithm="none"),
        "a.b.c",
        "x",
    ],
)
async def test_a_token_that_is_wrong_anywhere_is_nobody(token: str) -> None:
    with pytest.raises(BadSignature):
        await recognised({"id_token": token})


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 200), ([], 200), ({"id_token": 5}, 200), ({"id_token": "x" * 9000}, 200), ({}, 500), ({}, 302), ({}, 401)],
)
async def test_a_directory_that_answers_something_else_is_away(body: object, status: int) -> None:
    with pytest.raises(PlatformAway):
        await recognised(body, status)


async def test_a_refused_code_is_nobody() -> None:
    with pytest.raises(BadSignature):
        await recognised({"error": "invalid_grant"}, 400)


def test_the_address_to_sign_in_at_holds_no_secret() -> None:
    realm = Realm(
        authority="https://login.example/t",
        issuer="i",
        tenant_id=TENANT,
        client_id=CLIENT,
        secret=SecretStr("very-secret"),
        leeway=1,
        refresh=1,
        call_seconds=1,
    )
    directory = EntraSignIn(realm)
    address = directory.sign_in_url(TRIP, choose=True)
    assert "very-secret" not in address + repr(realm) and TRIP.verifier not in address + repr(TRIP)
    assert urlencode({"code_challenge_method": "S256"}) in address and "prompt=select_account" in address


FOREIGN = ("- id: &a x", "!!python/object/apply:os.system [id]", "a" * 60_000, "\x00", "{" * 500)


@pytest.mark.parametrize("yaml", FOREIGN, ids=("anchor", "object", "long", "nul", "deep"))
async def test_yaml_of_an_attacker_publishes_nothing(o: Office, yaml: str) -> None:
    browser, _ = await o.signed_in()
    _, page = await browser.get("/manage/rules/asked-price")
    form = next(f for f in page.forms if "yaml" in f.fields)
    for action, more in (("/manage/rules/asked-price", {"press": "yaml"}), ("/manage/rules/publish", {"rule": "x?"})):
        answer, _ = await browser.send(Form(action=action, fields={**form.fields, **more, "yaml": yaml, "base": "x"}))
        assert answer.status in (400, 404, 413, 422), (action, answer.status)
    assert await o.hub.db.read(playbooks.number_in_force) == 1


async def test_a_rule_is_published_only_by_the_form_of_this_session(o: Office) -> None:
    browser, _ = await o.signed_in()
    _, page = await browser.get("/manage/rules/asked-price")
    form = next(f for f in page.forms if "yaml" in f.fields)
    fields = {**form.fields, "rule": "asked-price", "base": o.hub.playbook.version}
    for wrong in ({"stamp": "x"}, {"stamp": ""}):
        for action in ("publish", "back", "asked-price"):
            answer, _ = await browser.send(Form(action=f"/manage/rules/{action}", fields=fields | wrong))
            assert answer.status == 403, action
    answer, _ = await browser.send(
        Form(action="/manage/rules/publish", fields=fields), headers={"Origin": "https://evil.example"}
    )
    assert answer.status == 403
    assert await o.hub.db.read(playbooks.number_in_force) == 1


async def test_markup_in_a_comment_and_a_rule_is_text(o: Office) -> None:
    browser, _ = await o.signed_in()
    _, page = await browser.get("/manage/rules/asked-price")
    form = next(f for f in page.forms if "yaml" in f.fields)
    yaml = form.fields["yaml"].replace("She asked about prices", "'</textarea><script>alert(1)</script>'")
    _, page = await browser.send(form, press="yaml", yaml=yaml)
    publish = press(page, "/manage/rules/publish")
    _, page = await browser.send(publish, comment="<img src=x onerror=alert(1)>")
    assert "<img" in page.text and not page.has("img")
    for path in ("/manage/rules", "/manage/rules/asked-price", "/manage/rules/v/2"):
        _, page = await browser.get(path)
        assert not page.has("script") and not page.has("img"), path
