"""Fetching what a kf account has to tell: page by page, each page and its cursor in one commit (WeCom doc 94670).

An announcement is only a hint. However many come, one pull of an account runs and at most one waits.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors.contract import Clock, Delivered, Hub, Inbound, Outcome, Pull, TryLater, Undeliverable
from connectors.wecom import kf_items
from connectors.wecom.client import Body, Client
from connectors.wecom.errors import CallFailed, Refusal, outcome
from connectors.wecom.members import maybe
from connectors.wecom.settings import Settings
from rules.errors import Conflict

_FIRST = "first:"
_BAD_TOKEN = 95007
_EVER = datetime.fromtimestamp(0, UTC)
_BUSY = TryLater(reason="pull_interrupted", seconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where pulling stands. While the very first pull runs, the stored cursor also keeps what counts as old."""

    cursor: str
    cutoff: datetime | None = None

    @property
    def stored(self) -> str:
        """As the hub keeps it."""
        if self.cutoff is None:
            return self.cursor
        return f"{_FIRST}{int(self.cutoff.timestamp())}|{self.cursor}"


def place(stored: str, oldest: datetime) -> Place:
    """Read a stored cursor; `oldest` is what a first pull that begins now takes as new."""
    if not stored:
        return Place(cursor="", cutoff=oldest)
    if not stored.startswith(_FIRST):
        return Place(cursor=stored)
    seconds, _, cursor = stored.removeprefix(_FIRST).partition("|")
    return Place(cursor=cursor, cutoff=datetime.fromtimestamp(int(seconds), UTC))


@dataclass(kw_only=True)
class _Line:
    """The pulls of one account in this process."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: asyncio.Future[Outcome] | None = None
    token: str = ""
    blind_at: datetime | None = None
    """When it was last pulled without a token."""


class Puller:
    """Sends Pull jobs."""

    def __init__(self, settings: Settings, hub: Hub, clock: Clock, client: Client) -> None:
        self._settings = settings
        self._hub = hub
        self._clock = clock
        self._client = client
        self._lines: dict[str, _Line] = {}

    async def deliver(self, job: Pull) -> Outcome:
        """Pull the account until it has no more. A pull that has not begun yet will fetch what this one is for too."""
        account = job.address.wire_id.removeprefix("kf:")
        if account not in self._settings.kf:
            return Undeliverable(reason="account_unknown", detail=f"{account} is not in [wecom.kf]")
        line = self._lines.setdefault(account, _Line())
        line.token = job.token or line.token
        if line.waiting is not None:
            return await asyncio.shield(line.waiting)
        return await self._in_turn(account, line)

    async def _in_turn(self, account: str, line: _Line) -> Outcome:
        promise: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        line.waiting = promise
        result: Outcome = _BUSY
        try:
            async with line.lock:
                line.waiting = None
                token, line.token = line.token, ""
                result = await self._drain(account, line, token)
        finally:
            if line.waiting is promise:
                line.waiting = None
            promise.set_result(result)
        return result

    async def _drain(self, account: str, line: _Line, token: str) -> Outcome:
        if not token and (wait := self._ration(line)):
            return TryLater(reason="pull_rationed", seconds=wait)
        for _ in range(self._settings.pull_pages):
            try:
                if not await self._page(account, token):
                    return Delivered()
            except Conflict:
                continue
            except CallFailed as failure:
                if not (token and isinstance(failure, Refusal) and failure.errcode == _BAD_TOKEN):
                    return outcome(failure)
                token = ""
                if wait := self._ration(line):
                    return TryLater(reason="pull_rationed", seconds=wait)
        return TryLater(reason="more_to_pull", seconds=0)

    async def _page(self, account: str, token: str) -> bool:
        """Fetch and store one page; whether there is more. Raises CallFailed, Conflict, StorageError.

        Conflict: another node moved the cursor meanwhile. Its page may lack what our announcement was for, so the
        caller looks again from where the cursor is now.
        """
        key = f"wecom:{account}"
        before = await self._hub.cursor(key)
        here = place(before, self._oldest())
        answer = await self._client.call(
            self._settings.kf[account], "/cgi-bin/kf/sync_msg", self._ask(account, here, token)
        )
        more = answer.get("has_more") == 1
        cursor = maybe(answer, "next_cursor") or here.cursor
        after = Place(cursor=cursor, cutoff=here.cutoff if more else None).stored
        inbound = self._inbound(answer, account, here)
        if inbound or after != before:
            await self._hub.accept_page(inbound, account=key, before=before, after=after)
        return more

    def _ask(self, account: str, here: Place, token: str) -> Body:
        body: dict[str, object] = {"open_kfid": account, "limit": self._settings.pull_items}
        if here.cursor:
            body["cursor"] = here.cursor
        if token:
            body["token"] = token
        return body

    def _inbound(self, answer: Body, account: str, here: Place) -> list[Inbound]:
        items = answer.get("msg_list")
        if not isinstance(items, list):
            return []
        reading = kf_items.Account(
            corp_id=self._settings.corp_id,
            open_kfid=account,
            welcome=timedelta(seconds=self._settings.welcome_seconds),
            cutoff=here.cutoff or _EVER,
            now=self._clock(),
        )
        return [kf_items.inbound(item, reading) for item in items]

    def _oldest(self) -> datetime:
        if self._settings.first_pull == "take":
            return _EVER
        return self._clock() - timedelta(minutes=self._settings.first_pull_minutes)

    def _ration(self, line: _Line) -> float:
        """Business seconds to wait before the account may be pulled without a token; 0 = now, and it is counted."""
        now = self._clock()
        if line.blind_at is not None:
            wait = self._settings.blind_pull_seconds - (now - line.blind_at).total_seconds()
            if 0 < wait <= self._settings.blind_pull_seconds:
                return wait
        line.blind_at = now
        return 0
