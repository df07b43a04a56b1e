"""What the whole way of a message costs: in, stored, routed, its card delivered; beside an echo that stores nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from tests.bench.load import Load
from tests.bench.programs import Broken
from tests.bench.site import Running, Site
from tests.bench.wire import REPS

ROUNDS = 3
CUSTOMERS = 300
"""New customers in one round, each with a first message and then a second one."""
ECHOES = 150
CONNECTIONS = 16
SERVE = ("app.py", "serve", "--config")


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Microseconds of user and system time per message, the middle of the rounds."""

    first: float
    """A new customer's first message: she is made, routed, a thread with her card is begun, her words stand in it."""
    further: float
    """Another message of a known customer: a line in her thread, her card drawn anew."""
    echo: float
    """botbuilder's CloudAdapterBase verifies the same token and answers each message with one call."""
    first_calls: float
    """Calls to the stub per first message."""
    further_calls: float


async def measure(site: Site) -> Flow:
    """Alternate hub and peer. Raises Broken when a message has no thread or no line."""
    hub, echo = site.hub(SERVE), site.echo()
    try:
        await _installed(site, hub)
        first: list[float] = []
        further: list[float] = []
        echoes: list[float] = []
        calls: list[float] = []
        for _ in range(ROUNDS):
            requests = site.requests(spread=CUSTOMERS).customer_messages()
            for figures in (first, further):
                before = site.counts()
                figures.append(await _hub_round(hub, requests))
                calls.append(_calls(before, site.counts(), new=figures is first))
            echoes.append(await _cpu(echo, site.requests().channel_messages(), ECHOES))
        return Flow(
            first=median(first),
            further=median(further),
            echo=median(echoes),
            first_calls=median(calls[0::2]),
            further_calls=median(calls[1::2]),
        )
    finally:
        hub.program.stop()
        echo.program.stop()


async def _installed(site: Site, hub: Running) -> None:
    """The bot is in the team and its channels are known."""
    hub.program.until(lambda: hub.pending() == 0)
    load = Load(requests=site.requests().installations(), limit=1 + REPS)
    await load.start(hub.port, 1)
    await load.end()
    await asyncio.to_thread(hub.program.until, lambda: hub.pending() == 0)


async def _hub_round(hub: Running, requests: Iterator[bytes]) -> float:
    began = hub.program.cpu()
    await _send(hub, requests, CUSTOMERS)
    await asyncio.to_thread(hub.program.until, lambda: hub.pending() == 0, pause=0.1)
    return (hub.program.cpu() - began) / CUSTOMERS * 1e6


async def _cpu(running: Running, requests: Iterator[bytes], many: int) -> float:
    began = running.program.cpu()
    await _send(running, requests, many)
    return (running.program.cpu() - began) / many * 1e6


async def _send(running: Running, requests: Iterator[bytes], many: int) -> None:
    load = Load(requests=requests, limit=many)
    await load.start(running.port, CONNECTIONS)
    await load.end()


def _calls(before: dict[str, int], after: dict[str, int], *, new: bool) -> float:
    """Calls per message. Raises Broken when something was not delivered."""
    made = {name: after.get(name, 0) - before.get(name, 0) for name in ("threads", "posts", "edits")}
    if made["threads"] != (CUSTOMERS if new else 0) or made["posts"] < CUSTOMERS:
        raise Broken(f"{CUSTOMERS} messages in, but {made} out")
    return sum(made.values()) / CUSTOMERS
