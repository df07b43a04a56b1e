"""Signatures and ciphers of WeCom: the one module that knows wechatpy (WeCom docs 90968 and 90506).

wechatpy compares signatures with `!=`, parses before it verifies and believes any padding; so our own checks stand in
front of it, and it does what is left: the AES cipher, sealing of passive replies and the JS-SDK digest.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
import re
import struct
from typing import Any

from pydantic import SecretStr

from rules.errors import BadSignature

_BLOCK = 32
_SIGNATURE = re.compile(r"[0-9a-f]{40}\Z")
_TIMESTAMP = re.compile(r"\d{10}\Z", re.ASCII)
_NONCE = re.compile(r"[0-9A-Za-z_-]{1,64}\Z")


def load() -> None:
    """Import wechatpy; it takes half a second, so it is done in a thread while the socket already listens."""
    importlib.import_module("wechatpy.enterprise.crypto")


class Envelope:
    """Opens and seals the envelopes of one app's callbacks."""

    def __init__(self, *, corp_id: str, token: SecretStr, aes_key: SecretStr) -> None:
        self._corp_id = corp_id
        self._token = token
        self._aes_key = aes_key
        self._sdk: Any = None

    def __repr__(self) -> str:
        return f"Envelope(corp_id={self._corp_id!r})"

    def open(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> bytes:
        """The message inside. Raises BadSignature (403) unless signature, padding, length and receiver are ours."""
        self._check(signature, timestamp, nonce, encrypted)
        sealed = base64.b64decode(encrypted)
        if not sealed or len(sealed) % _BLOCK:
            raise BadSignature("not whole blocks", status=403)
        return self._unwrap(self._cipher().decrypt(sealed))

    def seal(self, message: str, timestamp: str, nonce: str) -> str:
        """An encrypted and signed passive reply (XML)."""
        return str(self._crypto().encrypt_message(message, nonce, timestamp))

    def _check(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> None:
        """The signature joins its parts without a separator: their shapes are narrowed so that few cuts fit."""
        if not (_SIGNATURE.match(signature) and _TIMESTAMP.match(timestamp) and _NONCE.match(nonce)):
            raise BadSignature("no signature", status=403)
        parts = sorted((self._token.get_secret_value(), timestamp, nonce, encrypted))
        ours = hashlib.sha1("".join(parts).encode()).hexdigest()  # noqa: S324 - the platform's own algorithm
        if not hmac.compare_digest(ours, signature):
            raise BadSignature("wrong signature", status=403)

    def _unwrap(self, plain: bytes) -> bytes:
        """Random 16 bytes, length, message, receiver id, padding of 1 to 32 bytes that each name their number."""
        pad = plain[-1]
        if not 1 <= pad <= _BLOCK or len(plain) < 20 + pad or plain[-pad:] != bytes([pad]) * pad:
            raise BadSignature("wrong padding", status=403)
        (length,) = struct.unpack(">I", plain[16:20])
        end = 20 + length
        if end > len(plain) - pad:
            raise BadSignature("wrong length", status=403)
        if not hmac.compare_digest(plain[end : len(plain) - pad], self._corp_id.encode()):
            raise BadSignature("meant for somebody else", status=403)
        return plain[20:end]

    def _crypto(self) -> Any:
        if self._sdk is None:
            from wechatpy.enterprise.crypto import WeChatCrypto

            token, key = self._token.get_secret_value(), self._aes_key.get_secret_value()
            self._sdk = WeChatCrypto(token, key, self._corp_id)
        return self._sdk

    def _cipher(self) -> Any:
        from wechatpy.enterprise.crypto import PrpCrypto

        return PrpCrypto(self._crypto().key).cipher


def page_signature(*, ticket: str, nonce: str, timestamp: str, url: str) -> str:
    """The JS-SDK signature of a page's address (without fragment) under one of the two tickets."""
    from wechatpy.utils import WeChatSigner

    signer = WeChatSigner(delimiter=b"&")
    signer.add_data(f"jsapi_ticket={ticket}", f"noncestr={nonce}", f"timestamp={timestamp}", f"url={url}")
    return str(signer.signature)
