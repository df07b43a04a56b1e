"""Forged, stale, replayed, oversized and malformed calls to the bot endpoint: refused at once, nothing stored."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connectors.teams.keys import Keys, KeysUnreachable
from connectors.teams.verify import Demands, Verifier
from rules.errors import BadSignature, Unavailable
from rules.events import RepActed, RepSpoke
from simulator.botframework import ISSUER, bot_line
from simulator.keys import KeyRing
from tests.contract.teams_hub import Bench, bench
from tests.contract.teams_world import APP_ID, GENERAL, REP, TENANT

Json = dict[str, Any]


@pytest.fixture
async def here() -> AsyncIterator[Bench]:
    async with bench() as made:
        yield made


def service(here: Bench) -> str:
    return f"{here.company.world.base_url}/smba/"


def activity(here: Bench, **changes: Any) -> Json:
    """What Teams would send."""
    thread = f"{GENERAL};messageid=1"
    base: Json = {
        "type": "message",
        "id": "1767225600123",
        "timestamp": "2026-01-01T00:00:00.1234567Z",
        "serviceUrl": service(here),
        "channelId": "msteams",
        "from": {"id": "29:wang", "name": "Wang Fang", "aadObjectId": REP},
        "recipient": {"id": f"28:{APP_ID}", "name": "Tower"},
        "conversation": {"conversationType": "channel", "id": thread, "tenantId": TENANT},
        "channelData": {"tenant": {"id": TENANT}, "team": {"id": GENERAL}},
        "text": "hello",
    }
    return {key: value for key, value in (base | changes).items() if value is not ...}


def claims(here: Bench, **changes: Any) -> Json:
    """What a true token says."""
    now = int(time.time())
    base: Json = {"iss": ISSUER, "aud": APP_ID, "serviceurl": service(here), "nbf": now - 60, "exp": now + 3600}
    return {key: value for key, value in (base | changes).items() if value is not ...}


def sign(here: Bench, **changes: Any) -> str:
    return bot_line(here.company.world).keys.sign(claims(here, **changes))


async def post(here: Bench, body: object, token: str | None, **headers: str) -> tuple[int, bytes]:
    """One call; a str or bytes body goes out as it is."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    given = {"Content-Type": "application/json", **headers}
    if token is not None:
        given["Authorization"] = token if " " in token else f"Bearer {token}"
    async with here.company.http.post(f"{here.url}/api/messages", data=data, headers=given) as response:
        return response.status, await response.read()


def keys_read(here: Bench) -> int:
    return len(here.company.logged("keys_read"))


def _b64(value: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


def _forged(header: Json, body: Json, signature: str = "AAAA") -> str:
    return f"{_b64(header)}.{_b64(body)}.{signature}"


def _by_public_key(here: Bench) -> str:
    """HS256 signed with the issuer's public key as the secret: the old confusion of algorithms."""
    key = bot_line(here.company.world).keys.current
    secret = key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = f"{_b64({'alg': 'HS256', 'kid': key.kid, 'typ': 'JWT'})}.{_b64(claims(here))}"
    mac = hmac.digest(secret, text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _kid(here: Bench) -> str:
    return bot_line(here.company.world).keys.current.kid


def _stranger(here: Bench, kid: str) -> str:
    """A well-made token by somebody else's key."""
    return jwt.encode(claims(here), generate_private_key(65537, 2048), "RS256", headers={"kid": kid})


TOKENS: dict[str, Callable[[Bench], str | None]] = {
    "no header": lambda _: None,
    "empty": lambda _: "Bearer ",
    "other scheme": lambda h: f"Basic {sign(h)}",
    "garbage": lambda _: "Bearer garbage",
    "three dots": lambda _: "Bearer ..",
    "not base64": lambda _: "Bearer %%%.%%%.%%%",
    "no json": lambda _: "Bearer AAAA.AAAA.AAAA",
    "an array": lambda _: f"Bearer {_b64([1])}.{_b64([2])}.AAAA",
    "long": lambda _: "Bearer " + "a" * 8_000,
    "not ascii": lambda _: "Bearer a.b.\u00e9",
    "alg none": lambda h: _forged({"alg": "none", "kid": _kid(h)}, claims(h), "") + ".",
    "alg none signed": lambda h: _forged({"alg": "none", "kid": _kid(h)}, claims(h)),
    "HS256 by the public key": _by_public_key,
    "no kid": lambda h: _forged({"alg": "RS256"}, claims(h)),
    "kid is a number": lambda h: _forged({"alg": "RS256", "kid": 7}, claims(h)),
    "unknown kid": lambda h: _stranger(h, "nobody"),
    "known kid, other key": lambda h: _stranger(h, _kid(h)),
    "crit": lambda h: _forged({"alg": "RS256", "kid": _kid(h), "crit": ["x"]}, claims(h)),
    "no exp": lambda h: sign(h, exp=...),
    "exp is text": lambda h: sign(h, exp="tomorrow"),
    "exp is true": lambda h: sign(h, exp=True),
    "expired": lambda h: sign(h, exp=int(time.time()) - 400),
    "not yet": lambda h: sign(h, nbf=int(time.time()) + 400),
    "wrong audience": lambda h: sign(h, aud="somebody-else"),
    "audience list": lambda h: sign(h, aud=[APP_ID, "x"]),
    "no audience": lambda h: sign(h, aud=...),
    "wrong issuer": lambda h: sign(h, iss="https://sts.windows.net/x/"),
    "no issuer": lambda h: sign(h, iss=...),
    "no service": lambda h: sign(h, serviceurl=...),
    "other service": lambda h: sign(h, serviceurl="https://smba.example/"),
}


@pytest.mark.parametrize("name", TOKENS)
async def test_forged_tokens(here: Bench, name: str) -> None:
    status, body = await post(here, activity(here), TOKENS[name](here))
    assert (status, body) == (401, b'{"error": "unauthorized"}')
    assert not here.hub.stored and not here.company.logged("token_issued")


BODIES: dict[str, Json] = {
    "no service url": {"serviceUrl": ...},
    "evil service url": {"serviceUrl": "https://evil.example/"},
    "service url is a number": {"serviceUrl": 5},
    "no channel id": {"channelId": ...},
    "channel the key does not vouch for": {"channelId": "emulator"},
    "foreign tenant": {"channelData": {"tenant": {"id": "other"}}},
    "two tenants": {"conversation": {"id": "c", "tenantId": "other"}},
    "no tenant": {"channelData": {}, "conversation": {"id": "c"}},
}


@pytest.mark.parametrize("name", BODIES)
async def test_activities_the_token_was_not_made_for(here: Bench, name: str) -> None:
    status, body = await post(here, activity(here, **BODIES[name]), sign(here))
    assert (status, body) == (401, b'{"error": "unauthorized"}')
    assert not here.hub.stored


async def test_a_true_token_for_an_evil_service_is_refused(here: Bench) -> None:
    evil = "https://evil.example/"
    status, _ = await post(here, activity(here, serviceUrl=evil), sign(here, serviceurl=evil))
    assert status == 401 and not here.hub.stored


async def test_leeway_and_the_true_thing(here: Bench) -> None:
    assert (await post(here, activity(here), sign(here, exp=int(time.time()) - 200)))[0] == 200
    assert len(here.hub.of(RepSpoke)) == 1


DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
SHAPES: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 400),
    "no json": (b"{", 400),
    "an array": (b"[]", 400),
    "deep array": (b"[" * 100_000, 400),
    "deep object": (b'{"a":' * 40 + b"1" + b"}" * 40, 400),
    "nan": (b'{"type":NaN}', 400),
    "bad utf-8": (b'{"type":"\xff"}', 400),
    "lone surrogate": (b'{"type":"\\ud800"}', 400),
    "nul": (b'{"type":"a\\u0000b"}', 400),
    "nul in a name": (b'{"a\\u0000b":1}', 400),
    "too long": (b'{"text":"' + b"a" * 300_000 + b'"}', 413),
}


@pytest.mark.parametrize("name", SHAPES)
async def test_malformed_bodies(here: Bench, name: str) -> None:
    data, expected = SHAPES[name]
    assert (await post(here, data, sign(here)))[0] == expected
    assert not here.hub.stored
    assert (await post(here, data, None))[0] == 401  # and nothing is looked at without a token


async def test_odd_bodies_with_a_true_token_never_fail(here: Bench) -> None:
    """Wrong shapes everywhere: refused or kept, never a 5xx."""
    odd: list[object] = [None, 5, "x", [], {}, [{}], {"id": 5}, True, [[]], {"a": {"b": []}}]
    names = ["type", "id", "timestamp", "from", "recipient", "conversation", "text", "entities", "value", "name"]
    names += ["membersAdded", "attachments", "replyToId", "locale", "textFormat", "action", "localTimestamp"]
    token = sign(here)
    kinds = ["message", "invoke", "conversationUpdate", "installationUpdate", "event", "messageReaction", "handoff"]
    for kind in kinds:
        for name in names:
            for value in odd:
                body = activity(here, type=kind) | {name: value}
                if name == "conversation" and isinstance(value, dict):
                    body[name] = {**value, "tenantId": TENANT}
                status, _ = await post(here, body, token)
                assert status < 500, (kind, name, value)


async def test_odd_invokes_never_fail(here: Bench) -> None:
    token = sign(here)
    values: list[object] = [None, 5, "x", [], {}, {"action": 5}, {"action": {"type": 5, "verb": [], "data": "x"}}]
    values += [{"action": {"type": "Action.Execute", "verb": "x" * 100, "data": {}}}, {"data": 5}, {"data": []}]
    values += [{"parameters": 5}, {"parameters": [5]}, {"commandId": [], "queryOptions": 7}, {"context": "x"}]
    values += [{"action": {"type": "Action.Execute", "verb": "v", "data": {"a": "b" * 21_000}}}]
    for name in (
        "adaptiveCard/action",
        "composeExtension/query",
        "task/fetch",
        "task/submit",
        "signin/verifyState",
        "",
    ):
        for value in values:
            status, _ = await post(here, activity(here, type="invoke", name=name, value=value), token)
            assert status < 500, (name, value)
    assert not here.hub.of(RepActed)


async def test_a_stranger_without_an_entra_id_cannot_act(here: Bench) -> None:
    value = {"action": {"type": "Action.Execute", "verb": "claim", "data": {"conversation_id": "c1"}}}
    body = activity(here, type="invoke", name="adaptiveCard/action", value=value)
    status, _ = await post(here, body | {"from": {"id": "29:x", "name": "x"}}, sign(here))
    assert status == 400 and not here.hub.stored


async def test_a_packed_bomb_is_too_long(here: Bench) -> None:
    packed = gzip.compress(b'{"text":"' + b"a" * 5_000_000 + b'"}')
    assert (await post(here, packed, sign(here), **{"Content-Encoding": "gzip"}))[0] == 413
    status, _ = await post(here, b"no gzip at all", sign(here), **{"Content-Encoding": "gzip"})
    assert status in (400, 413)


async def test_a_dripping_body_is_cut_off() -> None:
    async with bench(body_seconds=0.3) as here:
        never = asyncio.Event()

        async def drip() -> AsyncIterator[bytes]:
            yield b'{"type":'
            await never.wait()  # the other side cuts us off
            yield b'"message"}'

        headers = {"Authorization": f"Bearer {sign(here)}", "Content-Type": "application/json"}
        begun = time.monotonic()
        async with here.company.http.post(f"{here.url}/api/messages", data=drip(), headers=headers) as response:
            assert response.status == 408
        assert time.monotonic() - begun < 3
        assert not here.hub.stored


async def test_replays_have_one_effect(here: Bench) -> None:
    token = sign(here)
    answers = await asyncio.gather(*(post(here, activity(here), token) for _ in range(200)))
    assert {status for status, _ in answers} == {200}
    assert len(here.hub.of(RepSpoke)) == 1
    # a captured token with another body is an act of its own, of the same tenant and person only
    assert (await post(here, activity(here, id="2", text="other"), token))[0] == 200
    assert len(here.hub.of(RepSpoke)) == 2


async def test_one_press_under_new_ids_is_one_act(here: Bench) -> None:
    data = {"conversation_id": "c1", "card_version": 3, "nonce": "n1", "text": "hello"}
    value = {"action": {"type": "Action.Execute", "verb": "reply", "data": data}, "trigger": "manual"}
    body = activity(here, type="invoke", name="adaptiveCard/action", value=value)
    answers = [await post(here, body | {"id": f"f:{n}"}, sign(here)) for n in range(4)]
    assert len({answer for _, answer in answers}) == 1 and answers[0][0] == 200
    assert len(here.hub.of(RepActed)) == 1
    other = {"action": {**value["action"], "data": {**data, "text": "another"}}}  # type: ignore[dict-item]
    await post(here, body | {"id": "f:9", "value": other}, sign(here))
    assert len(here.hub.of(RepActed)) == 2


async def test_ten_thousand_unknown_keys_ask_once(here: Bench) -> None:
    before = keys_read(here)
    private = generate_private_key(65537, 2048)
    for n in range(300):
        token = jwt.encode(claims(here), private, "RS256", headers={"kid": f"k{n}"})
        assert (await post(here, activity(here), token))[0] == 401
    assert keys_read(here) - before <= 1


async def test_a_repeated_token_costs_no_signature(here: Bench) -> None:
    token = sign(here)
    assert (await post(here, activity(here), token))[0] == 200
    bot_line(here.company.world).keys.rotate(retire=True)
    assert (await post(here, activity(here), token))[0] == 200  # its key is still the last good one we know


# --- keys over time, by a clock of our own ---------------------------------------------------------------------------


class Issuer:
    """Publishes keys, slowly or not at all when it is told so."""

    def __init__(self) -> None:
        self.ring = KeyRing("msteams")
        self.asked = 0
        self.down = False
        self.slow: asyncio.Event | None = None
        self.now = 1_000_000.0

    async def fetch(self) -> Json:
        self.asked += 1
        if self.slow is not None:
            await self.slow.wait()
        if self.down:
            raise KeysUnreachable("down")
        return self.ring.jwks()

    def token(self, **changes: Any) -> str:
        base: Json = {"iss": "i", "aud": "a", "exp": self.now + 3600}
        return self.ring.sign(base | changes)

    def verifier(self) -> Verifier:
        keys = Keys(self.fetch, refresh=300.0, monotonic=lambda: self.now)
        demands = Demands(audiences=("a",), issuers=("i",), leeway=300.0)
        return Verifier(keys, demands, wall=lambda: self.now)


async def test_rotation_is_seen_by_one_question() -> None:
    issuer = Issuer()
    verifier = issuer.verifier()
    await verifier.check(issuer.token())
    issuer.now += 7200
    issuer.ring.rotate(retire=True)
    answers = await asyncio.gather(*(verifier.check(issuer.token(jti=str(n))) for n in range(50)))
    assert len(answers) == 50 and issuer.asked == 2


async def test_the_last_good_keys_hold_while_the_issuer_is_down_but_not_for_ever() -> None:
    issuer = Issuer()
    verifier = issuer.verifier()
    await verifier.check(issuer.token())
    issuer.down = True
    issuer.now += 4 * 86_400
    await verifier.check(issuer.token())
    issuer.now += 2 * 86_400
    with pytest.raises(Unavailable):
        await verifier.check(issuer.token())


async def test_a_slow_issuer_holds_up_only_those_who_need_it() -> None:
    issuer = Issuer()
    verifier = issuer.verifier()
    await verifier.check(issuer.token())
    known = issuer.token(jti="2")
    issuer.now += 7200
    known = issuer.token(jti="2")
    issuer.ring.rotate(retire=False)
    issuer.slow = asyncio.Event()
    waiting = asyncio.create_task(verifier.check(issuer.token()))
    await asyncio.sleep(0)
    begun = time.perf_counter()
    await verifier.check(known)
    assert time.perf_counter() - begun < 0.05 and not waiting.done()
    issuer.slow.set()
    await waiting


async def test_no_key_at_all_is_our_trouble_not_the_callers() -> None:
    issuer = Issuer()
    issuer.down = True
    verifier = issuer.verifier()
    with pytest.raises(Unavailable):
        await verifier.check(issuer.token())
    with pytest.raises(BadSignature):
        await verifier.check(issuer.token(aud="other"))
    assert issuer.asked == 1


async def test_a_cached_token_does_not_outlive_itself() -> None:
    issuer = Issuer()
    verifier = issuer.verifier()
    token = issuer.token()
    await verifier.check(token)
    issuer.now += 3600 + 301
    with pytest.raises(BadSignature):
        await verifier.check(token)


async def test_a_withdrawn_key_ends_its_tokens() -> None:
    issuer = Issuer()
    verifier = issuer.verifier()
    old = issuer.token()
    await verifier.check(old)
    issuer.ring.rotate(retire=True)
    issuer.now += 301
    await verifier.check(issuer.token())
    with pytest.raises(BadSignature):
        await verifier.check(old)
