"""The whole main job, played over the real wire: one hub on SQLite, one on PostgreSQL, two behind one address."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from storage import rebuild
from storage.database import Database
from storage.vault import Vault
from tests.company import Company, company
from tests.contract.backends import Backend, Backends

STEPS = [
    "bot_installed",
    "customer_scanned_code",
    "customer_wrote",
    "routed_with_reason",
    "rep_claimed",
    "rep_answered",
    "customer_read_answer",
    "rep_asked_for_mail",
    "customer_left_mail_and_consent",
    "went_quiet_owner_saw_mail",
    "wakeup_mail_arrived",
    "customer_answered_mail",
    "thread_reopened_with_owner",
]


def play(made: Company) -> dict[str, Any]:
    """Let the people play; the summary. Fails with every log when the story stops."""
    story = made.start_story()
    out, err = story.communicate(timeout=200)
    assert story.returncode == 0, f"{err.decode()}\n{out.decode()}\n{made.logs()}"
    summary: dict[str, Any] = json.loads(out.splitlines()[-1])
    return summary


async def differences(made: Company, url: str) -> list[str]:
    """What a rebuild from the timeline finds different from the live tables."""

    def key(name: str) -> bytes:
        return bytes.fromhex((made.folder / f"{name}.secret").read_text())

    vault = Vault({"k1": key("master")}, "k1", key("index"))
    async with Database.open(url, vault, guest=True) as db:
        return await db.read(rebuild.rebuild)


def check(summary: dict[str, Any]) -> None:
    assert [s["step"] for s in summary["story"]] == STEPS
    assert summary["messages"] == {"in": 4, "delivered": 4, "lost": 0, "doubled": 0}
    assert summary["wakeups"] == 1
    assert "制造业" in summary["trace"]["zh"]
    assert summary["trace"]["en"].isascii() or "manufactur" in summary["trace"]["en"].lower()


_first: dict[str, Any] = {}


@pytest.mark.parametrize("nodes", [1, 2])
async def test_the_story_ends_the_same_everywhere(
    tmp_path: Path, backends: Backends, backend: Backend, nodes: int
) -> None:
    if (backend, nodes) == ("sqlite", 2):
        await refuses_a_second(tmp_path)
        return
    url = backends.empty(backend)
    with company(tmp_path, database=url) as made:
        made.start_world()
        configure(made, nodes)
        hubs = [made.start_hub(f"hub{n}.toml") for n in range(nodes)]
        summary = play(made)
        codes = [hub.stop() for hub in hubs]
    check(summary)
    assert codes == [0] * nodes
    assert await differences(made, url) == []
    assert summary == (_first or summary)
    _first.update(summary)


def configure(made: Company, nodes: int) -> None:
    """One configuration a node: the same address for all, a mail door of its own for each but the first."""
    text = (made.folder / "hub.toml").read_text()
    shared = text.replace("[server]\n", "[server]\nshared_port = true\n")
    for n in range(nodes):
        own = shared.replace(f"port = {made.places.hub_smtp}", "port = 0") if n else shared
        (made.folder / f"hub{n}.toml").write_text(own if nodes > 1 else text)


async def refuses_a_second(folder: Path) -> None:
    """On SQLite a second hub says why it does not start, and the first one goes on."""
    with company(folder) as made:
        made.start_world()
        first = made.start_hub()
        second = made.start_hub(wait=False)
        assert second.process.wait(20) == 2
        assert "second" in second.tail()
        assert first.alive
        assert first.stop() == 0
