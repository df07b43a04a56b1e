"""Answers that come in pieces are read whole, and no further than asked."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from connectors import transfer

PIECES = (b"{", b'"token": ', b'"abc"}')


@pytest.mark.parametrize(("most", "found"), [(1000, b"".join(PIECES)), (4, b'{"to'), (1, b"{")])
async def test_an_answer_in_pieces_is_read_whole_and_no_further(most: int, found: bytes) -> None:
    heard = asyncio.Event()

    async def slowly(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(PIECES[0])
        await heard.wait()
        for piece in PIECES[1:]:
            await response.write(piece)
        return response

    app = web.Application()
    app.add_routes([web.get("/", slowly)])
    async with TestServer(app) as server, ClientSession() as http, http.get(server.make_url("/")) as response:
        reading = asyncio.create_task(transfer.beginning(response, most))
        async with asyncio.timeout(10):
            while not response.content.total_bytes:
                await asyncio.sleep(0)
            heard.set()
            assert await reading == found
