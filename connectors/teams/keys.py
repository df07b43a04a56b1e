"""The published keys of one token issuer, cached: old ones are kept when the issuer cannot be reached.

A key id we do not know makes us ask again, at most once in a while and only once at a time, so that forged tokens
cannot make us call anybody.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import jwt
import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout

MAX_AGE = 86_400.0
"""Seconds after which keys are asked for anew (Bot Connector authentication reference: at least every 24 h)."""
KEEP = 5 * 86_400.0
"""Seconds the last good keys are used while the issuer cannot be reached."""
FIRST_TRIES = 5.0
"""Seconds between tries as long as no key was ever read."""
FETCH_SECONDS = 3.0
MAX_DOCUMENT = 512 * 1024
MAX_KEYS = 100

Fetch = Callable[[], Awaitable[Mapping[str, object]]]
"""Reads the key document. Raises KeysUnreachable."""


class KeysUnreachable(Exception):
    """The issuer's keys could not be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One public key; `endorsements` are the Bot Framework's word for which channels it may speak."""

    kid: str
    key: jwt.PyJWK = field(repr=False)
    endorsements: frozenset[str] = frozenset()


class Keys:
    """The keys of one issuer."""

    def __init__(self, fetch: Fetch, *, refresh: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._refresh, self._monotonic = fetch, refresh, monotonic
        self._keys: dict[str, Key] = {}
        self._read_at = float("-inf")
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    @property
    def loaded(self) -> bool:
        """Whether there is any key to judge by."""
        return bool(self._keys) and self._monotonic() - self._read_at < KEEP

    def known(self, kid: str) -> Key | None:
        """The key, if we have it; never asks anybody."""
        return self._keys.get(kid) if self.loaded else None

    async def find(self, kid: str) -> Key | None:
        """The key with this id; asks the issuer when it is unknown or all are old, within the limits above."""
        key = self.known(kid)
        if key is None:
            await self._ask(self._refresh if self.loaded else min(FIRST_TRIES, self._refresh))
            return self.known(kid)
        if self._monotonic() - self._read_at > MAX_AGE:
            self._begin(self._refresh)  # the old keys are still good: nobody waits for the new ones
        return key

    async def load(self) -> None:
        """Read the keys now if there are none."""
        if not self.loaded:
            await self._ask(0.0)

    async def stop(self) -> None:
        """Give up a reading that is under way."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self, pause: float) -> None:
        self._begin(pause)
        if self._asking is not None and not self._asking.done():
            await asyncio.shield(self._asking)

    def _begin(self, pause: float) -> None:
        """Start a reading unless one is under way or the last began less than `pause` seconds ago."""
        under_way = self._asking is not None and not self._asking.done()
        now = self._monotonic()
        if not under_way and now - self._asked_at >= pause:
            self._asked_at = now
            self._asking = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            keys = _keys_of(await self._fetch())
        except KeysUnreachable:
            return
        if keys:
            self._keys, self._read_at = keys, self._monotonic()


def _keys_of(document: Mapping[str, object]) -> dict[str, Key]:
    """The usable RSA keys of a JWKS; whatever else stands there is passed over."""
    listed = document.get("keys")
    found: dict[str, Key] = {}
    for item in listed[:MAX_KEYS] if isinstance(listed, list) else ():
        kid = item.get("kid") if isinstance(item, dict) else None
        if not isinstance(kid, str) or item.get("kty") != "RSA":
            continue
        endorsements = item.get("endorsements")
        names = endorsements if isinstance(endorsements, list) else []
        try:
            key = jwt.PyJWK({**item, "alg": "RS256"})
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        found[kid] = Key(kid=kid, key=key, endorsements=frozenset(n for n in names if isinstance(n, str)))
    return found


async def read_json(session: ClientSession, url: str) -> Mapping[str, object]:
    """A JSON object from one of the issuer's own addresses. Raises KeysUnreachable."""
    try:
        timeout = ClientTimeout(total=FETCH_SECONDS)
        async with session.get(url, timeout=timeout, allow_redirects=False) as response:
            if response.status != 200:
                raise KeysUnreachable(f"status {response.status}")
            document = orjson.loads(await _bounded(response.content.iter_any()))
    except (ClientError, TimeoutError, orjson.JSONDecodeError) as problem:
        raise KeysUnreachable(type(problem).__name__) from None
    if not isinstance(document, dict):
        raise KeysUnreachable("no JSON object")
    return document


async def _bounded(chunks: object) -> bytes:
    body = b""
    async for chunk in chunks:  # type: ignore[attr-defined]  # aiohttp's stream iterator has no public type
        body += chunk
        if len(body) > MAX_DOCUMENT:
            raise KeysUnreachable("the document is too long")
    return body


def by_openid(session: ClientSession, openid_url: str) -> Fetch:
    """Keys through an OpenID metadata document."""

    async def fetch() -> Mapping[str, object]:
        metadata = await read_json(session, openid_url)
        address = metadata.get("jwks_uri")
        if not isinstance(address, str):
            raise KeysUnreachable("the metadata name no keys")
        return await read_json(session, address)

    return fetch


def by_address(session: ClientSession, keys_url: str) -> Fetch:
    """Keys from their own address."""

    async def fetch() -> Mapping[str, object]:
        return await read_json(session, keys_url)

    return fetch
