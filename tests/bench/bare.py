"""What the others are measured against: aiohttp reads a request, orjson reads its body, and that is all.

`python -m tests.bench.bare PORT_FILE`
"""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
import uvloop
from aiohttp import web

from tests.bench.stub import listen


async def messages(request: web.Request) -> web.Response:
    orjson.loads(await request.read())
    return web.Response(status=200)


if __name__ == "__main__":
    app = web.Application()
    app.add_routes([web.post("/api/messages", messages)])
    uvloop.run(listen(app, Path(sys.argv[1])))
