"""Temporary media: what she sent is fetched, what we send is uploaded first (WeCom docs 90253, 90254).

Both sides are kept by WeCom for three days. Nothing is converted: voice is AMR and stays AMR.
"""

from __future__ import annotations

from connectors import transfer
from connectors.contract import CustomerFile, Delivered, FileFetch, Outcome, TryLater, Undeliverable, Unknown
from connectors.wecom.client import Client
from connectors.wecom.errors import CallFailed, outcome
from connectors.wecom.settings import Settings
from rules.model import FileRule

HOURS = 72
"""How long a media id lives (doc 90254)."""
_MEGABYTE = 1024 * 1024
TAKEN = (
    FileRule(kind="image", types=("image/jpeg", "image/png"), most=10 * _MEGABYTE),
    FileRule(kind="voice", types=("audio/amr",), most=2 * _MEGABYTE),
    FileRule(kind="video", types=("video/mp4",), most=10 * _MEGABYTE),
    FileRule(kind="file", most=20 * _MEGABYTE),
)
"""What may be uploaded (doc 90253). A voice of more than 60 seconds is refused by WeCom itself."""
_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "audio/amr": ".amr", "video/mp4": ".mp4"}


class Media:
    """Contents in and out, few at a time."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._settings = settings
        self._client = client
        self._turns = transfer.turns()

    async def fetch(self, job: FileFetch) -> Outcome:
        """The content behind a media id."""
        app = self._settings.kf.get(job.address.account)
        if app is None or not job.wire_id:
            return Undeliverable(reason="not_allowed")
        async with self._turns:
            try:
                content = await self._client.download(app, "/cgi-bin/media/get", {"media_id": job.wire_id}, job.most)
            except transfer.TooLarge:
                return Undeliverable(reason="file_too_large")
            except transfer.Packed:
                return TryLater(reason="interrupted", seconds=60)
            except CallFailed as failure:
                return _later(outcome(failure))
        return Delivered(content=content)

    async def upload(self, app: str, job: CustomerFile) -> str | Outcome:
        """The media id of a content of ours, or how it ended instead. Repeating it does no harm."""
        async with self._turns:
            try:
                return await self._client.upload(app, job.form, _name(job), job.content)
            except CallFailed as failure:
                return _later(outcome(failure))


def _later(found: TryLater | Undeliverable | Unknown) -> Outcome:
    """An end that is not clear is no harm here: nobody has got anything yet."""
    return TryLater(reason=found.reason, seconds=2) if isinstance(found, Unknown) else found


def _name(job: CustomerFile) -> str:
    """WeCom looks at the ending: it must be that of the content."""
    ending = _ENDINGS.get(job.type, "") if job.form != "file" else ""
    if not ending or job.name.lower().endswith((ending, ".jpeg") if ending == ".jpg" else ending):
        return job.name
    return f"{job.name.rpartition('.')[0] or job.name}{ending}"
