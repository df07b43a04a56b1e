"""What came with a message: pictures and files behind addresses of the service, or whole in the message itself.

Source: Bot Framework activity schema, Attachment; Teams, files in bots (inline images, `file.download.info`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from hashlib import blake2b
from urllib.parse import unquote_to_bytes

from connectors.contract import InboundFile
from connectors.teams.heard import Heard
from connectors.teams.wire import Json, listed, part, text_of
from rules.events import Attachment
from rules.files import FileKind, clean_name

MOST = 20
"""Attachments of one message that are looked at."""
_DOWNLOAD = "application/vnd.microsoft.teams.file.download.info"
_NO_CONTENT = ("text/html", "application/vnd.microsoft.card.")
"""What the client adds for itself, and cards: words, not files."""
_FORMS: Mapping[str, FileKind] = {"image": "image", "audio": "voice", "video": "video"}
_LONGEST_URL = 2000


def brought(heard: Heard) -> tuple[tuple[Attachment, ...], tuple[InboundFile, ...]]:
    """The attachments, and the contents of those that came whole."""
    found: list[Attachment] = []
    files: list[InboundFile] = []
    for number, item in enumerate(listed(heard.activity.get("attachments"))[:MOST]):
        kind = text_of(item.get("contentType"))[:100]
        if kind.startswith(_NO_CONTENT):
            continue
        form: FileKind = _FORMS.get(kind.partition("/")[0], "file")
        name = clean_name(text_of(item.get("name"))[:1000], "") if item.get("name") else ""
        url = _address(item, kind)
        whole = _whole(url) if url.startswith("data:") else None
        file_id = ""
        if whole is not None:
            file_id = blake2b(f"{heard.id}\n{number}".encode(), digest_size=16).hexdigest()
            files.append(InboundFile(id=file_id, form=form, name=name, type=kind, content=whole))
        usable = url if len(url) <= _LONGEST_URL and not url.startswith("data:") else ""
        claimed = "" if kind == _DOWNLOAD else kind
        found.append(Attachment(media=form, name=name, url=usable, type=claimed, file_id=file_id))
    return tuple(found), tuple(files)


def _address(item: Json, kind: str) -> str:
    if kind == _DOWNLOAD:
        return text_of(part(item, "content").get("downloadUrl"))
    return text_of(item.get("contentUrl"))


def _whole(url: str) -> bytes | None:
    """The content of a data address; None for one that cannot be read. The body of a call bounds its size."""
    head, comma, data = url.partition(",")
    if not comma:
        return None
    try:
        if head.endswith(";base64"):
            return base64.b64decode(data, validate=True)
        return unquote_to_bytes(data)
    except (binascii.Error, ValueError):
        return None
