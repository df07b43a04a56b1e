"""Contents of files: fetched from addresses of the services alone, and sent as an address of ours.

An address in a message is whatever a visitor wrote into it: nothing is fetched but from hosts the operator trusts, no
redirect is followed, and our token goes to the services it was made for.
"""

from __future__ import annotations

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, ConnectionTimeoutError
from yarl import URL

from connectors import transfer
from connectors.contract import Delivered, FileFetch, Outcome, TryLater, Undeliverable
from connectors.teams.outcomes import PAUSE, retry_after
from connectors.teams.settings import Settings
from connectors.teams.tokens import Tokens
from rules.model import FileRule

_MEGABYTE = 1024 * 1024
MOST = 100 * _MEGABYTE
TAKEN = (
    FileRule(kind="image", types=("image/jpeg", "image/png", "image/gif", "image/webp"), most=MOST),
    FileRule(kind="voice", types=("audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav"), most=MOST),
    FileRule(kind="video", types=("video/mp4",), most=MOST),
    FileRule(kind="file", most=MOST),
)
"""Web chat takes an address, so only the hub's own limit counts."""


class Fetcher:
    """Brings contents in, few at a time."""

    def __init__(self, settings: Settings, tokens: Tokens, session: ClientSession) -> None:
        self._settings, self._tokens, self._session = settings, tokens, session
        self._turns = transfer.turns()

    async def fetch(self, job: FileFetch) -> Outcome:
        """The content behind an address."""
        if not self._settings.trusts_content(job.url):
            return Undeliverable(reason="file_host")
        async with self._turns:
            for _ in range(2):
                token = await self._tokens.get() if self._settings.trusts_attachment(job.url) else ""
                outcome = await self._get(job, token)
                if outcome is not None:
                    return outcome
                self._tokens.refuse(token)
        return Undeliverable(reason="file_gone", detail="status 401")

    async def _get(self, job: FileFetch, token: str) -> Outcome | None:
        """One try; None when our token was refused."""
        headers = dict(transfer.PLAIN) | ({"Authorization": f"Bearer {token}"} if token else {})
        limit = ClientTimeout(total=self._settings.content_seconds, connect=self._settings.call_seconds / 2)
        try:
            async with self._session.get(
                URL(job.url, encoded=True), headers=headers, timeout=limit, allow_redirects=False
            ) as response:
                status = response.status
                if status == 200:
                    return Delivered(content=await transfer.read(response, job.most))
                if status == 401 and token:
                    return None
                if status == 429 or status >= 500:
                    wait = retry_after(response.headers.get("Retry-After"))
                    return TryLater(reason="throttled" if status == 429 else "unreachable", seconds=wait or PAUSE)
                return Undeliverable(reason="file_gone", detail=f"status {status}")
        except transfer.TooLarge:
            return Undeliverable(reason="file_too_large")
        except transfer.Packed:
            return Undeliverable(reason="refused", detail="packed")
        except (ClientConnectorError, ConnectionTimeoutError, ClientError, TimeoutError, OSError):
            return TryLater(reason="unreachable", seconds=PAUSE)
