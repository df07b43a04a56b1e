"""Tokens in links and reply addresses: what they stand for can be read, but nobody else can make one.

A token names one purpose and one thing and is never a login. Lower-case letters and digits only, because mail systems
fold the case of addresses.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from typing import Literal

Purpose = Literal["unsubscribe", "click", "form", "reply", "bounce", "page", "file"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """Makes and opens tokens under one key (at least 32 random bytes)."""

    key: bytes = field(repr=False)

    def mint(self, purpose: Purpose, ref: str) -> str:
        """A token for `ref`, which must be lower-case letters, digits or dashes."""
        if not ref or not all(c.isascii() and (c.islower() or c.isdigit() or c == "-") for c in ref):
            raise ValueError("a token's reference is lower-case letters, digits and dashes")
        return f"{ref}.{self._mac(purpose, ref)}"

    def open(self, purpose: Purpose, token: str) -> str | None:
        """What the token stands for, or None if it is not one of ours for this purpose. Constant time."""
        ref, dot, mac = token.strip().lower().rpartition(".")
        if not dot or len(token) > 200 or not token.isascii():
            return None
        return ref if hmac.compare_digest(mac, self._mac(purpose, ref)) else None

    def _mac(self, purpose: Purpose, ref: str) -> str:
        digest = hmac.digest(self.key, f"{purpose}\n{ref}".encode(), "sha256")[:16]
        return base64.b32encode(digest).decode().rstrip("=").lower()
