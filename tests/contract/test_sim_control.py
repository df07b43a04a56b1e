"""The control API: the clock's stops, settling, the log, counts, faults, and the process itself."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from simulator.control import Pusher, Unsettled
from tests.contract.teams_world import Company, Json, company, settings


@pytest.fixture
async def firm() -> AsyncIterator[Company]:
    async with company("control") as found:
        yield found


def quiet(firm: Company, **changes: object) -> Json:
    """An answer of a hub at rest at the clock's version after `versions` jumps."""
    return {"ready": True, "pending": 0, "next_due": None, "clock_version": 99} | changes


async def test_a_push_stops_where_hub_and_simulator_are_due(firm: Company) -> None:
    begun = firm.world.clock.now()
    ran: list[str] = []

    async def ring() -> None:
        ran.append(firm.world.clock.now().isoformat())

    firm.world.clock.at(begun + timedelta(seconds=20), ring)
    hub_due = (begun + timedelta(seconds=10)).isoformat()
    firm.hub.ready = [quiet(firm, next_due=hub_due)] * 2 + [quiet(firm)]
    pushed = await firm.control("clock", push_seconds=60)
    stops = [(begun + timedelta(seconds=s)).isoformat() for s in (10, 20, 60)]
    assert pushed["stops"] == stops
    assert pushed["now"] == stops[-1]
    assert ran == [stops[1]]
    assert (await firm.read("/clock"))["version"] == pushed["version"] == 4


async def test_a_push_waits_for_pending_work_and_the_clock_version(firm: Company) -> None:
    unready = [quiet(firm, pending=3), quiet(firm, ready=False), quiet(firm, clock_version=0), quiet(firm)]
    firm.hub.ready = [*unready, quiet(firm, pending=1), quiet(firm)]
    await firm.control("settle")
    assert len(firm.hub.ready) == 1, "one quiet answer is not enough"


async def test_a_due_time_of_the_present_is_not_rest(firm: Company) -> None:
    now = firm.world.clock.now().isoformat()
    firm.hub.ready = [quiet(firm, next_due=now)]
    with pytest.raises(Unsettled):
        await Pusher(firm.world, limit=0.2).settle()


async def test_our_own_call_under_way_is_not_rest(firm: Company) -> None:
    firm.hub.ready = [quiet(firm)]
    firm.world.calls_out = 1
    with pytest.raises(Unsettled) as caught:
        await Pusher(firm.world, limit=0.2).settle()
    assert caught.value.last["calls_out"] == 1
    firm.world.calls_out = 0
    await Pusher(firm.world, limit=5).settle()


async def test_clock_can_be_polled_set_and_let_go(firm: Company) -> None:
    firm.hub.ready = [quiet(firm)]
    version = (await firm.read("/clock"))["version"]
    polled = asyncio.create_task(firm.read(f"/clock?after={version}&wait=20"))
    await firm.control("clock", to="2026-02-01T00:00:00+08:00")
    assert (await polled)["now"] == "2026-01-31T16:00:00+00:00"
    assert (await firm.control("clock", running=True))["running"] is True
    first = (await firm.read("/clock"))["now"]
    assert (await firm.read("/clock"))["now"] > first


@pytest.mark.parametrize(
    "body", [{}, {"to": "2020-01-01T00:00:00Z"}, {"to": "2026-02-01T00:00:00"}, {"push_seconds": -1}]
)
async def test_wrong_pushes_are_400(firm: Company, body: Json) -> None:
    async with firm.http.post(firm.url("/control/clock"), json=body) as response:
        assert response.status == 400
        assert "error" in await response.json()


async def test_log_and_counts(firm: Company) -> None:
    log = firm.world.log
    waiting = asyncio.create_task(firm.read("/control/log?after=0&wait=20"))
    await log.add("wecom", "said", text="price?", toward="team")
    assert (await waiting)["entries"][0]["data"]["text"] == "price?"
    counts: Json = {"said": 1, "delivered": 0, "lost": 1, "doubled": 0, "wakeups": 0}
    assert await firm.read("/control/counts") == counts
    await log.add("teams", "shown", text="Ann: price?", toward="team")
    await log.add("mail", "mail_arrived", tower_mail="wakeup", customer=True)
    await log.add("mail", "mail_arrived", tower_mail="wakeup", customer=False)
    assert await firm.read("/control/counts") == counts | {"delivered": 1, "lost": 0, "wakeups": 1}
    await log.add("teams", "shown", text="price?", toward="team")
    assert (await firm.read("/control/counts"))["doubled"] == 1


async def test_everybody_is_known_without_secrets(firm: Company) -> None:
    found = await firm.read("/control/people")
    assert [employee["userid"] for employee in found["employees"]] == ["wang", "li"]
    assert set(found) == {"people", "employees"}


async def test_faults_are_switched_and_cleared(firm: Company) -> None:
    made = await firm.control("faults", place="graph", kind="error", times=2, status=503)
    assert made["faults"] == [{"place": "graph", "kind": "error", "times": 2, "seconds": 1.0, "status": 503}]
    async with firm.http.post(firm.url("/control/faults"), json={"place": "x", "kind": "flood"}) as response:
        assert response.status == 400
    async with firm.http.delete(firm.url("/control/faults")) as response:
        assert (await response.json())["faults"] == []


async def test_other_sites_pages_cannot_steer_the_world(firm: Company) -> None:
    for origin, status in (("http://evil.example", 400), (firm.world.base_url, 200)):
        url, headers = firm.url("/control/faults"), {"Origin": origin}
        async with firm.http.post(url, json={"place": "x", "kind": "drop"}, headers=headers) as response:
            assert response.status == status


def _start(folder: Path, **changes: object) -> tuple[asyncio.Future[asyncio.subprocess.Process], Path]:
    body = settings("http://127.0.0.1:9").model_dump(mode="json") | changes
    config = folder / "world.json"
    config.write_text(json.dumps(body))
    arguments = (sys.executable, "-m", "simulator", "--config", str(config))
    process = asyncio.create_subprocess_exec(*arguments, stderr=asyncio.subprocess.PIPE)
    return asyncio.ensure_future(process), Path(str(changes.get("ports_file", "")))


async def test_the_process_writes_its_ports_and_stops_on_a_signal(tmp_path: Path) -> None:
    started, ports = _start(tmp_path, ports_file=str(tmp_path / "ports.json"))
    process = await started
    limit = time.monotonic() + 20
    while not ports.exists() and process.returncode is None:
        assert time.monotonic() < limit
        await asyncio.sleep(0.02)
    assert set(json.loads(ports.read_text())) == {"http", "smtp"}
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_wrong_settings_exit_with_2(tmp_path: Path) -> None:
    process = await _start(tmp_path, no_such_key=1)[0]
    _, errors = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 2
    assert b"no_such_key" in errors
