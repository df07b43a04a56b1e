"""The command line as its user meets it: what it prints, what it leaves behind, and with which code it ends.

That `serve`, pointed by hub.toml alone at a simulator running separately, plays the whole story is test_story.py.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

import app
from simulator.company import found, free_places
from tests.company import ROOT

FIRST_URL_SECONDS = 15
"""Promised are 5 s on an idle machine; a machine that runs other tests at the same time gets more."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


def tower(*words: str) -> Ended:
    """One command to its end, as a program of its own."""
    words = (sys.executable, "app.py", *words)
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    return Ended(code=ended.returncode, out=ended.stdout, err=ended.stderr)


def quickly(*words: str) -> Ended:
    """The same inside this process, for commands that only read and tell."""
    ended = CliRunner().invoke(app.app, words)
    return Ended(code=ended.exit_code, out=ended.stdout, err=ended.stderr)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The configuration of a made-up company."""
    found(tmp_path, free_places())
    return tmp_path / "hub.toml"


def rewritten(config: Path, *changes: tuple[str, str]) -> None:
    """Change lines of the configuration."""
    text = config.read_text(encoding="utf-8")
    for pattern, line in changes:
        text, times = re.subn(pattern, line, text, count=1, flags=re.MULTILINE)
        assert times == 1, pattern
    config.write_text(text, encoding="utf-8")


def line_of(config: Path, words: str) -> int:
    """The number of the first line that begins so."""
    lines = config.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(words))


def refused(config: Path, run: Callable[..., Ended] = quickly) -> list[str]:
    """What `serve` says when it does not start: one mistake a line."""
    ended = run("serve", "--config", str(config))
    assert ended.code == 2, ended.err
    assert ended.out == ""
    first, *mistakes = ended.err.splitlines()
    assert first == "Tower does not start. Mend this first:"
    return mistakes


# --- a configuration with mistakes ----------------------------------------------------------------------------------


def test_an_empty_app_id(config: Path) -> None:
    rewritten(config, (r'^app_id = ".*"', 'app_id = ""'))
    [told] = refused(config, tower)
    assert f"{config}:{line_of(config, 'app_id')}: teams.app_id" in told
    assert "found ''" in told and "expected the real id of your registration" in told


def test_a_placeholder_secret(config: Path) -> None:
    (config.parent / "bot.secret").write_text("change-me", encoding="utf-8")
    [told] = refused(config)
    assert f"{config}:{line_of(config, 'app_password')}: teams.app_password" in told
    assert "found a placeholder in file:bot.secret, expected the real secret" in told


def test_a_secret_in_the_file_itself_is_never_repeated(config: Path) -> None:
    rewritten(config, (r"^app_password = .*", 'app_password = "hunter2hunter2"'))
    [told] = refused(config)
    assert "found the secret itself" in told and 'expected a reference to a secret: "env:NAME" or "file:path"' in told
    assert "hunter2" not in told


def test_an_unknown_key_and_an_unknown_table_with_the_nearest_names(config: Path) -> None:
    rewritten(config, (r"^tenant_id = ", "tenant_idd = "))
    with config.open("a", encoding="utf-8") as more:
        more.write('\n[databse]\nurl = "sqlite:///x.db"\n')
    told = refused(config)
    assert len(told) == 3, "the misspelt key, the key that is missing now, and the table"
    assert any(
        f":{line_of(config, 'tenant_idd')}: teams.tenant_idd" in t and "did you mean 'tenant_id'?" in t for t in told
    )
    assert any("an unknown table 'databse'" in t and "did you mean 'database'?" in t for t in told)
    assert any("teams.tenant_id: found nothing" in t for t in told)


def test_all_mistakes_at_once(config: Path) -> None:
    (config.parent / "agent.secret").write_text("xxxx", encoding="utf-8")
    rewritten(
        config,
        (r'^app_id = ".*"', 'app_id = ""'),
        (r"^port = \d+$", "port = 99999"),
        (r'^mirror = "full"', 'mirror = "half"'),
        (r'^from_address = ".*"', 'from_address = "nobody"'),
    )
    told = "\n".join(refused(config))
    for place in ("server.port", "rules.mirror", "teams.app_id", "wecom.apps.agent.secret", "mail.from_address"):
        assert place in told


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    [told] = refused(tmp_path / "nowhere.toml")
    assert "hub.example.toml is a complete one" in told


# --- a playbook with mistakes ---------------------------------------------------------------------------------------


def wrong_playbook(folder: Path) -> Path:
    """The shipped playbook with two mistakes."""
    text = (ROOT / "playbooks" / "default.yaml").read_text(encoding="utf-8")
    path = folder / "wrong.yaml"
    path.write_text(
        text.replace("to: manufacturing\n    owner", "to: manufactoring\n    owner", 1).replace(
            "{field: stage, operator: is, value: prospect}", "{field: stag, operator: is, value: prospect}", 1
        ),
        encoding="utf-8",
    )
    return path


def two_mistakes(told: list[str], path: Path) -> None:
    assert len(told) == 2
    assert any("manufactoring" in t and "did you mean 'manufacturing'?" in t for t in told)
    assert any("'stag'" in t and "did you mean 'stage'?" in t for t in told)
    assert all(re.search(rf"{re.escape(str(path))}:\d+", t) for t in told)


def test_a_wrong_playbook_stops_the_start(config: Path) -> None:
    path = wrong_playbook(config.parent)
    rewritten(config, (r"^\[rules\]$", '[rules]\nplaybook = "wrong.yaml"'))
    two_mistakes(refused(config, tower), path)


def test_a_mail_template_that_is_not_there(config: Path) -> None:
    text = (ROOT / "playbooks" / "default.yaml").read_text(encoding="utf-8")
    (config.parent / "mine.yaml").write_text(text.replace("template: wakeup", "template: wakeupp"), encoding="utf-8")
    rewritten(config, (r"^\[rules\]$", '[rules]\nplaybook = "mine.yaml"'))
    [told] = refused(config, tower)
    assert "mine.yaml: wakeup.template: found 'wakeupp'" in told and "did you mean 'wakeup'?" in told


def test_mail_through_graph_needs_teams(config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    config.write_text(
        re.sub(r"^\[teams\].*?(?=^\[wecom\])", "", text, flags=re.MULTILINE | re.DOTALL), encoding="utf-8"
    )
    rewritten(config, (r"^\[mail\]$", '[mail]\ntransport = "graph"'))
    [told] = refused(config, tower)
    assert "mail.transport: found 'graph' without a table [teams]" in told


def test_rules_check_tells_every_mistake_with_its_line(tmp_path: Path) -> None:
    path = wrong_playbook(tmp_path)
    ended = quickly("rules", "check", str(path))
    assert ended.code == 2
    two_mistakes(ended.err.splitlines()[1:], path)


def test_rules_check_of_a_good_one() -> None:
    ended = tower("rules", "check")
    assert ended.code == 0, ended.err
    assert re.search(r"fine; \d+ cells, \d+ rules, version [0-9a-f]+", ended.out)


# --- the schema -----------------------------------------------------------------------------------------------------


def test_db_upgrade_and_again(config: Path) -> None:
    for _ in range(2):
        ended = tower("db", "upgrade", "--config", str(config))
        assert ended.code == 0, ended.err
        assert re.fullmatch(r"schema at \d{4}\n", ended.out)


def test_an_old_schema_is_not_touched_when_it_may_not_be(config: Path) -> None:
    assert tower("db", "upgrade", "--config", str(config)).code == 0
    with contextlib.closing(sqlite3.connect(config.parent / "tower.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    rewritten(config, (r"^\[database\]$", "[database]\nupgrade = false"))
    told = "\n".join(refused(config, tower))
    assert "schema" in told and "db upgrade" in told


# --- the Teams package ----------------------------------------------------------------------------------------------


def test_the_teams_package(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "tower.zip"
    ended = tower("teams-manifest", str(out), "--config", str(config))
    assert ended.code == 0, ended.err
    with zipfile.ZipFile(out) as package:
        assert {"manifest.json", "color.png", "outline.png"} <= set(package.namelist())


def test_no_teams_no_package(config: Path, tmp_path: Path) -> None:
    text = config.read_text(encoding="utf-8")
    config.write_text(
        re.sub(r"^\[teams\].*?(?=^\[wecom\])", "", text, flags=re.MULTILINE | re.DOTALL), encoding="utf-8"
    )
    ended = quickly("teams-manifest", str(tmp_path / "out.zip"), "--config", str(config))
    assert ended.code == 2
    assert "teams: found nothing" in ended.err


# --- wrong usage ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["sing"], ["serve", "--loudly"], ["rules"]])
def test_wrong_usage(words: list[str]) -> None:
    assert quickly(*words).code == 2


@pytest.mark.parametrize("words", [[], ["serve"], ["demo"], ["db"], ["rules"], ["db", "upgrade"], ["rules", "check"]])
def test_every_command_explains_itself(words: list[str]) -> None:
    ended = quickly(*words, "--help")
    assert ended.code == 0
    assert "Usage" in ended.out


# --- the demo -------------------------------------------------------------------------------------------------------


@contextmanager
def demo(*words: str) -> Iterator[tuple[subprocess.Popen[str], Callable[[str], str]]]:
    """A running demo, and a way to wait for the line that holds some words."""
    process = subprocess.Popen(
        [sys.executable, "app.py", "demo", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = process.stdout
    seen: list[str] = []

    def line(words: str) -> str:
        for told in said:
            seen.append(told)
            if words in told:
                return told
        raise AssertionError("it said: " + "".join(seen))

    try:
        yield process, line
    finally:
        children = children_of(process.pid)
        for pid in (process.pid, *children):
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        said.close()


def children_of(pid: int) -> list[int]:
    """Processes that this one started."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


Stop = Callable[[subprocess.Popen[str]], None]


def to_its_group(process: subprocess.Popen[str]) -> None:
    """What a terminal does at Ctrl-C."""
    os.killpg(process.pid, signal.SIGINT)


def to_itself(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)


def twice(process: subprocess.Popen[str]) -> None:
    """What an impatient person does."""
    to_its_group(process)
    to_its_group(process)


def politely(process: subprocess.Popen[str]) -> None:
    """What a service manager does."""
    process.send_signal(signal.SIGTERM)


def test_ctrl_c_stops_everything() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        started = time.monotonic()
        with demo("--port", str(port)) as (process, line):
            url = line("  open  ").split()[1]
            assert time.monotonic() - started < FIRST_URL_SECONDS
            assert not url.startswith(f"http://127.0.0.1:{port}/"), "the port is busy: another one is taken"
            line("the bot is in the team")
            ends(process, to_its_group)


@pytest.mark.parametrize("stop", [to_itself, politely, twice])
def test_it_stops_while_it_starts(stop: Stop) -> None:
    port = free_places().world
    with demo("--port", str(port)) as (process, line):
        assert line("  open  ").split()[1] == f"http://127.0.0.1:{port}/", "a free port is taken as wished"
        ends(process, stop)


def ends(process: subprocess.Popen[str], stop: Stop) -> None:
    """It stops, says that all is well, and leaves nobody behind."""
    children = children_of(process.pid)
    assert len(children) >= 2
    stop(process)
    assert process.wait(30) == 0
    assert not [pid for pid in children if alive(pid)]
