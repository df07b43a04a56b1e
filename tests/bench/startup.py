"""How soon `serve` listens and is ready, with all three platforms connected, and what it holds when nothing happens."""

from __future__ import annotations

import socket
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench.programs import Program, read_json
from tests.company import Company, company

STARTS = 3
IDLE = 5.0


@dataclass(frozen=True, kw_only=True)
class Startup:
    """Seconds, and MiB of resident memory."""

    first_listening: float
    """On an empty folder: the schema is made first."""
    listening: float
    listening_cpu: float
    """User and system time until then: what is left of it on a machine with nothing else to do."""
    ready: float
    resident: float


def measure() -> Startup:
    """Start it once on nothing and some times more, and look at it after a while."""
    with tempfile.TemporaryDirectory(prefix="tower-bench-") as folder, company(Path(folder)) as made:
        made.start_world()
        (first, _, _), program = _start(made)
        program.stop()
        starts = []
        for number in range(STARTS):
            times, program = _start(made)
            starts.append(times)
            if number == STARTS - 1:
                time.sleep(IDLE)
                resident = program.resident()
            program.stop()
    return Startup(
        first_listening=first,
        listening=median(s[0] for s in starts),
        listening_cpu=median(s[1] for s in starts),
        ready=median(s[2] for s in starts),
        resident=resident,
    )


def _start(made: Company) -> tuple[tuple[float, float, float], Program]:
    """Seconds until it listens, CPU seconds until then, seconds until it is ready."""
    program = Program.start(made.folder / "hub.log", "app.py", "serve", "--config", str(made.folder / "hub.toml"))
    program.until(lambda: _answers(made.places.hub))
    listening, cpu = time.monotonic() - program.began, program.cpu()
    program.until(lambda: read_json(f"{made.hub}/readyz")["ready"])
    return (listening, cpu, time.monotonic() - program.began), program


def _answers(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
