"""Values that go to a browser and come back: sealed, so that nobody else can make, read or keep one too long."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_LONGEST = 4096
_NONCE = 12
_STAMP = 18


class Sealer:
    """AES-GCM under a key derived for these pages; each value is bound to its purpose and to a moment it ends."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(hmac.digest(key, b"tower/sidebar/seal/1", "sha256"))

    def seal(self, purpose: str, value: Mapping[str, str], *, until: float) -> str:
        """The sealed value; `until` in epoch seconds of the wall clock."""
        nonce = secrets.token_bytes(_NONCE)
        plain = orjson.dumps({"until": until, "value": dict(value)})
        return base64.urlsafe_b64encode(nonce + self._aead.encrypt(nonce, plain, purpose.encode())).decode().rstrip("=")

    def open(self, purpose: str, sealed: str, *, now: float) -> Mapping[str, str] | None:
        """What was sealed; None for anything that is not ours, not for this purpose, or over."""
        if not sealed or len(sealed) > _LONGEST or not sealed.isascii():
            return None
        try:
            raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
            told = orjson.loads(self._aead.decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode()))
        except (binascii.Error, InvalidTag, ValueError):
            return None
        value: Mapping[str, str] = told["value"]
        return value if now < told["until"] else None


class Stamp:
    """Proves that a form was drawn by us for this very sign-in."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"tower/sidebar/form/1", "sha256")

    def of(self, session_id: str) -> str:
        """What only we can make of this name; the same each time."""
        return base64.urlsafe_b64encode(self._digest(session_id)).decode()

    def masked(self, session_id: str) -> str:
        """The same, another each time: pages are compressed, and a length must not tell what repeats in them."""
        pad = secrets.token_bytes(_STAMP)
        return base64.urlsafe_b64encode(pad + _mixed(pad, self._digest(session_id))).decode()

    def fits(self, session_id: str, given: str) -> bool:
        """Whether a form came from this session. Constant time."""
        try:
            raw = base64.b64decode(given.encode("ascii"), altchars=b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error):
            return False
        return len(raw) == 2 * _STAMP and hmac.compare_digest(
            self._digest(session_id), _mixed(raw[:_STAMP], raw[_STAMP:])
        )

    def _digest(self, session_id: str) -> bytes:
        return hmac.digest(self._key, session_id.encode(), "sha256")[:_STAMP]


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
