"""The hub's door alone: connector, intake and database as in `serve`, but nobody takes turns: the cost of taking in.

`python -m tests.bench.door HUB_TOML`
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import uvloop
from aiohttp.web import AppRunner, TCPSite

import app
from bots.clock import RemoteClock
from bots.collector import settle
from bots.intake import Intake
from bots.logs import set_up
from bots.settings import ClockSettings, DatabaseSettings, Keys, Server
from connectors.contract import Inbound
from connectors.teams.connector import TeamsConnector
from connectors.teams.settings import Settings
from sidebar.web import application
from storage import migrations, notes
from storage.database import Database
from storage.vault import Vault


class Door:
    """As much of a hub as a connector needs to take messages in."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._intake = Intake(db, lambda: None)

    async def accept(self, inbound: Sequence[Inbound]) -> None:
        await self._intake.accept(inbound)

    async def note(self, key: str) -> tuple[str, float] | None:
        return await self._db.read(lambda unit: notes.note(unit, key))

    async def keep_note(self, key: str, value: str, expires: float) -> None:
        await self._db.write(lambda unit: notes.keep_note(unit, key, value, expires), label="note")

    async def state(self) -> Mapping[str, object]:
        return {"ready": True, "pending": 0}


async def main(config: Path) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    loaded = app.load(config)
    url = loaded.section("database", DatabaseSettings).url
    migrations.upgrade(url)
    clock = RemoteClock(loaded.section("clock", ClockSettings).url)
    await clock.start()
    async with Database.open(url, _vault(loaded.section("keys", Keys))) as db:
        door = Door(db)
        teams = TeamsConnector(loaded.section("teams", Settings), door, clock.now)  # type: ignore[arg-type]  # enough of it
        await teams.start()
        await teams.graph()  # it loads beside the work: not while we measure
        settle()
        runner = AppRunner(application(door, teams.routes()), access_log=None)
        await runner.setup()
        try:
            await TCPSite(runner, "127.0.0.1", 0).start()
            Path(loaded.section("server", Server).port_file).write_text(str(runner.addresses[0][1]))
            await stopping.wait()
        finally:
            await runner.cleanup()
            await teams.stop()
            await clock.stop()


def _vault(keys: Keys) -> Vault:
    master, index = (bytes.fromhex(key.get_secret_value()) for key in (keys.master, keys.index))
    return Vault({keys.current_id: master}, keys.current_id, index)


if __name__ == "__main__":
    set_up(pretty=False)
    uvloop.run(main(Path(sys.argv[1])))
