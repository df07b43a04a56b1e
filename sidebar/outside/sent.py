"""A file that a colleague sent her, behind an address that she was given: for platforms that carry no contents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from aiohttp import web

from connectors.contract import Clock
from rules.card import FileView
from rules.errors import Unavailable
from rules.tokens import Tokens
from sidebar import contents
from sidebar.outside.page import not_ours, reader_language, try_again

DAYS = 14
"""How long the address is good, in business time."""


class SentFile(Protocol):
    """A file of ours."""

    @property
    def file(self) -> FileView:
        """How it stands."""

    @property
    def at(self) -> datetime:
        """When it was brought."""

    @property
    def content(self) -> bytes | None:
        """None when it is not here."""


class SentFiles(Protocol):
    """Looked up in storage."""

    async def sent(self, file_id: str) -> SentFile | None:
        """A file that a rep sent; None for any other. Raises Unavailable."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """GET /m/{token}."""

    tokens: Tokens
    files: SentFiles
    clock: Clock

    async def show(self, request: web.Request) -> web.Response:
        """The content, for whoever holds the address."""
        file_id = self.tokens.open("file", request.match_info["token"])
        try:
            found = await self.files.sent(file_id) if file_id else None
        except Unavailable:
            return try_again(reader_language(request))
        late = found is not None and self.clock() - found.at > timedelta(days=DAYS)
        if found is None or found.content is None or late:
            return not_ours(request)
        return contents.answer(found.file, found.content, embeds="cross-origin")
