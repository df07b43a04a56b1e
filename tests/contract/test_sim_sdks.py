"""The vendor's own SDKs understand the simulator: bytes on the wire are judged by somebody who did not write them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import requests
from botbuilder.schema import Activity, ChannelAccount, ConversationParameters
from botframework.connector import ConnectorClient
from botframework.connector.teams import TeamsConnectorClient
from kiota_abstractions.authentication import AllowedHostsValidator, BaseBearerTokenAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.channel import Channel
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

from tests.contract.teams_world import GENERAL, GRAPH_SCOPE, GROUP, REP, TENANT, Company, company


@pytest.fixture
async def firm() -> AsyncIterator[Company]:
    async with company("teams", "entra", "graph", "control") as found:
        yield found


class Token:
    """Credentials that only hold a token, as msrest asks for them."""

    def __init__(self, token: str) -> None:
        self._token = token

    def signed_session(self, session: requests.Session | None = None) -> requests.Session:
        found = session or requests.Session()
        found.headers["Authorization"] = f"Bearer {self._token}"
        return found


async def test_botbuilders_connector_posts_answers_and_reads_rosters(firm: Company) -> None:
    await firm.control("teams/install", team=True)
    credentials, base = Token(await firm.token()), firm.url("/smba/")
    first = Activity(type="message", text="root")
    thread = ConversationParameters(
        is_group=True, tenant_id=TENANT, channel_data={"channel": {"id": GENERAL}}, activity=first
    )
    person = ConversationParameters(members=[ChannelAccount(id="29:wang")], tenant_id=TENANT, is_group=False)
    await firm.control("teams/install", rep=REP)

    def calls() -> tuple[str, str, str, str]:
        client = ConnectorClient(credentials, base_url=base)
        made = client.conversations.create_conversation(thread)
        reply = Activity(type="message", text="reply")
        sent = client.conversations.send_to_conversation(made.id, reply)
        client.conversations.update_activity(made.id, sent.id, Activity(type="message", text="better"))
        members = client.conversations.get_conversation_paged_members(made.id)
        team = TeamsConnectorClient(credentials, base_url=base).teams.get_team_details(GENERAL)
        chat = client.conversations.create_conversation(person)
        return made.id, members.members[0].name, team.aad_group_id, chat.id

    cid, name, group, chat = await asyncio.to_thread(calls)
    assert (name, group) == ("Wang Fang", GROUP)
    assert chat.startswith("a:")
    found = (await firm.read("/control/teams/threads"))["channels"][0]["threads"][0]
    assert (found["id"], found["root"]["text"], found["replies"][0]["text"]) == (cid, "root", "better")


class Provider:
    """Hands out one token, as kiota asks for it."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def get_authorization_token(self, uri: str, additional_authentication_context: Any = None) -> str:
        return self._token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator([])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_the_graph_sdk_makes_and_lists_channels(firm: Company) -> None:
    token = await firm.token(GRAPH_SCOPE)
    http = httpx.AsyncClient()
    adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(Provider(token)), client=http)
    adapter.base_url = firm.url("/graph/v1.0")
    client = GraphServiceClient(request_adapter=adapter)
    channels = client.teams.by_team_id(GROUP).channels
    made = await channels.post(Channel(display_name="华东"))
    assert made is not None
    with pytest.raises(ODataError) as caught:
        await channels.post(Channel(display_name="华东"))
    assert caught.value.response_status_code == 400
    found = await channels.get()
    assert found is not None
    assert [row.display_name for row in found.value or []] == ["General", "华东"]
    members = await client.teams.by_team_id(GROUP).members.get()
    assert members is not None
    assert [row.display_name for row in members.value or []] == ["Wang Fang", "Li Lei"]
    user = await client.users.by_user_id("wang@corp.example").presence.get()
    assert user is not None
    assert user.availability == "Available"
    await http.aclose()
