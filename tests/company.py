"""A made-up company for tests: its files, the simulated world and the hub as processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.company import Places, found, free_places

ROOT = Path(__file__).resolve().parent.parent


@dataclass(kw_only=True)
class Program:
    """One of our programs, running."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it and return its exit code."""
        if self.alive:
            self.process.send_signal(how)
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"it did not stop:\n{self.tail()}") from None

    def tail(self, chars: int = 4000) -> str:
        return self.log.read_text(errors="replace")[-chars:]


@dataclass(kw_only=True)
class Company:
    """Where everything is, and the switches."""

    folder: Path
    places: Places
    programs: list[Program] = field(default_factory=list)
    starts: int = 0

    @property
    def world(self) -> str:
        return f"http://127.0.0.1:{self.places.world}"

    @property
    def hub(self) -> str:
        return f"http://127.0.0.1:{self.places.hub}"

    def run(self, name: str, *words: str, **environ: str) -> Program:
        """Start one of our programs."""
        self.starts += 1
        log = self.folder / f"{self.starts:02}-{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                env=os.environ | environ,
                start_new_session=True,
            )
        program = Program(process=process, log=log)
        self.programs.append(program)
        return program

    def start_world(self) -> Program:
        world = self.run("world", "-m", "simulator", "--config", str(self.folder / "world.json"))
        self.wait_for(f"{self.world}/control/counts", world)
        return world

    def start_hub(self, config: str = "hub.toml", *, wait: bool = True, **environ: str) -> Program:
        hub = self.run("hub", "app.py", "serve", "--config", str(self.folder / config), **environ)
        if wait:
            self.wait_for(f"{self.hub}/readyz", hub)
        return hub

    def start_story(self) -> subprocess.Popen[bytes]:
        """The scripted people, quietly; the summary is their standard output."""
        words = [sys.executable, "-m", "simulator.story", "--world", self.world, "--quiet"]
        return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def wait_for(self, url: str, program: Program | None = None, limit: float = 30) -> None:
        """Wait until an address answers 200."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=3):
                return
            if program and not program.alive:
                raise AssertionError(f"it ended with {program.process.returncode}:\n{program.tail()}")
            time.sleep(0.05)  # a process of its own comes up: nothing to wait on but its port
        raise AssertionError(f"{url} never answered:\n{program.tail() if program else ''}")

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask or tell the world's control API."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.world + path, data=data, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read() or b"null")

    def delete(self, url: str) -> None:
        """Switch something of the world off."""
        with urllib.request.urlopen(urllib.request.Request(url, method="DELETE"), timeout=30) as answer:
            answer.read()

    def logs(self) -> str:
        """The ends of all logs, for a failure's message."""
        return "\n".join(f"--- {p.log.name}\n{p.tail(2500)}" for p in self.programs)


@contextlib.contextmanager
def company(folder: Path, *, database: str = "", lease_seconds: float = 3) -> Iterator[Company]:
    """A company in `folder`, its files written; whatever was started is stopped at the end."""
    places = free_places()
    found(folder, places, database=database)
    path = folder / "hub.toml"
    path.write_text(path.read_text().replace("[database]\n", f"[database]\nlease_seconds = {lease_seconds}\n"))
    made = Company(folder=folder, places=places)
    try:
        yield made
    finally:
        for program in reversed(made.programs):
            program.stop(signal.SIGKILL if program.alive else signal.SIGTERM)
