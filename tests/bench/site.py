"""A made-up company on this machine: its stub of the Microsoft side, and the files each program is started with."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from rules.playbook import parse
from tests.bench.programs import ROOT, Program, read_json
from tests.bench.wire import ISSUER, REPS, Company, Requests, rep

_HUB = """
[server]
port = 0
port_file = "{folder}/hub.port"
[database]
url = "{database}"
[clock]
url = "{stub}/clock"
[keys]
master = "file:master.secret"
index = "file:index.secret"
tokens = "file:tokens.secret"
[rules]
playbook = "{playbook}"
mirror = "full"
[log]
format = "json"
[teams]
app_id = "{app}"
app_password = "file:bot.secret"
tenant_id = "{tenant}"
openid_url = "{stub}/openid"
token_url = "{stub}/token"
service_hosts = ["{host}"]
directline_url = "{stub}/smba/"
graph_url = "{stub}/graph"
[teams.limits]
send = [{{ calls = 1000000, seconds = 1 }}]
read = [{{ calls = 1000000, seconds = 1 }}]
app = [{{ calls = 1000000, seconds = 1 }}]
"""


@dataclass(kw_only=True)
class Site:
    """Where it all lives. `folder` is empty at first."""

    folder: Path
    company: Company = field(default_factory=Company)
    stub: Program = field(init=False)
    address: str = field(init=False)
    """The stub's."""
    _numbers: Any = field(default_factory=count)
    _messages: Iterator[int] = field(default_factory=lambda: count(1_700_000_000_000))
    """Thirteen digits, as Teams numbers its messages; no number is used twice."""
    _programs: list[Program] = field(default_factory=list)

    def open(self) -> None:
        """Start the stub."""
        playbook = ROOT / "playbooks" / "default.yaml"
        channels = [c.name for c in parse(playbook.read_text(encoding="utf-8"), str(playbook)).channels.values()]
        known: dict[str, Any] = {"issuer": ISSUER, "jwks": self.company.jwks(), "channels": channels}
        known["reps"] = [rep(number) for number in range(REPS)]
        (self.folder / "stub.json").write_bytes(orjson.dumps(known))
        self.stub = self._start(self.folder / "stub.log", "-m", "tests.bench.stub", str(self.folder))
        self.address = f"http://127.0.0.1:{_port(self.stub, self.folder / 'stub.port')}"

    def close(self) -> None:
        """Stop every program that was started."""
        for program in reversed(self._programs):
            program.stop()

    def counts(self) -> dict[str, int]:
        """What the stub has been told."""
        told: dict[str, int] = read_json(f"{self.address}/counts")
        return told

    def requests(self, spread: int = 5_000) -> Requests:
        """New requests of this company."""
        address = f"{self.address}/smba/"
        return Requests(company=self.company, service_url=address, spread=spread, numbers=self._messages)

    def hub(self, words: tuple[str, ...], database: str = "") -> Running:
        """Start a program that reads a `hub.toml`, in a folder of its own."""
        folder = self._room()
        for name in ("master", "index", "tokens"):
            (folder / f"{name}.secret").write_text(secrets.token_hex(32))
        (folder / "bot.secret").write_text(secrets.token_urlsafe(24))
        told = _HUB.format(
            folder=folder,
            database=database or f"sqlite:///{folder / 'tower.db'}",
            stub=self.address,
            host=self.address.removeprefix("http://"),
            playbook=ROOT / "playbooks" / "default.yaml",
            app=self.company.app_id,
            tenant=self.company.tenant_id,
        )
        (folder / "hub.toml").write_text(told)
        program = self._start(folder / "hub.log", *words, str(folder / "hub.toml"))
        return Running(program=program, folder=folder, port=_port(program, folder / "hub.port"))

    def echo(self) -> Running:
        """Start the botbuilder bot."""
        folder = self._room()
        known = {"app_id": self.company.app_id, "issuer": ISSUER, "openid": f"{self.address}/openid"}
        (folder / "echo.json").write_bytes(orjson.dumps(known | {"login": f"{self.address}/login"}))
        program = self._start(folder / "echo.log", "-m", "tests.bench.echo", str(folder))
        return Running(program=program, folder=folder, port=_port(program, folder / "echo.port"))

    def bare(self) -> Running:
        """Start bare aiohttp."""
        folder = self._room()
        program = self._start(folder / "bare.log", "-m", "tests.bench.bare", str(folder / "bare.port"))
        return Running(program=program, folder=folder, port=_port(program, folder / "bare.port"))

    def _start(self, log: Path, *words: str) -> Program:
        program = Program.start(log, *words)
        self._programs.append(program)
        return program

    def _room(self) -> Path:
        folder = self.folder / str(next(self._numbers))
        folder.mkdir()
        return folder


@dataclass(frozen=True, kw_only=True)
class Running:
    """A program that listens."""

    program: Program
    folder: Path
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def pending(self) -> int:
        """Work the hub has still to do. Raises URLError while it is not ready."""
        return int(read_json(f"{self.address}/readyz")["pending"])


def _port(program: Program, file: Path) -> int:
    return int(program.until(lambda: file.read_text() if file.exists() else ""))
