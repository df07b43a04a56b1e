"""The hub as `serve` builds it, with its turns and deliveries not started: the cost of taking a message in, alone.

`python -m tests.bench.door HUB_TOML`
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import uvloop
from aiohttp.web import AppRunner, TCPSite

import app
from bots.collector import settle
from bots.failpoints import Failpoints
from bots.logs import set_up
from bots.settings import Server
from connectors.teams.connector import TeamsConnector
from sidebar.web import application


async def main(config: Path) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    loaded = app.load(config)
    hub = app._hub(loaded, Failpoints())
    connectors = app._connectors(loaded, hub)
    hub.connect(list(connectors.values()))
    await hub.clock.start()
    for connector in connectors.values():
        await connector.start()
        if isinstance(connector, TeamsConnector):
            await connector.graph()  # it loads beside the work: not while we measure
    settle()
    runner = AppRunner(application(hub, [r for c in connectors.values() for r in c.routes()]), access_log=None)
    await runner.setup()
    try:
        await TCPSite(runner, "127.0.0.1", 0).start()
        Path(loaded.section("server", Server).port_file).write_text(str(runner.addresses[0][1]))
        await stopping.wait()
    finally:
        await runner.cleanup()
        for connector in connectors.values():
            await connector.stop()
        await hub.clock.stop()
        await hub.db.close()


if __name__ == "__main__":
    set_up(pretty=False)
    uvloop.run(main(Path(sys.argv[1])))
