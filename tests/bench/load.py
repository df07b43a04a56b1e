"""Writes prepared requests over kept connections, one at a time on each, and counts the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast


class Refused(Exception):
    """The program under test did not answer 2xx: the figures would mean nothing."""


@dataclass(kw_only=True)
class Load:
    """One run. `limit` ends it after so many requests; else `stop` does."""

    requests: Iterator[bytes]
    limit: int = 0
    answered: int = 0
    _begun: int = 0
    _stopping: bool = False
    _open: set[_Caller] = field(default_factory=set)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _wrong: bytes = b""

    async def start(self, port: int, connections: int) -> None:
        """Open the connections and begin."""
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            await loop.create_connection(lambda: _Caller(self), "127.0.0.1", port)

    async def stop(self) -> None:
        """Begin nothing more and wait for the answers under way. Raises Refused."""
        self._stopping = True
        await self.end()

    async def end(self, seconds: float = 60.0) -> None:
        """Wait until the last answer is there. Raises Refused, TimeoutError."""
        await asyncio.wait_for(self._ended.wait(), seconds)
        if self._wrong:
            raise Refused(self._wrong.decode("latin-1")[:300])

    def next(self) -> bytes | None:
        """The next request, or None when there is to be no more."""
        if self._stopping or self._wrong or (self.limit and self._begun >= self.limit):
            return None
        self._begun += 1
        return next(self.requests)

    def opened(self, caller: _Caller) -> None:
        self._open.add(caller)

    def closed(self, caller: _Caller) -> None:
        self._open.discard(caller)
        if not self._open:
            self._ended.set()

    def refused(self, answer: bytes) -> None:
        self._wrong = self._wrong or answer


class _Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._answer = b""
        self._waiting = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its name
        self._load.opened(self)
        self._write()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not _whole(self._answer):
            return
        answer, self._answer, self._waiting = self._answer, b"", False
        if not answer.startswith(b"HTTP/1.1 2"):
            self._load.refused(answer)
        self._load.answered += 1
        self._write()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting:
            self._load.refused(b"the connection was closed before the answer")
        self._load.closed(self)

    def _write(self) -> None:
        request = self._load.next()
        if request is None:
            self._transport.close()
        else:
            self._waiting = True
            self._transport.write(request)


def _whole(answer: bytes) -> bool:
    """Whether an answer with a Content-Length, or without a body, is complete."""
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    _, named, rest = head.lower().partition(b"content-length:")
    return not named or len(body) >= int(rest.partition(b"\r\n")[0])
