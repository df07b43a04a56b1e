"""How Tower is put together, and its command line. The only file that knows everybody."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
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
import tomllib
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args
from urllib.parse import urlsplit

import typer
import uvloop
from aiohttp import web as aiohttp_web
from pydantic import BaseModel

from bots import wordings
from bots.clock import BusinessClock, RemoteClock, SystemClock
from bots.failpoints import Failpoints
from bots.failpoints import names as failpoint_names
from bots.hub import Hub, Options
from bots.logs import logger
from bots.logs import set_up as set_up_logs
from bots.records import PageRecords
from bots.settings import (
    ClockSettings,
    DatabaseSettings,
    DoctorSettings,
    Keys,
    Loaded,
    LogSettings,
    Loops,
    MediaSettings,
    Rules,
    Server,
    Staff,
)
from bots.settings import load as load_settings
from bots.shells import Shell, script
from bots.tools import Tools
from connectors.contract import Clock, Connector
from connectors.contract import Hub as ConnectedHub
from connectors.mail.connector import MailConnector
from connectors.mail.settings import MailSettings
from connectors.mail.transport import Post
from connectors.teams.connector import TeamsConnector
from connectors.teams.settings import Settings as TeamsSettings
from connectors.teams.signin import EntraSignIn, Realm
from connectors.teams.webchat import WebChatDoor
from connectors.wecom.connector import WeComConnector
from connectors.wecom.settings import Settings as WeComSettings
from rules import wording
from rules.book import Playbook
from rules.errors import ConfigError, Mistake, Unavailable
from rules.model import Rep
from rules.playbook import parse
from rules.tokens import Tokens
from sidebar import api, inside, manage, outside, web
from sidebar.inside import SidebarSettings
from sidebar.manage import ManageSettings
from sidebar.outside.memory import StoredFacts
from storage import health, migrations
from storage.database import Database
from storage.vault import Vault

if TYPE_CHECKING:
    from bots.doctor.report import Report, Wanted
    from bots.doctor.visit import Patient
    from storage.held import Held

HERE = Path(__file__).resolve().parent
SECTIONS: dict[str, type[BaseModel]] = {
    "server": Server,
    "database": DatabaseSettings,
    "clock": ClockSettings,
    "keys": Keys,
    "rules": Rules,
    "loops": Loops,
    "doctor": DoctorSettings,
    "log": LogSettings,
    "media": MediaSettings,
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
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
db_app = typer.Typer(help="The database.", no_args_is_help=True, rich_markup_mode=None)
rules_app = typer.Typer(help="The playbook.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(db_app, name="db")
trigger_app = typer.Typer(help="Let something happen now.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(rules_app, name="rules")
app.add_typer(trigger_app, name="trigger")
Config = Annotated[Path, typer.Option("--config", help="The hub's configuration file.")]
DEFAULT_CONFIG = Path("hub.toml")
DATABASE_HINT = "Is it up, and do database.url and PGPASSWORD or PGPASSFILE fit it?"
AGAIN = 3
"""How the simulated world leaves when its visitor wants a new company."""


@contextlib.contextmanager
def explained(what: str = "Tower does not start") -> Iterator[None]:
    """Tell every mistake in a file the operator wrote, one a line, and leave with exit code 2."""
    try:
        yield
    except ConfigError as wrong:
        print(f"{what}. Mend this first:", file=sys.stderr)
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
        except Unavailable as away:
            print(f"Tower does not start: the database cannot be used ({away}). {DATABASE_HINT}", file=sys.stderr)
            raise typer.Exit(1) from None
        except OSError as away:
            print(f"Tower does not start: {away}", file=sys.stderr)
            raise typer.Exit(1) from None
    raise typer.Exit(code)


async def _serve(loaded: Loaded, failpoints: Failpoints) -> int:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    hub = _hub(loaded, failpoints)
    try:
        connectors = _connectors(loaded, hub, hub.clock.now, hub.tokens)
        path, mail = loaded.section("rules", Rules).playbook, connectors.get("mail")
        hub.publishing.checks.append(lambda book: _template_is_there(book, path, mail))
        _template_is_there(hub.playbook, path, mail)
        await hub.publishing.settle()
        hub.connect(list(connectors.values()))
        await hub.clock.start()
        await hub.employ(_staff(loaded))
        await hub.db.write(lambda unit: health.begin(unit, time.time()), label="begin")
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
    if rules.thread_language:
        playbook = playbook.model_copy(update={"language": rules.thread_language})
    if rules.wording:
        wording.use(wordings.read(_beside(loaded.path, rules.wording), HERE / "docs" / "reference"))
    loops = loaded.section("loops", Loops)
    database = loaded.section("database", DatabaseSettings)
    if database.upgrade:
        migrations.upgrade(database.url)
    keys = loaded.section("keys", Keys)
    db = Database.open(database.url, _vault(keys), hook=failpoints.reach)
    clock = _clock(loaded)
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
        file_bytes=loaded.section("media", MediaSettings).max_bytes,
    )
    return Hub(db=db, clock=clock, playbook=playbook, tokens=_tokens(loaded), options=options, failpoints=failpoints)


def _clock(loaded: Loaded) -> BusinessClock:
    """The clock business goes by; it is not started."""
    url = loaded.section("clock", ClockSettings).url
    return RemoteClock(url) if url else SystemClock()


def _tokens(loaded: Loaded) -> Tokens:
    """What makes and opens the tokens in links and reply addresses."""
    return Tokens(key=_key("tokens", loaded.section("keys", Keys).tokens.get_secret_value()))


def _staff(loaded: Loaded) -> list[Rep]:
    """The people the configuration names."""
    people = loaded.section("staff", Staff).people
    return [Rep(id="", mail=mail, **dict(person)) for mail, person in people.items()]


def _connectors(loaded: Loaded, hub: ConnectedHub, now: Clock, tokens: Tokens) -> dict[str, Connector]:
    """A connector for every platform that the configuration names."""
    made: dict[str, Connector] = {}
    public_url = loaded.section("server", Server).public_url
    if teams := loaded.optional("teams", TeamsSettings):
        made["teams"] = TeamsConnector(teams, hub, now)
    if wecom := loaded.optional("wecom", WeComSettings):
        made["wecom"] = WeComConnector(wecom, hub, now)
    if mail := loaded.optional("mail", MailSettings):
        templates = str(_beside(loaded.path, mail.templates))
        settings = mail.model_copy(update={"templates": templates})
        post = _graph_post(loaded, mail, made.get("teams"))
        made["mail"] = MailConnector(settings, hub, now, tokens, public_url, post=post)
    return made


def _graph_post(loaded: Loaded, mail: MailSettings, teams: Connector | None) -> Post | None:
    """How Graph sends mail; None where nobody is connected to it. Raises ConfigError where mail needs it."""
    if isinstance(teams, TeamsConnector):
        return teams.send_mail
    if mail.transport == "graph":
        where = f"{loaded.path}: mail.transport"
        raise ConfigError(
            [Mistake(where=where, found="'graph' without a table [teams]", expected="[teams], or 'smtp'")]
        )
    return None


def _template_is_there(playbook: Playbook, path: str, mail: Connector | None) -> None:
    """The mail that the playbook sends has a template. Raises ConfigError."""
    if not isinstance(mail, MailConnector) or playbook.wakeup.template in mail.template_names:
        return
    wanted, known = playbook.wakeup.template, sorted(mail.template_names)
    nearest = next(iter(difflib.get_close_matches(wanted, known, n=1)), "")
    expected = f"a mail template: {', '.join(known)}"
    raise ConfigError(
        [Mistake(where=f"{path}: wakeup.template", found=repr(wanted), expected=expected, nearest=nearest)]
    )


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
    made = _application(loaded, hub, connectors, webchat, directory)
    runner = aiohttp_web.AppRunner(made, access_log=None, handle_signals=False)
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


def _application(
    loaded: Loaded,
    hub: Hub,
    connectors: dict[str, Connector],
    webchat: WebChatDoor | None,
    directory: EntraSignIn | None,
) -> aiohttp_web.Application:
    """Everything the hub answers to."""
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
    hub.publishing.give(facts)
    routes += outside.routes(hub, hub.tokens, facts, hub.clock.now, server.frame_ancestors_form, files=hub.files)
    wecom, teams = connectors.get("wecom"), connectors.get("teams")
    parts = inside.Inside(
        hub=hub,
        records=PageRecords(db=hub.db, desk=hub.desk),
        files=hub.files,
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
        manage.Manage(
            inside=parts,
            db=hub.db,
            publishing=hub.publishing,
            settings=settings,
            directory=directory,
            previews=postman if isinstance(postman, MailConnector) else None,
        )
    )
    routes += api.routes(webchat, server.proxies)
    return web.application(hub, routes)


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
    if not once and port not in (0, here):
        print(f"Port {port} is busy, so the page is on port {here}. Wish for another one with --port.", flush=True)
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
        code = _demo(folder, brake, once=once, port=port, database=database, keep=keep)
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


def _demo(folder: Path, brake: _Brake, *, once: bool, port: int, database: str, keep: bool) -> int:
    started = time.monotonic()
    founding = [sys.executable, "-m", "simulator.company", str(folder), "--port", str(port)]
    founding += ["--database", database] if database else []
    founding += [] if once else ["--running"]
    told = subprocess.run(  # noqa: S603 - our own program, words of our own
        founding, check=True, capture_output=True, cwd=HERE, text=True, start_new_session=True
    ).stdout
    places: dict[str, str] = json.loads(told)
    with contextlib.ExitStack() as running:
        again = [] if once or database else ["--again"]
        # what is thrown away needs no long farewell: Ctrl-C ends all at once, on a busy machine too
        patience = 12.0 if keep or database else 0.7
        told_world = ["-m", "simulator", "--config", str(folder / "world.json"), *again]
        world = _child(running, folder, "world", told_world, patience=patience)
        _await(f"{places['world']}/control/counts", "the simulated world", folder / "world.log", brake)
        hub = _child(
            running, folder, "hub", ["app.py", "serve", "--config", str(folder / "hub.toml")], patience=patience
        )
        if once:
            _await(f"{places['hub']}/readyz", "the hub", folder / "hub.log", brake)
            return brake.run(_play(running, "simulator.story", places["world"]))
        print(f"Tower {_version()}, demo: no accounts needed, nothing leaves this machine.")
        print(f"  files {folder}{'' if keep else ' (they go when you stop; --keep keeps them)'}")
        print(f"  ok    a company in a box: Teams, WeCom, mail   {time.monotonic() - started:4.1f} s", flush=True)
        print(f"  open  {places['world']}/", flush=True)
        _await(f"{places['hub']}/readyz", "the hub", folder / "hub.log", brake)
        print(f"  ok    the hub at {places['hub']}   {time.monotonic() - started:4.1f} s", flush=True)
        if brake.run(_play(running, "simulator.story", places["world"], "--open-doors")) == 0:
            print(f"  ok    the bot is in the team   {time.monotonic() - started:4.1f} s")
        print('Press "Play the story" on the page, or play anybody there yourself. Ctrl-C stops everything.')
        print("Next: docs/start.md; make test; python app.py demo --once", flush=True)
        _play(running, "simulator.teller", places["world"])
        running.callback(_ask_to_end, world, hub)
        return brake.run(world, hub)


def _version() -> str:
    """Ours, as the project's file says."""
    return str(tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def _ask_to_end(*processes: subprocess.Popen[bytes]) -> None:
    """All at once, so that nobody waits for another one's farewell."""
    for process in processes:
        process.terminate()


def _play(running: contextlib.ExitStack, name: str, world: str, *words: str) -> subprocess.Popen[bytes]:
    """Start a program that watches the world or acts in it; what it says is shown."""
    told = [sys.executable, "-m", name, "--world", world, *words]
    process = subprocess.Popen(  # noqa: S603 - our own program, words of our own
        told, cwd=HERE, stdin=subprocess.DEVNULL, start_new_session=True
    )
    running.callback(_stop, process)
    return process


def _child(
    running: contextlib.ExitStack, folder: Path, name: str, words: Sequence[str], *, patience: float
) -> subprocess.Popen[bytes]:
    """Start one of our own programs; it is stopped, politely, when `running` ends."""
    log = running.enter_context((folder / f"{name}.log").open("wb"))
    process = subprocess.Popen(  # noqa: S603 - our own program, words of our own
        [sys.executable, *words], cwd=HERE, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
    )
    running.callback(_stop, process, patience)
    return process


def _stop(process: subprocess.Popen[bytes], patience: float = 12) -> None:
    """Ask a program to end, and see that it does: after `patience` seconds by force."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await(url: str, what: str, log: Path, brake: _Brake, limit: float = 90) -> None:
    """Wait until an address answers 200; else show the end of the program's log and leave. Raises KeyboardInterrupt."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        brake.check()
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - a program of ours
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
            print(f"The database cannot be used ({away}). {DATABASE_HINT}", file=sys.stderr)
            raise typer.Exit(1) from None
        print(f"schema at {migrations.revision(url)}")


@rules_app.command("check")
def rules_check(
    playbook: Annotated[Path, typer.Argument(help="The playbook to check.")] = Path("playbooks/default.yaml"),
) -> None:
    """Check a playbook and tell every mistake with its line."""
    with explained("This playbook cannot be used"):
        book = load_playbook(playbook if playbook.exists() else HERE / playbook)
        print(f"{book.name}: fine; {len(book.matrix)} cells, {len(book.rules)} rules, version {book.version}")


@app.command("teams-manifest")
def teams_manifest(
    out: Annotated[Path, typer.Argument(help="The zip to write.")], config: Config = DEFAULT_CONFIG
) -> None:
    """Write the Teams app package that an admin uploads."""
    from connectors.teams import manifest

    with explained("No package was written"):
        loaded = load(config)
        teams = loaded.optional("teams", TeamsSettings)
        if teams is None:
            raise ConfigError([Mistake(where=f"{config}: teams", found="nothing", expected="a table [teams]")])
        manifest.write(out, teams, loaded.section("server", Server).public_url)
        print(f"written: {out}")


# --- the operator's tools: docs/operate.md, docs/doctor.md -----------------------------------------------------------


@app.command()
def doctor(
    config: Config = DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
    only: Annotated[
        str, typer.Option("--only", help="Letters of T, W, M, D, C, S, or ids like W04; default: all.")
    ] = "",
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what is on this machine (modes of secret files, an old schema).")
    ] = False,
) -> None:
    """Look whether everything is as it must be; each check says what it found and what mends it."""
    from bots.doctor.report import wanted

    with explained():
        set_up_logs(pretty=False)
        asked, loaded = wanted(only, _check_titles()), load(config)
        try:
            found = uvloop.run(_examined(loaded, asked, fix=fix))
        except (Unavailable, OSError) as away:
            print(f"it could not be mended: {away}", file=sys.stderr)
            raise typer.Exit(1) from None
    print(found.json() if as_json else found.text())
    raise typer.Exit(found.code)


def _check_titles() -> dict[str, str]:
    """What each check of the doctor looks at."""
    from bots.doctor import content, data, safety
    from connectors.mail import checks as mail
    from connectors.teams import checks as teams
    from connectors.wecom import checks as wecom

    return {**teams.CHECKS, **wecom.CHECKS, **mail.CHECKS, **data.CHECKS, **content.CHECKS, **safety.CHECKS}


async def _examined(loaded: Loaded, asked: Wanted, *, fix: bool = False) -> Report:
    """The doctor's report; beside a running hub, or without one. With `fix`, what is wrong here is mended and looked at
    again. Raises ConfigError; Unavailable and OSError when it cannot be mended."""
    from bots.doctor.mend import mend
    from bots.doctor.visit import visit

    async with _business_clock(loaded) as clock:
        patient = _patient(loaded, clock)
        found = await visit(patient, asked)
        done = await asyncio.to_thread(mend, found, patient) if fix else []
        return replace(await visit(patient, asked), mended=done) if done else found


def _patient(loaded: Loaded, clock: BusinessClock) -> Patient:
    """Everything the doctor looks at; connectors are made and not started."""
    from bots import origins
    from bots.doctor.visit import Patient
    from bots.doctor.visitor import Visitor
    from connectors.mail import templates
    from sidebar.outside import words

    mail = loaded.optional("mail", MailSettings)
    mistakes = templates.check(_beside(loaded.path, mail.templates)) if mail else []
    sound = replace(loaded, sections={n: s for n, s in loaded.sections.items() if n != "mail" or not mistakes})
    connectors = _connectors(sound, Visitor(), clock.now, _tokens(loaded))
    mailer = connectors.get("mail")
    languages = mailer.template_languages if isinstance(mailer, MailConnector) else None
    return Patient(
        loaded=loaded,
        now=clock.now(),
        url=loaded.section("database", DatabaseSettings).url,
        vault=_vault(loaded.section("keys", Keys)),
        playbook=_playbook_or_mistakes(loaded),
        templates=ConfigError(mistakes) if mistakes else languages,
        purposes=words.PURPOSES,
        graph_roles=("Mail.Send",) if mail and mail.transport == "graph" else (),
        connectors=list(connectors.values()),
        secret_files=origins.secret_files(loaded),
        values=origins.values(loaded),
        failpoint=bool(os.environ.get("TOWER_FAILPOINT")),
        titles=_check_titles(),
    )


def _playbook(loaded: Loaded) -> Playbook:
    """The playbook the configuration names. Raises ConfigError, PlaybookError."""
    return load_playbook(_beside(loaded.path, loaded.section("rules", Rules).playbook))


def _playbook_or_mistakes(loaded: Loaded) -> Playbook | ConfigError:
    try:
        return _playbook(loaded)
    except ConfigError as wrong:
        return wrong


@contextlib.asynccontextmanager
async def _business_clock(loaded: Loaded) -> AsyncIterator[BusinessClock]:
    """The clock, started. Raises ConfigError when somebody else's does not answer."""
    clock = _clock(loaded)
    try:
        await clock.start()
    except ConnectionError as away:
        raise ConfigError([Mistake(where="clock.url", found=str(away), expected="a clock that runs")]) from None
    try:
        yield clock
    finally:
        await clock.stop()


@contextlib.asynccontextmanager
async def _tools(loaded: Loaded) -> AsyncIterator[Tools]:
    """The database, opened as a guest. Raises ConfigError, Unavailable."""
    async with _business_clock(loaded) as clock, _database(loaded) as db:
        yield Tools(db=db, now=clock.now())


@contextlib.asynccontextmanager
async def _database(loaded: Loaded) -> AsyncIterator[Database]:
    """The database, opened as a guest. Raises ConfigError, Unavailable."""
    url, vault = loaded.section("database", DatabaseSettings).url, _vault(loaded.section("keys", Keys))
    async with await asyncio.to_thread(partial(Database.open, url, vault, guest=True)) as db:
        yield db


def _done(work: Coroutine[object, object, int]) -> None:
    """Do it, and leave with its exit code; what is wrong with files or the database is told."""
    with explained():
        try:
            code = uvloop.run(work)
        except (Unavailable, OSError) as away:
            print(f"it could not be done: {away}", file=sys.stderr)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(0) from None
    raise typer.Exit(code)


@app.command("config")
def show_config(config: Config = DEFAULT_CONFIG) -> None:
    """Show every value in force and where it came from; secrets only by where they are kept."""
    from bots import origins

    with explained():
        for value in origins.values(load(config)):
            print(f"{value.key} = {value.shown}   # {value.origin}")


@app.command()
def tail(
    config: Config = DEFAULT_CONFIG,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=500, help="How many to begin with.")] = 20,
    once: Annotated[bool, typer.Option("--once", help="Do not follow.")] = False,
) -> None:
    """Follow turns and deliveries: ids, kinds and ends, never a name, an address or a word."""

    async def work() -> int:
        this, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert this is not None  # noqa: S101 - this is the task we run in
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, this.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            async with _tools(load(config)) as tools:
                async for line in tools.tail(lines, seconds=0 if once else 0.5):
                    print(line, flush=True)
        return 0

    _done(work())


@app.command()
def replay(
    event_ids: Annotated[list[str] | None, typer.Argument(help="Parked events; none: list them.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Put events that were given up back into the inbox."""

    async def work() -> int:
        async with _tools(load(config)) as tools:
            if not event_ids:
                for event_id, error in await tools.parked():
                    print(f"{event_id}   {error}")
                return 0
            back = {event_id: await tools.replay(event_id) for event_id in event_ids}
        for event_id, done in back.items():
            print(f"{event_id}: {'back in the inbox' if done else 'is not parked'}")
        return 0 if all(back.values()) else 1

    _done(work())


@trigger_app.command("message")
def trigger_message(
    text: Annotated[str, typer.Argument(help="What she writes.")],
    person: Annotated[str, typer.Option("--person", help="Her name in that world; default: the first one.")] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Let a customer of the simulated world write by WeChat; it comes to the hub as every message does.

    No real platform can be told to do this, so it needs the hub of a demo.
    """
    with explained("Nobody can write"):
        clock = urlsplit(load(config).section("clock", ClockSettings).url)
        if not clock.netloc:
            raise ConfigError([Mistake(where="clock.url", found="", expected="a simulated world: python app.py demo")])
        world = f"{clock.scheme}://{clock.netloc}"
        try:
            who = person or str(_asked_of(f"{world}/control/people")["people"][0]["name"])
            _asked_of(f"{world}/control/wecom/say", {"person": who, "text": text})
        except urllib.error.HTTPError as no:
            found = f"{no.code}: {no.read(500).decode(errors='replace')}"
            raise ConfigError([Mistake(where="--person", found=found, expected="a customer of that world")]) from None
        except (OSError, ValueError, LookupError) as away:
            print(f"the simulated world does not answer ({type(away).__name__}): is the demo running?", file=sys.stderr)
            raise typer.Exit(1) from None
    print("she wrote; python app.py tail shows what becomes of it")


def _asked_of(url: str, body: dict[str, str] | None = None) -> Any:
    """What the control API of a simulated world answers. Raises OSError, ValueError."""
    data = None if body is None else json.dumps(body).encode()
    # S310: any scheme would do harm only to whoever typed it; the address is the operator's own.
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.loads(answer.read())


@trigger_app.command("quiet")
def trigger_quiet(
    conversation: Annotated[str, typer.Argument(help="Its id, as `tail` shows it.")], config: Config = DEFAULT_CONFIG
) -> None:
    """Let a conversation's quiet timer be due now. The turn looks at everything again; nothing is forced."""

    async def work() -> int:
        async with _tools(load(config)) as tools:
            done = await tools.quiet(conversation)
        print("its quiet timer is due" if done else "there is no such conversation with a quiet timer")
        return 0 if done else 1

    _done(work())


@trigger_app.command("reconcile")
def trigger_reconcile(config: Config = DEFAULT_CONFIG) -> None:
    """Let the hub look now for what a platform may have failed to announce."""
    from bots.doctor.visitor import Visitor

    async def work() -> int:
        loaded = load(config)
        async with _tools(loaded) as tools:
            made = _connectors(loaded, Visitor(), lambda: tools.now, _tokens(loaded))
            print(f"{await tools.reconcile(list(made.values()))} accounts will be pulled")
        return 0

    _done(work())


@trigger_app.command("provision")
def trigger_provision(config: Config = DEFAULT_CONFIG) -> None:
    """Let the hub make sure of the channels of the playbook again."""

    async def work() -> int:
        loaded = load(config)
        book = _playbook(loaded)
        async with _tools(loaded) as tools:
            await tools.provision(book)
        print(f"{len(book.channels)} channels will be made sure of")
        return 0

    _done(work())


@app.command()
def backup(
    out: Annotated[Path, typer.Argument(help="The zip to write; its name must be free.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Copy the database of one moment, the configuration (without secrets), playbook and mail templates into a zip."""
    from storage import backup as room

    async def work() -> int:
        loaded, now = load(config), SystemClock().now()
        url = loaded.section("database", DatabaseSettings).url
        with _seen() as progress:
            made = partial(room.backup, url, out, _papers(loaded), now=now, progress=progress)
            taken = await asyncio.to_thread(made)
        print(f"written: {out}, {taken.size} bytes, {len(taken.names)} files")
        print("The keys are not in it; without them it cannot be read. Keep them elsewhere.")
        try:
            async with _database(loaded) as db:
                await db.write(lambda unit: health.backed_up(unit, now.timestamp()), label="note")
        except (ConfigError, Unavailable) as away:
            print(f"When it was made could not be noted in the database ({type(away).__name__}).", file=sys.stderr)
        return 0

    _done(work())


@contextlib.contextmanager
def _seen() -> Iterator[Callable[[str, int, int], None]]:
    """How far a long piece of work is, as a line that is drawn again and again; on a terminal only."""
    live, width = sys.stderr.isatty(), 24

    def draw(what: str, done: int, total: int) -> None:
        if live:
            full = width * done // total if total else 0
            told = f"{100 * done // total:3} %" if total else "    "
            print(f"\r\033[K{what:<10} [{'#' * full:<{width}}] {told}", end="", file=sys.stderr, flush=True)

    try:
        yield draw
    finally:
        if live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _papers(loaded: Loaded) -> dict[str, bytes]:
    """What the operator wrote, by its name in a backup."""
    playbook = _beside(loaded.path, loaded.section("rules", Rules).playbook)
    papers = {"hub.toml": loaded.path.read_bytes(), "playbook.yaml": playbook.read_bytes()}
    if mail := loaded.optional("mail", MailSettings):
        files = sorted(p for p in _beside(loaded.path, mail.templates).iterdir() if p.suffix in (".txt", ".mjml"))
        papers |= {f"mail/{p.name}": p.read_bytes() for p in files}
    return papers


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A file that `backup` made.")], config: Config = DEFAULT_CONFIG
) -> None:
    """Bring a backup's database back, with everything that was under way held for a person."""
    from storage import backup as room

    async def work() -> int:
        loaded = load(config)
        url, vault = loaded.section("database", DatabaseSettings).url, _vault(loaded.section("keys", Keys))
        async with _business_clock(loaded) as clock:
            with _seen() as progress:
                back = await room.restore(url, source, vault, now=clock.now(), progress=progress)
        print(f"restored: {source}, made {back.taken_at.isoformat(timespec='seconds')}")
        _tell_held(back.held)
        return 0

    _done(work())


@db_app.command("hold")
def db_hold(config: Config = DEFAULT_CONFIG) -> None:
    """After a pg_restore and before the first start: hold everything that was under way for a person."""
    from storage import backup as room

    async def work() -> int:
        loaded = load(config)
        url, vault = loaded.section("database", DatabaseSettings).url, _vault(loaded.section("keys", Keys))
        async with _business_clock(loaded) as clock:
            _tell_held(await room.hold_now(url, vault, clock.now()))
        return 0

    _done(work())


def _tell_held(held: Held) -> None:
    newest = held.newest.isoformat(timespec="seconds") if held.newest else "none"
    print(f"newest event: {newest}. Whatever came later is not in it.")
    print("  Messages in WeCom kf of the last three days are pulled again at the next start; mail and Teams are not.")
    print(f"held: {held.unknown} messages as unknown (write `unknown` to Tower), {held.parked} events (app.py replay),")
    print(f"  {held.timers} due timers (app.py trigger quiet). Automatic sends are paused until a manager says resume.")


@app.command()
def completion(
    shell: Annotated[Shell, typer.Argument(help="bash, zsh or fish.")],
) -> None:
    """Print what a shell needs to complete these commands: docs/operate.md says where to put it."""
    tree = _command_tree(typer.main.get_command(app), "")
    tree["completion"][:0] = get_args(Shell)
    print(script(shell, tree), end="")


def _command_tree(command: object, path: str) -> dict[str, list[str]]:
    """The words that may follow each command: the commands below it, and its options."""
    options = [name for param in getattr(command, "params", ()) for name in param.opts if name.startswith("--")]
    below: dict[str, object] = getattr(command, "commands", {})
    found = {path: [*below, *options, "--help"]}
    for name, inner in below.items():
        found |= _command_tree(inner, f"{path} {name}".strip())
    return found


if __name__ == "__main__":
    app()
