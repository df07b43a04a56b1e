"""Entra ID: app tokens by client credentials, sign-in of employees by code with PKCE, tab single sign-on tokens.

Log entries: `token_issued` (audience, grant), `refused` (rule), `signed_in` (by). Tokens and codes live in wall
time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import jwt
from aiohttp import BasicAuth, web

from simulator.keys import KeyRing
from simulator.registration import registration
from simulator.wire import Json, answer
from simulator.world import Employee, World

BOT_AUDIENCE = "https://api.botframework.com"
GRAPH_AUDIENCE = "https://graph.microsoft.com"
TOKEN_LIFE = 3599
CODE_LIFE = 300.0
"""Wall seconds; the real life of a code is about ten minutes (OAuth 2.0 authorization code flow)."""
TEAMS_CLIENT = "1fec8e78-bce4-4aaf-ab1b-5451cc387264"
"""The Teams desktop and mobile client, `azp` of tab tokens (Teams tab SSO, known client ids)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """What one authorization code stands for; used once."""

    employee: Employee
    redirect_uri: str
    nonce: str
    challenge: str
    born: float


class Refusal(Exception):
    """An OAuth error answer."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status, self.error, self.number, self.text = status, error, number, text


class Entra:
    """The directory's token service."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.keys = KeyRing()
        self._codes: dict[str, Code] = {}

    @property
    def home(self) -> str:
        """The tenant's address, without a trailing slash."""
        return f"{self._world.base_url}/login/{self._world.settings.tenant_id}"

    @property
    def issuer(self) -> str:
        """Issuer of the tokens, v2."""
        return f"{self.home}/v2.0"

    def token(self, audience: str, **claims: object) -> str:
        """A signed token for `audience`; a claim given as `exp` decides its end, else it lives an hour."""
        now = int(time.time())
        body: Json = {
            "aud": audience,
            "iss": self.issuer,
            "tid": self._world.settings.tenant_id,
            "ver": "2.0",
        }
        body |= {"iat": now, "nbf": now, "exp": now + TOKEN_LIFE, "uti": secrets.token_urlsafe(12)}
        return self.keys.sign(body | claims)

    def person_claims(self, employee: Employee) -> Json:
        """What a token says about an employee."""
        subject = hashlib.sha256(employee.aad_id.encode()).hexdigest()[:43]
        names: Json = {"name": employee.name, "preferred_username": employee.mail}
        return {"oid": employee.aad_id, "sub": subject} | names

    def tab_token(self, employee: Employee) -> str:
        """What `getAuthToken()` gives a tab that this employee opened."""
        claims = self.person_claims(employee) | {"scp": "access_as_user", "azp": TEAMS_CLIENT, "azpacr": "0"}
        return self.token(self._world.settings.tab_audience, **claims)

    def allows(self, request: web.Request, audience: str) -> bool:
        """Whether the request carries a token of ours for `audience`, issued to the hub's app."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return False
        try:
            claims = self.keys.read(token, audience=audience, issuer=self.issuer)
        except jwt.InvalidTokenError:
            return False
        return claims.get("azp") == self._world.settings.app_id

    def code_for(self, employee: Employee, query: Mapping[str, str]) -> str:
        """A fresh code for a sign-in request."""
        code = secrets.token_urlsafe(32)
        self._codes[code] = Code(
            employee=employee,
            redirect_uri=query["redirect_uri"],
            nonce=query.get("nonce", ""),
            challenge=query.get("code_challenge", ""),
            born=time.monotonic(),
        )
        return code

    def redeem(self, form: Mapping[str, str]) -> Code:
        """The code a form brings, if it is fresh, unused and its verifier fits. Raises Refusal."""
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or time.monotonic() - code.born > CODE_LIFE:
            raise Refusal(400, "invalid_grant", 70008, "The code has expired, was used or never existed.")
        if form.get("redirect_uri") != code.redirect_uri:
            raise Refusal(400, "invalid_grant", 50011, "The redirect URI is not that of the request.")
        if code.challenge and not hmac.compare_digest(_challenge(form.get("code_verifier", "")), code.challenge):
            raise Refusal(400, "invalid_grant", 501481, "The Code_Verifier does not match the code_challenge.")
        return code


def _challenge(verifier: str) -> str:
    """PKCE S256 (RFC 7636 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def entra(world: World) -> Entra:
    """The one directory of this world."""
    room = world.rooms.get("entra")
    if not isinstance(room, Entra):
        room = world.rooms["entra"] = Entra(world)
    return room


def _client(request: web.Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Client id and secret, from the form or a Basic header."""
    header = request.headers.get("Authorization", "")
    if header.lower().startswith("basic "):
        try:
            basic = BasicAuth.decode(header)
        except ValueError:
            return "", ""
        return basic.login, basic.password
    return form.get("client_id", ""), form.get("client_secret", "")


def _check_client(world: World, request: web.Request, form: Mapping[str, str]) -> None:
    client, secret = _client(request, form)
    if client != world.settings.app_id:
        raise Refusal(400, "unauthorized_client", 700016, "Application was not found in the directory.")
    if not hmac.compare_digest(secret.encode(), world.settings.app_password.encode()):
        raise Refusal(401, "invalid_client", 7000215, "Invalid client secret provided.")


def _app_token(world: World, form: Mapping[str, str]) -> tuple[str, Json]:
    """Audience and answer of the client credentials grant."""
    audience, _, rest = form.get("scope", "").rpartition("/")
    if rest != ".default" or audience not in (BOT_AUDIENCE, GRAPH_AUDIENCE):
        raise Refusal(400, "invalid_scope", 70011, "The provided value for scope is not valid.")
    app_id = world.settings.app_id
    roles = {"roles": sorted(registration(world).roles)} if audience == GRAPH_AUDIENCE else {}
    token = entra(world).token(audience, azp=app_id, appid=app_id, oid=app_id, idtyp="app", **roles)
    life: Json = {"expires_in": TOKEN_LIFE, "ext_expires_in": TOKEN_LIFE}
    return audience, {"token_type": "Bearer", "access_token": token} | life


def _person_tokens(world: World, form: Mapping[str, str]) -> tuple[str, Json]:
    """Audience and answer of the authorization code grant."""
    room = entra(world)
    code = room.redeem(form)
    app_id = world.settings.app_id
    claims = room.person_claims(code.employee)
    nonce: Json = {"nonce": code.nonce} if code.nonce else {}
    body: Json = {"token_type": "Bearer", "scope": "openid profile email", "expires_in": TOKEN_LIFE}
    body["access_token"] = room.token(GRAPH_AUDIENCE, azp=TEAMS_CLIENT, scp="openid profile email", **claims)
    body["id_token"] = room.token(app_id, **claims, **nonce)
    return app_id, body


async def _refused(world: World, refusal: Refusal) -> web.Response:
    await world.log.add("entra", "refused", rule=refusal.error, number=refusal.number, status=refusal.status)
    body = {
        "error": refusal.error,
        "error_description": f"AADSTS{refusal.number}: {refusal.text}",
        "error_codes": [refusal.number],
        "trace_id": secrets.token_hex(16),
        "correlation_id": secrets.token_hex(16),
    }
    return answer(body, refusal.status)


async def _token(world: World, request: web.Request) -> web.StreamResponse:
    form = {name: str(value) for name, value in (await request.post()).items()}
    if fault := await world.faults.take("entra", "throttle"):
        return answer({"error": "temporarily_unavailable"}, 429, {"Retry-After": str(round(fault.seconds))})
    if fault := await world.faults.take("entra", "error"):
        return answer({"error": "server_error"}, fault.status)
    try:
        if request.match_info["tenant"] != world.settings.tenant_id:
            raise Refusal(400, "invalid_request", 90002, "Tenant not found.")
        _check_client(world, request, form)
        grants = {"client_credentials": _app_token, "authorization_code": _person_tokens}
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            raise Refusal(400, "unsupported_grant_type", 70003, "The grant type is not supported.")
        audience, body = grant(world, form)
    except Refusal as refusal:
        return await _refused(world, refusal)
    await world.log.add("entra", "token_issued", audience=audience, grant=form["grant_type"])
    return answer(body, headers={"Cache-Control": "no-store"})


def _sign_in_fault(world: World, query: Mapping[str, str]) -> str:
    """Why a sign-in request must not be redirected anywhere; empty when it may."""
    if query.get("client_id") != world.settings.app_id:
        return "AADSTS700016: unknown application."
    if not query.get("redirect_uri", "").startswith(f"{world.settings.hub_url}/"):
        return "AADSTS50011: the redirect URI is not registered for the application."
    if query.get("response_type") != "code" or "openid" not in query.get("scope", "").split():
        return "AADSTS70011: only response_type=code with scope openid is supported."
    if query.get("code_challenge") and query.get("code_challenge_method") != "S256":
        return "AADSTS501491: only the S256 challenge is supported."
    return ""


def _picker(world: World, request: web.Request) -> web.Response:
    """The page that asks who is signing in."""
    links = []
    for employee in world.settings.employees:
        query = urlencode({**request.query, "login_hint": employee.mail})
        label = html.escape(f"{employee.name} ({employee.mail})")
        links.append(f'<li><a href="?{html.escape(query)}">{label}</a></li>')
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>Sign in</title>'
        f"<main><h1>Pick an account</h1><ul>{''.join(links)}</ul></main></html>"
    )
    return web.Response(text=page, content_type="text/html")


async def _authorize(world: World, request: web.Request) -> web.StreamResponse:
    query = dict(request.query)
    if fault := _sign_in_fault(world, query):
        await world.log.add("entra", "refused", rule="authorize", text=fault, status=400)
        return web.Response(text=fault, status=400)
    back = query["redirect_uri"]
    state = {"state": query["state"]} if "state" in query else {}
    if "login_hint" not in query:
        if query.get("prompt") == "none":
            raise web.HTTPFound(f"{back}?{urlencode({'error': 'login_required', **state})}")
        return _picker(world, request)
    try:
        employee = world.employee(query["login_hint"])
    except KeyError:
        return web.Response(text="AADSTS50034: the user account does not exist.", status=400)
    await world.log.add("entra", "signed_in", by=employee.name)
    code = entra(world).code_for(employee, query)
    raise web.HTTPFound(f"{back}?{urlencode({'code': code, **state})}")


def routes(world: World) -> list[web.RouteDef]:
    """The tenant's endpoints under /login."""
    room = entra(world)

    async def metadata(_: web.Request) -> web.Response:
        return answer(
            {
                "issuer": room.issuer,
                "authorization_endpoint": f"{room.home}/oauth2/v2.0/authorize",
                "token_endpoint": f"{room.home}/oauth2/v2.0/token",
                "jwks_uri": f"{room.home}/discovery/v2.0/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def keys(_: web.Request) -> web.Response:
        return answer(room.keys.jwks())

    async def issue(request: web.Request) -> web.StreamResponse:
        async def handle(inner: web.Request) -> web.StreamResponse:
            return await _token(world, inner)

        return await world.faults.serve("entra", request, handle)

    async def authorize(request: web.Request) -> web.StreamResponse:
        return await _authorize(world, request)

    return [
        web.get("/login/{tenant}/v2.0/.well-known/openid-configuration", metadata),
        web.get("/login/{tenant}/discovery/v2.0/keys", keys),
        web.post("/login/{tenant}/oauth2/v2.0/token", issue),
        web.get("/login/{tenant}/oauth2/v2.0/authorize", authorize),
    ]
