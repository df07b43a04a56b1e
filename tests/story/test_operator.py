"""The operator's tools beside a running hub, and a database that is brought back from a backup."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.company import ROOT, Company, company
from tests.story.cast import Cast

GUEST, WORDS, ADDRESS = "王敏", "请发报价", "wang.min@customer.example"

pytestmark = pytest.mark.faults  # many processes one after the other: make faults


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company with one customer who wrote."""
    with company(tmp_path_factory.mktemp("company")) as found:
        found.start_world()
        found.start_hub()
        cast = Cast(made=found)
        cast.open_office()
        cast.talk(GUEST, WORDS)
        cast.settle()
        yield found


def run(made: Company, *words: str, config: str = "hub.toml", **environ: str) -> subprocess.CompletedProcess[str]:
    """One command of the operator."""
    done = subprocess.run(
        [sys.executable, "app.py", *words, "--config", str(made.folder / config)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | environ,
        timeout=60,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    """Look into a SQLite file from beside."""
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path, timeout=10)) as db:
        db.execute(statement, values)
        db.commit()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# --- looking on -------------------------------------------------------------------------------------------------------


def test_tail_shows_turns_and_deliveries_and_nobody(made: Company) -> None:
    shown = run(made, "tail", "--once", "--lines", "500").stdout
    assert re.search(r"turn +done +message_received", shown)
    assert re.search(r"delivery +delivered +post_root", shown)
    for personal in (GUEST, WORDS, "@", "陈磊"):
        assert personal not in shown
    assert len(run(made, "tail", "--once", "-n", "3").stdout.splitlines()) == 3


def test_tail_follows(made: Company) -> None:
    following = made.run("tail", "app.py", "tail", "--lines", "1", "--config", str(made.folder / "hub.toml"))
    wait_until(lambda: bool(following.tail()))
    run(made, "trigger", "provision")
    wait_until(lambda: "playbook_published" in following.tail())
    assert following.stop() == 0


def test_config_tells_every_value_and_no_secret(made: Company) -> None:
    shown = run(made, "config").stdout
    lines = dict(line.split(" = ", 1) for line in shown.splitlines())
    assert lines["server.host"] == '"127.0.0.1"   # default'
    assert re.fullmatch(r"\d+   # hub\.toml:3", lines["server.port"])
    assert re.fullmatch(r"\(secret, from file:master\.secret\)   # hub\.toml:\d+", lines["keys.master"])
    assert re.fullmatch(r"\(secret, from file:agent\.secret\)   # hub\.toml:\d+", lines["wecom.apps.agent.secret"])
    assert lines["staff.people.chen.lei@tower.example.role"].startswith('"rep"   # hub.toml:')
    assert lines["teams.directline_secret"].startswith("(secret, from file:directline.secret)")
    for path in made.folder.glob("*.secret"):
        assert path.read_text() not in shown


# --- letting something happen -----------------------------------------------------------------------------------------


def test_a_parked_event_goes_back_into_the_inbox(made: Company) -> None:
    database = made.folder / "tower.db"
    [(event,)] = rows(database, "SELECT id FROM inbox WHERE kind = 'playbook_published' ORDER BY seq LIMIT 1")
    change(database, "UPDATE inbox SET state = 'parked', error = 'Broken' WHERE id = ?", event)
    assert f"{event}   Broken" in run(made, "replay").stdout
    back = run(made, "replay", str(event))
    assert (back.returncode, back.stdout) == (0, f"{event}: back in the inbox\n")
    again = run(made, "replay", str(event), "no-such-event")
    assert again.returncode == 1 and "no-such-event: is not parked" in again.stdout


def test_trigger_message_goes_the_whole_way(made: Company) -> None:
    words = "有智能工厂的案例吗"
    done = run(made, "trigger", "message", words, "--person", "李强")
    assert done.returncode == 0, done.stderr
    Cast(made=made).settle()
    assert words in str(Cast(made=made).thread(words))
    nobody = run(made, "trigger", "message", words, "--person", "nobody of that name")
    assert nobody.returncode == 2 and "404" in nobody.stderr


def test_real_customers_write_themselves(made: Company) -> None:
    config = made.folder / "real.toml"
    written = (made.folder / "hub.toml").read_text()
    config.write_text(re.sub(r"\[clock\]\nurl = .*\n", "", written), encoding="utf-8")
    done = run(made, "trigger", "message", "hello", config=config.name)
    assert done.returncode == 2 and "a simulated world" in done.stderr


def test_trigger_reconcile_pulls(made: Company) -> None:
    count = "SELECT count(*) FROM outbox WHERE kind = 'pull_messages'"
    [(before,)] = rows(made.folder / "tower.db", count)
    Cast(made=made).push(seconds=7)  # two looks in one second of business time are one
    done = run(made, "trigger", "reconcile")
    assert (done.returncode, done.stdout) == (0, "1 accounts will be pulled\n")
    Cast(made=made).settle()
    wait_until(lambda: rows(made.folder / "tower.db", count) != [(before,)])


def test_trigger_quiet_is_looked_at_like_any_other(made: Company) -> None:
    conversation = str(rows(made.folder / "tower.db", "SELECT conversation_id FROM timers WHERE kind = 'quiet'")[0][0])
    assert run(made, "trigger", "quiet", conversation).returncode == 0
    looked = "SELECT 1 FROM traces WHERE kind = 'channel_went_quiet'"
    wait_until(lambda: bool(rows(made.folder / "tower.db", looked)))
    assert run(made, "trigger", "quiet", "no-such-conversation").returncode == 1


# --- backup and restore -----------------------------------------------------------------------------------------------


def at(made: Company, name: str) -> str:
    """A configuration with another database."""
    config = f"{name}.toml"
    written = (made.folder / "hub.toml").read_text().replace("tower.db", f"{name}.db")
    (made.folder / config).write_text(written, encoding="utf-8")
    return config


def test_a_backup_is_whole_and_holds_no_key(made: Company) -> None:
    out = made.folder / "one.zip"
    done = run(made, "backup", str(out))
    assert done.returncode == 0, done.stderr
    assert out.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(out) as package:
        names = set(package.namelist())
        assert {"about.json", "tower.db", "hub.toml", "playbook.yaml", "mail/wakeup.en.txt"} <= names
        everything = b"".join(package.read(n) for n in names)
        assert json.loads(package.read("about.json"))["schema"]
    for path in made.folder.glob("*.secret"):
        assert path.read_bytes() not in everything
    assert WORDS.encode() not in everything
    assert run(made, "backup", str(out)).returncode == 2


def test_restore_refuses_what_it_must(made: Company) -> None:
    out = made.folder / "two.zip"
    assert run(made, "backup", str(out)).returncode == 0
    in_use = run(made, "restore", str(out))
    assert in_use.returncode == 2 and "second serve" in in_use.stderr
    not_ours = made.folder / "not-ours.zip"
    not_ours.write_bytes(b"PK\x03\x04 nothing")
    assert run(made, "restore", str(not_ours), config=at(made, "refused")).returncode == 2
    damaged = made.folder / "damaged.zip"
    with zipfile.ZipFile(out) as good, zipfile.ZipFile(damaged, "w") as bad:
        for name in good.namelist():
            content = good.read(name)
            bad.writestr(name, content[:-1] + b"\0" if name == "tower.db" else content)
    assert "damaged" in run(made, "restore", str(damaged), config=at(made, "refused")).stderr
    config = at(made, "foreign")
    (made.folder / "foreign.secret").write_text("9c" * 32)
    path = made.folder / config
    path.write_text(path.read_text().replace("file:master.secret", "file:foreign.secret"))
    assert "keys of the time" in run(made, "restore", str(out), config=config).stderr
    assert not (made.folder / "refused.db").exists() and not (made.folder / "foreign.db").exists()


def test_what_was_under_way_waits_for_a_person(made: Company) -> None:
    out, config = made.folder / "three.zip", at(made, "back")
    live = made.folder / "under-way.db"
    with closing(sqlite3.connect(made.folder / "tower.db")) as source, closing(sqlite3.connect(live)) as copy:
        source.backup(copy)
    change(live, "UPDATE outbox SET state = 'sending' WHERE kind IN ('post_root', 'post_line')")
    change(live, "UPDATE outbox SET state = 'new' WHERE kind IN ('refresh_card')")
    change(live, "UPDATE inbox SET state = 'new' WHERE kind = 'message_received'")
    change(live, "DELETE FROM nodes")
    [(messages,)] = rows(live, "SELECT count(*) FROM outbox WHERE state = 'sending'")
    [(events,)] = rows(live, "SELECT count(*) FROM inbox WHERE state = 'new'")
    assert run(made, "backup", str(out), config=at(made, "under-way")).returncode == 0
    done = run(made, "restore", str(out), config=config)
    assert done.returncode == 0, done.stderr
    assert f"held: {messages} messages as unknown" in done.stdout and f"{events} events" in done.stdout
    assert "newest event: 2026-03-03" in done.stdout
    back = made.folder / "back.db"
    assert rows(back, "SELECT count(*) FROM outbox WHERE state IN ('new', 'sending')") == [(0,)]
    assert rows(back, "SELECT count(*) FROM outbox WHERE state = 'unknown' AND reason = 'restored'") == [(messages,)]
    assert rows(back, "SELECT count(*) FROM inbox WHERE state = 'new'") == [(0,)]
    assert rows(back, "SELECT \"on\" FROM switches WHERE key = 'paused'") == [(1,)]
    assert rows(back, "SELECT action FROM audit ORDER BY seq DESC LIMIT 1") == [("restore",)]
    again = run(made, "restore", str(out), config=config)
    assert again.returncode == 2 and "with data" in again.stderr
    said = run(made, "doctor", "--json", "--only", "D", config=config)
    assert [c["id"] for c in json.loads(said.stdout)["checks"] if c["state"] == "wrong"] == ["D07"]


def test_a_restored_hub_sends_nothing_by_itself(tmp_path: Path) -> None:
    """A whole life: backup, more work, the disk is lost, restore, start: nobody hears anything twice."""
    with company(tmp_path) as made:
        made.start_world()
        hub = made.start_hub()
        cast = Cast(made=made)
        cast.open_office()
        cast.talk(GUEST, WORDS)
        cast.settle()
        assert run(made, "backup", str(tmp_path / "b.zip")).returncode == 0
        assert hub.stop() == 0
        for lost in tmp_path.glob("tower.db*"):
            lost.unlink()
        before = cast.chat(GUEST), len(cast.threads()), cast.mails(ADDRESS)
        assert run(made, "restore", str(tmp_path / "b.zip")).returncode == 0
        made.start_hub()
        cast.settle()
        assert (cast.chat(GUEST), len(cast.threads()), cast.mails(ADDRESS)) == before
        assert WORDS in str(cast.card(WORDS)) or cast.thread(WORDS)


# --- the command line -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    ["doctor", "config", "tail", "replay", "backup", "restore", "db hold", "trigger quiet", "trigger message"],
)
def test_every_command_explains_itself(words: str) -> None:
    done = subprocess.run(
        [sys.executable, "app.py", *words.split(), "--help"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0 and "--config" in done.stdout


@pytest.mark.parametrize("words", ["doctor", "config", "tail", "replay", "db hold", "trigger provision"])
def test_no_configuration_is_told_by_its_name(tmp_path: Path, words: str) -> None:
    done = subprocess.run(
        [sys.executable, "app.py", *words.split(), "--config", str(tmp_path / "none.toml")],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "none.toml" in done.stderr and "Traceback" not in done.stderr


def test_on_a_terminal_one_sees_how_far_it_is(made: Company) -> None:
    """Its own line on standard error, drawn again and again and wiped at the end; nothing of it in a file."""
    ours, theirs = pty.openpty()
    words = [
        sys.executable,
        "app.py",
        "backup",
        str(made.folder / "seen.zip"),
        "--config",
        str(made.folder / "hub.toml"),
    ]
    done = subprocess.run(words, cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=theirs, timeout=60)
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):
        while piece := os.read(ours, 4096):
            seen += piece
    os.close(ours)
    assert done.returncode == 0
    assert b"packing" in seen and b"100 %" in seen and seen.endswith(b"\r\x1b[K")
    assert b"packing" not in done.stdout


def test_the_newest_backup_is_known(made: Company) -> None:
    assert run(made, "backup", str(made.folder / "known.zip")).returncode == 0
    said = json.loads(run(made, "doctor", "--json", "--only", "D04").stdout)["checks"]
    assert said[0]["state"] == "fine" and said[0]["found"].startswith("the newest is 0.0 h old")
