"""The doctor, beside a running hub in the simulated world: all is fine, and each fault is named and no other.

Every check has its fixture: a switch of the world, a setting, a file, or a bad reverse proxy in front of the hub. Each
is looked at by the command itself, `python app.py doctor --json`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

import app
from bots.doctor.report import wanted
from rules.errors import ConfigError
from simulator.company import free_places
from storage import migrations
from tests.company import ROOT, Company, company
from tests.house.tree import text
from tests.story.cast import Cast
from tests.warm import Shell, shell

TITLES = app._check_titles()
BY_HAND = {"W09", "S05"}
"""No program can see these: they are never fine, and say where to look."""
NOT_HERE = {"fine", "by hand", "skipped"}
REGISTRATION = "/control/graph/registration"


@dataclass(kw_only=True)
class Answer:
    """What the doctor said."""

    code: int
    checks: dict[str, Any]
    printed: str
    mended: list[str]

    @property
    def wrong(self) -> set[str]:
        return {i for i, c in self.checks.items() if c["state"] == "wrong"}


@dataclass(kw_only=True)
class Office:
    """A company at work, and a shell beside it."""

    made: Company
    shell: Shell

    def ask(self, *words: str, config: str = "hub.toml", **environ: str) -> Answer:
        """Send for the doctor. Whatever it prints, no secret of the company is in it."""
        done = self.shell.run("doctor", "--json", "--config", str(self.made.folder / config), *words, **environ)
        printed = done.stdout + done.stderr
        for path in self.made.folder.glob("*.secret"):
            assert path.read_text() not in printed, path.name
        told = json.loads(done.stdout) if done.stdout else {"checks": [], "mended": []}
        checks = {c["id"]: c for c in told["checks"]}
        return Answer(code=done.returncode, checks=checks, printed=printed, mended=told["mended"])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The bot is in the team, the channels stand, the kf account was pulled."""
    folder = tmp_path_factory.mktemp("company")
    with company(folder) as made, shell(folder / "said") as commands:
        hub = made.folder / "hub.toml"
        # each of many visits asks the callback address for an echo
        hub.write_text(hub.read_text().replace("[wecom]\n", "[wecom]\necho_per_minute = 1000\n"))
        made.start_world()
        made.start_hub()
        Cast(made=made).open_office()
        yield Office(made=made, shell=commands)


@pytest.fixture(scope="module")
def made(office: Office) -> Company:
    return office.made


# --- all is fine ------------------------------------------------------------------------------------------------------


def test_everything_is_fine_in_the_simulated_world(office: Office) -> None:
    said = office.ask()
    assert {i: c for i, c in said.checks.items() if c["state"] not in ("fine", "by hand")} == {}
    assert {i for i, c in said.checks.items() if c["state"] == "by hand"} == BY_HAND
    assert all(said.checks[i]["do"] for i in BY_HAND)
    assert said.checks.keys() == TITLES.keys()
    assert said.code == 0


def test_only_some(office: Office) -> None:
    assert {i[0] for i in office.ask("--only", "d,S").checks} == {"D", "S"}
    assert set(office.ask("--only", "C01|s06").checks) == {"C01", "S06"}
    assert office.ask("--only", "X").code == 2
    assert office.ask("--only", "W99").code == 2


def test_what_is_asked_for() -> None:
    known = frozenset(TITLES)
    assert wanted("", known).rooms == frozenset("TWMDCS")
    assert wanted("w04", known).rooms == frozenset("W")
    assert not wanted("w04", known).takes("W01")
    assert wanted("T, W04", known).takes("T09")
    with pytest.raises(ConfigError):
        wanted("T10", known)


def test_lines_for_people(made: Company) -> None:
    shown = subprocess.run(
        [sys.executable, "app.py", "doctor", "--only", "W", "--config", str(made.folder / "hub.toml")],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert shown.returncode == 0, shown.stdout
    assert "W04  ok" in shown.stdout and "see: docs/doctor.md#w09" in shown.stdout


# --- fixtures ---------------------------------------------------------------------------------------------------------

Change = Callable[[Company, str], str]
"""Another hub.toml, and the files it names."""


def as_it_is(_: Company, written: str) -> str:
    return written


def replaced(old: str, new: str) -> Change:
    def change(_: Company, written: str) -> str:
        assert old in written, old
        return written.replace(old, new, 1)

    return change


def told(table: str, line: str) -> Change:
    """One more setting in a table, which is made if it is not there."""

    def change(_: Company, written: str) -> str:
        head = f"[{table}]\n"
        return written.replace(head, f"{head}{line}\n", 1) if head in written else f"{head}{line}\n\n{written}"

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


def chinese_only(made: Company, written: str) -> str:
    shutil.copytree(ROOT / "playbooks" / "mail", made.folder / "mail", dirs_exist_ok=True)
    for path in (made.folder / "mail").glob("wakeup.en.*"):
        path.unlink()
    return replaced("[mail]\n", '[mail]\ntemplates = "mail"\n')(made, written)


def nobody_there(name: str) -> Change:
    """Another port than the one where somebody listens."""

    def change(made: Company, written: str) -> str:
        port: int = getattr(made.places, name)
        return replaced(f"port = {port}", f"port = {free_places().world}")(made, written)

    return change


def not_there(made: Company, written: str) -> str:
    return replaced(f'public_url = "{made.hub}"', f'public_url = "http://127.0.0.1:{free_places().hub}"')(made, written)


def nothing_happened_yet(made: Company, written: str) -> str:
    path = made.folder / "fresh.db"
    migrations.upgrade(f"sqlite:///{path}")
    return replaced("tower.db", path.name)(made, written)


def copied(made: Company, name: str) -> Path:
    path = made.folder / f"{name}.db"
    with closing(sqlite3.connect(made.folder / "tower.db")) as live, closing(sqlite3.connect(path)) as copy:
        live.backup(copy)
    return path


def in_a_copy(statement: str) -> Change:
    """The hub's database with something else in it."""

    def change(made: Company, written: str) -> str:
        path = copied(made, f"copy-{abs(hash(statement))}")
        with closing(sqlite3.connect(path)) as copy:
            assert copy.execute(statement).rowcount == 1
            copy.commit()
        return replaced("tower.db", path.name)(made, written)

    return change


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong, and how much is looked at."""

    change: Change = as_it_is
    only: str = ""
    switch: tuple[str, Mapping[str, object], Mapping[str, object]] | None = None
    """A switch of the world: its path, what it is set to, what it was."""
    bad_proxy: tuple[str, int, Mapping[str, str]] | None = None
    """A reverse proxy that answers a path by itself with this status, or only adds these headers (status 0)."""
    environ: Mapping[str, str] = field(default_factory=dict)


MAILED = (
    "UPDATE outbox SET kind = 'send_mail', connector = 'mail', state = 'delivered', ended_at = '2026-03-03 00:59:00' "
    "WHERE seq = (SELECT min(seq) FROM outbox)"
)
TAMPERED = "INSERT INTO audit (seq, at, who, action, about, details, hash) VALUES (1, 0, 'x', 'x', 'x', '{}', x'00')"
FAULTS: dict[str, Fault] = {
    "T01": Fault(change=another_secret("bot", "not-the-secret-of-this-bot")),
    "T02": Fault(switch=(REGISTRATION, {"secret_days": 10}, {"secret_days": 180})),
    "T03": Fault(change=replaced("/graph/v1.0", "/nowhere/v1.0")),
    "T04": Fault(
        switch=(
            REGISTRATION,
            {"consents": ["ChannelSettings.Read.Group", "TeamsAppInstallation.Read.Group"]},
            {
                "consents": [
                    "ChannelMessage.Read.Group",
                    "ChannelSettings.Read.Group",
                    "Channel.Create.Group",
                    "TeamMember.Read.Group",
                    "TeamsAppInstallation.Read.Group",
                ]
            },
        )
    ),
    "T05": Fault(change=not_there, only="T"),
    "T06": Fault(change=told("teams", 'bot_name = ""')),
    "T07": Fault(change=another_playbook("channels:\n", "channels:\n  brand-new: {team: sales, name: 全新}\n")),
    "T08": Fault(bad_proxy=("/sidebar/tab", 0, {"X-Frame-Options": "DENY"}), only="T"),
    "T09": Fault(bad_proxy=("/api/messages", 200, {}), only="T"),
    "W01": Fault(change=another_secret("agent", "not-the-secret-of-this-app")),
    "W02": Fault(switch=("/control/wecom/app", {"hidden": ["陈磊"]}, {"hidden": []})),
    "W03": Fault(switch=("/control/wecom/limits", {"limits": {"kf_managed": False}}, {"limits": {"kf_managed": True}})),
    "W04": Fault(switch=("/control/wecom/limits", {"limits": {"trusted_ip": False}}, {"limits": {"trusted_ip": True}})),
    "W05": Fault(change=another_secret("callback", "NotTheTokenOfThisApp")),
    "W06": Fault(switch=("/control/wecom/app", {"domain": "www.tower.example"}, {"domain": "{hub}"})),
    "W07": Fault(change=replaced("WW_verify_Tower0123456789", "WW_verify_Another")),
    "W08": Fault(change=nothing_happened_yet, only="W"),
    "M01": Fault(change=nobody_there("world_smtp")),
    "M02": Fault(switch=("/control/mail/names", {"missing": ["dmarc"]}, {"missing": []})),
    "M03": Fault(change=another_secret("tokens", "5e3a" + "71c09b2d64f8" * 5)),
    "M04": Fault(change=nobody_there("hub_smtp")),
    "M05": Fault(change=replaced("reply.tower.example", "reply.tower.test")),
    "M06": Fault(change=lambda made, written: told("mail", "per_day = 1")(made, in_a_copy(MAILED)(made, written))),
    "D01": Fault(change=replaced("tower.db", "not-there.db")),
    "D02": Fault(change=told("doctor", "commit_ms = 0.0001")),
    "D03": Fault(change=told("doctor", "free_mib = 1000000000")),
    "D04": Fault(change=told("doctor", "backup_hours = 0.0000001")),
    "D05": Fault(change=told("doctor", "skew_seconds = 0.000000001")),
    "D06": Fault(change=another_secret("master", "7f3a" + "82d1ac3e75f9" * 5)),
    "D07": Fault(change=in_a_copy("UPDATE inbox SET state = 'parked' WHERE seq = 1")),
    "C01": Fault(change=another_playbook("- 2026-", "- 2025-")),
    "C02": Fault(change=another_playbook("channels:\n", "no-channels:\n")),
    "C03": Fault(change=chinese_only),
    "C04": Fault(change=another_playbook("  purpose: wakeup\n", "  purpose: newsletter\n")),
    "S01": Fault(change=told("keys", 'old = { k0 = "file:index.secret" }')),
    "S02": Fault(change=replaced('role = "manager"', 'role = "rep"')),
    "S03": Fault(environ={"TOWER_FAILPOINT": "turn.after_commit"}),
    "S04": Fault(change=in_a_copy(TAMPERED)),
    "S06": Fault(change=open_to_all),
}
"""For each check, what makes it and no other one (of those looked at; default: all) say that something is wrong."""


@contextlib.asynccontextmanager
async def bad_proxy(hub: str, path: str, status: int, headers: Mapping[str, str]) -> AsyncIterator[str]:
    """A reverse proxy that spoils one path; its address."""
    async with ClientSession(auto_decompress=False) as session:

        async def pass_on(request: web.Request) -> web.Response:
            spoilt = request.path == path
            if spoilt and status:
                return web.Response(status=status, headers=headers)
            body = await request.read()
            kept = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "content-length")}
            async with session.request(
                request.method, f"{hub}{request.path_qs}", data=body, headers=kept, allow_redirects=False
            ) as answer:
                told = {k: v for k, v in answer.headers.items() if k in ("Content-Security-Policy", "Content-Type")}
                return web.Response(
                    status=answer.status, body=await answer.read(), headers={**told, **(headers if spoilt else {})}
                )

        application = web.Application()
        application.router.add_route("*", "/{path:.*}", pass_on)
        async with TestServer(application) as server:
            yield str(server.make_url("")).rstrip("/")


@contextlib.contextmanager
def switched(made: Company, fault: Fault) -> Iterator[None]:
    """For as long as it lasts, the world's switch is thrown."""
    if fault.switch is None:
        yield
        return
    path, now, before = fault.switch
    host = made.hub.partition("://")[2]
    made.ask(path, dict(now))
    try:
        yield
    finally:
        made.ask(path, {k: host if v == "{hub}" else v for k, v in before.items()})


def test_every_check_has_its_fault() -> None:
    assert FAULTS.keys() | BY_HAND == TITLES.keys()


@pytest.mark.parametrize("check", FAULTS)
async def test_each_fault_is_named_and_no_other(office: Office, check: str) -> None:
    made, fault = office.made, FAULTS[check]
    config = f"wrong-{check}.toml"
    written = fault.change(made, (made.folder / "hub.toml").read_text())
    async with contextlib.AsyncExitStack() as places:
        if fault.bad_proxy:
            address = await places.enter_async_context(bad_proxy(made.hub, *fault.bad_proxy))
            written = written.replace(f'public_url = "{made.hub}"', f'public_url = "{address}"')
        (made.folder / config).write_text(written, encoding="utf-8")
        with switched(made, fault):
            ask = partial(office.ask, "--only", fault.only, config=config, **fault.environ)
            said = await asyncio.to_thread(ask)
    assert said.wrong == {check}, said.printed
    assert said.code == 1
    assert said.checks[check]["do"] and said.checks[check]["see"] == f"docs/doctor.md#{check.lower()}"
    assert {c["state"] for i, c in said.checks.items() if i != check} <= NOT_HERE
    assert not (made.folder / "not-there.db").exists()


# --- more than one way to be wrong ------------------------------------------------------------------------------------


def test_what_graph_does_not_show_is_never_fine(office: Office) -> None:
    office.made.ask(REGISTRATION, {"roles": []})
    said = office.ask("--only", "T")
    office.made.ask(REGISTRATION, {"roles": ["Application.Read.All", "Mail.Send"]})
    assert (said.checks["T02"]["state"], said.checks["T03"]["state"], said.code) == ("by hand", "fine", 0)
    assert "403" in said.checks["T02"]["found"]


def test_a_permission_that_mail_needs(office: Office) -> None:
    path = office.made.folder / "by-graph.toml"
    written = (office.made.folder / "hub.toml").read_text()
    path.write_text(written.replace("[mail]\n", '[mail]\ntransport = "graph"\n', 1), encoding="utf-8")
    office.made.ask(REGISTRATION, {"roles": ["Application.Read.All"]})
    said = office.ask("--only", "TM", config=path.name)
    office.made.ask(REGISTRATION, {"roles": ["Application.Read.All", "Mail.Send"]})
    assert said.wrong == {"T03"} and "missing: Mail.Send" in said.checks["T03"]["found"]


def test_the_address_wecom_sees_us_under_is_told(office: Office) -> None:
    with switched(office.made, FAULTS["W04"]):
        found = office.ask("--only", "W04").checks["W04"]["found"]
    assert "60020" in found and "127.0.0.1" in found


def test_graph_that_refuses(office: Office) -> None:
    office.made.ask("/control/faults", {"place": "graph", "kind": "error", "status": 503, "times": 1})
    said = office.ask("--only", "T")
    assert (said.wrong, said.code) == ({"T03"}, 1)


def test_tickets_that_are_not_given(office: Office) -> None:
    office.made.ask("/control/faults", {"place": "wecom.api/cgi-bin/ticket/get", "kind": "error", "times": 1})
    assert office.ask("--only", "W").wrong == {"W06"}


def test_plain_http_for_all_the_world_to_read(office: Office) -> None:
    path = office.made.folder / "in-the-clear.toml"
    written = (office.made.folder / "hub.toml").read_text()
    path.write_text(written.replace(f'public_url = "{office.made.hub}"', 'public_url = "http://tower.invalid"'))
    said = office.ask("--only", "S", config=path.name)
    assert said.wrong == {"S03"} and "server.public_url" in said.checks["S03"]["found"]


def test_a_key_that_somebody_typed(office: Office) -> None:
    path = office.made.folder / "typed.toml"
    path.write_text(another_secret("tokens", "ab" * 32)(office.made, (office.made.folder / "hub.toml").read_text()))
    assert office.ask("--only", "S", config=path.name).wrong == {"S01"}


def test_a_line_of_the_matrix_that_nobody_reaches(office: Office) -> None:
    vain = "  - {id: in-vain, segment: [hot], to: nurture, owner: {team: sales}, because: {zh: 无, en: none}}\n"
    book = text(ROOT / "playbooks" / "default.yaml")
    first = re.search(r"^matrix:\n(  - id: \S+\n(?:    .*\n)+)", book, re.MULTILINE)
    assert first
    twice = first[1].replace("id: ", "id: again-", 1)
    change = another_playbook(first[1], first[1] + twice)
    path = office.made.folder / "vain.toml"
    path.write_text(change(office.made, (office.made.folder / "hub.toml").read_text()), encoding="utf-8")
    said = office.ask("--only", "C", config=path.name)
    assert said.wrong == {"C02"} and "never reached" in said.checks["C02"]["found"], vain


# --- mending ----------------------------------------------------------------------------------------------------------


def test_only_what_is_here_is_mended(office: Office) -> None:
    path = office.made.folder / "to-mend.toml"
    path.write_text(open_to_all(office.made, (office.made.folder / "hub.toml").read_text()), encoding="utf-8")
    said = office.ask("--only", "S", "--fix", config=path.name)
    assert (said.mended, said.wrong, said.code) == (["S06"], set(), 0)
    assert (office.made.folder / "open.secret").stat().st_mode & 0o077 == 0
    again = office.ask("--only", "S", "--fix", config=path.name)
    assert again.mended == []


def test_what_is_elsewhere_is_left_to_people(office: Office) -> None:
    with switched(office.made, FAULTS["W04"]):
        said = office.ask("--only", "W04", "--fix")
    assert (said.mended, said.wrong) == ([], {"W04"})


# --- the page ---------------------------------------------------------------------------------------------------------


def test_every_check_has_its_place_on_the_page_and_no_other_has() -> None:
    page = text(ROOT / "docs" / "doctor.md")
    assert set(re.findall(r"^### ([TWMDCS]\d\d)$", page, re.MULTILINE)) == TITLES.keys()
    for check, title in TITLES.items():
        assert f"### {check}\n\n**{title}.**" in page, check
