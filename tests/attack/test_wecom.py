"""Attacks on the WeCom door: forged, cut, replayed, malformed and flooding callbacks. All count status and effects."""

from __future__ import annotations

import asyncio
import base64
import io
import random
import struct
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pydantic import SecretStr

from connectors.contract import Pull
from connectors.wecom.crypto import Envelope
from connectors.wecom.outer import encrypted_text
from connectors.wecom.translate import kf_account
from connectors.wecom.wire import read
from rules.errors import Refused
from rules.events import PullAnnounced
from simulator.wecom import envelope as theirs
from tests.contract.wecom_hub import Tower, tower
from tests.contract.wecom_world import CORP, KEY, START

OTHER_KEY = "GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba"
SEALER = theirs.Envelope("callback-token", KEY, CORP)
ANNOUNCED = (
    f"<xml><ToUserName>{CORP}</ToUserName><CreateTime>{int(START.timestamp())}</CreateTime><MsgType>event</MsgType>"
    "<Event>kf_msg_or_event</Event><Token>TK</Token><OpenKfId>wk-1</OpenKfId></xml>"
).encode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A callback ready to be posted."""

    query: Mapping[str, str]
    body: bytes


def signed(
    encrypted: str, *, sealer: theirs.Envelope = SEALER, timestamp: str = "", nonce: str = "n0nce12345"
) -> Letter:
    timestamp = timestamp or str(int(time.time()))
    query = {
        "msg_signature": sealer.sign(timestamp, nonce, encrypted),
        "timestamp": timestamp,
        "nonce": nonce,
    }
    return Letter(query=query, body=outer(encrypted))


def outer(encrypted: str) -> bytes:
    return f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()


def letter(message: bytes = ANNOUNCED, *, sealer: theirs.Envelope = SEALER, timestamp: str = "") -> Letter:
    return signed(sealer.seal(message), sealer=sealer, timestamp=timestamp)


def raw_seal(plain: bytes) -> str:
    """Encrypt exactly these bytes, padding included, with the right key."""
    key = base64.b64decode(KEY + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


@dataclass
class Door:
    """The served connector and a plain HTTP client."""

    t: Tower
    http: ClientSession
    before: int

    async def post(self, one: Letter, app: str = "agent") -> int:
        url = self.t.url.removesuffix("agent") + app
        async with self.http.post(f"{url}?{urlencode(one.query)}", data=io.BytesIO(one.body)) as answer:
            body = await answer.text()
            assert body == ("success" if answer.status == 200 else "refused")
            return answer.status

    async def get(self, query: Mapping[str, str]) -> tuple[int, str]:
        async with self.http.get(f"{self.t.url}?{urlencode(query)}") as answer:
            return answer.status, await answer.text()

    @property
    def effects(self) -> int:
        """Events stored because of what was posted."""
        return len(self.t.hub.inbox) - self.before


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with tower() as t, ClientSession() as http:
        yield Door(t=t, http=http, before=len(t.hub.inbox))


async def test_a_real_letter_is_taken_once_however_often_it_comes(door: Door) -> None:
    one = letter()
    assert [await door.post(one) for _ in range(20)] == [200] * 20
    assert await door.post(letter()) == 200  # the same words in another envelope
    assert door.effects == 1


async def test_cutting_timestamp_and_nonce_differently_gains_nothing(door: Door) -> None:
    encrypted = SEALER.seal(ANNOUNCED)
    timestamp, nonce = str(int(time.time())), str(int(time.time()) + 1)
    good = signed(encrypted, timestamp=timestamp, nonce=nonce)
    assert await door.post(good) == 200
    digits = timestamp + nonce
    cuts = [(digits[:i], digits[i:]) for i in range(21)] + [(digits[i:], digits[:i]) for i in range(21)]
    statuses = [
        await door.post(Letter(query={**good.query, "timestamp": t, "nonce": n}, body=good.body)) for t, n in cuts
    ]
    assert set(statuses) <= {200, 403}
    assert statuses.count(200) <= 4
    assert door.effects == 1


async def test_a_recording_is_refused_by_either_of_its_times(door: Door) -> None:
    old = ANNOUNCED.replace(str(int(START.timestamp())).encode(), str(int(START.timestamp()) - 3600).encode())
    assert await door.post(letter(timestamp="1388534400")) == 403
    assert await door.post(letter(timestamp=str(int(time.time()) + 3600))) == 403
    assert await door.post(letter(old)) == 403
    assert door.effects == 0
    assert await door.post(letter()) == 200


@pytest.mark.parametrize(
    "sealer",
    [
        theirs.Envelope("callback-token", KEY, "ww-other"),
        theirs.Envelope("callback-token", OTHER_KEY, CORP),
        theirs.Envelope("another-token", KEY, CORP),
        theirs.Envelope("callback-token", KEY, ""),
    ],
)
async def test_another_corp_key_or_token_is_forbidden(door: Door, sealer: theirs.Envelope) -> None:
    assert await door.post(letter(sealer=sealer)) == 403
    assert door.effects == 0


async def test_an_unknown_app_is_not_found_and_head_is_no_door(door: Door) -> None:
    assert await door.post(letter(), app="other") == 404
    assert await door.post(letter(), app="..%2fagent") == 404
    async with door.http.head(door.t.url) as answer:
        assert answer.status == 405
    assert door.effects == 0


@pytest.mark.parametrize("missing", ["msg_signature", "timestamp", "nonce"])
async def test_every_part_of_the_signature_is_needed(door: Door, missing: str) -> None:
    one = letter()
    query = {name: value for name, value in one.query.items() if name != missing}
    assert await door.post(Letter(query=query, body=one.body)) == 403
    wrong = {**one.query, missing: "é" * 40}
    assert await door.post(Letter(query=wrong, body=one.body)) == 403
    assert door.effects == 0


def plain(message: bytes, *, length: int | None = None, receiver: str = CORP, pad: int | None = None) -> bytes:
    head = b"r" * 16 + struct.pack(">I", len(message) if length is None else length) + message + receiver.encode()
    number = 32 - len(head) % 32
    return head + bytes([number if pad is None else pad]) * number


BROKEN: Mapping[str, bytes] = {
    "padding 0": plain(ANNOUNCED, pad=0),
    "padding 33": plain(ANNOUNCED, pad=33),
    "padding 255": plain(ANNOUNCED, pad=255),
    "uneven padding": plain(ANNOUNCED)[:-2] + b"\x00" + plain(ANNOUNCED)[-1:],
    "length beyond the end": plain(ANNOUNCED, length=2**31),
    "length 4 GiB": plain(ANNOUNCED, length=2**32 - 1),
    "length too short": plain(ANNOUNCED, length=3),
    "no receiver": plain(ANNOUNCED, receiver=""),
    "receiver and more": plain(ANNOUNCED, receiver=CORP + "x"),
    "nothing but padding": bytes([32]) * 32,
    "zeros": bytes(64),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_signed_garbage_inside_is_forbidden(door: Door, name: str) -> None:
    assert await door.post(signed(raw_seal(BROKEN[name]))) == 403
    assert door.effects == 0


BODIES: Mapping[str, bytes] = {
    "empty": b"",
    "no xml": b"hello",
    "doctype": b"<!DOCTYPE xml><xml><Encrypt>%s</Encrypt></xml>",
    "entity": b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>',
    "external entity": b'<!doctype x [<!entity a SYSTEM "file:///etc/passwd">]><xml><Encrypt>&a;</Encrypt></xml>',
    "twice": b"<xml><Encrypt>%s</Encrypt><Encrypt>%s</Encrypt></xml>",
    "twice in other letters": b"<xml><Encrypt>%s</Encrypt><ENCRYPT>%s</ENCRYPT></xml>",
    "closed before it opens": b"</Encrypt><Encrypt>%s",
    "never closed": b"<xml><Encrypt>%s",
    "nothing in it": b"<xml><Encrypt></Encrypt></xml>",
    "no base64": b"<xml><Encrypt><![CDATA[" + b"!" * 64 + b"]]></Encrypt></xml>",
    "half a block": b"<xml><Encrypt>" + base64.b64encode(b"x" * 30) + b"</Encrypt></xml>",
    "wide": b"<xml>" + b"<a>b</a>" * 30000 + b"</xml>",
    "deep": b"<xml>" + b"<a>" * 60000,
    "utf-16": "<xml><Encrypt>abcd</Encrypt></xml>".encode("utf-16"),
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("name", BODIES)
async def test_strange_bodies_cost_next_to_nothing(door: Door, name: str) -> None:
    one = letter()
    body = BODIES[name].replace(b"%s", encrypted_text(one.body).encode())
    times = []
    for _ in range(5):
        started = time.perf_counter()
        assert await door.post(Letter(query=one.query, body=body)) == 403
        times.append(time.perf_counter() - started)
    assert min(times) < 0.02
    assert door.effects == 0


async def test_a_megabyte_is_too_large_whatever_it_is(door: Door) -> None:
    one = letter()
    for body in (b"<a>" * 350_000, b"x" * 1_100_000, outer("A" * 1_000_000)):
        assert await door.post(Letter(query=one.query, body=body)) == 413

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"y" * 16384

    async with door.http.post(f"{door.t.url}?{urlencode(one.query)}", data=endless()) as answer:
        assert answer.status == 413
    assert door.effects == 0


async def test_a_body_that_never_ends_is_given_up() -> None:
    async with tower(body_seconds=0.2) as t:
        reader, writer = await asyncio.open_connection(t.server.host, t.server.port)
        query = urlencode(letter().query)
        writer.write(
            f"POST /wecom/callback/agent?{query} HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n<xml>".encode()
        )
        status = await asyncio.wait_for(reader.readline(), 5)
        assert b" 400 " in status
        writer.close()


INNER: Mapping[str, bytes] = {
    "empty": b"",
    "no xml": b"hello",
    "another root": b"<html><MsgType>event</MsgType></html>",
    "missing MsgType": b"<xml><Event>kf_msg_or_event</Event><CreateTime>1767603600</CreateTime></xml>",
    "empty Event": b"<xml><MsgType>event</MsgType><Event></Event><CreateTime>1767603600</CreateTime></xml>",
    "MsgType twice": b"<xml><MsgType>event</MsgType><MsgType>text</MsgType></xml>",
    "no time": ANNOUNCED.replace(b"CreateTime", b"Created"),
    "a time of letters": ANNOUNCED.replace(str(int(START.timestamp())).encode(), b"now"),
    "a time of 5000 digits": ANNOUNCED.replace(str(int(START.timestamp())).encode(), b"9" * 5000),
    "a time far away": ANNOUNCED.replace(str(int(START.timestamp())).encode(), b"9999999999999"),
    "negative time": ANNOUNCED.replace(str(int(START.timestamp())).encode(), b"-5"),
    "no account": ANNOUNCED.replace(b"OpenKfId", b"Open"),
    "declaration": b'<!DOCTYPE xml [<!ENTITY a "b">]>' + ANNOUNCED.replace(b"TK", b"&a;"),
    "undeclared entity": ANNOUNCED.replace(b"TK", b"&a;"),
    "bad utf-8": ANNOUNCED.replace(b"TK", b"\xff\xfe"),
    "surrogate": ANNOUNCED.replace(b"TK", b"\xed\xa0\x80"),
    "nul": ANNOUNCED.replace(b"TK", b"\x00"),
    "nul by number": ANNOUNCED.replace(b"TK", b"&#0;"),
    "deep": b"<xml>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</xml>",
    "wide": b"<xml>" + b"".join(b"<a%d>b</a%d>" % (i, i) for i in range(5000)) + b"</xml>",
    "button without task": (
        b"<xml><FromUserName>LiLei</FromUserName><CreateTime>1767603600</CreateTime><MsgType>event</MsgType>"
        b"<Event>template_card_event</Event><EventKey>x</EventKey></xml>"
    ),
}


@pytest.mark.parametrize("name", INNER)
async def test_authentic_nonsense_is_a_bad_request(door: Door, name: str) -> None:
    started = time.perf_counter()
    assert await door.post(letter(INNER[name])) == 400
    assert time.perf_counter() - started < 1
    assert door.effects == 0


async def test_a_button_key_that_is_not_ours_does_nothing_but_is_kept(door: Door) -> None:
    for key in ("x", "[]", '["tower1"]', '["tower1","claim",1,2,3,4]', "[" * 900, '["tower1","","c",1,"","en"]'):
        click = (
            f"<xml><FromUserName>LiLei</FromUserName><CreateTime>1767603600</CreateTime><MsgType>event</MsgType>"
            f"<Event>template_card_event</Event><EventKey><![CDATA[{key}]]></EventKey><TaskId>t</TaskId></xml>"
        )
        assert await door.post(letter(click.encode())) == 200
    assert {one.event.kind for one in door.t.hub.inbox[door.before :]} == {"unknown_payload"}


async def test_url_verification_is_answered_plainly_and_decrypts_nothing_else(door: Door) -> None:
    assert (await door.t.wecom.control("/verify"))["ok"] is True
    captured = letter()
    query = {**captured.query, "echostr": encrypted_text(captured.body)}
    assert await door.get(query) == (403, "refused")
    echo = signed(SEALER.seal(b"1234567890"))
    plus = {**echo.query, "echostr": encrypted_text(echo.body)}
    assert await door.get(plus) == (200, "1234567890")
    unescaped = urlencode(echo.query) + "&echostr=" + plus["echostr"]
    async with door.http.get(f"{door.t.url}?{unescaped}") as answer:
        assert (answer.status, await answer.text()) == (200, "1234567890")
    assert (await door.get({}))[0] == 403
    assert (await door.get({**plus, "msg_signature": "0" * 40}))[0] == 403
    assert door.effects == 0


async def test_replayed_verifications_are_rationed_without_shutting_out_the_platform() -> None:
    async with tower(echo_per_minute=3) as t, ClientSession() as http:
        door = Door(t=t, http=http, before=0)
        echo = signed(SEALER.seal(b"1234567890"))
        query = {**echo.query, "echostr": encrypted_text(echo.body)}
        for _ in range(50):
            assert (await door.get({**query, "msg_signature": "0" * 40}))[0] == 403
        assert [(await door.get(query))[0] for _ in range(4)] == [200, 200, 200, 429]


async def test_a_full_house_is_503_and_never_a_false_success(door: Door) -> None:
    door.t.hub.down = True
    one = letter()
    async with door.http.post(f"{door.t.url}?{urlencode(one.query)}", data=one.body) as answer:
        assert answer.status == 503
    door.t.hub.down = False
    assert await door.post(one) == 200
    assert door.effects == 1


async def test_a_flood_of_announcements_is_two_pulls(door: Door) -> None:
    async def flood(number: int) -> None:
        message = ANNOUNCED.replace(b"TK", b"old-%d" % number)
        assert await door.post(letter(message)) == 200

    for start in range(0, 2000, 100):
        await asyncio.gather(*(flood(n) for n in range(start, start + 100)))
    announced = [e for e in door.t.hub.events if isinstance(e, PullAnnounced) and e.token]
    assert len(announced) == 2000
    jobs = [
        Pull(row_id=door.t.next_row(), attempt=1, address=kf_account(CORP, "wk-1"), token=event.token)
        for event in announced
    ]
    await asyncio.gather(*(door.t.connector.deliver(job) for job in jobs))
    # Two pulls; the first finds its token too old and tries once more without one.
    assert door.t.wecom.room.gate.counts["/kf/sync_msg"] <= 3


def test_mutated_envelopes_raise_nothing_but_refusals() -> None:
    ours = Envelope(corp_id=CORP, token=SecretStr("callback-token"), aes_key=SecretStr(KEY))
    chance = random.Random(7)
    good = letter()
    taken = 0
    for _ in range(20_000):
        body = bytearray(good.body)
        for _ in range(chance.randint(1, 4)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        query = dict(good.query)
        if chance.random() < 0.3:
            name = chance.choice(list(query))
            query[name] = query[name][: chance.randrange(len(query[name]))] + chr(chance.randrange(0x3000))
        try:
            encrypted = encrypted_text(bytes(body))
            ours.open(query["msg_signature"], query["timestamp"], query["nonce"], encrypted)
            taken += 1
        except Refused:
            continue
    assert taken < 20_000 * 0.6  # changes outside of Encrypt touch nothing that is signed
    for _ in range(20_000):
        inner = bytearray(ANNOUNCED)
        for _ in range(chance.randint(1, 6)):
            inner[chance.randrange(len(inner))] = chance.randrange(256)
        try:
            read(bytes(inner))
        except Refused:
            continue


def test_secrets_show_in_no_text() -> None:
    ours = Envelope(corp_id=CORP, token=SecretStr("callback-token"), aes_key=SecretStr(KEY))
    assert KEY not in repr(ours)
    assert "callback-token" not in repr(vars(ours))
