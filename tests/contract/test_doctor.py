"""The doctor, beside a running hub in the simulated world: all is fine, and each fault is named and no other."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import app
from bots.doctor import content, data, safety
from bots.doctor.report import rooms
from connectors.mail import checks as mail
from connectors.teams import checks as teams
from connectors.wecom import checks as wecom
from simulator.company import free_places
from storage import migrations
from tests.company import ROOT, Company, company
from tests.house.tree import text
from tests.story.cast import Cast

TITLES = {**teams.CHECKS, **wecom.CHECKS, **mail.CHECKS, **data.CHECKS, **content.CHECKS, **safety.CHECKS}
BY_HAND = {"M02", "W09"}


@dataclass(kw_only=True)
class Answer:
    """What the doctor said."""

    code: int
    checks: dict[str, Any]
    printed: str

    @property
    def wrong(self) -> set[str]:
        return {i for i, c in self.checks.items() if c["state"] == "wrong"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company at work: the bot is in the team, the channels stand, the kf account was pulled."""
    with company(tmp_path_factory.mktemp("company")) as found:
        found.start_world()
        found.start_hub()
        Cast(made=found).open_office()
        yield found


def ask(made: Company, *words: str, config: str = "hub.toml", **environ: str) -> Answer:
    """Send for the doctor."""
    done = subprocess.run(
        [sys.executable, "app.py", "doctor", "--json", "--config", str(made.folder / config), *words],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | environ,
        timeout=60,
    )
    assert "Traceback" not in done.stderr, done.stderr
    checks = {c["id"]: c for c in json.loads(done.stdout)["checks"]} if done.stdout else {}
    return Answer(code=done.returncode, checks=checks, printed=done.stdout + done.stderr)


def test_everything_is_fine_in_the_simulated_world(made: Company) -> None:
    said = ask(made)
    assert {i: c for i, c in said.checks.items() if c["state"] not in ("fine", "by hand")} == {}
    assert {i for i, c in said.checks.items() if c["state"] == "by hand"} == BY_HAND
    assert said.checks.keys() == TITLES.keys()
    assert said.code == 0


def test_no_secret_is_ever_printed(made: Company) -> None:
    said = ask(made)
    for path in made.folder.glob("*.secret"):
        assert path.read_text() not in said.printed, path.name


def test_only_some(made: Company) -> None:
    said = ask(made, "--only", "d,S")
    assert {i[0] for i in said.checks} == {"D", "S"}
    assert ask(made, "--only", "X").code == 2


def test_lines_for_people(made: Company) -> None:
    shown = subprocess.run(
        [sys.executable, "app.py", "doctor", "--only", "WC", "--config", str(made.folder / "hub.toml")],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert shown.returncode == 0
    assert "W04  ok" in shown.stdout and "see: docs/doctor.md#w09" in shown.stdout


# --- a switch of the world is thrown ----------------------------------------------------------------------------------


def test_an_address_that_is_not_trusted(made: Company) -> None:
    made.ask("/control/wecom/limits", {"limits": {"trusted_ip": False}})
    said = ask(made, "--only", "TWM")
    made.ask("/control/wecom/limits", {"limits": {"trusted_ip": True}})
    assert (said.wrong, said.code) == ({"W04"}, 1)
    assert "60020" in said.checks["W04"]["found"]


def test_graph_that_refuses(made: Company) -> None:
    made.ask("/control/faults", {"place": "graph", "kind": "error", "status": 503, "times": 1})
    said = ask(made, "--only", "T")
    assert (said.wrong, said.code) == ({"T03"}, 1)


def test_tickets_that_are_not_given(made: Company) -> None:
    made.ask("/control/faults", {"place": "wecom.api/cgi-bin/ticket/get", "kind": "error", "times": 1})
    assert ask(made, "--only", "W").wrong == {"W06"}


# --- a setting is wrong -----------------------------------------------------------------------------------------------

Change = Callable[[Company, str], str]


def replaced(old: str, new: str) -> Change:
    def change(_: Company, written: str) -> str:
        assert old in written, old
        return written.replace(old, new, 1)

    return change


def another_secret(name: str, value: str) -> Change:
    """Another secret in this place."""

    def change(made: Company, written: str) -> str:
        path = made.folder / f"wrong-{name}.secret"
        path.touch(mode=0o600)
        path.write_text(value)
        return replaced(f"file:{name}.secret", f"file:{path.name}")(made, written)

    return change


def another_playbook(old: str, new: str) -> Change:
    """The default playbook with something else in it."""

    def change(made: Company, written: str) -> str:
        book = text(ROOT / "playbooks" / "default.yaml")
        assert old in book
        (made.folder / "changed.yaml").write_text(book.replace(old, new), encoding="utf-8")
        return replaced('mirror = "full"', 'playbook = "changed.yaml"\nmirror = "full"')(made, written)

    return change


def open_to_all(made: Company, written: str) -> str:
    shutil.copy(made.folder / "mx.secret", made.folder / "open.secret")
    (made.folder / "open.secret").chmod(0o644)
    return replaced("file:mx.secret", "file:open.secret")(made, written)


def broken_template(made: Company, written: str) -> str:
    shutil.copytree(ROOT / "playbooks" / "mail", made.folder / "mail", dirs_exist_ok=True)
    (made.folder / "mail" / "half.en.txt").write_text("---\nsubject: x\n---\nno way out\n", encoding="utf-8")
    return replaced("[mail]\n", '[mail]\ntemplates = "mail"\n')(made, written)


def nobody_there(name: str) -> Change:
    """Another port than the one where somebody listens."""

    def change(made: Company, written: str) -> str:
        port: int = getattr(made.places, name)
        return replaced(f"port = {port}", f"port = {free_places().world}")(made, written)

    return change


def nothing_happened_yet(made: Company, written: str) -> str:
    path = made.folder / "fresh.db"
    migrations.upgrade(f"sqlite:///{path}")
    return replaced("tower.db", path.name)(made, written)


def tampered_with(made: Company, written: str) -> str:
    path = made.folder / "tampered.db"
    with closing(sqlite3.connect(made.folder / "tower.db")) as live, closing(sqlite3.connect(path)) as copy:
        live.backup(copy)
        values = (1, 0, "x", "x", "x", "{}", b"no hash")
        copy.execute("INSERT INTO audit (seq, at, who, action, about, details, hash) VALUES (?,?,?,?,?,?,?)", values)
        copy.commit()
    return replaced("tower.db", path.name)(made, written)


def given_up(made: Company, written: str) -> str:
    path = made.folder / "parked.db"
    with closing(sqlite3.connect(made.folder / "tower.db")) as live, closing(sqlite3.connect(path)) as copy:
        live.backup(copy)
        copy.execute("UPDATE inbox SET state = 'parked' WHERE seq = 1")
        copy.commit()
    return replaced("tower.db", path.name)(made, written)


def elsewhere(made: Company, written: str) -> str:
    return replaced(f'public_url = "{made.hub}"', 'public_url = "http://tower.invalid"')(made, written)


def not_there(made: Company, written: str) -> str:
    return replaced(f'public_url = "{made.hub}"', f'public_url = "http://127.0.0.1:{free_places().hub}"')(made, written)


WRONG: dict[str, tuple[str, Change]] = {
    "T01": ("", another_secret("bot", "not-the-secret-of-this-bot")),
    "T03": ("", replaced("/graph/v1.0", "/nowhere/v1.0")),
    "T05": ("T", not_there),
    "T06": ("", replaced("[teams]\n", '[teams]\nbot_name = ""\n')),
    "T07": ("", another_playbook("channels:\n", "channels:\n  brand-new: {team: sales, name: 全新}\n")),
    "W01": ("", another_secret("agent", "not-the-secret-of-this-app")),
    "W03": ("", replaced("wkTowerService", "wkAnotherAccount")),
    "W05": ("", another_secret("callback", "NotTheTokenOfThisApp")),
    "W08": ("W", nothing_happened_yet),
    "M01": ("", nobody_there("world_smtp")),
    "M03": ("", another_secret("tokens", "5e" * 32)),
    "M04": ("", nobody_there("hub_smtp")),
    "M05": ("", replaced("reply.tower.example", "reply.somebody.test")),
    "D01": ("", replaced("tower.db", "not-there.db")),
    "D06": ("", another_secret("master", "7f" * 32)),
    "D07": ("", given_up),
    "D08": ("", tampered_with),
    "C01": ("", another_playbook("- 2026-", "- 2025-")),
    "C02": ("", another_playbook("channels:\n", "no-channels:\n")),
    "C03": ("", broken_template),
    "S01": ("S", elsewhere),
    "S02": ("", replaced('role = "manager"', 'role = "rep"')),
    "S03": ("", open_to_all),
    "S04": ("", replaced("[rules]\n", '[keys.old]\nk0 = "file:index.secret"\n\n[rules]\n')),
}
"""What is changed in hub.toml, and the one check of those asked for (default: all) that must name it."""


@pytest.mark.parametrize("check", WRONG)
async def test_each_fault_is_named_and_no_other(made: Company, check: str) -> None:
    only, change = WRONG[check]
    path = made.folder / f"wrong-{check}.toml"
    path.write_text(change(made, (made.folder / "hub.toml").read_text()), encoding="utf-8")
    found = await app._examined(app.load(path), rooms(only))
    wrong = {f.id: f for f in found.findings if f.state == "wrong"}
    assert wrong.keys() == {check}
    assert wrong[check].do
    assert found.code == 1
    assert not (made.folder / "not-there.db").exists()


@pytest.mark.parametrize(
    ("check", "status", "policy"), [("T09", 200, "frame-ancestors https://x.example"), ("T08", 401, "")]
)
async def test_something_else_that_answers_in_our_place(made: Company, check: str, status: int, policy: str) -> None:
    async def anything(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Content-Security-Policy": policy})

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", anything)
    async with TestServer(application) as other:
        path = made.folder / f"wrong-{check}.toml"
        written = (made.folder / "hub.toml").read_text()
        path.write_text(written.replace(f'public_url = "{made.hub}"', f'public_url = "{other.make_url("")}"'))
        found = await app._examined(app.load(path), rooms("T"))
    assert {f.id for f in found.findings if f.state == "wrong"} == {check}


# --- the page ---------------------------------------------------------------------------------------------------------


def test_every_check_has_its_place_on_the_page_and_no_other_has() -> None:
    page = text(ROOT / "docs" / "doctor.md")
    assert set(re.findall(r"^### ([TWMDCS]\d\d)$", page, re.MULTILINE)) == TITLES.keys()
    for check, title in TITLES.items():
        assert f"### {check}\n\n**{title}.**" in page, check
