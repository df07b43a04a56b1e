"""Proves that a call comes from the Bot Framework (or that a tab's token comes from Entra), before anything is read.

botbuilder's own check accepts tokens without an end, skips what is missing and answers 500 to garbage; so this one
stands in front. Sources: Bot Connector authentication reference; Teams tab single sign-on.
"""

from __future__ import annotations

import base64
import binascii
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

import jwt
import orjson

from connectors.teams.keys import Key, Keys
from rules.errors import BadSignature, Unavailable

MAX_TOKEN = 8_192
CACHED_TOKENS = 1_024
Json = Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Demands:
    """What a token must say."""

    audiences: tuple[str, ...]
    issuers: tuple[str, ...]
    leeway: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """A verified token: its claims, and the channels its key vouches for."""

    claims: Json = field(repr=False)
    endorsements: frozenset[str]
    kid: str
    expires: float
    """Epoch seconds of the wall clock."""


class Verifier:
    """Checks bearer tokens of one issuer. A token seen before costs one hash, until its own end."""

    def __init__(self, keys: Keys, demands: Demands, *, wall: Callable[[], float] = time.time) -> None:
        self._keys, self._demands, self._wall = keys, demands, wall
        self._seen: OrderedDict[bytes, Proof] = OrderedDict()

    async def check_header(self, header: str | None) -> Proof:
        """The proof in an Authorization header. Raises BadSignature, or Unavailable while no key is known."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise BadSignature("no_token")
        return await self.check(token)

    async def check(self, token: str) -> Proof:
        """The proof in a token. Raises BadSignature, or Unavailable while no key is known."""
        if len(token) > MAX_TOKEN or not token.isascii():
            raise BadSignature("garbage")
        mark = blake2b(token.encode(), digest_size=32).digest()
        seen = self._seen.get(mark)
        if seen is not None and seen.expires > self._wall() and self._keys.known(seen.kid):
            return seen
        key = await self._key_of(token)
        proof = self._prove(token, key)
        self._remember(mark, proof)
        return proof

    async def _key_of(self, token: str) -> Key:
        """The key a token claims; nobody is asked about a token that is wrong on its face."""
        kid = _look(token, self._demands, self._wall())
        key = await self._keys.find(kid)
        if key is not None:
            return key
        if not self._keys.loaded:
            raise Unavailable("the issuer's keys could not be read yet")
        raise BadSignature("unknown_key")

    def _prove(self, token: str, key: Key) -> Proof:
        try:
            claims: dict[str, object] = jwt.decode(
                token,
                key.key,
                algorithms=["RS256"],
                audience=list(self._demands.audiences),
                issuer=list(self._demands.issuers),
                leeway=self._demands.leeway,
                options={
                    "require": ["exp", "iss", "aud"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            raise BadSignature("bad_signature") from None
        expires = _in_time(claims, self._demands.leeway, self._wall())
        return Proof(claims=claims, endorsements=key.endorsements, kid=key.kid, expires=expires)

    def _remember(self, mark: bytes, proof: Proof) -> None:
        self._seen[mark] = proof
        if len(self._seen) > CACHED_TOKENS:
            self._seen.popitem(last=False)


def _look(token: str, demands: Demands, now: float) -> str:
    """The key id of a token that is right on its face. Raises BadSignature."""
    pieces = token.split(".")
    if len(pieces) != 3 or not all(pieces):
        raise BadSignature("garbage")
    header, claims = _decoded(pieces[0]), _decoded(pieces[1])
    kid = header.get("kid")
    if header.get("alg") != "RS256" or "crit" in header:
        raise BadSignature("algorithm")
    if not isinstance(kid, str) or not kid:
        raise BadSignature("no_key_id")
    if claims.get("iss") not in demands.issuers:
        raise BadSignature("issuer")
    if claims.get("aud") not in demands.audiences:
        raise BadSignature("audience")
    _in_time(claims, demands.leeway, now)
    return kid


def _decoded(piece: str) -> dict[str, object]:
    """One part of a token as a JSON object. Raises BadSignature."""
    try:
        value = orjson.loads(base64.b64decode(piece + "=" * (-len(piece) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise BadSignature("garbage") from None
    if not isinstance(value, dict):
        raise BadSignature("garbage")
    return value


def _in_time(claims: Json, leeway: float, now: float) -> float:
    """The end of a token that holds now. Raises BadSignature."""
    expires, begins = _moment(claims, "exp"), _moment(claims, "nbf")
    if expires is None:
        raise BadSignature("no_end")
    if now > expires + leeway:
        raise BadSignature("expired")
    if begins is not None and begins > now + leeway:
        raise BadSignature("not_yet")
    return expires


def _moment(claims: Json, name: str) -> float | None:
    """A numeric date. Raises BadSignature when it is something else."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadSignature("bad_time")
    return float(value)
