"""RSA keys that sign the platforms' tokens, published as a JWKS and rotated on demand."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

Json = dict[str, object]


def _number(value: int) -> str:
    """A JWK integer: big-endian bytes in base64url without padding (RFC 7518 6.3)."""
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningKey:
    """One key pair with the id tokens name it by."""

    kid: str
    private: RSAPrivateKey = field(repr=False)

    def public(self, endorsements: tuple[str, ...]) -> Json:
        """The public half as a JWK; the Bot Framework adds the channels it vouches for."""
        numbers = self.private.public_key().public_numbers()
        key: Json = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "x5t": self.kid}
        key |= {"n": _number(numbers.n), "e": _number(numbers.e)}
        return key | {"endorsements": list(endorsements)} if endorsements else key


class KeyRing:
    """The published keys of one signer; the newest signs."""

    def __init__(self, *endorsements: str) -> None:
        self.endorsements = endorsements
        self.keys: list[SigningKey] = []
        self.rotate(retire=False)

    @property
    def current(self) -> SigningKey:
        """The key that signs now."""
        return self.keys[-1]

    def rotate(self, *, retire: bool) -> str:
        """Publish a new key and sign with it; `retire` withdraws the older ones at once. Returns its id."""
        if retire:
            self.keys.clear()
        private = generate_private_key(65537, 2048)
        self.keys.append(SigningKey(kid=secrets.token_urlsafe(20), private=private))
        return self.current.kid

    def jwks(self) -> Json:
        """The public document."""
        return {"keys": [key.public(self.endorsements) for key in self.keys]}

    def sign(self, claims: Json) -> str:
        """A compact RS256 token."""
        return jwt.encode(claims, self.current.private, "RS256", headers={"kid": self.current.kid})

    def read(self, token: str, *, audience: str, issuer: str) -> Json:
        """The claims of a token of ours. Raises jwt.InvalidTokenError."""
        kid = jwt.get_unverified_header(token).get("kid")
        for key in self.keys:
            if key.kid == kid:
                claims: Json = jwt.decode(token, key.private.public_key(), ["RS256"], audience=audience, issuer=issuer)
                return claims
        raise jwt.InvalidTokenError("signed by none of the published keys")
