"""The Bot Framework's side of the line: signing keys, their documents, and calls to the hub's bot endpoint.

A message is sent again with the same activity id when the hub cannot be reached, answers too late (15 s) or
fails with 429 or 5xx, for about twenty seconds. The real service promises less; a hub that restarts must still
get it once.
Log entries: `callback` per attempt, `undelivered` when it gives up, `refused` when the hub answers 4xx.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import orjson
from aiohttp import ClientError, ClientTimeout, web

from simulator.keys import KeyRing
from simulator.wire import Json, answer, part, text_of
from simulator.world import World

ISSUER = "https://api.botframework.com"
"""Issuer of tokens from the service to a bot (Bot Connector authentication reference)."""
PREFIX = "/botframework/v1/.well-known"
CLIENT_TIMEOUT = 15.0
"""Wall seconds until the service gives a bot up (Bot Framework, long-operation guidance)."""
RESEND_FOR = 20.0
"""Wall seconds after which a message that nobody took is given up."""
HOLD_BACK = 3.0
"""Wall seconds a reordered activity waits for another one to pass."""
TOKEN_LIFE = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the hub answered; status 0 means there was no answer."""

    status: int
    body: object = None

    @property
    def taken(self) -> bool:
        """Whether the hub said it has it: any 2xx counts."""
        return 200 <= self.status < 300

    @property
    def worth_resending(self) -> bool:
        """Whether a later attempt may go better."""
        return self.status in (0, 429) or self.status >= 500


def _pauses() -> Iterator[float]:
    """Wall seconds between attempts."""
    return itertools.chain((0.1, 0.2, 0.4, 0.8), itertools.repeat(1.0))


@contextmanager
def calling(world: World) -> Iterator[None]:
    """Count a call to the hub as under way, its resends and the pauses between them included."""
    world.calls_out += 1
    try:
        yield
    finally:
        world.calls_out -= 1


class BotLine:
    """Signs activities and carries them to the hub, in order per conversation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.keys = KeyRing("msteams", "directline", "webchat")
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._overtaken = asyncio.Event()
        self._later: set[asyncio.Future[Answer]] = set()
        self._tokens: dict[tuple[str, str], tuple[float, str]] = {}

    def token(self, service_url: str) -> str:
        """A bearer token for calls about `service_url`; used again for ten minutes, as the service does."""
        key = (self.keys.current.kid, service_url)
        made, token = self._tokens.get(key, (0.0, ""))
        if not token or time.monotonic() - made > 600:
            token = self.keys.sign(self._claims(service_url))
            self._tokens[key] = (time.monotonic(), token)
        return token

    def _claims(self, service_url: str) -> Json:
        now = int(time.time())
        claims: Json = {"iss": ISSUER, "aud": self._world.settings.app_id, "serviceurl": service_url}
        return claims | {"nbf": now - 60, "exp": now + TOKEN_LIFE}

    async def deliver(self, place: str, activity: Json) -> Answer:
        """Bring one activity to the hub, again and again for a while; returns the last answer."""
        with calling(self._world):
            if await self._world.faults.take(f"{place}.out", "reorder"):
                await self._let_another_pass()
            async with self._turns[text_of(part(activity, "conversation").get("id"))]:
                result = await self._until_taken(place, activity)
                if await self._world.faults.take(f"{place}.out", "duplicate"):
                    await self._post(place, activity, attempt=2)
            self._overtaken.set()
        return result

    def deliver_soon(self, place: str, activity: Json) -> None:
        """The same without waiting for it."""
        task = asyncio.ensure_future(self.deliver(place, activity))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _let_another_pass(self) -> None:
        """Hold back until a later activity has been delivered, but not for ever."""
        self._overtaken.clear()
        try:
            await asyncio.wait_for(self._overtaken.wait(), HOLD_BACK)
        except TimeoutError:
            return

    async def _until_taken(self, place: str, activity: Json) -> Answer:
        begun = time.monotonic()
        for attempt, pause in enumerate(_pauses(), start=1):
            result = await self._post(place, activity, attempt=attempt)
            if not result.worth_resending:
                if not result.taken:
                    await self._world.log.add(place, "refused", rule="hub", status=result.status)
                return result
            if time.monotonic() - begun + pause > RESEND_FOR:
                await self._world.log.add(place, "undelivered", activity_id=activity.get("id"))
                return result
            await asyncio.sleep(pause)
        raise AssertionError("the pauses never end")

    async def invoke(self, place: str, activity: Json) -> Answer:
        """Ask the hub something whose answer is the response; once: a second time is the person's choice."""
        with calling(self._world):
            result = await self._post(place, activity, attempt=1)
            if await self._world.faults.take(f"{place}.out", "duplicate"):
                await self._post(place, activity, attempt=2)
            return result

    async def _post(self, place: str, activity: Json, *, attempt: int) -> Answer:
        """One call, with the faults of outgoing calls acted out."""
        begun = time.monotonic()
        faults, out = self._world.faults, f"{place}.out"
        if fault := await faults.take(out, "delay"):
            await asyncio.sleep(fault.seconds)
        result = Answer(status=0)
        if not await faults.take(out, "drop"):
            result = await self._call(activity)
            if await faults.take(out, "lose_answer"):
                result = Answer(status=0)
        ms = round((time.monotonic() - begun) * 1000)
        call = {"url": "/api/messages", "status": result.status, "ms": ms, "attempt": attempt}
        await self._world.log.add(place, "callback", **call, activity_id=activity.get("id"), type=activity.get("type"))
        return result

    async def _call(self, activity: Json) -> Answer:
        """One bare HTTP call."""
        headers = {
            "Authorization": f"Bearer {self.token(text_of(activity.get('serviceUrl')))}",
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "BF-DirectLine (Microsoft-BotFramework/3.2)",
        }
        url, data = f"{self._world.settings.hub_url}/api/messages", orjson.dumps(activity)
        limit = ClientTimeout(total=CLIENT_TIMEOUT)
        try:
            async with self._world.http.post(url, data=data, headers=headers, timeout=limit) as response:
                return Answer(status=response.status, body=_loads(await response.read()))
        except (ClientError, TimeoutError):
            return Answer(status=0)


def _loads(raw: bytes) -> object:
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        return raw.decode(errors="replace")


def bot_line(world: World) -> BotLine:
    """The one line of this world."""
    line = world.rooms.get("botframework")
    if not isinstance(line, BotLine):
        line = world.rooms["botframework"] = BotLine(world)
    return line


def routes(world: World) -> list[web.RouteDef]:
    """The OpenID documents a bot checks the service's tokens with."""
    line = bot_line(world)

    async def metadata(_: web.Request) -> web.Response:
        return answer(
            {
                "issuer": ISSUER,
                "authorization_endpoint": "https://invalid.botframework.com",
                "jwks_uri": f"{world.base_url}{PREFIX}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            }
        )

    async def keys(request: web.Request) -> web.StreamResponse:
        async def published(_: web.Request) -> web.StreamResponse:
            return answer(line.keys.jwks())

        await world.log.add("botframework", "keys_read")
        return await world.faults.serve("botframework/keys", request, published)

    return [web.get(f"{PREFIX}/openidconfiguration", metadata), web.get(f"{PREFIX}/keys", keys)]
