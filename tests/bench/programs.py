"""The programs under test: started as processes of their own, with what the kernel says about them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parents[2]
TICK = 1 / os.sysconf("SC_CLK_TCK")


class Broken(Exception):
    """A program ended, or did not come up: there is nothing to measure."""


@dataclass(kw_only=True)
class Program:
    """A running program."""

    process: subprocess.Popen[bytes]
    log: Path
    began: float
    """On the monotonic clock."""

    @classmethod
    def start(cls, log: Path, *words: str) -> Program:
        began = time.monotonic()
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, *words], cwd=ROOT, stdout=out, stderr=out, stdin=subprocess.DEVNULL
            )
        return cls(process=process, log=log, began=began)

    def cpu(self) -> float:
        """Seconds of user and system time of all its threads so far."""
        return cpu_of(self.process.pid)

    def resident(self) -> float:
        """MiB of memory it holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def stop(self) -> None:
        """End it, if it has not ended."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def until(self, ready: Callable[[], Any], *, limit: float = 40, pause: float = 0.01) -> Any:
        """Wait until something is there and return it. Raises Broken."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            try:
                if found := ready():
                    return found
            except (OSError, ValueError, urllib.error.URLError):
                pass
            if self.process.poll() is not None:
                break
            time.sleep(pause)
        raise Broken(f"{self.log.name}: {self.log.read_text(errors='replace')[-3000:]}")


def cpu_of(pid: int) -> float:
    """Seconds of user and system time of a process so far; 0 for one that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) * TICK


def cpu_of_children(pid: int) -> float:
    """The same for all children of a process, those that ended included."""
    total = 0.0
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if entry.name == str(pid):
            total += (int(fields[13]) + int(fields[14])) * TICK
        elif fields[1] == str(pid):
            total += (int(fields[11]) + int(fields[12])) * TICK
    return total


def read_json(url: str) -> Any:
    """The JSON at an address. Raises URLError, OSError."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return orjson.loads(answer.read())
