"""Microsoft Graph through msgraph-sdk: channels of a team, its members, who is available, mail as a mailbox of ours.

The SDK is imported late, in a thread (the first call about channels alone imports for 3 s), and never tries again by
itself: a repeated POST could make a thing twice, and the outbox knows better. Channel messages are not sent this way:
Graph lets apps do that for migration only.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_http.middleware.options import RedirectHandlerOption, RetryHandlerOption
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.communications.get_presences_by_user_id.get_presences_by_user_id_post_request_body import (
    GetPresencesByUserIdPostRequestBody,
)
from msgraph.generated.models.channel import Channel
from msgraph.generated.models.channel_membership_type import ChannelMembershipType
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody
from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]

from connectors.contract import TryLater, Undeliverable, Unknown
from connectors.teams.outcomes import PAUSE, Ended, of_status, retry_after
from connectors.teams.rates import Rates
from connectors.teams.settings import Settings
from connectors.teams.tokens import Tokens

MAX_PAGES = 50
PRESENCES_A_CALL = 650
TRIES = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """Somebody in a team."""

    aad_id: str
    name: str
    mail: str


class _OurTokens(AccessTokenProvider):
    """Gives the SDK our token, for our Graph address only."""

    def __init__(self, tokens: Tokens, host: str) -> None:
        self._tokens, self._host = tokens, host

    async def get_authorization_token(self, uri: str, additional_authentication_context: object = None) -> str:
        """The token, or nothing for a foreign address. Raises Ended."""
        return await self._tokens.get() if urlsplit(uri).netloc == self._host else ""

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        """The SDK asks for one; the check above is ours."""
        return AllowedHostsValidator([])


class Graph:
    """The few Graph calls we need. Every one raises Ended when it did not end well."""

    def __init__(self, settings: Settings, tokens: Tokens, rates: Rates) -> None:
        self._settings, self._tokens, self._rates = settings, tokens, rates
        options = {
            RetryHandlerOption.get_key(): RetryHandlerOption(max_retries=0, should_retry=False),
            RedirectHandlerOption.get_key(): RedirectHandlerOption(max_redirect=0, should_redirect=False),
        }
        self._transport = httpx.AsyncHTTPTransport(trust_env=False)
        bare = httpx.AsyncClient(transport=self._transport, timeout=settings.call_seconds, trust_env=False)
        self._http = GraphClientFactory.create_with_default_middleware(client=bare, options=options)
        host = urlsplit(settings.graph_url).netloc
        adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(_OurTokens(tokens, host)), self._http)
        adapter.base_url = settings.graph_url.rstrip("/")
        self._adapter = adapter
        self._client = GraphServiceClient(request_adapter=adapter)

    def warm(self) -> None:
        """Load the parts of the SDK that are needed, so that no call does it on the event loop. Blocks for seconds."""
        team = self._client.teams.by_team_id("warm")
        team.channels.to_post_request_information(Channel(display_name="warm"))
        team.channels.to_get_request_information()
        team.members.to_get_request_information()
        body = GetPresencesByUserIdPostRequestBody(ids=["warm"])
        self._client.communications.get_presences_by_user_id.to_post_request_information(body)
        self._client.users.by_user_id("warm").send_mail.to_post_request_information(SendMailPostRequestBody())

    async def channels(self, group_id: str) -> dict[str, str]:
        """Names and ids of a team's channels."""
        await self._rest(group_id)
        found: dict[str, str] = {}
        async with _ending():
            builder = self._client.teams.by_team_id(group_id).channels
            page = await builder.get()
            for _ in range(MAX_PAGES):
                for channel in (page.value or []) if page is not None else []:
                    found[channel.display_name or ""] = channel.id or ""
                link = page.odata_next_link if page is not None else None
                if not link or not self._ours(link):
                    break
                page = await builder.with_url(link).get()
        return found

    async def create_channel(self, group_id: str, name: str) -> str:
        """A new standard channel; its id is the one the bot posts to. 400 may mean that the name is taken."""
        await self._rest(group_id)
        wanted = Channel(display_name=name, membership_type=ChannelMembershipType.Standard)
        async with _ending():
            made = await self._client.teams.by_team_id(group_id).channels.post(wanted)
        if made is None or not made.id:
            raise Ended(Unknown(reason="interrupted"))
        return str(made.id)

    async def members(self, group_id: str) -> list[Member]:
        """Everybody in a team."""
        await self._rest(group_id)
        found: list[Member] = []
        async with _ending():
            builder = self._client.teams.by_team_id(group_id).members
            page = await builder.get()
            for _ in range(MAX_PAGES):
                for person in (page.value or []) if page is not None else []:
                    aad_id, mail = getattr(person, "user_id", None), getattr(person, "email", None)
                    if aad_id:
                        found.append(Member(aad_id=aad_id, name=person.display_name or "", mail=mail or ""))
                link = page.odata_next_link if page is not None else None
                if not link or not self._ours(link):
                    break
                page = await builder.with_url(link).get()
        return found

    async def presence(self, aad_ids: Sequence[str]) -> Mapping[str, str]:
        """Availability (`Available`, `Busy`, `Away` ...) by Entra id; people Graph does not know are left out."""
        found: dict[str, str] = {}
        for start in range(0, len(aad_ids), PRESENCES_A_CALL):
            body = GetPresencesByUserIdPostRequestBody(ids=list(aad_ids[start : start + PRESENCES_A_CALL]))
            async with _ending():
                answer = await self._client.communications.get_presences_by_user_id.post(body)
            for one in (answer.value or []) if answer is not None else []:
                if one.id:
                    found[one.id] = one.availability or ""
        return found

    async def send_mail(self, sender: str, mime: bytes) -> None:
        """Send a whole MIME message from a mailbox of ours (Graph, user: sendMail, MIME form).

        202 is acceptance, not delivery. Doubtful: whether Exchange keeps List-Unsubscribe of the MIME form.
        """
        builder = self._client.users.by_user_id(sender).send_mail
        async with _ending():
            request = builder.to_post_request_information(SendMailPostRequestBody())
            request.headers.remove("Content-Type")
            request.set_stream_content(base64.b64encode(mime), "text/plain")
            await self._adapter.send_no_response_content_async(request, {"XXX": APIError})

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
        await self._transport.aclose()  # the SDK wraps it and forgets to pass this on

    def _ours(self, link: str) -> bool:
        """Whether a next page is at our Graph address: our token goes nowhere else."""
        return link.startswith(self._settings.graph_url.rstrip("/") + "/")

    async def _rest(self, group_id: str) -> None:
        """Wait in place until the team's limit allows a call; it is a window of one second. Raises Ended."""
        wait = 0.0
        for _ in range(TRIES):
            wait = self._rates.take((f"graph|{group_id}", self._settings.limits.graph_team))
            if not wait:
                return
            await asyncio.sleep(wait)
        raise Ended(TryLater(reason="throttled", seconds=wait))


@asynccontextmanager
async def _ending() -> AsyncIterator[None]:
    """Says how a Graph call ended. Raises Ended."""
    try:
        yield
    except APIError as refused:
        status = refused.response_status_code or 0
        headers = {k.lower(): v for k, v in (refused.response_headers or {}).items()}
        code = str(getattr(getattr(refused, "error", None), "code", "") or "")
        if status == 403:
            raise Ended(Undeliverable(reason="not_permitted", detail=f"403 {code}"[:100])) from None
        raise Ended(of_status(status, code, retry_after(headers.get("retry-after")))) from None
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        raise Ended(TryLater(reason="unreachable", seconds=PAUSE, scope="platform")) from None
    except httpx.HTTPError:
        raise Ended(Unknown(reason="interrupted")) from None
