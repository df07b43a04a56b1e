"""The hub as `serve` builds it, with its turns and deliveries not started: the cost of taking a message in, alone.

`python -m tests.bench.door HUB_TOML`
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import uvloop

import app
from bots.failpoints import Failpoints
from bots.logs import set_up
from connectors.teams.connector import TeamsConnector


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
    try:
        async with app._listening(loaded, hub, connectors):
            await stopping.wait()
    finally:
        for connector in connectors.values():
            await connector.stop()
        await hub.clock.stop()
        await hub.db.close()


if __name__ == "__main__":
    set_up(pretty=False)
    uvloop.run(main(Path(sys.argv[1])))
