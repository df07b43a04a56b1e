"""Calls from WeCom to the hub: encrypted, 5 seconds for an answer, three identical resends, then dropped (doc 90930).

Only a failed connection or a timeout is sent again; any HTTP answer, even a bad one, ends it. Log entries: `callback`
(each attempt), `callback_dropped`, `callback_answered` (a passive reply that could be read).
"""

from __future__ import annotations

import asyncio
import secrets
import time
import xml.etree.ElementTree as ET
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import ClientError, ClientTimeout

from simulator.wecom.envelope import BadEnvelopeError, Envelope
from simulator.wecom.limits import Limits
from simulator.wecom.xmlwords import BadXmlError, Fields, read, words, write
from simulator.wire import beginning
from simulator.world import World

PATH = "/wecom/callback/agent"
_ANSWER_BYTES = 64 * 1024

Reader = Callable[[ET.Element], Awaitable[None]]
"""What takes the hub's passive reply, already decrypted and read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Letter:
    query: str
    body: bytes
    event: str
    read_reply: Reader | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reply:
    status: int
    body: bytes


class Callbacks:
    """The post office towards the hub. Every letter is its own task: the platform promises no order."""

    def __init__(self, world: World, limits: Limits) -> None:
        settings = world.settings
        self._world = world
        self._limits = limits
        self.envelope = Envelope(settings.callback_token, settings.callback_aes_key, settings.corp_id)
        self._tasks: set[asyncio.Task[None]] = set()
        self._passed = asyncio.Event()

    def post(self, fields: Fields, read_reply: Reader | None = None) -> None:
        """Send an event or message to the hub, without waiting for it."""
        letter = self._letter(fields, read_reply)
        self._world.calls_out += 1
        task = asyncio.get_running_loop().create_task(self._deliver(letter))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def verify(self) -> dict[str, object]:
        """Play the admin who saves the callback URL: GET with an echostr, answered plainly within a second."""
        plain = str(secrets.randbelow(10**19))
        query = self._query("echostr", self.envelope.seal(plain.encode()))
        started = time.monotonic()
        try:
            status, body = await self._get(f"{self._world.settings.hub_url}{PATH}?{query}")
        except (ClientError, TimeoutError) as error:
            return {"ok": False, "error": type(error).__name__, "ms": _ms(started)}
        return {"ok": status == 200 and body == plain.encode(), "status": status, "ms": _ms(started)}

    async def _get(self, url: str) -> tuple[int, bytes]:
        limit = ClientTimeout(total=self._limits.verify_timeout)
        async with self._world.http.get(url, timeout=limit, allow_redirects=False) as answer:
            return answer.status, await beginning(answer.content, _ANSWER_BYTES)

    def _letter(self, fields: Fields, read_reply: Reader | None) -> _Letter:
        sealed = self.envelope.seal(write(fields).encode())
        outer = {"ToUserName": self._world.settings.corp_id, "Encrypt": sealed}
        if "AgentID" in fields:
            outer["AgentID"] = str(self._world.settings.agent_id)
        event = str(fields.get("Event") or fields["MsgType"])
        return _Letter(query=self._query("", sealed), body=write(outer).encode(), event=event, read_reply=read_reply)

    def _query(self, name: str, sealed: str) -> str:
        """Wall time on purpose: the age of a signature is security, not business."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(5)
        query = {
            "msg_signature": self.envelope.sign(timestamp, nonce, sealed),
            "timestamp": timestamp,
            "nonce": nonce,
        }
        return urlencode({**query, name: sealed} if name else query)

    async def _deliver(self, letter: _Letter) -> None:
        try:
            await self._hold_back()
            twice = await self._world.faults.take("wecom.out", "duplicate")
            reply = await self._attempts(letter)
            if twice:
                await self._attempts(letter)
            self._passed.set()
            if reply is not None and letter.read_reply is not None:
                await self._read(letter.read_reply, reply.body)
        finally:
            self._world.calls_out -= 1

    async def _hold_back(self) -> None:
        """Fault `reorder`: let the next letter pass first, if one comes in time."""
        if fault := await self._world.faults.take("wecom.out", "reorder"):
            self._passed.clear()
            try:
                await asyncio.wait_for(self._passed.wait(), fault.seconds)
            except TimeoutError:
                return

    async def _attempts(self, letter: _Letter) -> _Reply | None:
        for attempt, wait in enumerate((0.0, *self._limits.resend_waits), start=1):
            await asyncio.sleep(wait)
            if (reply := await self._attempt(letter, attempt)) is not None:
                return reply
        await self._world.log.add("wecom", "callback_dropped", path=PATH, event=letter.event)
        return None

    async def _attempt(self, letter: _Letter, attempt: int) -> _Reply | None:
        """One try; None when it must be sent again."""
        faults = self._world.faults
        if fault := await faults.take("wecom.out", "delay"):
            await asyncio.sleep(fault.seconds)
        started = time.monotonic()
        reply, problem = None, ""
        if await faults.take("wecom.out", "drop"):
            problem = "dropped"
        else:
            try:
                reply = await self._send(letter)
            except (ClientError, OSError, TimeoutError) as error:
                problem = type(error).__name__
            if reply is not None and await faults.take("wecom.out", "lose_answer"):
                reply, problem = None, "answer lost"
        await self._world.log.add(
            "wecom", "callback", path=PATH, event=letter.event, attempt=attempt,
            status=reply.status if reply else 0, problem=problem, ms=_ms(started),
        )  # fmt: skip
        return reply

    async def _send(self, letter: _Letter) -> _Reply:
        url = f"{self._world.settings.hub_url}{PATH}?{letter.query}"
        limit = ClientTimeout(total=self._limits.callback_timeout)
        headers = {"Content-Type": "text/xml"}
        async with self._world.http.post(
            url, data=letter.body, headers=headers, timeout=limit, allow_redirects=False
        ) as answer:
            return _Reply(status=answer.status, body=await beginning(answer.content, _ANSWER_BYTES))

    async def _read(self, read_reply: Reader, body: bytes) -> None:
        """Open a passive reply (doc 90241); an empty answer or the word success is none."""
        if body.strip() in (b"", b"success"):
            return
        try:
            outer = read(body)
            sealed, signature = words(outer, "Encrypt"), words(outer, "MsgSignature")
            self.envelope.check(signature, words(outer, "TimeStamp"), words(outer, "Nonce"), sealed)
            inner = read(self.envelope.open(sealed))
        except (BadEnvelopeError, BadXmlError) as error:
            await self._world.log.add("wecom", "refused", rule=f"passive reply: {error}", status=0)
            return
        await self._world.log.add("wecom", "callback_answered", kind_of_reply=words(inner, "MsgType"))
        await read_reply(inner)


def _ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
