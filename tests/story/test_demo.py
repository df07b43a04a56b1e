"""The demo as a newcomer starts it: what it says, where its page is, and how it ends."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.company import ROOT

SOON = 2
"""Wall seconds within which Ctrl-C must have ended everything."""
PATIENCE = 60


@dataclass
class Demo:
    """A running demo and what it printed."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def until(self, pattern: str) -> re.Match[str]:
        """Read on until a line matches. Raises AssertionError when the demo ends before."""
        assert self.process.stdout is not None
        for line in iter(self.process.stdout.readline, ""):
            self.lines.append(line)
            if found := re.search(pattern, line):
                return found
        raise AssertionError("".join(self.lines))


@pytest.fixture
def busy() -> Iterator[int]:
    """A port that somebody else has."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


@pytest.fixture
def demo(busy: int) -> Iterator[Demo]:
    words = [sys.executable, "app.py", "demo", "--port", str(busy)]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    yield Demo(process)
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
    assert process.stdout is not None
    process.stdout.close()


def test_a_busy_port_is_named_and_ctrl_c_ends_all_within_two_seconds(demo: Demo, busy: int) -> None:
    other = demo.until(rf"Port {busy} is busy, so the page is on port (\d+)")[1]
    page = demo.until(r"open +(http://\S+/)")[1]
    assert page == f"http://127.0.0.1:{other}/"
    demo.until("Next: ")
    assert any("no accounts needed" in line for line in demo.lines)
    assert sum(line.startswith("  ok ") for line in demo.lines) == 3
    with urllib.request.urlopen(page) as answer:
        assert b"Tower" in answer.read()
    with urllib.request.urlopen(f"{page}control/events") as stream:
        assert stream.read(6) == b"event:", "a page stays open"
        began = time.monotonic()
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(PATIENCE) == 0
    assert time.monotonic() - began <= SOON
