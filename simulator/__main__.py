"""Starts the simulated company: `python -m simulator --config world.json` serves until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import errno
import importlib
import json
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import ClientSession, web
from aiohttp.typedefs import Middleware
from pydantic import ValidationError

from simulator.clock import Clock
from simulator.faults import Faults, Handler
from simulator.log import Log
from simulator.wire import wrong
from simulator.world import Settings, World, load_settings

SERVERS = ("teams", "entra", "graph", "directline", "wecom", "mail", "control", "page")
"""Modules of this package with `routes(world)`."""
AGAIN = 3
"""Exit code: whoever started us should found a new company and start that."""
LARGEST_BODY = 8 * 2**20
TICK = 0.05
"""Wall seconds between two looks at what is due while the clock runs by itself."""


class MissingServer(Exception):
    """A server of the world cannot be loaded."""


@asynccontextmanager
async def open_world(settings: Settings) -> AsyncIterator[World]:
    """A world with its clock, log and client, before anything listens."""
    clock = Clock(settings.clock_start, running=settings.clock_running)
    log = Log(clock.now)
    async with ClientSession() as http:
        yield World(settings=settings, clock=clock, log=log, faults=Faults(log), http=http)


def compose(world: World, servers: Iterable[str]) -> web.Application:
    """One application with the routes of these servers. Raises MissingServer."""
    under_way = UnderWay()
    checks = [under_way.keep(), _only_our_pages(), _broken_on_purpose]
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=checks)
    app.on_shutdown.append(under_way.end)
    for name in servers:
        try:
            module = importlib.import_module(f"simulator.{name}")
        except ImportError as fault:
            raise MissingServer(f"simulator.{name} cannot be loaded: {fault}") from fault
        app.add_routes(module.routes(world))
    return app


class UnderWay:
    """The requests being answered. Event streams and long polls have no end of their own: leaving, we end them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    def keep(self) -> Middleware:
        """What notes each request for as long as it lasts."""

        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - a handler runs in a task
            self._tasks.add(task)
            try:
                return await handler(request)
            finally:
                self._tasks.discard(task)

        return note

    async def end(self, _: web.Application) -> None:
        """End whatever is still under way."""
        for task in list(self._tasks):
            task.cancel()


def _only_our_pages() -> Middleware:
    """Refuse control calls that a page of another site makes a visitor's browser send."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        acting = request.method not in ("GET", "HEAD") and request.path.startswith("/control/")
        if acting and origin and urlsplit(origin).netloc != request.host:
            wrong("the control API takes no calls from other sites' pages")
        return await handler(request)

    return check


@web.middleware
async def _broken_on_purpose(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep a connection that a fault has broken out of the server's error log."""
    try:
        return await handler(request)
    except ConnectionResetError:
        return web.Response(status=500)


async def listen(app: web.Application, world: World) -> web.AppRunner:
    """Serve on the wished port, or on a free one when it is taken; sets the world's address."""
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    host = world.settings.host
    try:
        await web.TCPSite(runner, host, world.settings.port).start()
    except OSError as fault:
        if fault.errno != errno.EADDRINUSE:
            raise
        await web.TCPSite(runner, host, 0).start()
    world.base_url = f"http://{host}:{runner.addresses[0][1]}"
    return runner


async def run_due(clock: Clock) -> None:
    """While the clock follows the wall clock, do what falls due."""
    while True:
        await asyncio.sleep(TICK)
        if clock.running:
            await clock.run_due()


def write_ports(path: Path, http: int, smtp: int) -> None:
    """Tell the starter where we listen; the file appears whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps({"http": http, "smtp": smtp}), encoding="utf-8")
    draft.replace(path)


async def serve(settings: Settings, *, again: bool) -> int:
    """Serve the whole company until SIGTERM or SIGINT; the exit code. With `again` a visitor may end it too."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_world(settings) as world:
        world.again = asyncio.Event() if again else None
        app = compose(world, SERVERS)
        mail = importlib.import_module("simulator.mail")
        runner = await listen(app, world)
        smtp_port = await mail.start(world)
        ticker = asyncio.create_task(run_due(world.clock))
        write_ports(Path(settings.ports_file), runner.addresses[0][1], smtp_port)
        wishes = [asyncio.create_task(wish.wait()) for wish in (stop, world.again) if wish]
        await asyncio.wait(wishes, return_when=asyncio.FIRST_COMPLETED)
        for task in (ticker, *wishes):
            task.cancel()
        await mail.stop(world)
        await runner.cleanup()
        return AGAIN if world.again and world.again.is_set() else 0


def main() -> int:
    """The command line. Exit codes: 0 stopped, 1 could not start, 2 wrong settings, 3 a new company is wanted."""
    parser = argparse.ArgumentParser(prog="simulator", description="A company in a box for Tower.")
    parser.add_argument("--config", type=Path, required=True, help="settings file (JSON)")
    parser.add_argument("--again", action="store_true", help="leave with 3 when a visitor wants a new company")
    given = parser.parse_args()
    path: Path = given.config
    try:
        settings = load_settings(path)
    except (OSError, ValueError, ValidationError) as fault:
        sys.stderr.write(f"simulator: {path}: {fault}\n")
        return 2
    try:
        return asyncio.run(serve(settings, again=given.again))
    except (MissingServer, OSError) as fault:
        sys.stderr.write(f"simulator: {fault}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
