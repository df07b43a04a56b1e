"""The mail connector against the simulated world's mail room: out, read, answered, bounced, complained about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from connectors.contract import Delivered, TryLater, Undeliverable, Unknown
from connectors.mail import MailConnector
from rules.events import FormSubmitted, LinkClicked, MailBounced, MailReceived, Unsubscribed
from rules.model import Words
from sidebar.outside import FormState, LinkTarget, routes
from simulator import mail as rooms
from simulator.clock import Clock
from simulator.faults import Fault, Faults, Kind
from simulator.log import Log
from simulator.mail.room import MailRoom
from simulator.world import Employee, Person, Settings, TeamSettings, World
from tests.contract.mail_parts import ADDRESSES, MAIL_ID, MIN, NOW, SECRET, TOKENS, FakeHub, job, now, settings


@dataclass(kw_only=True)
class Facts:
    """What storage would know."""

    connector: MailConnector | None = None

    async def form_state(self, form_id: str) -> FormState | None:
        industries = (("manufacturing", Words(zh="制造业", en="Manufacturing")),)
        return FormState(conversation_id="c1", industries=industries) if form_id == "f1" else None

    async def link_target(self, mail_id: str, index: int) -> LinkTarget | None:
        assert self.connector is not None
        links = self.connector.links("wakeup", "zh-CN")
        return LinkTarget(url=links[index][1]) if mail_id == MAIL_ID and index < len(links) else None

    async def mail_language(self, mail_id: str) -> str | None:
        return "zh-CN"


@dataclass(kw_only=True)
class Town:
    """Hub and world, side by side."""

    hub: FakeHub
    mail: MailConnector
    world: World
    control: TestClient[web.Request, web.Application]
    url: str

    async def ask(self, name: str, **body: object) -> tuple[int, dict[str, object]]:
        response = await self.control.post(f"/control/mail/{name}", json=body)
        return response.status, await response.json()

    def fault(self, place: str, kind: Kind, **more: int) -> None:
        self.world.faults.set(Fault(place=place, kind=kind, **more))

    @property
    def box(self) -> list[str]:
        room = self.world.rooms["mail"]
        assert isinstance(room, MailRoom)
        return [letter.header("Message-ID") for letter in room.box(MIN)]


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    hub, facts = FakeHub(), Facts()
    app = web.Application()
    app.add_routes(routes(hub, TOKENS, facts, now))
    pages = TestServer(app)
    await pages.start_server()
    url = str(pages.make_url("")).rstrip("/")
    async with ClientSession() as http:
        world = _world(url, http)
        own = web.Application()
        own.add_routes(rooms.routes(world))
        async with TestClient(TestServer(own)) as control:
            port = await rooms.start(world)
            connector = facts.connector = MailConnector(settings(port), hub, now, TOKENS, url)
            await connector.start()
            world.settings = world.settings.model_copy(update={"hub_smtp_port": connector.port})
            yield Town(hub=hub, mail=connector, world=world, control=control, url=url)
            await connector.stop()
            await rooms.stop(world)
    await pages.close()


def _world(url: str, http: ClientSession) -> World:
    clock = Clock(NOW, running=False)
    log = Log(clock.now)
    given = Settings(
        ports_file="unused",
        hub_url=url,
        hub_smtp_port=1,
        mail_secret=SECRET,
        clock_start=NOW,
        tenant_id="t",
        app_id="app",
        app_password="p",
        tab_audience="tab",
        directline_secret="d",
        corp_id="c",
        agent_id=1,
        agent_secret="s",
        callback_token="ct",
        callback_aes_key="k" * 43,
        open_kfid="wk1",
        team=TeamSettings(group_id="g", thread_id="19:t@thread.tacv2", name="Team", members=["a-1"]),
        employees=[Employee(name="Lee", mail="lee@company.test", aad_id="a-1", teams_id="29:1", userid="lee")],
        people=[Person(name="王敏", external_userid="wm1", unionid="u1", mail=MIN)],
    )
    return World(settings=given, clock=clock, log=log, faults=Faults(log), http=http)


async def test_she_answers_and_her_words_come_home(town: Town) -> None:
    assert isinstance(await town.mail.deliver(job()), Delivered)
    assert town.box == [ADDRESSES.message_id(MAIL_ID)]
    assert (await town.ask("reply", address=MIN, id="m1", text="好的，请发报价。"))[0] == 200
    event = town.hub.events[0]
    assert isinstance(event, MailReceived)
    assert (event.mail_id, event.sender, event.text) == (MAIL_ID, MIN, "好的，请发报价。")
    assert (event.verified, event.automatic) == (True, False)


async def test_a_forger_and_a_machine_are_told_apart_from_her(town: Town) -> None:
    await town.mail.deliver(job())
    await town.ask("reply", address=MIN, id="m1", text="I am her", forged=True)
    await town.ask("reply", address=MIN, id="m1", text="我在休假", auto=True)
    forged, automatic = town.hub.events
    assert isinstance(forged, MailReceived)
    assert isinstance(automatic, MailReceived)
    assert (forged.verified, forged.automatic) == (False, False)
    assert (automatic.verified, automatic.automatic) == (True, True)


@pytest.mark.parametrize(("status", "kind"), [("5.1.1", "hard"), ("5.7.1", "policy"), ("4.2.2", "soft")])
async def test_bounces(town: Town, status: str, kind: str) -> None:
    await town.mail.deliver(job())
    await town.ask("bounce", id="m1", status=status)
    event = town.hub.events[0]
    assert isinstance(event, MailBounced)
    assert (event.mail_id, event.bounce) == (MAIL_ID, kind)


async def test_a_complaint(town: Town) -> None:
    await town.mail.deliver(job())
    await town.ask("complain", id="m1")
    event = town.hub.events[0]
    assert isinstance(event, MailBounced)
    assert event.bounce == "complaint"


async def test_a_lost_answer_brings_her_mail_twice_and_it_is_one(town: Town) -> None:
    await town.mail.deliver(job())
    town.fault("mail.out", "lose_answer")
    await town.ask("reply", address=MIN, id="m1", text="once")
    assert len(town.hub.events) == 1


async def test_ends_of_a_sending(town: Town) -> None:
    town.fault("mail.in", "throttle")
    assert isinstance(await town.mail.deliver(job()), TryLater)
    town.fault("mail.in", "error", status=554)
    assert isinstance(await town.mail.deliver(job()), Undeliverable)
    town.fault("mail.in", "drop")
    assert isinstance(await town.mail.deliver(job()), Unknown)
    assert town.box == []
    town.fault("mail.in", "lose_answer")
    assert isinstance(await town.mail.deliver(job()), Unknown)
    assert len(town.box) == 1
    await town.ask("refuse", address=MIN, code=550)
    outcome = await town.mail.deliver(job())
    assert isinstance(outcome, Undeliverable)
    assert outcome.reason == "policy"


async def test_a_scanner_unsubscribes_nobody_and_its_clicks_are_marked(town: Town) -> None:
    await town.mail.deliver(job())
    await town.ask("scan", id="m1")
    assert [type(e) for e in town.hub.events] == [LinkClicked, LinkClicked]
    assert all(e.robot for e in town.hub.events if isinstance(e, LinkClicked))


async def test_she_clicks_and_leaves_with_one_click(town: Town) -> None:
    await town.mail.deliver(job())
    _, seen = await town.ask("click", id="m1", index=0)
    assert seen["url"] == "https://www.example.com/zh/insights/"
    status, answer = await town.ask("unsubscribe", id="m1")
    assert (status, answer["status"]) == (200, 200)
    click, leave = town.hub.events
    assert isinstance(click, LinkClicked)
    assert (click.target, click.robot) == ("https://www.example.com/zh/insights/", False)
    assert isinstance(leave, Unsubscribed)
    assert (leave.mail_id, leave.how) == (MAIL_ID, "one_click")


async def test_she_fills_the_form_as_a_browser_does(town: Town) -> None:
    form = f"{town.url}/f/{TOKENS.mint('form', 'f1')}"
    fields: dict[str, object] = {
        "mail": "Wang.Min@Customer.TEST",
        "name": "王敏",
        "company": "华东精密",
        "title": "CIO",
        "industry": "manufacturing",
        "consent": True,
    }
    status, answer = await town.ask("form", url=form, fields=fields)
    assert (status, answer["status"]) == (200, 200)
    event = town.hub.events[0]
    assert isinstance(event, FormSubmitted)
    assert (event.conversation_id, event.form_id, event.consented) == ("c1", "f1", True)
    assert (event.purpose, event.text_version) == ("wakeup", "mail-consent-1-zh")
    assert event.fields == {
        "mail": "Wang.Min@customer.test",
        "name": "王敏",
        "company": "华东精密",
        "title": "CIO",
        "industry": "manufacturing",
    }
