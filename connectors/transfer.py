"""Contents and answers on their way in: bounded by what really arrives, never by what somebody says will."""

from __future__ import annotations

import asyncio

from aiohttp import ClientResponse

AT_ONCE = 2
"""Contents that may be in memory at the same time, of each platform: each may have its full size."""
PLAIN = {"Accept-Encoding": "identity"}
"""Asked for with every content: what comes packed could grow without end while it is unpacked."""


class TooLarge(Exception):
    """More came, or was announced, than we take."""


class Packed(Exception):
    """The answer is packed although we asked for it as it is."""


async def read(response: ClientResponse, most: int) -> bytes:
    """The body, at most `most` bytes of it. Raises TooLarge, Packed, and what aiohttp raises for a broken one."""
    if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise Packed
    if (response.content_length or 0) > most:
        raise TooLarge
    found = bytearray()
    async for chunk in response.content.iter_chunked(65_536):
        found += chunk
        if len(found) > most:
            raise TooLarge
    return bytes(found)


async def beginning(response: ClientResponse, most: int) -> bytes:
    """The first `most` bytes of a body, all of it where it is shorter, in however many pieces it comes."""
    found = bytearray()
    async for chunk in response.content.iter_any():
        found += chunk
        if len(found) >= most:
            break
    return bytes(found[:most])


def turns() -> asyncio.Semaphore:
    """Who may hold a content now."""
    return asyncio.Semaphore(AT_ONCE)
