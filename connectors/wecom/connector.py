"""The WeCom connector: its rooms put together, one job at a time handed to the room that does it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import structlog
from aiohttp import ClientSession, web

from connectors.contract import (
    Certainty,
    Clock,
    CustomerFile,
    CustomerText,
    FileFetch,
    Finding,
    Hub,
    Inbound,
    Job,
    NoticeMarks,
    Outcome,
    Pull,
    Question,
    RepNotice,
    SessionMove,
    Site,
    TryLater,
    Undeliverable,
    Welcome,
)
from connectors.wecom import crypto
from connectors.wecom.checks import Checker
from connectors.wecom.client import Client
from connectors.wecom.kf_send import KfSender
from connectors.wecom.media import HOURS, TAKEN, Media
from connectors.wecom.menu import Menu
from connectors.wecom.notices import Notices
from connectors.wecom.profiles import Profiles
from connectors.wecom.pull import Puller
from connectors.wecom.replies import Replies
from connectors.wecom.sessions import Sessions
from connectors.wecom.settings import Settings
from connectors.wecom.staff import Staff
from connectors.wecom.translate import NAME, kf_account
from connectors.wecom.webhook import Webhook
from rules.errors import StorageError
from rules.events import PullAnnounced
from rules.model import ReplyLimits

_log = structlog.get_logger()


class WeComConnector:
    """Customer service (微信客服), customer contact (客户联系) and messages to reps of one corp."""

    name = NAME

    def __init__(self, settings: Settings, hub: Hub, clock: Clock) -> None:
        self._settings = settings
        self._hub = hub
        self._clock = clock
        self._client = Client(settings, hub)
        self._sessions = Sessions(settings, clock, self._client)
        self._media = Media(settings, self._client)
        self._kf = KfSender(settings, hub, self._client, self._sessions, self._media)
        self._profiles = Profiles(settings, clock, self._client)
        self._puller = Puller(settings, hub, clock, self._client)
        self._notices = Notices(settings, clock, self._client)
        self._menu = Menu(settings, self._client)
        self._setting_menu: asyncio.Task[str] | None = None
        self._replies = Replies(settings, hub, self._notices)
        self._webhook = Webhook(settings, hub, clock, self._replies)
        self.staff = Staff(settings, hub, self._client)
        """What pages opened inside WeCom ask for."""
        self.limits = ReplyLimits(
            hours=settings.window_hours,
            messages=settings.window_messages,
            text_bytes=settings.text_bytes,
            files=TAKEN,
            file_hours=HOURS,
        )
        self._ready = False

    def routes(self) -> Sequence[web.RouteDef]:
        """Where WeCom calls us."""
        return self._webhook.routes()

    def takes(self, job: Job) -> bool:
        """Texts, welcomes, questions, moves and pulls of our own conversations; notices to reps we have a userid of."""
        if isinstance(job, RepNotice):
            return bool(job.rep.userid)
        if isinstance(job, NoticeMarks):
            return True
        ours = CustomerText | CustomerFile | FileFetch | Welcome | Question | SessionMove | Pull
        return isinstance(job, ours) and job.address.connector == NAME

    def certainty(self, job: Job) -> Certainty:
        """A kf text carries its msgid; a welcome code is good for one greeting, so a second try cannot greet twice."""
        if isinstance(job, CustomerText | CustomerFile):
            return "key" if self._settings.msgid_is_idempotent else "none"
        return "key" if isinstance(job, Welcome) else "again"

    async def deliver(self, job: Job) -> Outcome:
        """Send. Trouble with our own database on the way (tokens, cursors) means: later."""
        try:
            return await self._deliver(job)
        except StorageError:
            return TryLater(reason="storage", seconds=2)

    async def _deliver(self, job: Job) -> Outcome:
        match job:
            case CustomerText():
                return await self._kf.text(job)
            case CustomerFile():
                return await self._kf.file(job)
            case FileFetch():
                return await self._media.fetch(job)
            case Welcome():
                return await self._kf.welcome(job)
            case RepNotice() | NoticeMarks():
                return await self._notices.deliver(job)
            case Question(about="profile"):
                return await self._profiles.answer(job)
            case Question():
                return await self._sessions.answer(job)
            case SessionMove():
                return await self._sessions.move(job)
            case Pull():
                return await self._puller.deliver(job)
            case _:
                return Undeliverable(reason="not_taken", detail=type(job).__name__)

    async def read_back(self, job: Job) -> Outcome | None:
        """WeCom has no way to look up what the API sent: messages of ours never come back by a pull."""
        return None

    def reconcile(self) -> list[Inbound]:
        """An announcement of our own per kf account, for WeCom does not promise its own. Same second, same event."""
        return [self._announcement(account, str(int(self._clock().timestamp()))) for account in self._settings.kf]

    async def start(self) -> None:
        """Load wechatpy in a thread, open the session, and look what was missed while we were away.

        The first look bears the moment of the start in wall time: business time may stand still between two starts.
        """
        await self._client.open()
        await asyncio.to_thread(crypto.load)
        self._webhook.open.set()
        try:
            await self._hub.accept([self._announcement(a, f"start-{time.time_ns()}") for a in self._settings.kf])
        except StorageError:
            _log.warning("reconcile_postponed", connector=NAME)
        self._ready = True
        if self._settings.menu:
            self._setting_menu = asyncio.create_task(self._menu.put())

    async def checks(self, site: Site) -> Sequence[Finding]:
        """Whether corp, apps and kf accounts are as they must be."""
        client = Client(self._settings, self._hub)
        await client.open()
        try:
            async with ClientSession() as session:
                checker = Checker(settings=self._settings, hub=self._hub, site=site, client=client, session=session)
                return await checker.all()
        finally:
            await client.close()

    async def stop(self) -> None:
        """Close the session."""
        self._ready = False
        if self._setting_menu is not None:
            self._setting_menu.cancel()
            await asyncio.gather(self._setting_menu, return_exceptions=True)
        await self._replies.stop()
        await self._client.close()

    @property
    def ready(self) -> bool:
        """Whether start has finished."""
        return self._ready

    def _announcement(self, account: str, moment: str) -> Inbound:
        order = kf_account(self._settings.corp_id, account)
        event = PullAnnounced(id=f"{NAME}/reconcile/{account}/{moment}", at=self._clock(), address=order)
        return Inbound(event=event, order=order)
