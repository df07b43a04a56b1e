"""Files beside words: opened by whoever may see the customer, and sent to her with a plain form.

A content is never run: pictures and sound that browsers know are shown, everything else is offered to be saved. The
address of a file is no secret; it is opened for whoever is signed in, or for the one reader a page drew it for.
"""

from __future__ import annotations

import hashlib
import re

from aiohttp import web

from connectors.contract import Inbound, InboundFile
from rules.card import FileView
from rules.errors import BadRequest, NotAllowed
from rules.events import RepActed
from rules.files import clean_name, form_of, judge, sniff
from rules.model import Address, RepHandle
from sidebar import contents
from sidebar.inside.parts import Inside, OpenedFile
from sidebar.inside.seals import Sealer
from sidebar.inside.upload import Upload

MEDIA = "/sidebar/media/"
_ID = re.compile(r"[0-9a-f]{32}\Z")
_NONCE = re.compile(r"[0-9a-f]{32}\Z")
_TICKET_SECONDS = 900.0


class Tickets:
    """Addresses of files for one reader, good for some minutes: for faces that have no cookie."""

    def __init__(self, parts: Inside) -> None:
        self._sealer = Sealer(parts.key)
        self._wall = parts.wall

    def at(self, file: FileView, by: RepHandle) -> str:
        """Where this reader opens the file."""
        value = {"file": file.id, "platform": by.platform, "value": by.value}
        return f"{MEDIA}{file.id}?for={self._sealer.seal('file', value, until=self._wall() + _TICKET_SECONDS)}"

    def reader(self, request: web.Request) -> RepHandle | None:
        """Whom the address was drawn for; None when it is no such address, or no more."""
        value = self._sealer.open("file", request.query.get("for", ""), now=self._wall())
        if value is None or value["file"] != request.match_info["file_id"]:
            return None
        return RepHandle(platform=value["platform"], value=value["value"])  # type: ignore[arg-type]  # sealed by `at`


async def opened(parts: Inside, file_id: str, by: RepHandle) -> OpenedFile:
    """The file, if this reader may see whose it is. Raises NotAllowed: not theirs and not there look alike."""
    found = await parts.files.file(file_id, by) if parts.files is not None and _ID.match(file_id) else None
    if found is None or found.content is None:
        raise NotAllowed("no such file")
    return found


def answer(found: OpenedFile) -> web.Response:
    """The content, for pages of ours."""
    assert found.content is not None  # noqa: S101 - looked at by `opened`
    return contents.answer(found.file, found.content, embeds="same-origin")


def inbound(parts: Inside, sent: Upload, conversation_id: str, by: RepHandle, name_of_rep: str) -> Inbound:
    """The act of sending a file, with its content. The same form with the same file sent twice is one act.

    Raises BadRequest for what no page of ours sends.
    """
    nonce, version = sent.fields.get("nonce", ""), sent.fields.get("card_version", "")
    if not _NONCE.match(nonce) or not re.fullmatch(r"\d{1,9}", version):
        raise BadRequest("no such act")
    digest = hashlib.sha256(sent.content).hexdigest()
    named = chr(31).join((conversation_id, by.platform, by.value, "send_file", version, nonce, sent.name, digest))
    event_id = f"page/{hashlib.blake2b(named.encode(errors='replace'), digest_size=16).hexdigest()}"
    file_id = hashlib.blake2b(f"{event_id}\nfile".encode(), digest_size=16).hexdigest()
    kind = sniff(sent.content)
    form, name = form_of(kind), clean_name(sent.name, form_of(kind))
    reason = "file_too_large" if sent.size > len(sent.content) else judge(form, name, sent.type, sent.content).reason
    told = {"file": file_id, "name": name, "type": kind, "size": str(sent.size), "reason": reason}
    event = RepActed(
        id=event_id,
        at=parts.clock(),
        by=by,
        by_name=name_of_rep,
        verb="send_file",
        inputs={key: value for key, value in told.items() if value},
        conversation_id=conversation_id,
        card_version=int(version),
    )
    brought = InboundFile(id=file_id, form=form, name=name, type=sent.type, content=sent.content)
    order = Address(connector="hub", account="page", wire_id=conversation_id)
    return Inbound(event=event, order=order, files=() if reason else (brought,))
