"""The manager's pages over a real hub and database, with the simulated directory in front of them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import ClientResponse, ClientSession, CookieJar
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from yarl import URL

from bots.failpoints import Failpoints
from bots.hub import Hub, Options
from bots.records import PageRecords
from connectors.contract import Inbound, Preview, StaffPages
from connectors.mail.templates import Templates
from connectors.teams.signin import EntraSignIn, Realm
from rules.events import MessageReceived
from rules.model import Address, Identity, Rep, RepHandle
from rules.tokens import Tokens
from sidebar import manage
from sidebar.inside import Inside, SidebarSettings
from sidebar.inside.page import statics
from sidebar.manage import Manage, ManageSettings
from sidebar.web import application
from simulator.__main__ import compose, listen, open_world
from storage import inbox, migrations, reps
from storage.database import Database
from storage.unit import Unit
from tests.contract import teams_world
from tests.contract.backends import vault
from tests.contract.page_world import KEY, Browser, Form, Page
from tests.contract.teams_world import APP_ID, PASSWORD, REP, REP2, TENANT
from tests.unit.builders import playbook

BOSS = Rep(id="boss", name="Wang Fang", role="manager", team="sales", language="en", aad_id=REP)
LILEI = Rep(id="lilei", name="李雷", team="sales", aad_id=REP2)
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""Monday, ten in the morning in Shanghai: the office is open."""
WHO = {BOSS.id: "wang@corp.example", LILEI.id: "li@corp.example"}


@dataclass
class Hands:
    """A clock that a test moves."""

    at: datetime = START
    version: int = 0

    def now(self) -> datetime:
        return self.at

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Nothing to do."""

    async def jumped(self, after: int) -> None:
        await asyncio.Event().wait()


@dataclass
class Office:
    """The pages, what is behind them and in front of them."""

    hub: Hub
    clock: Hands
    base: str
    login: str
    """The directory's address."""
    parts: Manage
    wall: list[float]
    browsers: list[ClientSession] = field(default_factory=list)

    def browser(self) -> Browser:
        """A new browser that nobody has used."""
        http = ClientSession(cookie_jar=CookieJar(unsafe=True))
        self.browsers.append(http)
        return Browser(http=http, base=self.base)

    async def away(self, browser: Browser, path: str = "/manage") -> URL:
        """Where the browser is sent to sign in."""
        answer = await browser.step(self.base + path)
        assert answer.status == 302, await answer.text()
        return URL(answer.headers["Location"], encoded=True)

    async def code_address(self, browser: Browser, rep: Rep = BOSS, path: str = "/manage") -> str:
        """The address on which the directory sends the browser back."""
        there = await self.away(browser, path)
        answer = await browser.step(f"{there}&{urlencode({'login_hint': WHO[rep.id]})}")
        assert answer.status == 302, await answer.text()
        return answer.headers["Location"]

    async def signed_in(self, rep: Rep = BOSS, path: str = "/manage") -> tuple[Browser, Page]:
        """A browser whose person is signed in, and the page it lands on."""
        browser = self.browser()
        address = await self.code_address(browser, rep, path)
        _, page = await browser.get(address.removeprefix(self.base))
        return browser, page

    async def writes(self, who: str, text: str = "你好", name: str = "王敏") -> str:
        """A customer writes; the id of her conversation, when the turn is taken."""
        address = Address(connector="wecom", account="wk-1", wire_id=who)
        event = MessageReceived(
            id=f"{who}/{self.clock.at.isoformat()}",
            at=self.clock.at,
            address=address,
            identity=Identity(platform="wecom", kind="external_userid", value=who),
            text=text,
            name=name,
        )
        await self.hub.act(Inbound(event=event, order=address), limit=10)
        found = await self.hub.conversation_for(event.identity, RepHandle(platform="hub", value=BOSS.id))
        assert found is not None
        return found

    def later(self, **span: float) -> None:
        """Let business time pass."""
        self.clock.at += timedelta(**span)


def press(page: Page, action: str, **fits: str) -> Form:
    """The form of a page that goes to an address with these fields."""
    return next(f for f in page.forms if f.action == action and fits.items() <= f.fields.items())


@asynccontextmanager
async def office(
    folder: Path, *, views_per_minute: int = 1000, staff: StaffPages | None = None, **settings: object
) -> AsyncIterator[Office]:
    """Everything up, each on its own port. `staff`: WeCom, to sign in there too."""
    here = socket.socket()
    here.bind(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{here.getsockname()[1]}"
    url = f"sqlite:///{folder / 'tower.db'}"
    migrations.upgrade(url)
    async with Database.open(url, vault()) as db, open_world(teams_world.settings(base)) as world:
        runner = await listen(compose(world, ("entra", "control")), world)
        login = f"{world.base_url}/login/{TENANT}"
        clock = Hands()
        hub = one_hub(db, clock, base, file_bytes=1_000_000)
        hub.connect([])
        await db.write(_hire, label="staff")
        turns = asyncio.create_task(hub.turns.run())
        async with EntraSignIn(_realm(login)) as directory:
            made = Office(hub=hub, clock=clock, base=base, login=login, parts=None, wall=[1_000_000.0])  # type: ignore[arg-type]
            await hub.publishing.settle()
            parts = _parts(made, db, directory, ManageSettings.model_validate(settings), views_per_minute)
            made.parts = replace(parts, inside=replace(parts.inside, staff=staff))
            app = application(hub, [*manage.routes(made.parts), *statics()])
            async with TestServer(app, socket_factory=lambda *_: here):
                yield made
                for http in made.browsers:
                    await http.close()
        turns.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await turns
        await runner.cleanup()


def one_hub(db: Database, clock: Hands, base: str, *, file_bytes: int) -> Hub:
    """A node on a test's own clock; the test connects it."""
    options = Options(
        node="n1",
        public_url=base,
        mirror="full",
        thread_language="",
        lease_seconds=60,
        tick_seconds=1,
        reconcile_seconds=300,
        batch=64,
        senders=4,
        file_bytes=file_bytes,
    )
    tokens = Tokens(key=KEY)
    return Hub(db=db, clock=clock, playbook=playbook(), tokens=tokens, options=options, failpoints=Failpoints(armed=""))


def _hire(unit: Unit) -> None:
    for rep in (BOSS, LILEI):
        reps.upsert(unit, rep)


def _realm(login: str) -> Realm:
    return Realm(
        authority=login,
        issuer=f"{login}/v2.0",
        tenant_id=TENANT,
        client_id=APP_ID,
        secret=SecretStr(PASSWORD),
        leeway=60,
        refresh=300,
        call_seconds=10,
    )


def _parts(made: Office, db: Database, directory: EntraSignIn, settings: ManageSettings, views: int) -> Manage:
    inside = Inside(
        hub=made.hub,
        records=PageRecords(db=db, desk=made.hub.desk),
        files=made.hub.files,
        clock=made.clock.now,
        key=KEY,
        public_url=made.base,
        settings=SidebarSettings(views_per_minute=views),
        wall=lambda: made.wall[0],
    )
    return Manage(
        inside=inside,
        db=db,
        publishing=made.hub.publishing,
        settings=settings,
        directory=directory,
        previews=Mails(),
    )


class Mails:
    """The shipped mail templates, as the mail connector shows them."""

    def __init__(self) -> None:
        self._found = Templates.load(Path("playbooks/mail"))

    def preview(self, template: str, language: str, variables: Mapping[str, str]) -> Preview | None:
        """See connectors.contract.Previews."""
        found = self._found.get(template, language)
        made = found.render(variables, click=lambda _: "#", unsubscribe="#") if found else None
        return Preview(subject=made.subject, text=made.text, html=made.html) if made else None


def untouched(page: Page, action: str) -> dict[str, str]:
    """What a browser would send of the first form with this address if nobody touched it."""
    begin = page.html.index(f'action="{action}"')
    reader = _Reader()
    reader.feed(page.html[page.html.rindex("<form", 0, begin) : page.html.index("</form>", begin)])
    return reader.fields


class _Reader(HTMLParser):
    """Fields as browsers count them: ticked boxes, chosen options, areas less their first line end."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._open = ""
        self._pick = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        name = told.get("name", "")
        if tag == "input" and name and (told.get("type") != "checkbox" or "checked" in told):
            self.fields[name] = told.get("value", "")
        elif tag == "textarea":
            self._open, self.fields[name] = name, ""
        elif tag == "select":
            self._pick = name
        elif tag == "option" and self._pick and ("selected" in told or self._pick not in self.fields):
            self.fields[self._pick] = told["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.fields[self._open] = self.fields[self._open].removeprefix("\n")
            self._open = ""
        self._pick = "" if tag == "select" else self._pick

    def handle_data(self, data: str) -> None:
        if self._open:
            self.fields[self._open] += data


async def park(db: Database, event: MessageReceived) -> None:
    """An event that fails again and again."""

    def work(unit: Unit) -> None:
        inbox.accept_many(unit, [[inbox.Accepted(event=event, order=event.address)]])
        inbox._park(unit, event.id, "ValueError")

    await db.write(work, label="test")


__all__ = ["BOSS", "LILEI", "ClientResponse", "Office", "office", "park", "press", "untouched"]
