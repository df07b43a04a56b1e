"""Teams and web chat as the hub sees them: ties verification, translation, answers and sending together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, TCPConnector, web

from connectors.contract import (
    CardEdit,
    Certainty,
    Clock,
    CustomerFile,
    CustomerText,
    Delivered,
    FileFetch,
    Finding,
    Hub,
    Job,
    LineEdit,
    LinePost,
    Outcome,
    ProvisionChannels,
    RepNotice,
    Site,
    ThreadPost,
    TryLater,
    Undeliverable,
)
from connectors.teams.checks import Checker
from connectors.teams.client import TURNS, BotClient
from connectors.teams.contents import TAKEN, Fetcher
from connectors.teams.desk import Desk
from connectors.teams.heard import TEAMS, WEB_CHAT
from connectors.teams.invokes import Invokes
from connectors.teams.keys import Keys, by_address, by_openid
from connectors.teams.late import Late
from connectors.teams.outcomes import Ended
from connectors.teams.provision import Provisioner
from connectors.teams.rates import SHORT, Rates
from connectors.teams.sender import Sender
from connectors.teams.settings import Settings
from connectors.teams.tab import Tab, thread_link
from connectors.teams.tokens import Tokens
from connectors.teams.verify import Demands, Verifier
from connectors.teams.webhook import Webhook
from rules.errors import Unavailable
from rules.model import RepHandle, ReplyLimits

if TYPE_CHECKING:
    from connectors.teams.graph import Graph

KEEP_ALIVE = 14.0
"""Seconds an idle connection is kept: less than the services keep theirs, so that a post never meets a closing one."""
Send = Callable[[Any], Awaitable[Outcome]]


class TeamsConnector:
    """One Bot Framework registration."""

    name = "teams"

    def __init__(self, settings: Settings, hub: Hub, clock: Clock) -> None:
        self._settings, self._hub, self._clock = settings, hub, clock
        self.limits = ReplyLimits(text_bytes=settings.limits.text_bytes, files=TAKEN)
        self._session: ClientSession | None = None
        self._keys: list[Keys] = []
        self._webhook: Webhook | None = None
        self._tab: Tab | None = None
        self._desk: Desk | None = None
        self._graph: Late[Graph] | None = None
        self._ways: dict[type[Job], Send] = {}

    def routes(self) -> Sequence[web.RouteDef]:
        """The bot endpoint."""
        return [web.post("/api/messages", self._messages)]

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        if self._webhook is None:
            return web.json_response({"error": "unavailable"}, status=503, headers={"Retry-After": "2"})
        return await self._webhook.messages(request)

    def takes(self, job: Job) -> bool:
        """Threads, cards, notices to people the bot may write to, web chat, provisioning."""
        if isinstance(job, RepNotice):
            return job.reference is not None
        if isinstance(job, CustomerText | CustomerFile | FileFetch):
            account = job.address.account
            return job.address.connector == self.name and (account in WEB_CHAT or account.startswith(f"{TEAMS}:"))
        return isinstance(job, ThreadPost | CardEdit | LinePost | LineEdit | ProvisionChannels)

    def certainty(self, job: Job) -> Certainty:
        """The connector API knows no key, so a post may double. What people said must not; edits and the hub's own
        words may be repeated, with a mark."""
        if isinstance(job, LinePost):
            return "none" if job.line.who == "customer" else "again"
        return "none" if isinstance(job, ThreadPost | CustomerText | CustomerFile) else "again"

    async def deliver(self, job: Job) -> Outcome:
        """Send."""
        if not self._ways:
            return TryLater(reason="starting", seconds=1.0, scope="platform")
        way = self._ways.get(type(job))
        if way is None or not self.takes(job):
            return Undeliverable(reason="not_ours")
        try:
            return await self._patiently(way, job)
        except Unavailable:  # the hub could not keep our token; nothing was sent
            return TryLater(reason="database", seconds=1.0, scope="platform")

    async def _patiently(self, way: Send, job: Job) -> Outcome:
        """Send. A service that refuses for a second or two is waited for here, not by a round of the outbox."""
        outcome: Outcome = TryLater(reason="throttled", seconds=SHORT)
        for _ in range(TURNS):
            try:
                return await way(job)
            except Ended as ended:
                outcome = ended.outcome
            if not (isinstance(outcome, TryLater) and outcome.reason == "throttled" and outcome.seconds <= SHORT):
                break
            await asyncio.sleep(outcome.seconds)
        return outcome

    async def read_back(self, job: Job) -> Outcome | None:
        """Cannot tell: reading channel messages needs a permission this app does not ask for."""
        return None

    async def verify_tab_token(self, token: str) -> RepHandle:
        """The employee behind a Teams tab. Raises BadSignature, Unavailable."""
        if self._tab is None:
            raise Unavailable("still starting")
        return await self._tab.verify(token)

    def thread_link(self, thread: str) -> str:
        """Where Teams opens the thread of this wire id; empty when it cannot."""
        return thread_link(thread, self._settings.tenant_id)

    async def graph(self) -> Graph:
        """Microsoft Graph: presence, mail, members. Raises Unavailable before start."""
        if self._graph is None:
            raise Unavailable("still starting")
        return await self._graph()

    async def send_mail(self, sender: str, mime: bytes) -> Outcome:
        """Send a whole MIME message from a mailbox of ours; Delivered = Exchange accepted it. Never raises for anything
        the other side does."""
        try:
            await (await self.graph()).send_mail(sender, mime)
        except Ended as ended:
            return ended.outcome
        except Unavailable:
            return TryLater(reason="starting", seconds=5.0, scope="platform")
        return Delivered()

    async def start(self) -> None:
        """Read the keys, load botbuilder in a thread, begin to load msgraph in another."""
        settings = self._settings
        session = self._session = ClientSession(connector=TCPConnector(keepalive_timeout=KEEP_ALIVE, limit=100))
        bot_keys = Keys(by_openid(session, settings.openid_url), refresh=settings.keys_refresh_seconds)
        tab_keys = Keys(by_address(session, settings.tab_keys_address), refresh=settings.keys_refresh_seconds)
        self._keys = [bot_keys, tab_keys]
        leeway = settings.jwt_leeway_seconds
        wanted = Demands(audiences=(settings.app_id,), issuers=(settings.issuer,), leeway=leeway)
        self._webhook = Webhook(settings, Verifier(bot_keys, wanted), self._clock)
        tab = Demands(audiences=settings.tab_audience, issuers=settings.tab_issuer_names, leeway=leeway)
        self._tab = Tab(settings, Verifier(tab_keys, tab))
        _, sdk = await asyncio.gather(bot_keys.load(), asyncio.to_thread(_load_sdk))
        sender = self._connect(session, sdk)
        self._desk = Desk(self._hub, sender.typing)
        board = sdk.Switchboard(self._desk, Invokes(self._hub, limit=settings.act_seconds))
        self._webhook.open(board.turn)

    def _connect(self, session: ClientSession, sdk: Any) -> Sender:
        """Everything that sends."""
        settings, rates = self._settings, Rates(self._clock)
        tokens = Tokens(settings, self._hub, session, settings.oauth_scope)
        client, fetcher = BotClient(settings, tokens, session, rates), Fetcher(settings, tokens, session)
        graph_tokens = Tokens(settings, self._hub, session, settings.graph_scope)
        self._graph = Late(lambda: _load_graph(settings, graph_tokens, rates))
        self._graph.begin()
        sender, provisioner = Sender(settings, client, sdk), Provisioner(client, self._graph)
        self._ways = {
            ThreadPost: sender.thread,
            CardEdit: sender.card,
            LinePost: sender.line,
            LineEdit: sender.line_edit,
            RepNotice: sender.notice,
            CustomerText: sender.customer,
            CustomerFile: sender.customer_file,
            FileFetch: fetcher.fetch,
            ProvisionChannels: provisioner.provision,
        }
        return sender

    async def checks(self, site: Site) -> Sequence[Finding]:
        """Whether registration, package and tenant are as they must be."""
        async with ClientSession() as session:
            return await Checker(settings=self._settings, hub=self._hub, site=site, session=session).all()

    async def stop(self) -> None:
        """Close sessions."""
        self._ways = {}
        if self._desk is not None:
            await self._desk.stop()
        for keys in self._keys:
            await keys.stop()
        if self._graph is not None:
            await self._graph.close(lambda graph: graph.close())
        if self._session is not None:
            await self._session.close()

    @property
    def ready(self) -> bool:
        """Whether start has finished. msgraph may still be loading: only provisioning waits for it."""
        return bool(self._ways)


def _load_sdk() -> Any:
    from connectors.teams import sdk

    return sdk


def _load_graph(settings: Settings, tokens: Tokens, rates: Rates) -> Graph:
    from connectors.teams.graph import Graph

    graph = Graph(settings, tokens, rates)
    graph.warm()
    return graph
