"""How Tower is put together, and its command line. The only file that knows everybody."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from aiohttp import web as aiohttp_web
from pydantic import BaseModel

from bots.clock import BusinessClock, RemoteClock, SystemClock
from bots.failpoints import Failpoints
from bots.failpoints import names as failpoint_names
from bots.hub import Hub, Options
from bots.logs import logger
from bots.logs import set_up as set_up_logs
from bots.settings import ClockSettings, DatabaseSettings, Keys, Loaded, LogSettings, Loops, Rules, Server, Staff
from bots.settings import load as load_settings
from connectors.contract import Connector
from connectors.mail.connector import MailConnector
from connectors.mail.settings import MailSettings
from connectors.teams.connector import TeamsConnector
from connectors.teams.settings import Settings as TeamsSettings
from connectors.teams.signin import EntraSignIn, Realm
from connectors.teams.webchat import WebChatDoor
from connectors.wecom.connector import WeComConnector
from connectors.wecom.settings import Settings as WeComSettings
from rules.book import Playbook
from rules.errors import ConfigError, Mistake, Unavailable
from rules.model import Rep
from rules.playbook import parse
from rules.tokens import Tokens
from sidebar import api, inside, manage, outside, web
from sidebar.inside import SidebarSettings
from sidebar.manage import ManageSettings
from sidebar.outside.memory import StoredFacts
from storage import migrations
from storage.database import Database
from storage.vault import Vault

HERE = Path(__file__).resolve().parent
SECTIONS: dict[str, type[BaseModel]] = {
    "server": Server,
    "database": DatabaseSettings,
    "clock": ClockSettings,
    "keys": Keys,
    "rules": Rules,
    "loops": Loops,
    "log": LogSettings,
    "staff": Staff,
    "sidebar": SidebarSettings,
    "manage": ManageSettings,
    "teams": TeamsSettings,
    "wecom": WeComSettings,
    "mail": MailSettings,
}
OPTIONAL = frozenset({"teams", "wecom", "mail"})
"""A platform whose table is left out is not connected."""

app = typer.Typer(
    help="Tower: the control tower for customer conversations.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
db_app = typer.Typer(help="The database.", no_args_is_help=True, rich_markup_mode=None)
rules_app = typer.Typer(help="The playbook.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(db_app, name="db")
app.add_typer(rules_app, name="rules")
Config = Annotated[Path, typer.Option("--config", help="The hub's configuration file.")]
DEFAULT_CONFIG = Path("hub.toml")
AGAIN = 3
"""How the simulated world leaves when its visitor wants a new company."""


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Tell every mistake in a file the operator wrote, one a line, and leave with exit code 2."""
    try:
        yield
    except ConfigError as wrong:
        print("Tower does not start. Mend this first:", file=sys.stderr)
        for mistake in wrong.mistakes:
            print(f"  {mistake}", file=sys.stderr)
        raise typer.Exit(2) from None


def load(config: Path) -> Loaded:
    """Read and check the configuration. Raises ConfigError."""
    return load_settings(config, SECTIONS, OPTIONAL, os.environ)


def load_playbook(path: Path) -> Playbook:
    """Read and check a playbook. Raises PlaybookError with every mistake."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        found = getattr(problem, "strerror", None) or "no text"
        raise ConfigError([Mistake(where=str(path), found=str(found), expected="a playbook in YAML")]) from None
    return parse(text, str(path))


# --- serve ----------------------------------------------------------------------------------------------------------


@app.command()
def serve(
    config: Config = DEFAULT_CONFIG,
    list_failpoints: Annotated[
        bool, typer.Option("--list-failpoints", help="Print where a test can make the process die, and leave.")
    ] = False,
) -> None:
    """Run the hub."""
    if list_failpoints:
        print("\n".join(failpoint_names()))
        return
    with explained():
        loaded = load(config)
        form = loaded.section("log", LogSettings).format
        set_up_logs(pretty=form == "text" or (form == "auto" and sys.stderr.isatty()))
        failpoints = Failpoints(armed=os.environ.get("TOWER_FAILPOINT", ""))
        try:
            code = uvloop.run(_serve(loaded, failpoints))
        except (Unavailable, OSError) as away:
            print(f"Tower does not start: {away}", file=sys.stderr)
            raise typer.Exit(1) from None
    raise typer.Exit(code)


async def _serve(loaded: Loaded, failpoints: Failpoints) -> int:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    hub = _hub(loaded, failpoints)
    try:
        connectors = _connectors(loaded, hub)
        hub.connect(list(connectors.values()))
        await hub.clock.start()
        await hub.employ(_staff(loaded))
        async with contextlib.AsyncExitStack() as doors:
            teams = loaded.optional("teams", TeamsSettings)
            visitors = WebChatDoor(teams) if teams and teams.directline_secret else None
            webchat = await doors.enter_async_context(visitors) if visitors else None
            realm = _realm(loaded)
            directory = await doors.enter_async_context(EntraSignIn(realm)) if realm else None
            await doors.enter_async_context(_listening(loaded, hub, connectors, webchat, directory))
            await hub.run(stopping)
    finally:
        await hub.clock.stop()
        await hub.db.close()
    return 1 if hub.broken else 0


def _hub(loaded: Loaded, failpoints: Failpoints) -> Hub:
    """The hub with its database, clock and playbook. Raises ConfigError, Unavailable."""
    rules, server = loaded.section("rules", Rules), loaded.section("server", Server)
    playbook = load_playbook(_beside(loaded.path, rules.playbook))
    loops = loaded.section("loops", Loops)
    database = loaded.section("database", DatabaseSettings)
    if database.upgrade:
        migrations.upgrade(database.url)
    keys = loaded.section("keys", Keys)
    db = Database.open(database.url, _vault(keys), hook=failpoints.reach)
    clock_url = loaded.section("clock", ClockSettings).url
    clock: BusinessClock = RemoteClock(clock_url) if clock_url else SystemClock()
    alone = database.url.startswith("sqlite")
    options = Options(
        node="the-only-node" if alone else f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}",
        public_url=server.public_url.rstrip("/"),
        mirror=rules.mirror,
        thread_language=rules.thread_language,
        lease_seconds=database.lease_seconds,
        tick_seconds=loops.tick_seconds,
        reconcile_seconds=loops.reconcile_seconds,
        batch=loops.batch,
        senders=loops.senders,
    )
    tokens = Tokens(key=_key("tokens", keys.tokens.get_secret_value()))
    return Hub(db=db, clock=clock, playbook=playbook, tokens=tokens, options=options, failpoints=failpoints)


def _staff(loaded: Loaded) -> list[Rep]:
    """The people the configuration names."""
    people = loaded.section("staff", Staff).people
    return [Rep(id="", mail=mail, **dict(person)) for mail, person in people.items()]


def _connectors(loaded: Loaded, hub: Hub) -> dict[str, Connector]:
    """A connector for every platform that the configuration names."""
    made: dict[str, Connector] = {}
    now = hub.clock.now
    if teams := loaded.optional("teams", TeamsSettings):
        made["teams"] = TeamsConnector(teams, hub, now)
    if wecom := loaded.optional("wecom", WeComSettings):
        made["wecom"] = WeComConnector(wecom, hub, now)
    if mail := loaded.optional("mail", MailSettings):
        templates = str(_beside(loaded.path, mail.templates))
        made["mail"] = MailConnector(
            mail.model_copy(update={"templates": templates}), hub, now, hub.tokens, hub.options.public_url
        )
    return made


def _realm(loaded: Loaded) -> Realm | None:
    """Where managers sign in; None without a tenant."""
    teams, told = loaded.optional("teams", TeamsSettings), loaded.section("manage", ManageSettings)
    if teams is None:
        return None
    authority = told.authority or f"https://login.microsoftonline.com/{teams.tenant_id}"
    return Realm(
        authority=authority,
        issuer=told.issuer or f"{authority}/v2.0",
        tenant_id=teams.tenant_id,
        client_id=told.client_id or teams.app_id,
        secret=told.client_secret or teams.app_password,
        leeway=teams.jwt_leeway_seconds,
        refresh=teams.keys_refresh_seconds,
        call_seconds=teams.call_seconds,
    )


@contextlib.asynccontextmanager
async def _listening(
    loaded: Loaded,
    hub: Hub,
    connectors: dict[str, Connector],
    webchat: WebChatDoor | None,
    directory: EntraSignIn | None,
) -> AsyncIterator[None]:
    """The web application on its port."""
    server = loaded.section("server", Server)
    routes = [route for c in connectors.values() for route in c.routes()]
    mail = loaded.optional("mail", MailSettings)
    postman = connectors.get("mail")
    facts = StoredFacts(
        db=hub.db,
        playbook=hub.playbook,
        clock=hub.clock.now,
        company=mail.from_name if mail else "Tower",
        links=postman.addresses if isinstance(postman, MailConnector) else lambda _template, _language: (),
    )
    routes += outside.routes(hub, hub.tokens, facts, hub.clock.now)
    wecom, teams = connectors.get("wecom"), connectors.get("teams")
    parts = inside.Inside(
        hub=hub,
        clock=hub.clock.now,
        key=hub.tokens.key,
        public_url=hub.options.public_url,
        settings=loaded.section("sidebar", SidebarSettings),
        staff=wecom.staff if isinstance(wecom, WeComConnector) else None,
        tabs=teams if isinstance(teams, TeamsConnector) else None,
        frame_sidebar=server.frame_ancestors_sidebar,
        frame_tab=server.frame_ancestors_tab,
    )
    routes += inside.routes(parts)
    settings = loaded.section("manage", ManageSettings)
    routes += manage.routes(
        manage.Manage(inside=parts, db=hub.db, playbook=hub.playbook, settings=settings, directory=directory)
    )
    routes += api.routes(webchat, server.proxies)
    runner = aiohttp_web.AppRunner(web.application(hub, routes), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        site = aiohttp_web.TCPSite(runner, server.host, server.port, reuse_port=server.shared_port or None)
        await site.start()
        port = runner.addresses[0][1]
        if server.port_file:
            await asyncio.to_thread(Path(server.port_file).write_text, str(port), encoding="utf-8")
        logger().info("listening", port=port)
        yield
    finally:
        await runner.cleanup()


def _vault(keys: Keys) -> Vault:
    masters = {keys.current_id: _key("master", keys.master.get_secret_value())}
    masters |= {kid: _key(f"old.{kid}", old.get_secret_value()) for kid, old in keys.old.items()}
    return Vault(keys=masters, current=keys.current_id, index_key=_key("index", keys.index.get_secret_value()))


def _key(name: str, text: str) -> bytes:
    """A key of 32 bytes from its 64 hex digits. Raises ConfigError."""
    with contextlib.suppress(ValueError):
        if len(key := bytes.fromhex(text)) == 32:
            return key
    wrong = Mistake(where=f"keys.{name}", found="something else", expected="64 hex digits: openssl rand -hex 32")
    raise ConfigError([wrong])


def _beside(config: Path, named: str) -> Path:
    """A file the configuration names: beside the configuration, or else in the checkout."""
    beside = config.resolve().parent / named
    return beside if beside.exists() else HERE / named


# --- demo -----------------------------------------------------------------------------------------------------------


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Play the whole story without a browser and print its summary.")
    ] = False,
    port: Annotated[int, typer.Option(help="Preferred port of the world page; another is taken if it is busy.")] = 8080,
    database: Annotated[
        str, typer.Option(help="Database URL of the hub; default: SQLite in a folder of its own.")
    ] = "",
    keep: Annotated[bool, typer.Option("--keep", help="Keep the folder with the company's files and logs.")] = False,
) -> None:
    """Start a company in a box and the hub beside it; no account anywhere."""
    brake, code, here = _Brake(), AGAIN, _free_port(0 if once else port)
    while code == AGAIN:
        code = _one_company(brake, once=once, port=here, database=database, keep=keep)
    raise typer.Exit(code)


def _free_port(wanted: int) -> int:
    """This port if nobody has it, else a free one: a new company comes up where the visitor's page looks for it."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", wanted))
        except OSError:
            listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _one_company(brake: _Brake, *, once: bool, port: int, database: str, keep: bool) -> int:
    """A company in a folder of its own, from its founding to its end; the exit code, or AGAIN for a new company."""
    root = HERE / ".tower"
    root.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir=root))
    kept = keep
    try:
        code = _demo(folder, brake, once=once, port=port, database=database)
        kept = kept or code not in (0, AGAIN)
    except KeyboardInterrupt:
        code = 1 if once else 0
    finally:
        if kept:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return code


class _Brake:
    """Ctrl-C or SIGTERM: noted at once, acted on between two steps, so that no child is left behind.

    Both are taken over even if they were ignored so far, as they are for a job that a shell runs in the background.
    """

    def __init__(self) -> None:
        self._pulled = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._pull)

    def _pull(self, *_: object) -> None:
        self._pulled = True

    def check(self) -> None:
        """Raises KeyboardInterrupt if somebody wants this to end."""
        if self._pulled:
            raise KeyboardInterrupt

    def run(self, *processes: subprocess.Popen[bytes]) -> int:
        """The exit code of the program that ends first, when it has. Raises KeyboardInterrupt."""
        while not (codes := [code for process in processes if (code := process.poll()) is not None]):
            self.check()
            time.sleep(0.05)
        return codes[0]


def _demo(folder: Path, brake: _Brake, *, once: bool, port: int, database: str) -> int:
    started = time.monotonic()
    founding = [sys.executable, "-m", "simulator.company", str(folder), "--port", str(port)]
    founding += ["--database", database] if database else []
    founding += [] if once else ["--running"]
    told = subprocess.run(  # noqa: S603
        founding, check=True, capture_output=True, cwd=HERE, text=True, start_new_session=True
    ).stdout
    places: dict[str, str] = json.loads(told)
    with contextlib.ExitStack() as running:
        again = [] if once or database else ["--again"]
        world = _child(running, folder, "world", ["-m", "simulator", "--config", str(folder / "world.json"), *again])
        _await(f"{places['world']}/control/counts", "the simulated world", folder / "world.log", brake)
        hub = _child(running, folder, "hub", ["app.py", "serve", "--config", str(folder / "hub.toml")])
        if once:
            _await(f"{places['hub']}/readyz", "the hub", folder / "hub.log", brake)
            return brake.run(_play(running, places["world"]))
        print(f"Tower demo, no accounts needed. Everything lives in {folder}.")
        print(f"  open  {places['world']}/   (after {time.monotonic() - started:.1f} s)", flush=True)
        _await(f"{places['hub']}/readyz", "the hub", folder / "hub.log", brake)
        print(
            f"  hub   {places['hub']}/   ready after {time.monotonic() - started:.1f} s. Ctrl-C stops everything.",
            flush=True,
        )
        if brake.run(_play(running, places["world"], "--open-doors")) == 0:
            print("  the bot is in the team: scan the code on the phone and write something.", flush=True)
        return brake.run(world, hub)


def _play(running: contextlib.ExitStack, world: str, *words: str) -> subprocess.Popen[bytes]:
    """Let the scripted people act; what they say is shown."""
    story = [sys.executable, "-m", "simulator.story", "--world", world, *words]
    process = subprocess.Popen(story, cwd=HERE, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603
    running.callback(_stop, process)
    return process


def _child(running: contextlib.ExitStack, folder: Path, name: str, words: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start one of our own programs; it is stopped, politely, when `running` ends."""
    log = running.enter_context((folder / f"{name}.log").open("wb"))
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, *words], cwd=HERE, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
    )
    running.callback(_stop, process)
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a program to end, and see that it does."""
    process.terminate()
    try:
        process.wait(12)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await(url: str, what: str, log: Path, brake: _Brake, limit: float = 30) -> None:
    """Wait until an address answers 200; else show the end of the program's log and leave. Raises KeyboardInterrupt."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        brake.check()
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    print(f"{what} did not come up; the end of its log:\n{log.read_text(errors='replace')[-3000:]}", file=sys.stderr)
    raise typer.Exit(1)


# --- the smaller commands -------------------------------------------------------------------------------------------


@db_app.command("upgrade")
def db_upgrade(config: Config = DEFAULT_CONFIG) -> None:
    """Bring the database schema up to date."""
    with explained():
        url = load(config).section("database", DatabaseSettings).url
        try:
            migrations.upgrade(url)
        except Unavailable as away:
            print(f"the database does not answer: {away}", file=sys.stderr)
            raise typer.Exit(1) from None
        print(f"schema at {migrations.revision(url)}")


@rules_app.command("check")
def rules_check(
    playbook: Annotated[Path, typer.Argument(help="The playbook; default: the one the configuration names.")] = Path(
        "playbooks/default.yaml"
    ),
) -> None:
    """Check a playbook and tell every mistake with its line."""
    with explained():
        book = load_playbook(playbook if playbook.exists() else HERE / playbook)
        print(f"{book.name}: fine; {len(book.matrix)} cells, {len(book.rules)} rules, version {book.version}")


@app.command("teams-manifest")
def teams_manifest(
    out: Annotated[Path, typer.Argument(help="The zip to write.")], config: Config = DEFAULT_CONFIG
) -> None:
    """Write the Teams app package that an admin uploads."""
    from connectors.teams import manifest

    with explained():
        loaded = load(config)
        teams = loaded.optional("teams", TeamsSettings)
        if teams is None:
            raise ConfigError([Mistake(where=f"{config}: teams", found="nothing", expected="a table [teams]")])
        manifest.write(out, teams, loaded.section("server", Server).public_url)
        print(f"written: {out}")


if __name__ == "__main__":
    app()
