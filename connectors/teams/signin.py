"""Employees sign in to our own pages with Entra ID: authorization code with PKCE, and an id token that is verified.

Sources: Microsoft identity platform, OAuth 2.0 authorization code flow and OpenID Connect; id token claims reference.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlencode

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from pydantic import SecretStr

from connectors import transfer
from connectors.contract import SignInTrip
from connectors.teams.keys import Keys, by_address
from connectors.teams.verify import MAX_TOKEN, Demands, Verifier
from connectors.teams.wire import text_of
from rules.errors import BadSignature, PlatformAway, Unavailable
from rules.model import RepHandle

KEEP_ALIVE = 14.0
"""Seconds an idle connection is kept."""
LONGEST_CODE = 4_096
MAX_ANSWER = 65_536
SCOPE = "openid profile"
"""`profile` is what brings the object id into the token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Realm:
    """One tenant's directory, and our app there."""

    authority: str
    """The tenant's base address, without a trailing slash."""
    issuer: str
    tenant_id: str
    client_id: str
    secret: SecretStr
    leeway: float
    refresh: float
    """Seconds between looks for new keys."""
    call_seconds: float


class EntraSignIn:
    """Recognises employees. Use it as an async context: it holds one session."""

    def __init__(self, realm: Realm) -> None:
        self._realm = realm
        self._session: ClientSession | None = None
        self._keys: Keys | None = None
        self._verifier: Verifier | None = None

    async def __aenter__(self) -> EntraSignIn:
        realm = self._realm
        timeout = ClientTimeout(total=realm.call_seconds)
        self._session = ClientSession(connector=TCPConnector(keepalive_timeout=KEEP_ALIVE), timeout=timeout)
        self._keys = Keys(by_address(self._session, f"{realm.authority}/discovery/v2.0/keys"), refresh=realm.refresh)
        wanted = Demands(audiences=(realm.client_id,), issuers=(realm.issuer,), leeway=realm.leeway)
        self._verifier = Verifier(self._keys, wanted)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None
    ) -> None:
        if self._keys is not None:
            await self._keys.stop()
        if self._session is not None:
            await self._session.close()

    def sign_in_url(self, trip: SignInTrip, *, choose: bool) -> str:
        """See connectors.contract.Directory."""
        asked = {
            "client_id": self._realm.client_id,
            "response_type": "code",
            "redirect_uri": trip.redirect,
            "response_mode": "query",
            "scope": SCOPE,
            "state": trip.state,
            "nonce": trip.nonce,
            "code_challenge": challenge(trip.verifier),
            "code_challenge_method": "S256",
        }
        if choose:
            asked["prompt"] = "select_account"
        return f"{self._realm.authority}/oauth2/v2.0/authorize?{urlencode(asked)}"

    async def signed_in(self, trip: SignInTrip, code: str) -> RepHandle:
        """See connectors.contract.Directory.

        Identity is tenant and object id; names and addresses in the token can change hands and are not looked at.
        """
        if self._verifier is None:
            raise Unavailable("not started")
        if not code or len(code) > LONGEST_CODE or not code.isprintable():
            raise BadSignature("no_code")
        claims = (await self._verifier.check(await self._redeem(trip, code))).claims
        if not hmac.compare_digest(text_of(claims.get("nonce")).encode(), trip.nonce.encode()):
            raise BadSignature("nonce")
        if claims.get("tid") != self._realm.tenant_id:
            raise BadSignature("tenant")
        person = text_of(claims.get("oid"))
        if not person:
            raise BadSignature("no_person")
        return RepHandle(platform="teams", value=person)

    async def _redeem(self, trip: SignInTrip, code: str) -> str:
        """The id token for a code. Raises BadSignature, PlatformAway."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self._realm.client_id,
            "client_secret": self._realm.secret.get_secret_value(),
            "code": code,
            "redirect_uri": trip.redirect,
            "code_verifier": trip.verifier,
            "scope": SCOPE,
        }
        status, body = await self._post(f"{self._realm.authority}/oauth2/v2.0/token", form)
        if status == 400:
            raise BadSignature("code_refused")
        try:
            token = orjson.loads(body)["id_token"] if status == 200 else None
        except (orjson.JSONDecodeError, KeyError, TypeError):
            token = None
        if not isinstance(token, str) or not token or len(token) > MAX_TOKEN:
            raise PlatformAway(f"the directory answered {status}")
        return token

    async def _post(self, url: str, form: dict[str, str]) -> tuple[int, bytes]:
        if self._session is None:
            raise Unavailable("not started")
        try:
            async with self._session.post(url, data=form, allow_redirects=False) as answer:
                return answer.status, await transfer.beginning(answer, MAX_ANSWER)
        except (ClientError, TimeoutError):
            raise PlatformAway("the directory does not answer") from None


def challenge(verifier: str) -> str:
    """PKCE S256 (RFC 7636 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
