"""Personal data at rest: what is sealed is read only with a key, what is indexed is found only by who knows it.

A sealed blob is `1 | length of kid | kid | nonce (12) | AES-256-GCM ciphertext`; its place, row and key id are bound to
it, so a blob copied to another row or column does not open.
"""

from __future__ import annotations

import hmac
import os
import unicodedata
from collections.abc import Callable, Mapping

import phonenumbers
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from rules.errors import Unreadable

_FORM = b"\x01"
_NONCE = 12
_KEY = 32


class Vault:
    """Seals, opens and indexes under keys that live outside the database.

    `keys` maps key ids to master keys of at least 32 random bytes; `current` is the id new blobs are sealed with, older
    ids still open. `index_key` must outlive every rotation: changing it makes all indexes unfindable. A nonce must
    never repeat, so randomness is the operating system's unless a caller says otherwise.
    """

    __slots__ = ("_ciphers", "_current", "_index_key", "_keys", "_random", "_region")

    def __init__(
        self,
        keys: Mapping[str, bytes],
        current: str,
        index_key: bytes,
        *,
        region: str = "CN",
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """Raises ValueError for a short key, a key id that is not 1-64 ASCII characters, or an unknown `current`.

        `region` is where a phone number without a country code is taken to be.
        """
        if current not in keys:
            raise ValueError("the current key id is not among the keys")
        if any(not (k.isascii() and 0 < len(k) <= 64) for k in keys):
            raise ValueError("a key id is 1 to 64 ASCII characters")
        if min(map(len, (*keys.values(), index_key))) < _KEY:
            raise ValueError("a key is at least 32 random bytes")
        self._keys = dict(keys)
        self._current = current
        self._index_key = _derive(index_key, "index")
        self._region = region
        self._random = random
        self._ciphers: dict[tuple[str, str], AESGCM] = {}

    def __repr__(self) -> str:
        return f"Vault(current={self._current!r})"

    def seal(self, place: str, row_id: str, plain: bytes) -> bytes:
        """The plain bytes, sealed for one place (`table.column`) and one row."""
        kid = self._current
        nonce = self._random(_NONCE)
        sealed = self._cipher(kid, place).encrypt(nonce, plain, _bound(place, row_id, kid))
        return b"".join((_FORM, bytes((len(kid),)), kid.encode(), nonce, sealed))

    def open(self, place: str, row_id: str, blob: bytes) -> bytes:
        """The plain bytes again. Raises Unreadable for a changed, moved or foreign blob, or an unknown key."""
        kid, start = _kid(blob)
        if kid not in self._keys:
            raise Unreadable(f"{place}: sealed with a key we do not hold ({kid})")
        nonce, sealed = blob[start : start + _NONCE], blob[start + _NONCE :]
        try:
            return self._cipher(kid, place).decrypt(nonce, sealed, _bound(place, row_id, kid))
        except (InvalidTag, ValueError) as e:
            raise Unreadable(f"{place}: not what was sealed here") from e

    def index(self, kind: str, value: str) -> str:
        """A keyed digest that finds equal values again. Mail and phone are compared as people mean them."""
        return self.digest(kind, normal(kind, value, self._region))

    def digest(self, kind: str, value: str) -> str:
        """A keyed digest of exactly these characters, for wire ids and keys of our own."""
        return hmac.digest(self._index_key, f"{kind}|{value}".encode("utf-8", "surrogatepass"), "sha256").hex()

    def _cipher(self, kid: str, place: str) -> AESGCM:
        cipher = self._ciphers.get((kid, place))
        if cipher is None:
            cipher = self._ciphers[kid, place] = AESGCM(_derive(self._keys[kid], f"seal {place}"))
        return cipher


def normal(kind: str, value: str, region: str = "CN") -> str:
    """A value as it is compared: NFKC; mail in lower case; phones as E.164 where they can be read as such."""
    text = unicodedata.normalize("NFKC", value).strip()
    if kind == "mail":
        return text.lower()
    if kind == "phone":
        return _phone(text, region)
    return text


def _phone(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return "".join(c for c in text if c.isdigit() or c == "+")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _kid(blob: bytes) -> tuple[str, int]:
    if len(blob) < 2 or blob[:1] != _FORM or len(blob) < 2 + blob[1] + _NONCE:
        raise Unreadable("not a sealed blob")
    end = 2 + blob[1]
    return blob[2:end].decode("ascii", "replace"), end


def _bound(place: str, row_id: str, kid: str) -> bytes:
    return f"{place}|{row_id}|{kid}".encode("utf-8", "surrogatepass")


def _derive(master: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY, salt=None, info=f"tower {purpose}".encode()).derive(master)
