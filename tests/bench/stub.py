"""The Microsoft side as cheap as it can be: keys, tokens, a clock that stands, and a connector API that says 201.

`python -m tests.bench.stub FOLDER` reads `stub.json` there and writes its port into `stub.port`.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import uvloop
from aiohttp import web

NOW = "2026-03-03T01:00:00+00:00"
"""A Tuesday morning, nine o'clock in Shanghai: office hours, whenever the benchmark runs."""
LONG = 3_600.0


class Stub:
    """Counts what it is told."""

    def __init__(self, known: dict[str, Any]) -> None:
        self._known = known
        self._seen: Counter[str] = Counter()
        self._numbers = count(1)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/openid", self.openid),
            web.get("/keys", self.keys),
            web.post("/token", self.token),
            web.get("/clock", self.clock),
            web.get("/counts", self.counts),
            web.post("/smba/v3/conversations", self.thread),
            web.post("/smba/v3/conversations/{id}/activities", self.post),
            web.post("/smba/v3/conversations/{id}/activities/{to}", self.post),
            web.put("/smba/v3/conversations/{id}/activities/{to}", self.edit),
            web.get("/smba/v3/conversations/{id}/pagedmembers", self.members),
            web.get("/smba/v3/teams/{id}/conversations", self.channels),
        ]

    async def openid(self, request: web.Request) -> web.Response:
        return _json({"issuer": self._known["issuer"], "jwks_uri": f"http://{request.host}/keys"})

    async def keys(self, _: web.Request) -> web.Response:
        return _json(self._known["jwks"])

    async def token(self, _: web.Request) -> web.Response:
        return _json({"token_type": "Bearer", "expires_in": 3600, "access_token": "bench"})

    async def clock(self, request: web.Request) -> web.Response:
        if float(request.query.get("after", 0)) >= 1:
            await asyncio.sleep(min(LONG, float(request.query.get("wait", 0))))
        return _json({"now": NOW, "running": False, "version": 1})

    async def counts(self, _: web.Request) -> web.Response:
        return _json(self._seen)

    async def thread(self, request: web.Request) -> web.Response:
        await request.read()
        self._seen["threads"] += 1
        number = next(self._numbers)
        return _json({"id": f"19:bench@thread.tacv2;messageid={number}", "activityId": str(number)}, 201)

    async def post(self, request: web.Request) -> web.Response:
        await request.read()
        self._seen["posts"] += 1
        return _json({"id": str(next(self._numbers))}, 201)

    async def edit(self, request: web.Request) -> web.Response:
        await request.read()
        self._seen["edits"] += 1
        return _json({"id": request.match_info["to"]})

    async def members(self, _: web.Request) -> web.Response:
        return _json({"members": self._known["reps"]})

    async def channels(self, _: web.Request) -> web.Response:
        names: list[str] = self._known["channels"]
        return _json({"conversations": [{"id": f"19:c{i}@thread.tacv2", "name": n} for i, n in enumerate(names)]})


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


async def listen(app: web.Application, port_file: Path) -> None:
    """Serve on a free port until the process is ended, and tell the port in a file."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port_file.write_text(str(runner.addresses[0][1]))
    await asyncio.Event().wait()


async def main(folder: Path) -> None:
    app = web.Application()
    app.add_routes(Stub(orjson.loads((folder / "stub.json").read_bytes())).routes())
    await listen(app, folder / "stub.port")


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
