"""`make bench`: one table of figures and ratios, all from one run on one machine; docs/performance.md explains them.

A missed aim is told and changes nothing; the exit code is 1 only when something broke, so that there is no figure.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvloop

from tests.bench import flow, intake, manager, pages, startup
from tests.bench.flow import Flow
from tests.bench.intake import Intake
from tests.bench.load import Refused
from tests.bench.pages import Page
from tests.bench.programs import Broken
from tests.bench.site import Site
from tests.bench.startup import Startup
from tests.contract.backends import Backends

Line = tuple[str, str, str]
"""What, its figure, its aim."""


PARTS = ("intake", "flow", "pages", "manager", "startup")


def main(parts: Sequence[str]) -> int:
    """Run the parts and print the table."""
    began = time.monotonic()
    lines: list[Line] = []
    backends = Backends()
    try:
        with tempfile.TemporaryDirectory(prefix="tower-bench-") as folder:
            if {"intake", "flow"} & set(parts):
                lines += uvloop.run(_with_site(Path(folder), backends, parts))
            lines += _page_lines(uvloop.run(pages.measure(Path(folder)))) if "pages" in parts else []
            lines += _manager_lines(uvloop.run(manager.measure(Path(folder)))) if "manager" in parts else []
        lines += _startup_lines(startup.measure()) if "startup" in parts else []
    except (Broken, Refused, TimeoutError) as broken:
        print(f"the run broke: {type(broken).__name__} {broken}", file=sys.stderr)
        return 1
    finally:
        backends.stop()
    _print(lines)
    spent = time.monotonic() - began
    print(
        f"\n{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; {spent:.0f} s"
    )
    return 0


async def _with_site(folder: Path, backends: Backends, parts: Sequence[str]) -> list[Line]:
    site = Site(folder=folder)
    lines: list[Line] = []
    try:
        site.open()
        lines += _intake_lines(await intake.measure(site, backends)) if "intake" in parts else []
        lines += _flow_lines(await flow.measure(site)) if "flow" in parts else []
    finally:
        site.close()
    return lines


def _intake_lines(taken: list[Intake]) -> Iterator[Line]:
    for bare in (i for i in taken if i.variant == "bare"):
        name = f"at {bare.connections} connections"
        yield f"bare aiohttp + orjson, {name}", f"{bare.per_second:,.0f} msg/s, {bare.cpu_us:.0f} us", ""
        for door in (i for i in taken if i.variant != "bare" and i.connections == bare.connections):
            server = f" + {door.server_us:.0f} in the server" if door.server_us else ""
            figure = f"{door.per_second:,.0f} msg/s, {door.cpu_us:.0f} us{server}"
            yield f"durable intake on {door.variant}, {name}", figure, "<= 150 us"
            times = door.cpu_us / bare.cpu_us
            share = f"{door.per_second / bare.per_second:.0%} of bare aiohttp's msg/s, {times:.1f} x its CPU"
            yield "", share, ">= 40 %" if bare.connections == 64 else ""


def _flow_lines(way: Flow) -> Iterator[Line]:
    yield (
        "first message in -> routed -> card and words delivered",
        f"{way.first:,.0f} us, {way.first_calls:.1f} calls",
        "<= 450 us",
    )
    yield "further message in -> line and card delivered", f"{way.further:,.0f} us, {way.further_calls:.1f} calls", ""
    yield "botbuilder CloudAdapterBase echo, RS256", f"{way.echo:,.0f} us, 1.0 calls", ""
    yield "echo against a first message", f"{way.echo / way.first:.1f} x", ">= 25 x"
    yield "echo against a further message", f"{way.echo / way.further:.1f} x", ""


def _page_lines(timed: Sequence[Page]) -> Iterator[Line]:
    for page in timed:
        figure = f"{page.middle:.1f} ms, 95 % within {page.p95:.1f} ms, {page.cpu:.1f} ms of CPU"
        yield page.name, figure, f"<= {page.aim:g} ms"


def _manager_lines(looks: Sequence[manager.Look]) -> Iterator[Line]:
    for look in looks:
        figure = f"p95 {look.p95:.0f} ms, median {look.median:.0f} ms, {look.bytes / 1024:.1f} KiB"
        yield f"/manage/{look.page}, {manager.HOUSE:,} conversations", figure, "p95 <= 150 ms"


def _startup_lines(started: Startup) -> Iterator[Line]:
    yield "serve listens, schema to be made", f"{started.first_listening:.2f} s", ""
    figure = f"{started.listening:.2f} s, {started.listening_cpu:.2f} s of CPU"
    yield "serve listens", figure, "<= 1.5 s"
    yield "serve is ready", f"{started.ready:.2f} s", "<= 3 s"
    yield "serve holds when idle", f"{started.resident:.0f} MiB", "<= 150 MiB"


def _print(lines: list[Line]) -> None:
    head: Line = ("us = CPU time of the process, per message", "figure", "aim")
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(3)]
    for line in [head, *lines]:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main([part for part in sys.argv[1:] if part in PARTS] or PARTS))
