"""The counts come from the world's own log: a row that vanishes is a message lost, a send repeated is one doubled."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from tests.company import Company, company

WORDS = "请问智能工厂方案多少钱？"


def begin(made: Company) -> None:
    """A world with a hub whose channels stand."""
    made.start_world()
    made.start_hub()
    made.ask("/control/teams/install", {"team": True})
    made.ask("/control/settle", {})


def write(made: Company) -> None:
    """The customer enters and writes; the hub comes to rest."""
    made.ask("/control/wecom/enter", {"person": "王敏", "scene": "qr", "scene_param": "expo-2026"})
    made.ask("/control/wecom/say", {"person": "王敏", "text": WORDS})
    made.ask("/control/settle", {})


def meddle(made: Company, statement: str) -> int:
    """Change the stopped hub's outbox behind its back; how many rows."""
    assert made.programs[-1].stop() == 0
    with sqlite3.connect(made.folder / "tower.db") as database:
        changed = database.execute(statement).rowcount
    made.start_hub()
    return changed


def counts(made: Company) -> dict[str, Any]:
    """The counts a minute later, everything at rest."""
    made.ask("/control/clock", {"push_seconds": 60})
    found: dict[str, Any] = made.ask("/control/counts")
    return {name: found[name] for name in ("said", "delivered", "lost", "doubled")}


def test_nothing_is_lost_when_nobody_meddles(tmp_path: Path) -> None:
    with company(tmp_path) as made:
        begin(made)
        write(made)
        assert counts(made) == {"said": 1, "delivered": 1, "lost": 0, "doubled": 0}


def test_a_deleted_outbox_row_is_a_lost_message(tmp_path: Path) -> None:
    with company(tmp_path) as made:
        begin(made)
        made.ask("/control/faults", {"place": "teams.service", "kind": "throttle", "times": 1000, "seconds": 30})
        write(made)
        assert meddle(made, "DELETE FROM outbox WHERE kind = 'post_line' AND state = 'new'") == 1
        made.delete(f"{made.world}/control/faults")
        assert counts(made) == {"said": 1, "delivered": 0, "lost": 1, "doubled": 0}


def test_a_repeated_send_is_a_doubled_message(tmp_path: Path) -> None:
    with company(tmp_path) as made:
        begin(made)
        write(made)
        again = "UPDATE outbox SET state = 'new' WHERE kind = 'post_line' AND state = 'delivered'"
        assert meddle(made, again) == 1
        assert counts(made) == {"said": 1, "delivered": 1, "lost": 0, "doubled": 1}
