"""The simulated Teams keeps the Bot Connector's rules: tokens, threads, limits, refusals, resends, card actions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

import jwt
import pytest
from aiohttp import ClientError

from simulator.rates import Rates
from simulator.teams import cards
from simulator.teams.room import teams
from tests.contract.teams_world import (
    APP_ID,
    GENERAL,
    GRAPH_SCOPE,
    GROUP,
    PASSWORD,
    REP,
    REP2,
    TENANT,
    Company,
    Json,
    card,
    company,
    new_thread,
)

REPLY: Json = {
    "type": "Action.ShowCard",
    "title": "Reply",
    "card": {
        "type": "AdaptiveCard",
        "body": [{"type": "Input.Text", "id": "text", "isRequired": True}],
        "actions": [{"type": "Action.Execute", "verb": "reply", "title": "Send", "data": {"case": "C1"}}],
    },
}
CLAIM: Json = {"type": "Action.Execute", "verb": "claim", "data": {"case": "C1"}}
TOAST: Json = {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "ok"}


@pytest.fixture
async def firm() -> AsyncIterator[Company]:
    async with company("teams", "entra", "control") as found:
        yield found


async def install(firm: Company) -> None:
    assert (await firm.control("teams/install", team=True))["delivered"] is True


async def thread(firm: Company, activity: Json) -> tuple[str, str]:
    status, body, _ = await firm.call("POST", "/smba/v3/conversations", new_thread(activity))
    assert status == 201, body
    return body["id"], body["activityId"]


async def test_wrong_secret_scope_or_tenant_gets_no_token(firm: Company) -> None:
    good = {
        "grant_type": "client_credentials",
        "client_id": APP_ID,
        "client_secret": PASSWORD,
        "scope": "https://api.botframework.com/.default",
    }
    for change, status, code in (
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "x"}, 400, "unauthorized_client"),
        ({"scope": "https://other.example/.default"}, 400, "invalid_scope"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ):
        async with firm.http.post(firm.url(f"/login/{TENANT}/oauth2/v2.0/token"), data=good | change) as response:
            assert response.status == status
            assert (await response.json())["error"] == code
    async with firm.http.post(firm.url("/login/other/oauth2/v2.0/token"), data=good) as response:
        assert response.status == 400


@pytest.mark.parametrize("header", ["", "Bearer x", "Bearer " + jwt.encode({"aud": "x"}, "k" * 32, "HS256")])
async def test_unsigned_or_foreign_tokens_are_refused(firm: Company, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    async with firm.http.post(firm.url("/smba/v3/conversations"), json={}, headers=headers) as response:
        assert response.status == 401


async def test_a_graph_token_does_not_open_the_connector(firm: Company) -> None:
    status, _, _ = await firm.call("POST", "/smba/v3/conversations", {}, scope=GRAPH_SCOPE)
    assert status == 401


async def test_calls_to_the_hub_are_signed_with_published_keys(firm: Company) -> None:
    await install(firm)
    metadata = await firm.read("/botframework/v1/.well-known/openidconfiguration")
    assert metadata["issuer"] == "https://api.botframework.com"
    for retire in (False, True):
        rotated = await firm.control("teams/rotate_keys", retire=retire)
        await firm.control("teams/install", team=True)
        keys = (await firm.read(metadata["jwks_uri"].removeprefix(firm.world.base_url)))["keys"]
        assert len(keys) == (1 if retire else 2)
        token = firm.hub.tokens[-1]
        assert jwt.get_unverified_header(token)["kid"] == rotated["kid"]
        key = next(k for k in keys if k["kid"] == rotated["kid"])
        assert "msteams" in key["endorsements"]
        claims = jwt.decode(
            token, jwt.PyJWK(key).key, ["RS256"], audience=APP_ID, issuer="https://api.botframework.com"
        )
        assert claims["serviceurl"] == firm.hub.activities[-1]["serviceUrl"] == firm.url("/smba/")


async def test_installation_tells_team_and_channel_data(firm: Company) -> None:
    await install(firm)
    update, installation = firm.hub.activities
    assert update["type"] == "conversationUpdate"
    assert update["membersAdded"] == [{"id": f"28:{APP_ID}", "name": "Tower"}]
    assert update["channelData"]["team"] == {"id": GENERAL, "name": "Sales", "aadGroupId": GROUP}
    assert update["channelData"]["eventType"] == "teamMemberAdded"
    assert installation["type"] == "installationUpdate"
    assert installation["action"] == "add"
    assert installation["conversation"]["tenantId"] == TENANT
    assert len(update["timestamp"].rpartition(".")[2]) == len("1234567Z")


async def test_a_bot_outside_the_team_cannot_post(firm: Company) -> None:
    status, body, _ = await firm.call("POST", "/smba/v3/conversations", new_thread(card()))
    assert (status, body["error"]["code"]) == (403, "BotNotInConversationRoster")


async def test_thread_reply_update_delete(firm: Company) -> None:
    await install(firm)
    cid, root = await thread(firm, card(text=r"price \*now\*"))
    assert cid == f"{GENERAL};messageid={root}"
    where = f"/smba/v3/conversations/{quote(cid, safe='')}/activities"
    status, body, _ = await firm.call("POST", where, {"type": "message", "text": "reply one"})
    assert status == 201
    assert (await firm.call("PUT", f"{where}/{root}", card(text="claimed")))[0] == 200
    assert (await firm.call("DELETE", f"{where}/{body['id']}"))[0] == 200
    assert (await firm.call("PUT", f"{where}/{body['id']}", card()))[0] == 404
    channel = (await firm.read("/control/teams/threads"))["channels"][0]
    found = channel["threads"][0]
    assert found["root"]["cards"][0]["body"][0]["text"] == "claimed"
    assert found["replies"][0]["deleted"] is True
    assert [e["text"] for e in firm.logged("shown")] == ["price *now*", "reply one"]
    assert len(firm.logged("card_updated")) == 1


async def test_replying_into_a_bare_channel_by_root_id_stays_in_the_thread(firm: Company) -> None:
    await install(firm)
    _, root = await thread(firm, card())
    where = f"/smba/v3/conversations/{quote(GENERAL, safe='')}/activities"
    assert (await firm.call("POST", f"{where}/{root}", {"type": "message", "text": "in it"}))[0] == 201
    assert (await firm.call("POST", where, {"type": "message", "text": "a new root"}))[0] == 201
    threads = (await firm.read("/control/teams/threads"))["channels"][0]["threads"]
    assert [len(found["replies"]) for found in threads] == [1, 0]


async def test_unknown_conversation_and_deleted_root_are_404(firm: Company) -> None:
    await install(firm)
    unknown = "/smba/v3/conversations/19:none@thread.tacv2;messageid=1/activities"
    assert (await firm.call("POST", unknown, {"type": "message"}))[0] == 404
    cid, root = await thread(firm, card())
    await firm.control("teams/delete", rep=REP, activity_id=root)
    status, body, _ = await firm.call("POST", f"/smba/v3/conversations/{cid}/activities", {"type": "message"})
    assert (status, body["error"]["code"]) == (404, "ConversationNotFound")


async def test_eighth_send_in_a_second_is_throttled(firm: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    await install(firm)
    cid, _ = await thread(firm, card())
    where = f"/smba/v3/conversations/{cid}/activities"
    monkeypatch.setattr(Rates, "_time", lambda _self, _window: 100.0)
    statuses = [(await firm.call("POST", where, {"type": "message", "text": str(n)})) for n in range(8)]
    assert [status for status, _, _ in statuses] == [201] * 7 + [429]
    assert int(statuses[-1][2]["Retry-After"]) >= 1
    assert firm.logged("refused")[-1]["rule"] == "TooManyRequests"


async def test_long_windows_run_on_virtual_time(firm: Company) -> None:
    rates = teams(firm.world).rates
    from simulator.teams.gate import SENDING

    half_minute = SENDING[2]
    assert [rates.take("k", half_minute) for _ in range(60)] == [0] * 60
    assert rates.take("k", half_minute) == 30
    await firm.world.clock.jump(firm.world.clock.now().replace(minute=1))
    assert rates.take("k", half_minute) == 0


async def test_too_large_message_is_413(firm: Company) -> None:
    await install(firm)
    status, body, _ = await firm.call("POST", "/smba/v3/conversations", new_thread(card(text="x" * 60_000)))
    assert (status, body["error"]["code"]) == (413, "MessageSizeTooBig")


async def test_more_than_sixty_refresh_users_are_refused(firm: Company) -> None:
    await install(firm)
    refresh = {"action": CLAIM, "userIds": [f"29:{n}" for n in range(61)]}
    status, _, _ = await firm.call("POST", "/smba/v3/conversations", new_thread(card(refresh=refresh)))
    assert status == 400


async def test_one_to_one_needs_installation_and_no_block(firm: Company) -> None:
    body = {"bot": {"id": f"28:{APP_ID}"}, "members": [{"id": "29:wang"}], "tenantID": TENANT, "isGroup": False}
    assert (await firm.call("POST", "/smba/v3/conversations", body))[0] == 403
    await firm.control("teams/install", rep=REP)
    status, made, _ = await firm.call("POST", "/smba/v3/conversations", body)
    assert status == 201
    where = f"/smba/v3/conversations/{made['id']}/activities"
    assert (await firm.call("POST", where, {"type": "message", "text": "hi"}))[0] == 201
    assert firm.logged("shown") == []
    assert (await firm.read(f"/control/teams/personal?rep={REP}"))["messages"][0]["text"] == "hi"
    await firm.control("teams/block", rep=REP)
    status, refused, _ = await firm.call("POST", where, {"type": "message", "text": "hi"})
    assert (status, refused["error"]["code"]) == (403, "MessageWritesBlocked")
    assert refused["errorCode"] == 209


async def test_rosters_and_team_details(firm: Company) -> None:
    await install(firm)
    where = f"/smba/v3/conversations/{GENERAL}"
    _, page, _ = await firm.call("GET", f"{where}/pagedmembers?pageSize=1")
    assert page["members"][0]["aadObjectId"] == REP
    _, rest, _ = await firm.call("GET", f"{where}/pagedmembers?pageSize=1&continuationToken=1")
    assert rest["members"][0]["email"] == "li@corp.example"
    assert "continuationToken" not in rest
    _, team, _ = await firm.call("GET", f"/smba/v3/teams/{GENERAL}")
    assert team["aadGroupId"] == GROUP
    _, channels, _ = await firm.call("GET", f"/smba/v3/teams/{GENERAL}/conversations")
    assert channels["conversations"] == [{"id": GENERAL, "name": None, "type": "standard"}]


async def test_messages_carry_mentions_and_only_mentions_come_without_consent(firm: Company) -> None:
    await install(firm)
    cid, root = await thread(firm, card())
    firm.hub.activities.clear()
    await firm.control("teams/say", rep=REP, conversation=cid, text="just chatting")
    assert firm.hub.activities[0]["replyToId"] == root
    assert firm.hub.activities[0]["conversation"]["id"] == cid
    await firm.control("teams/install", team=True, hears_all=False)
    firm.hub.activities.clear()
    unheard = await firm.control("teams/say", rep=REP, conversation=cid, text="just chatting")
    assert unheard["delivered"] is False
    await firm.control("teams/say", rep=REP, conversation=cid, text="@Tower help")
    (heard,) = firm.hub.activities
    assert heard["text"] == "<at>Tower</at> help"
    assert heard["entities"][0]["mentioned"]["id"] == f"28:{APP_ID}"
    assert [e["text"] for e in firm.logged("noted")] == ["just chatting", "just chatting", "help"]


@pytest.mark.parametrize("text", ["@Tower 回复 您好", "@tower reply: 您好", "@Tower回复：您好"])
async def test_reply_command_is_said_to_the_customer(firm: Company, text: str) -> None:
    await install(firm)
    cid, _ = await thread(firm, card())
    await firm.control("teams/say", rep=REP, conversation=cid, text=text)
    (said,) = firm.logged("said")
    assert (said["text"], said["toward"], said["by"]) == ("您好", "customer", "Wang Fang")


async def test_card_reply_merges_inputs_and_is_said_once_over_retries(firm: Company) -> None:
    await install(firm)
    _, root = await thread(firm, card(REPLY, CLAIM))
    firm.hub.answers = [(500, None), (200, TOAST)]
    press = {"rep": REP, "activity_id": root, "verb": "reply", "inputs": {"text": "Here it is"}}
    assert (await firm.control("teams/card", **press))["status"] == 500
    assert (await firm.control("teams/card", **press))["body"] == TOAST
    invoke = firm.hub.activities[-1]
    assert invoke["name"] == "adaptiveCard/action"
    assert invoke["replyToId"] == root
    assert invoke["value"]["action"]["data"] == {"case": "C1", "text": "Here it is"}
    assert invoke["value"]["trigger"] == "manual"
    assert len(firm.logged("said")) == 1
    assert firm.logged("refused")[-1]["rule"] == "invoke"
    await firm.control("teams/card", **press)
    assert len(firm.logged("said")) == 2, "the same words again after an answer are a second message"


async def test_card_inputs_stay_within_their_card(firm: Company) -> None:
    await install(firm)
    _, root = await thread(firm, card(REPLY, CLAIM))
    await firm.control("teams/card", rep=REP, activity_id=root, verb="claim")
    assert firm.hub.activities[-1]["value"]["action"]["data"] == {"case": "C1"}
    for verb, inputs in (("claim", {"text": "x"}), ("reply", {}), ("none", {})):
        body = {"rep": REP, "activity_id": root, "verb": verb, "inputs": inputs}
        async with firm.http.post(firm.url("/control/teams/card"), json=body) as response:
            assert response.status == 400


async def test_a_card_in_the_answer_is_the_callers_alone_until_the_next_edit(firm: Company) -> None:
    await install(firm)
    cid, root = await thread(firm, card(CLAIM))
    mine: Json = {"type": "AdaptiveCard", "version": "1.5", "body": [], "actions": [{**CLAIM, "verb": "close"}]}
    firm.hub.answers = [(200, {"statusCode": 200, "type": cards.CONTENT_TYPE, "value": mine})]
    await firm.control("teams/card", rep=REP, activity_id=root, verb="claim")
    await firm.control("teams/card", rep=REP, activity_id=root, verb="close")
    async with firm.http.post(
        firm.url("/control/teams/card"), json={"rep": REP2, "activity_id": root, "verb": "close"}
    ) as response:
        assert response.status == 400
    await firm.call("PUT", f"/smba/v3/conversations/{cid}/activities/{root}", card(CLAIM))
    await firm.control("teams/card", rep=REP, activity_id=root, verb="claim")


async def test_refresh_is_automatic_for_the_listed_only(firm: Company) -> None:
    await install(firm)
    refresh = {"action": {"type": "Action.Execute", "verb": "refresh"}, "userIds": ["29:wang"]}
    _, root = await thread(firm, card(refresh=refresh))
    for rep, trigger in ((REP, "automatic"), (REP2, "manual")):
        await firm.control("teams/refresh", rep=rep, activity_id=root)
        assert firm.hub.activities[-1]["value"]["trigger"] == trigger


async def test_dialog_and_search_are_invokes(firm: Company) -> None:
    await install(firm)
    _, root = await thread(firm, card(CLAIM))
    firm.hub.answers = [(200, {"task": {"type": "continue"}}), (200, {"composeExtension": {}})]
    answer = await firm.control("teams/task", rep=REP, activity_id=root, data={"open": "note"})
    assert answer == {"status": 200, "body": {"task": {"type": "continue"}}}
    assert firm.hub.activities[-1]["name"] == "task/fetch"
    await firm.control("teams/search", rep=REP, query="Acme")
    assert firm.hub.activities[-1]["value"]["parameters"] == [{"name": "query", "value": "Acme"}]


async def test_the_same_activity_is_sent_again_until_the_hub_has_it(firm: Company) -> None:
    await install(firm)
    firm.hub.activities.clear()
    firm.hub.answers = [(503, None), (500, None)]
    await firm.control("faults", place="teams.out", kind="lose_answer")
    told = await firm.control("teams/say", rep=REP, conversation=GENERAL, text="new thread")
    assert told["delivered"] is True
    assert len({a["id"] for a in firm.hub.activities}) == 1
    assert len(firm.hub.activities) == 3
    assert [c["status"] for c in firm.logged("callback")][-3:] == [0, 500, 200]
    assert told["conversation"] == f"{GENERAL};messageid={told['activity_id']}"


async def test_a_refused_activity_is_not_sent_again(firm: Company) -> None:
    firm.hub.answers = [(401, None), (401, None)]
    told = await firm.control("teams/install", team=True)
    assert told == {"delivered": False, "status": 401}
    assert len(firm.hub.activities) == 2


@pytest.mark.parametrize(("kind", "calls"), [("duplicate", 2), ("drop", 1)])
async def test_faults_of_calls_to_the_hub(firm: Company, kind: str, calls: int) -> None:
    await install(firm)
    firm.hub.activities.clear()
    await firm.control("faults", place="teams.out", kind=kind)
    assert (await firm.control("teams/say", rep=REP, conversation=GENERAL, text="x"))["delivered"]
    assert len(firm.hub.activities) == calls


async def test_reordering_lets_a_later_message_pass(firm: Company) -> None:
    await install(firm)
    cid, _ = await thread(firm, card())
    firm.hub.activities.clear()
    await firm.control("faults", place="teams.out", kind="reorder")
    seen = len(firm.world.log.entries)
    first = asyncio.create_task(firm.control("teams/say", rep=REP, conversation=cid, text="first"))
    while not any(entry.kind == "reorder" for entry in firm.world.log.entries):
        await firm.world.log.after(seen, 5)
        seen = len(firm.world.log.entries)
    await firm.control("teams/say", rep=REP2, conversation=cid, text="second")
    assert (await first)["delivered"] is True
    assert [activity["text"] for activity in firm.hub.activities] == ["second", "first"]


async def test_faults_of_the_service(firm: Company) -> None:
    await install(firm)
    await firm.control("faults", place="teams.service/create", kind="throttle", seconds=3)
    status, _, headers = await firm.call("POST", "/smba/v3/conversations", new_thread(card()))
    assert (status, headers["Retry-After"]) == (429, "3")
    await firm.control("faults", place="teams.service", kind="error", status=502)
    assert (await firm.call("POST", "/smba/v3/conversations", new_thread(card())))[0] == 502
    await firm.control("faults", place="teams.service", kind="lose_answer")
    with pytest.raises(ClientError):
        await firm.call("POST", "/smba/v3/conversations", new_thread(card(text="it did arrive")))
    assert firm.logged("shown")[-1]["text"] == "it did arrive"
    await firm.control("faults", place="teams.service", kind="drop")
    with pytest.raises(ClientError):
        await firm.call("POST", "/smba/v3/conversations", new_thread(card(text="it did not")))
    assert firm.logged("shown")[-1]["text"] == "it did arrive"


async def test_group_chats_edits_and_deletions(firm: Company) -> None:
    made = await firm.control("teams/group", members=[REP, REP2])
    said = await firm.control("teams/say", rep=REP, conversation=made["conversation"], text="@Tower me")
    assert firm.hub.activities[-1]["conversation"]["conversationType"] == "groupChat"
    await firm.control("teams/edit", rep=REP, activity_id=said["activity_id"], text="queue")
    assert firm.hub.activities[-1]["type"] == "messageUpdate"
    await firm.control("teams/delete", rep=REP, activity_id=said["activity_id"])
    assert firm.hub.activities[-1]["channelData"]["eventType"] == "softDeleteMessage"


async def test_unknown_people_and_messages_are_404(firm: Company) -> None:
    for path, body in (
        ("teams/say", {"rep": "nobody", "text": "x"}),
        ("teams/say", {"rep": REP, "conversation": "19:x", "text": "x"}),
        ("teams/card", {"rep": REP, "activity_id": "1", "verb": "x"}),
    ):
        async with firm.http.post(firm.url(f"/control/{path}"), json=body) as response:
            assert response.status == 404
            assert "error" in await response.json()
