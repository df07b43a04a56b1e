"""The encrypted envelope of WeCom callbacks, written from the vendor's description alone (WeCom doc 90968).

AES-256-CBC, key = base64(EncodingAESKey + "="), IV = its first 16 bytes; plain text = 16 random bytes + 4 bytes length
(big endian) + message + receive id, padded to a multiple of 32 with 1 to 32 bytes that each name their number.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32


class BadEnvelopeError(Exception):
    """Not an envelope of ours: wrong signature, key, padding, length or receive id."""


class Envelope:
    """Seals, opens and signs with one callback's token and key."""

    def __init__(self, token: str, aes_key: str, receive_id: str) -> None:
        self._token = token
        self._key = base64.b64decode(aes_key + "=")
        self._receive_id = receive_id.encode()

    def seal(self, message: bytes) -> str:
        """Encrypt `message`; the same message gives another envelope each time."""
        plain = secrets.token_bytes(16) + struct.pack(">I", len(message)) + message + self._receive_id
        pad = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def open(self, encrypted: str) -> bytes:
        """Decrypt an envelope. Raises BadEnvelopeError."""
        try:
            sealed = base64.b64decode(encrypted, validate=True)
            decryptor = self._cipher().decryptor()
            plain = decryptor.update(sealed) + decryptor.finalize()
        except (binascii.Error, ValueError) as error:
            raise BadEnvelopeError("not base64 of whole AES blocks") from error
        return self._unwrap(plain)

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """The signature that goes beside an envelope."""
        parts = sorted((self._token, timestamp, nonce, encrypted))
        return hashlib.sha1("".join(parts).encode()).hexdigest()  # noqa: S324 - the platform's own algorithm

    def check(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> None:
        """Raise BadEnvelopeError when the signature is not ours."""
        if not hmac.compare_digest(self.sign(timestamp, nonce, encrypted), signature):
            raise BadEnvelopeError("wrong signature")

    def _unwrap(self, plain: bytes) -> bytes:
        pad = plain[-1] if plain else 0
        if not 1 <= pad <= _BLOCK or len(plain) < 20 + pad or plain[-pad:] != bytes([pad]) * pad:
            raise BadEnvelopeError("wrong padding")
        body = plain[16:-pad]
        length = struct.unpack(">I", body[:4])[0]
        message, receive_id = body[4 : 4 + length], body[4 + length :]
        if len(message) != length or receive_id != self._receive_id:
            raise BadEnvelopeError("wrong length or receive id")
        return message

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))
