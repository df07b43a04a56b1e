"""The simulated Graph, Entra sign-in and Direct Line keep their platforms' rules."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.rates import Rates
from tests.contract.teams_world import (
    APP_ID,
    GENERAL,
    GRAPH_SCOPE,
    GROUP,
    PASSWORD,
    REP,
    TENANT,
    Company,
    Json,
    card,
    company,
    new_thread,
)

TEAM = f"/graph/v1.0/teams/{GROUP}"
DL = "/directline/v3/directline"


@pytest.fixture
async def firm() -> AsyncIterator[Company]:
    async with company("teams", "entra", "graph", "directline", "control") as found:
        yield found


async def graph(firm: Company, method: str, path: str, body: object = None) -> tuple[int, Json, dict[str, str]]:
    return await firm.call(method, path, body, scope=GRAPH_SCOPE)


@dataclass
class Postbox:
    """Stands where the mail room stands."""

    mails: list[tuple[bytes, str, list[str]]] = field(default_factory=list)

    async def deliver(self, raw: bytes, sender: str, recipients: list[str]) -> None:
        self.mails.append((raw, sender, recipients))


async def test_bot_tokens_and_no_tokens_are_401(firm: Company) -> None:
    assert (await firm.call("GET", f"{TEAM}/channels"))[0] == 401
    async with firm.http.get(firm.url(f"{TEAM}/channels")) as response:
        assert (await response.json())["error"]["code"] == "InvalidAuthenticationToken"


async def test_an_expired_token_is_401(firm: Company) -> None:
    from simulator.entra import GRAPH_AUDIENCE, entra

    token = entra(firm.world).token(GRAPH_AUDIENCE, azp=APP_ID, exp=int(time.time()) - 1)
    headers = {"Authorization": f"Bearer {token}"}
    async with firm.http.get(firm.url(f"{TEAM}/channels"), headers=headers) as response:
        assert response.status == 401


async def test_a_created_channel_is_there_in_teams_and_can_be_posted_into(firm: Company) -> None:
    await firm.control("teams/install", team=True)
    status, made, _ = await graph(firm, "POST", f"{TEAM}/channels", {"DisplayName": "华东-制造业"})
    assert (status, made["displayName"]) == (201, "华东-制造业")
    status, again, _ = await graph(firm, "POST", f"{TEAM}/channels", {"displayName": "华东-制造业"})
    assert status == 400
    assert again["error"]["innerError"]["code"] == "NameAlreadyExists"
    assert (await firm.call("POST", "/smba/v3/conversations", new_thread(card(), made["id"])))[0] == 201
    while firm.world.calls_out:
        await firm.world.log.after(len(firm.world.log.entries), 1)
    assert firm.hub.activities[-1]["channelData"]["eventType"] == "channelCreated"
    assert firm.hub.activities[-1]["channelData"]["channel"] == {"id": made["id"], "name": "华东-制造业"}
    _, found, _ = await graph(firm, "GET", f"{TEAM}/channels?$filter=displayName eq '华东-制造业'")
    assert [row["id"] for row in found["value"]] == [made["id"]]


@pytest.mark.parametrize("name", ["", "x" * 51, "a/b", "_a", "a."])
async def test_bad_channel_names_are_400(firm: Company, name: str) -> None:
    assert (await graph(firm, "POST", f"{TEAM}/channels", {"displayName": name}))[0] == 400


async def test_a_deleted_channel_is_gone_and_keeps_its_name(firm: Company) -> None:
    await firm.control("teams/install", team=True)
    _, made, _ = await graph(firm, "POST", f"{TEAM}/channels", {"displayName": "A"})
    assert (await graph(firm, "DELETE", f"{TEAM}/channels/{made['id']}"))[0] == 204
    assert (await firm.call("POST", "/smba/v3/conversations", new_thread(card(), made["id"])))[0] == 404
    assert (await graph(firm, "POST", f"{TEAM}/channels", {"displayName": "a"}))[0] == 400


async def test_apps_may_not_post_channel_messages(firm: Company) -> None:
    status, body, _ = await graph(firm, "POST", f"{TEAM}/channels/{GENERAL}/messages", {"body": {"content": "x"}})
    assert status == 401
    assert "application-only context only for import purposes" in body["error"]["message"]


async def test_fifth_call_on_a_team_within_a_second_is_429(firm: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rates, "_time", lambda _self, _window: 100.0)
    found = [await graph(firm, "GET", f"{TEAM}/members") for _ in range(5)]
    assert [status for status, _, _ in found] == [200] * 4 + [429]
    assert found[-1][2]["Retry-After"] == "1"


async def test_members_page_by_page(firm: Company) -> None:
    _, page, _ = await graph(firm, "GET", f"{TEAM}/members?$top=1")
    assert page["value"][0]["userId"] == REP
    _, rest, _ = await graph(firm, "GET", page["@odata.nextLink"].removeprefix(firm.world.base_url))
    assert rest["value"][0]["displayName"] == "Li Lei"
    assert "@odata.nextLink" not in rest


async def test_people_and_presence(firm: Company) -> None:
    _, user, _ = await graph(firm, "GET", "/graph/v1.0/users/WANG%40corp.example")
    assert user["id"] == REP
    assert (await graph(firm, "GET", "/graph/v1.0/users/nobody"))[0] == 404
    await firm.control("graph/presence", rep=REP, availability="Busy", activity="InACall")
    _, one, _ = await graph(firm, "GET", f"/graph/v1.0/users/{REP}/presence")
    assert (one["availability"], one["activity"]) == ("Busy", "InACall")
    _, many, _ = await graph(firm, "POST", "/graph/v1.0/communications/getPresencesByUserId", {"Ids": [REP, "x"]})
    assert [row["id"] for row in many["value"]] == [REP]


def message(**changes: object) -> Json:
    base: Json = {
        "Subject": "Hello",
        "Body": {"ContentType": "HTML", "Content": "<p>Hi</p>"},
        "ToRecipients": [{"EmailAddress": {"Address": "ann@x.example"}}],
        "InternetMessageHeaders": [{"Name": "X-Tower-Mail", "Value": "wakeup"}],
    }
    return {"Message": base | changes, "SaveToSentItems": False}


async def test_send_mail_json_in_any_case(firm: Company) -> None:
    box = firm.world.rooms["mail"] = Postbox()
    path = "/graph/v1.0/users/wang%40corp.example/sendMail"
    assert (await graph(firm, "POST", path, message()))[0] == 202
    raw, sender, recipients = box.mails[0]
    mail = message_from_bytes(raw)
    assert (mail["Subject"], mail["X-Tower-Mail"], sender) == ("Hello", "wakeup", "wang@corp.example")
    assert recipients == ["ann@x.example"]
    headers = [{"Name": "List-Unsubscribe", "Value": "<https://x.example>"}]
    status, refused, _ = await graph(firm, "POST", path, message(InternetMessageHeaders=headers))
    assert (status, refused["error"]["code"]) == (400, "InvalidInternetMessageHeader")
    assert (await graph(firm, "POST", path, message(ToRecipients=[])))[0] == 400


async def test_send_mail_mime(firm: Company) -> None:
    box = firm.world.rooms["mail"] = Postbox()
    head = "To: ann@x.example\r\nBcc: bob@x.example\r\nSubject: s\r\nMessage-ID: <1@x>\r\n\r\nbody\r\n"
    good = base64.b64encode(f"From: Wang <wang@corp.example>\r\n{head}".encode())
    foreign = base64.b64encode(f"From: boss@corp.example\r\n{head}".encode())
    token = await firm.token(GRAPH_SCOPE)
    for data, status in ((good, 202), (b"***", 400), (foreign, 403)):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"}
        url = firm.url(f"/graph/v1.0/users/{REP}/sendMail")
        async with firm.http.post(url, data=data, headers=headers) as response:
            assert response.status == status
    ((raw, _, recipients),) = box.mails
    assert recipients == ["ann@x.example", "bob@x.example"]
    assert b"bob@x.example" not in raw


async def test_subscription_handshake_and_notification(firm: Company) -> None:
    notices: list[Json] = []

    async def receive(request: web.Request) -> web.Response:
        if token := request.query.get("validationToken"):
            return web.Response(text=token)
        notices.extend((await request.json())["value"])
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/graph/notifications", receive)
    async with TestServer(app) as server:
        hub_url = str(server.make_url("")).rstrip("/")
        firm.world.settings = firm.world.settings.model_copy(update={"hub_url": hub_url})
        body: Json = {
            "changeType": "created",
            "resource": "teams/x/channels",
            "notificationUrl": f"{hub_url}/graph/notifications",
            "clientState": "secret",
            "expirationDateTime": firm.world.clock.now().isoformat(),
        }
        status, made, _ = await graph(firm, "POST", "/graph/v1.0/subscriptions", body)
        assert status == 201
        assert made["expirationDateTime"] == "2026-01-05T01:45:00Z"
        told = await firm.control("graph/notify", resource="teams/x/channels/1", changeType="created")
        assert told == {"statuses": [202]}
        assert (notices[0]["clientState"], notices[0]["subscriptionId"]) == ("secret", made["id"])
        await firm.world.clock.jump(firm.world.clock.now().replace(hour=2))
        assert (await firm.control("graph/notify", resource="teams/x/channels/1")) == {"statuses": []}
        for change in ({"notificationUrl": f"{hub_url}/none"}, {"notificationUrl": "http://evil.example/"}):
            assert (await graph(firm, "POST", "/graph/v1.0/subscriptions", body | change))[0] == 400


async def test_installing_for_a_person_opens_her_chat(firm: Company) -> None:
    path, body = f"/graph/v1.0/users/{REP}/teamwork/installedApps", {"teamsApp@odata.bind": "https://x/1"}
    assert (await graph(firm, "POST", path, body))[0] == 201
    assert (await graph(firm, "POST", path, body))[0] == 409
    chat: Json = {"members": [{"id": "29:wang"}], "tenantId": TENANT}
    assert (await firm.call("POST", "/smba/v3/conversations", chat))[0] == 201


async def test_graph_faults(firm: Company) -> None:
    await firm.control("faults", place="graph/createChannel", kind="error", status=504)
    assert (await graph(firm, "GET", f"{TEAM}/members"))[0] == 200
    assert (await graph(firm, "POST", f"{TEAM}/channels", {"displayName": "A"}))[0] == 504
    await firm.control("faults", place="graph", kind="throttle", seconds=7)
    assert (await graph(firm, "GET", f"{TEAM}/members"))[2]["Retry-After"] == "7"


async def test_sign_in_with_code_nonce_and_pkce(firm: Company) -> None:
    back = f"{firm.world.settings.hub_url}/manage/callback"
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "client_id": APP_ID,
        "response_type": "code",
        "redirect_uri": back,
        "scope": "openid profile",
        "state": "st",
        "nonce": "no",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    config = await firm.read(f"/login/{TENANT}/v2.0/.well-known/openid-configuration")
    start = config["authorization_endpoint"]
    async with firm.http.get(start, params=query) as response:
        assert "wang@corp.example" in await response.text()
    evil = query | {"redirect_uri": "http://evil.example/", "login_hint": "wang@corp.example"}
    async with firm.http.get(start, params=evil, allow_redirects=False) as response:
        assert response.status == 400

    async def sign_in() -> str:
        hinted = query | {"login_hint": "wang@corp.example"}
        async with firm.http.get(start, params=hinted, allow_redirects=False) as response:
            assert response.status == 302
            found = parse_qs(urlsplit(response.headers["Location"]).query)
        assert found["state"] == ["st"]
        return found["code"][0]

    form = {"grant_type": "authorization_code", "client_id": APP_ID, "client_secret": PASSWORD, "redirect_uri": back}
    code = await sign_in()
    for brought, proof, status in ((code, verifier, 200), (code, verifier, 400), (await sign_in(), "wrong", 400)):
        data = form | {"code": brought, "code_verifier": proof}
        async with firm.http.post(config["token_endpoint"], data=data) as response:
            assert response.status == status
            if status == 200:
                tokens = await response.json()
    keys = (await firm.read(config["jwks_uri"].removeprefix(firm.world.base_url)))["keys"]
    claims = jwt.decode(tokens["id_token"], jwt.PyJWK(keys[0]).key, ["RS256"], audience=APP_ID, issuer=config["issuer"])
    assert (claims["oid"], claims["nonce"], claims["tid"]) == (REP, "no", TENANT)


async def test_tab_tokens_are_for_the_tab_only(firm: Company) -> None:
    token = (await firm.control("teams/tab_token", rep=REP))["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["aud"], claims["scp"], claims["oid"]) == (f"api://tower.example/{APP_ID}", "access_as_user", REP)
    headers = {"Authorization": f"Bearer {token}"}
    for path in (f"{TEAM}/members", f"/smba/v3/teams/{GENERAL}"):
        async with firm.http.get(firm.url(path), headers=headers) as response:
            assert response.status == 401


async def visit(firm: Company) -> Json:
    secret = {"Authorization": "Bearer dl-secret"}
    body = {"user": {"id": "dl_ann", "name": "Ann"}, "trustedOrigins": ["https://shop.example"]}
    async with firm.http.post(firm.url(f"{DL}/tokens/generate"), json=body, headers=secret) as response:
        assert response.status == 200
        made: Json = await response.json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    async with firm.http.post(firm.url(f"{DL}/conversations"), headers=headers) as response:
        assert response.status == 201
        begun: Json = await response.json()
    assert begun["conversationId"] == made["conversationId"]
    return begun


async def say(firm: Company, begun: Json, text: str, **extra: object) -> int:
    url = firm.url(f"{DL}/conversations/{begun['conversationId']}/activities")
    headers = {"Authorization": f"Bearer {begun['token']}"}
    body = {"type": "message", "from": {"id": "somebody-else"}, "text": text, **extra}
    async with firm.http.post(url, json=body, headers=headers) as response:
        return response.status


async def test_a_visitor_and_the_bot_talk(firm: Company) -> None:
    begun = await visit(firm)
    assert await say(firm, begun, "price?") == 200
    joined, heard = firm.hub.activities
    assert joined["type"] == "conversationUpdate"
    assert (heard["channelId"], heard["serviceUrl"]) == ("directline", firm.url("/directline/"))
    assert heard["from"]["id"] == "dl_ann", "the token names the visitor, not the client"
    claims = jwt.decode(firm.hub.tokens[-1], options={"verify_signature": False})
    assert claims["serviceurl"] == heard["serviceUrl"]
    cid = begun["conversationId"]
    reply = {"type": "message", "text": "100 yuan", "replyToId": heard["id"]}
    path = f"/directline/v3/conversations/{cid}/activities"
    assert (await firm.call("POST", f"{path}/{heard['id']}", reply))[0] == 201
    assert (await firm.call("POST", path.replace(cid, "none"), reply))[0] == 404
    headers = {"Authorization": f"Bearer {begun['token']}"}
    url = firm.url(f"{DL}/conversations/{cid}/activities?watermark=1")
    async with firm.http.get(url, headers=headers) as response:
        page = await response.json()
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert ([a["text"] for a in page["activities"]], page["watermark"]) == (["100 yuan"], "2")
    assert (await firm.read("/control/counts"))["lost"] == 1
    assert [(e["toward"], e["text"]) for e in firm.logged("shown")] == [("customer", "100 yuan")]


async def test_a_repeated_post_is_said_once(firm: Company) -> None:
    begun = await visit(firm)
    firm.hub.answers = [(400, None)]
    assert await say(firm, begun, "price?", channelData={"clientActivityID": "c1"}) == 502
    assert await say(firm, begun, "price?", channelData={"clientActivityID": "c1"}) == 200
    assert len(firm.logged("said")) == 1


async def test_direct_line_refusals(firm: Company) -> None:
    begun = await visit(firm)
    other = await visit(firm)
    assert await say(firm, begun | {"conversationId": other["conversationId"]}, "x") == 403
    assert await say(firm, begun | {"token": "forged"}, "x") == 403
    headers = {"Authorization": f"Bearer {begun['token']}", "Origin": "https://evil.example"}
    async with firm.http.post(firm.url(f"{DL}/tokens/refresh"), headers=headers) as response:
        assert response.status == 403
    async with firm.http.post(firm.url(f"{DL}/conversations")) as response:
        assert response.status == 401
    async with firm.http.post(firm.url(f"{DL}/tokens/generate"), headers=headers) as response:
        assert response.status == 403


async def test_what_was_not_granted_is_refused_as_graph_refuses_it(firm: Company) -> None:
    status, told, _ = await graph(firm, "GET", f"{TEAM}/permissionGrants")
    assert status == 200 and {g["clientAppId"] for g in told["value"]} == {APP_ID}
    granted = [g["permission"] for g in told["value"]]
    kept = [p for p in granted if p not in ("ChannelSettings.Read.Group", "TeamsAppInstallation.Read.Group")]
    await firm.control("graph/registration", consents=kept, roles=[])
    assert (await graph(firm, "GET", f"{TEAM}/channels"))[0] == 403
    assert (await graph(firm, "GET", f"{TEAM}/permissionGrants"))[0] == 403
    assert (await graph(firm, "GET", f"{TEAM}/members"))[0] == 200
    status, told, _ = await graph(firm, "GET", f"/graph/v1.0/applications(appId='{APP_ID}')")
    assert (status, told["error"]["code"]) == (403, "Authorization_RequestDenied")


async def test_a_registration_tells_when_its_secrets_end_and_never_the_secrets(firm: Company) -> None:
    await firm.control("graph/registration", secret_days=3)
    status, told, _ = await graph(firm, "GET", f"/graph/v1.0/applications(appId='{APP_ID}')")
    assert status == 200 and PASSWORD not in str(told)
    ours = [c for c in told["passwordCredentials"] if PASSWORD.startswith(c["hint"])]
    left = datetime.fromisoformat(ours[0]["endDateTime"]).timestamp() - time.time()
    assert len(ours) == 1 and 2.9 < left / 86400 <= 3
