"""kill -9 at every failpoint: the hub dies there, is started again, and the story ends as if nothing had happened."""

from __future__ import annotations

import json
import signal
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bots.failpoints import names
from tests.company import Company, Program, company
from tests.contract.backends import Backends
from tests.story.test_story import check, differences

SAMPLE = ("turn.before_commit", "line_post.sent", "mail.sent")
"""What `make test` tries; `make faults` tries all."""


@dataclass
class Nurse:
    """Keeps the hub alive: when it dies, it is started again, without the failpoint."""

    made: Company
    failpoint: str
    deaths: list[int] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        first = self.made.start_hub(wait=False, TOWER_FAILPOINT=self.failpoint)
        self._thread = threading.Thread(target=self._watch, args=(first,), daemon=True)
        self._thread.start()

    def _watch(self, hub: Program) -> None:
        while not self._over.wait(0.05):
            if not hub.alive:
                self.deaths.append(hub.process.returncode)
                hub = self.made.start_hub(wait=False)

    def stop(self) -> int:
        """Stop watching and stop the hub; its exit code."""
        self._over.set()
        assert self._thread is not None
        self._thread.join()
        return self.made.programs[-1].stop()


def play_with_a_death(folder: Path, failpoint: str, database: str = "") -> tuple[dict[str, Any], Company]:
    """The story's summary when the hub dies once at a failpoint."""
    with company(folder, database=database) as made:
        made.start_world()
        nurse = Nurse(made, failpoint)
        nurse.start()
        story = made.start_story()
        out, err = story.communicate(timeout=220)
        code = nurse.stop()
        assert story.returncode == 0, f"{failpoint}: {err.decode()}\n{made.logs()}"
        assert nurse.deaths == [-signal.SIGKILL], (
            f"{failpoint} was never reached, or more than one death: {nurse.deaths}"
        )
        assert code == 0
        return json.loads(out.splitlines()[-1]), made


async def survives(folder: Path, failpoint: str, database: str = "") -> None:
    summary, made = play_with_a_death(folder, failpoint, database)
    check(summary)
    url = database or f"sqlite:///{folder / 'tower.db'}"
    assert await differences(made, url) == []


@pytest.mark.parametrize("failpoint", SAMPLE)
async def test_a_death_at_a_sample_of_failpoints(tmp_path: Path, failpoint: str) -> None:
    await survives(tmp_path, failpoint)


@pytest.mark.faults
@pytest.mark.parametrize("failpoint", [n for n in names() if n not in SAMPLE])
async def test_a_death_at_every_other_failpoint(tmp_path: Path, failpoint: str) -> None:
    await survives(tmp_path, failpoint)


@pytest.mark.faults
@pytest.mark.parametrize(
    "failpoint", ["intake.before_commit", "turn.after_commit", "delivery.before_commit", "line_post.sent:2"]
)
async def test_a_death_on_postgresql(tmp_path: Path, backends: Backends, failpoint: str) -> None:
    await survives(tmp_path, failpoint, backends.empty("postgresql"))
