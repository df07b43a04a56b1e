"""One running hub, attacked on every route it has: every answer is a plain no, and nothing is left behind."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import re
import sqlite3
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import jwt
import pytest
from aiohttp import ClientOSError, ClientSession, ClientTimeout, ServerDisconnectedError, TCPConnector
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from yarl import URL

import app
from bots.failpoints import Failpoints
from connectors.teams.settings import Settings as TeamsSettings
from connectors.teams.signin import EntraSignIn
from connectors.teams.webchat import WebChatDoor
from simulator.company import CORP, KF, found, free_places
from simulator.wecom.envelope import Envelope
from tests.company import Company, company
from tests.story.cast import REP, Cast

CUT = 0
"""The hub hung up before the whole body was sent."""
MARK = "zzATTACKzz"
"""Stands in everything that is sent: no answer may ever hold it."""
OPEN = {
    "/healthz": {200},
    "/readyz": {200},
    "/metrics": {200},
    "/api/v1/openapi.json": {200},
    "/sidebar/wecom": {302},
    "/sidebar/tab": {200},
    "/manage/sign-in": {302},
    "/manage/sign-out": {200},
    "/sidebar/c/{conversation_id}": {302},
    "/sidebar/c/{conversation_id}/all": {302},
    "/sidebar/media/{file_id}": {302},
    "/sidebar/layout": {302},
    "/sidebar/wecom/customer": {302},
}
"""What answers a stranger: health, documents, the way to sign in and out, and the tab's empty frame."""
SIGN_IN = b'href="/manage/sign-in/entra"'
"""What every page for managers shows a stranger, and nothing else: with whom to sign in."""
RETURNS = ("/sidebar/c/{conversation_id}/act", 401)
"""The one page that shows what it was sent, escaped: a rep whose sign-in ended gets her words and her way back."""
BODIES: dict[str, tuple[bytes, dict[str, str]]] = {
    "nothing": (b"", {}),
    "words": (MARK.encode(), {"Content-Type": "text/plain"}),
    "brackets": (b"[" * 100_000, {"Content-Type": "application/json"}),
    "half a JSON": (b'{"type":"message","text":"' + MARK.encode(), {"Content-Type": "application/json"}),
    "another JSON": (json.dumps([MARK]).encode(), {"Content-Type": "application/json"}),
    "bad UTF-8": (b'{"a":"\xff\xfe\x80"}', {"Content-Type": "application/json; charset=utf-8"}),
    "a form": (
        f"consent=yes&mail={MARK}%40x.example&stamp=1".encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    ),
    "a broken form": (b"%ff%fe=%%%&" * 100, {"Content-Type": "application/x-www-form-urlencoded"}),
    "many fields": (
        b"&".join(b"a%d=1" % n for n in range(20_000)),
        {"Content-Type": "application/x-www-form-urlencoded"},
    ),
    "XML": (b"<xml><!DOCTYPE x [<!ENTITY a 'b'>]><Encrypt>&a;</Encrypt></xml>", {"Content-Type": "text/xml"}),
    "a bomb": (gzip.compress(b"[" * 20_000_000), {"Content-Type": "application/json", "Content-Encoding": "gzip"}),
    "no gzip": (b"plain", {"Content-Type": "application/json", "Content-Encoding": "gzip"}),
    "an odd type": (b"{}", {"Content-Type": "a/b; charset=nonsense"}),
    "two megabytes": (b'"' + b"x" * 2_000_000 + b'"', {"Content-Type": "application/json"}),
    "parts": (
        b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--",
        {"Content-Type": "multipart/form-data; boundary=b"},
    ),
}
NAMES = (MARK, "a" * 4000, "..%2f..%2fetc%2fpasswd", "%00", "%ff%fe", "1.2.3", "1' OR '1'='1", "王")
"""What is put where an address has a name or token."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    body: bytes


@dataclass(kw_only=True)
class Target:
    """A hub, its routes, and ways to see whether anything changed."""

    made: Company
    routes: list[tuple[str, str]]

    def rows(self) -> dict[str, int]:
        """How many rows every table has."""
        with closing(sqlite3.connect(f"file:{self.made.folder / 'tower.db'}?mode=ro", uri=True)) as database:
            names = [n for (n,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {n: database.execute(f'SELECT count(*) FROM "{n}"').fetchone()[0] for n in names}  # noqa: S608


def every_route(folder: Path) -> list[tuple[str, str]]:
    """Method and path of everything the hub answers to, by the application itself."""
    found(folder, free_places())

    async def read() -> list[tuple[str, str]]:
        loaded = app.load(folder / "hub.toml")
        hub = app._hub(loaded, Failpoints(armed=""))
        try:
            connectors = app._connectors(loaded, hub, hub.clock.now, hub.tokens)
            hub.connect(list(connectors.values()))
            realm = app._realm(loaded)
            assert realm is not None
            visitors = WebChatDoor(loaded.section("teams", TeamsSettings))
            made = app._application(loaded, hub, connectors, visitors, EntraSignIn(realm))
            routes = {(r.method, r.resource.canonical) for r in made.router.routes() if r.resource is not None}
            return sorted(routes)
        finally:
            await hub.db.close()

    return asyncio.run(read())


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    routes = every_route(tmp_path_factory.mktemp("routes"))
    with company(tmp_path_factory.mktemp("attacked")) as made:
        path = made.folder / "hub.toml"
        quick = path.read_text(encoding="utf-8").replace("[teams]\n", "[teams]\nbody_seconds = 1\n")
        path.write_text(quick.replace("[wecom]\n", "[wecom]\nbody_seconds = 1\n"), encoding="utf-8")
        made.start_world()
        made.start_hub()
        cast = Cast(made=made)
        cast.open_office()
        cast.talk("王敏", "这位客户的会话被攻击者盯上")
        cast.push(minutes=1)
        yield Target(made=made, routes=routes)
        assert made.programs[-1].alive, "the hub went down"


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    # A connection for each request: after a broken body the hub rightly hangs up.
    line = TCPConnector(force_close=True)
    async with ClientSession(connector=line, timeout=ClientTimeout(total=30), auto_decompress=False) as session:
        yield session


async def call(
    http: ClientSession, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> Answer:
    """One request, as it stands."""
    wish = http.request(
        method,
        URL(url, encoded=True),
        data=io.BytesIO(body) if body else None,
        headers=headers,
        allow_redirects=False,
    )
    try:
        async with wish as answer:
            return Answer(status=answer.status, body=await answer.read())
    except (ClientOSError, ServerDisconnectedError):
        return Answer(status=CUT, body=b"")


async def refusals(http: ClientSession, hub: str) -> float:
    """How many requests the hub says that it has refused."""
    told = (await call(http, "GET", f"{hub}/metrics")).body.decode()
    return sum(float(n) for n in re.findall(r"^tower_requests_refused_total\{.*\} (\S+)$", told, re.MULTILINE))


def addresses(path: str) -> list[str]:
    """The path with every name an attacker would try."""
    if "{" not in path:
        return [path, f"{path}?{urlencode({'code': MARK, 'state': MARK, 'msg_signature': MARK, 'id': MARK})}"]
    return [re.sub(r"\{\w+\}", quote(name, safe="%"), path) for name in NAMES]


def may_answer(method: str, path: str, answer: Answer) -> bool:
    if path.startswith("/manage") and method in ("GET", "HEAD") and answer.status == 200:
        return SIGN_IN in answer.body or method == "HEAD"
    return answer.status in OPEN.get(path, set()) or 400 <= answer.status < 500


async def test_every_route_says_no_to_strangers_and_nothing_is_stored(target: Target, http: ClientSession) -> None:
    before, counted = target.rows(), await refusals(http, target.made.hub)
    wrong: list[str] = []
    said: dict[tuple[str, str, int], set[bytes]] = defaultdict(set)
    refused = 0
    for method, path in target.routes:
        for address in addresses(path):
            bodies = BODIES if method == "POST" else {"nothing": BODIES["nothing"]}
            for name, (body, headers) in bodies.items():
                answer = await call(http, method, target.made.hub + address, body, headers)
                echoed = MARK.encode() in answer.body and (path, answer.status) != RETURNS
                if not may_answer(method, path, answer) or echoed:
                    wrong.append(f"{method} {address[:80]} with {name}: {answer.status} {answer.body[:200]!r}")
                refused += answer.status >= 400
                said[method, path, answer.status].add(answer.body)
    assert wrong == [], "\n".join(wrong)
    varied = {k: v for k, v in said.items() if len(v) > 1 and k[2] >= 400 and k[1:] != RETURNS}
    assert varied == {}, "one body for one refusal"
    assert target.rows() == before
    assert await refusals(http, target.made.hub) - counted == refused


async def test_unknown_addresses_and_methods(target: Target, http: ClientSession) -> None:
    before = target.rows()
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", MARK):
        for path in ("/", "/nothing", "/api/messages/", "/wecom/callback", "/.env", "/sidebar/static/../app.py"):
            answer = await call(http, method, target.made.hub + path, b"x" if method == "POST" else b"")
            assert 400 <= answer.status < 500, f"{method} {path}: {answer.status}"
            assert MARK.encode() not in answer.body
    assert target.rows() == before


# --- the bot endpoint -----------------------------------------------------------------------------------------------


def activity(made: Company, **changes: object) -> bytes:
    base: dict[str, object] = {
        "type": "message",
        "id": "1",
        "serviceUrl": f"{made.world}/smba/",
        "channelId": "msteams",
        "from": {"id": "29:x", "aadObjectId": "00000000-0000-0000-0000-000000000000"},
        "conversation": {"id": "19:x", "conversationType": "channel"},
        "text": MARK,
    }
    return json.dumps(base | changes).encode()


async def test_forged_tokens(target: Target, http: ClientSession) -> None:
    """Signed with a key of the attacker's under the true key's name, not signed at all, for somebody else, too old."""
    made = target.made
    app_id = re.findall(r'^app_id = "(.*)"', (made.folder / "hub.toml").read_text(), re.MULTILINE)[0]
    document = json.loads(
        (await call(http, "GET", f"{made.world}/botframework/v1/.well-known/openidconfiguration")).body
    )
    keys = json.loads((await call(http, "GET", document["jwks_uri"])).body)["keys"]
    mine = generate_private_key(public_exponent=65537, key_size=2048)
    now = int(time.time())
    claims = {
        "iss": document["issuer"],
        "aud": app_id,
        "serviceurl": f"{made.world}/smba/",
        "nbf": now - 60,
        "exp": now + 600,
    }
    kid = {"kid": keys[0]["kid"]}
    forged = [
        jwt.encode(claims, mine, algorithm="RS256", headers=kid),
        jwt.encode(claims | {"exp": now - 3600, "nbf": now - 7200}, mine, algorithm="RS256", headers=kid),
        jwt.encode(claims, "", algorithm="none", headers=kid),
        jwt.encode(claims, keys[0]["n"], algorithm="HS256", headers=kid),
        jwt.encode(claims, mine, algorithm="RS256", headers={"kid": "../../" + MARK, "jku": "http://127.0.0.1:1/"}),
        "a.b.c",
        "x" * 20_000,
        "",
    ]
    before, counted = target.rows(), await refusals(http, made.hub)
    answers = set()
    for token in forged:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if len(token) < 8000:
            answer = await call(http, "POST", f"{made.hub}/api/messages", activity(made), headers)
            answers.add((answer.status, answer.body))
    assert {status for status, _ in answers} <= {401, 403} and len({body for _, body in answers}) == 1
    assert target.rows() == before
    assert await refusals(http, made.hub) - counted == len([t for t in forged if len(t) < 8000])


def test_what_teams_says_twice_counts_once(target: Target) -> None:
    """True calls, every one of them replayed."""
    made, cast = target.made, Cast(made=target.made)
    thread = cast.thread("盯上")
    made.ask("/control/faults", {"place": "teams.out", "kind": "duplicate", "times": 5})
    cast.type(REP, thread, "note 只记一次的备注")
    made.delete(f"{made.world}/control/faults")
    cast.push(minutes=1)
    assert sum("只记一次的备注" in line for line in cast.lines("盯上")) == 2, "the command itself, and one note"


def test_a_press_repeated_under_new_ids_is_one_act(target: Target) -> None:
    cast = Cast(made=target.made)
    root = cast.thread("盯上")["root"]["id"]
    wish = {"rep": REP, "activity_id": root, "verb": "reply", "inputs": {"text": "只说一次的答复"}}
    with ThreadPoolExecutor() as hands:
        answers = list(hands.map(lambda _: target.made.ask("/control/teams/card", wish), range(4)))
    assert {a["status"] for a in answers} == {200}
    cast.push(minutes=1)
    assert cast.chat("王敏").count("只说一次的答复") == 1
    assert sum("只说一次的答复" in line for line in cast.lines("盯上")) == 1


# --- the WeCom callback ---------------------------------------------------------------------------------------------


class Forger:
    """Knows how callbacks are made, and for some tests even the secrets."""

    def __init__(self, made: Company) -> None:
        self.made = made
        self.url = f"{made.hub}/wecom/callback/agent"
        token, key = ((made.folder / f"{n}.secret").read_text() for n in ("callback", "aes"))
        self.envelope = Envelope(token, key, CORP)
        self.foreign = Envelope(token, key, "ww0000000000000000")
        self.message = self.announced()

    def announced(self, *, seconds: float = 0) -> bytes:
        """The platform's word that there is something to pull, at a moment of business time."""
        at = int(Cast(made=self.made).now.timestamp() + seconds)
        return (
            f"<xml><ToUserName>{CORP}</ToUserName><CreateTime>{at}</CreateTime><MsgType>event</MsgType>"
            f"<Event>kf_msg_or_event</Event><Token>{MARK}</Token><OpenKfId>{KF}</OpenKfId></xml>"
        ).encode()

    def letter(self, encrypted: str, *, at: float = 0, nonce: str = "n0nce", sign: str = "") -> tuple[str, bytes]:
        """Address and body of a callback."""
        stamp = str(int(time.time() + at))
        signature = sign or self.envelope.sign(stamp, nonce, encrypted)
        query = urlencode({"msg_signature": signature, "timestamp": stamp, "nonce": nonce})
        body = f"<xml><ToUserName>{CORP}</ToUserName><Encrypt>{encrypted}</Encrypt></xml>".encode()
        return f"{self.url}?{query}", body


async def test_forged_and_stale_callbacks(target: Target, http: ClientSession) -> None:
    forger = Forger(target.made)
    sealed = forger.envelope.seal(forger.message)
    forged = {
        "a signature that is made up": forger.letter(sealed, sign="0" * 40),
        "a signature that is no text": forger.letter(sealed, sign="é" * 40),
        "an hour old": forger.letter(sealed, at=-3600),
        "from the future": forger.letter(sealed, at=+3600),
        "an hour old inside": forger.letter(forger.envelope.seal(forger.announced(seconds=-3600))),
        "for another company": forger.letter(forger.foreign.seal(forger.message)),
        "cut": forger.letter(sealed[:-8]),
        "no base64": forger.letter("%%%%"),
        "nothing inside": forger.letter(""),
        "no XML inside": forger.letter(forger.envelope.seal(b"\xff\xfe not xml")),
    }
    before, counted = target.rows(), await refusals(http, target.made.hub)
    answers = {}
    for name, (url, body) in forged.items():
        answers[name] = await call(http, "POST", url, body, {"Content-Type": "text/xml"})
    assert {n: a.status for n, a in answers.items() if not 400 <= a.status < 500} == {}
    assert len({a.body for a in answers.values()}) == 1
    assert target.rows() == before
    assert await refusals(http, target.made.hub) - counted == len(forged)


async def test_a_callback_replayed_is_one_event(target: Target, http: ClientSession) -> None:
    forger = Forger(target.made)
    url, body = forger.letter(forger.envelope.seal(forger.message))
    before = target.rows()["inbox"]
    answers = [await call(http, "POST", url, body, {"Content-Type": "text/xml"}) for _ in range(5)]
    assert {a.status for a in answers} == {200}
    assert target.rows()["inbox"] == before + 1


# --- slow and many --------------------------------------------------------------------------------------------------


async def drip(made: Company, path: str) -> bytes:
    """Send the head of a request and a few bytes of its body, then nothing; the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", made.places.hub)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n"
    writer.write(f"{head}Authorization: Bearer a.b.c\r\n\r\n{{".encode())
    await writer.drain()
    try:
        return await asyncio.wait_for(reader.readline(), 20)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_bodies_that_never_come(target: Target, http: ClientSession) -> None:
    stamp = str(int(time.time()))
    wecom = f"/wecom/callback/agent?msg_signature={'0' * 40}&timestamp={stamp}&nonce=n"
    before = target.rows()
    answers = await asyncio.gather(*(drip(target.made, path) for path in ("/api/messages", wecom) for _ in range(20)))
    assert all(re.match(rb"HTTP/1.1 4\d\d", line) for line in answers), answers
    assert (await call(http, "GET", f"{target.made.hub}/healthz")).status == 200
    assert target.rows() == before
