"""A form with one file in it, as browsers send it: read piece by piece, bounded in size, number and time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from rules.errors import BadRequest

_FIELDS = 20
_FIELD_BYTES = 8 * 1024
_SECONDS = 120.0
_PATIENCE = 3
"""How many times the limit we read on, and throw away, so that the browser gets to see our answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """The form's fields and its one file. Whoever reads a field must check it: anybody can send a form."""

    fields: dict[str, str] = field(repr=False)
    name: str = field(default="", repr=False)
    type: str = ""
    """As the browser claims."""
    content: bytes = field(default=b"", repr=False)
    size: int = 0
    """Bytes that came, kept or not: more than `content` holds when there were too many."""


async def read(request: web.Request, most: int) -> Upload:
    """The form. Raises BadRequest for another kind of body, too many fields, or one that comes too slowly."""
    if request.content_type != "multipart/form-data":
        raise BadRequest("not a form with a file", status=415)
    try:
        async with asyncio.timeout(_SECONDS):
            return await _read(request, most)
    except TimeoutError:
        raise BadRequest("body too slow", status=408) from None
    except (ValueError, RuntimeError, web.RequestPayloadError, HttpProcessingError):  # a broken form
        raise BadRequest("not a form") from None


async def _read(request: web.Request, most: int) -> Upload:
    found = Upload(fields={})
    parts = await request.multipart()
    for _ in range(_FIELDS):
        part = await parts.next()
        if part is None:
            return found
        if not isinstance(part, BodyPartReader) or not part.name:
            raise BadRequest("a form in a form")
        if part.filename is None:
            content, size = await _content(part, _FIELD_BYTES)
            if size > _FIELD_BYTES:
                raise BadRequest("a field too long", status=413)
            found.fields.setdefault(part.name, content.decode("utf-8", "replace").replace("\0", ""))
        elif not found.size and part.name == "file":
            content, size = await _content(part, most)
            kind = part.headers.get("Content-Type", "")[:100]
            found = Upload(fields=found.fields, name=part.filename, type=kind, content=content, size=size)
        else:
            raise BadRequest("one file at a time")
    raise BadRequest("too many fields")


async def _content(part: BodyPartReader, most: int) -> tuple[bytes, int]:
    """What came, if it is not too much, and how much that was. Raises BadRequest for far too much."""
    found, size = bytearray(), 0
    while chunk := await part.read_chunk(65_536):
        size += len(chunk)
        if size <= most:
            found += chunk
        if size > most * _PATIENCE:
            raise BadRequest("body too long", status=413)
    return (bytes(found) if size <= most else b""), size
