"""The simulated mail world: what it takes, what it refuses, and what its people and servers send back."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import aiosmtplib
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from aiosmtpd.smtp import SMTP, Envelope, Session

from simulator import mail
from simulator.clock import Clock
from simulator.faults import Fault, Faults, Kind
from simulator.log import Entry, Log
from simulator.mail.room import MailRoom
from simulator.world import Employee, Person, Settings, TeamSettings, World

SECRET = "the shared mail secret"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MIN, REP = "wang.min@customer.test", "lee@company.test"


@dataclass(kw_only=True)
class FakeHub:
    """The hub's two doors as far as mail needs them: an SMTP listener and a few pages."""

    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """SMTP answers for the next mails; empty means taken."""
    url: str = ""
    smtp_port: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answers:
            return self.answers.pop(0)
        self.mails.append((str(envelope.mail_from), list(envelope.rcpt_tos), bytes(envelope.original_content or b"")))
        return "250 2.0.0 taken"

    async def page(self, request: web.Request) -> web.Response:
        body = (await request.read()).decode()
        self.asked.append((request.method, request.path_qs, body))
        if request.path == "/r/1":
            raise web.HTTPFound("https://elsewhere.test/paper")
        if request.path == "/form" and request.method == "GET":
            response = web.Response(text=FORM, content_type="text/html")
            response.set_cookie("seen", "1")
            return response
        if request.path == "/form" and request.cookies.get("seen") != "1":
            return web.Response(status=403)
        return web.Response(text="<p>ok</p>", content_type="text/html")

    def words(self) -> list[str]:
        """The plain text of every mail, with line feeds."""
        read = [message_from_bytes(raw, policy=policy.default).get_content() for _, _, raw in self.mails]
        return [str(text).replace("\r\n", "\n") for text in read]

    def last(self) -> tuple[str, list[str], EmailMessage]:
        sender, to, raw = self.mails[-1]
        return sender, to, message_from_bytes(raw, policy=policy.default)


FORM = """<h1>Your mail address</h1><form method=post action="/form"><input type=hidden name=csrf value="t0&quot;k">
<input type=email name=mail required><input type=checkbox name=wakeup value=yes required>
<select name=lang><option value=zh>中文</option><option value=en selected>English</option></select>
<input type=radio name=when value=day><input type=radio name=when value=week checked>
<textarea name=note>hi</textarea><button name=act value=save>Save</button><button name=act value=no>No</button>
</form>"""


@dataclass(kw_only=True)
class Town:
    """The mail world of a test with the hub it talks to."""

    world: World
    hub: FakeHub
    control: TestClient[web.Request, web.Application]

    @property
    def room(self) -> MailRoom:
        room = self.world.rooms["mail"]
        assert isinstance(room, MailRoom)
        return room

    async def send(self, message: EmailMessage, *, to: str = MIN, sender: str = "b+7f3c@hub.test") -> str:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=self.room.smtp_port, start_tls=False) as client:
            _, answer = await client.sendmail(sender, [to], message.as_bytes(policy=policy.SMTP))
        return answer

    async def ask(self, name: str, **body: object) -> tuple[int, dict[str, object]]:
        response = await self.control.post(f"/control/mail/{name}", json=body)
        return response.status, await response.json()

    def fault(self, place: str, kind: Kind, **more: int) -> None:
        self.world.faults.set(Fault(place=place, kind=kind, **more))

    def logged(self, kind: str) -> list[Entry]:
        return [e for e in self.world.log.entries if e.kind == kind]


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    hub = FakeHub()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", hub.page)
    pages = TestServer(app)
    await pages.start_server()
    hub.url = str(pages.make_url("")).rstrip("/")
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(
        lambda: SMTP(hub, hostname="hub.test", loop=loop, enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    hub.smtp_port = listener.sockets[0].getsockname()[1]
    async with ClientSession() as http:
        world = _world(hub, http)
        own = web.Application()
        own.add_routes(mail.routes(world))
        async with TestClient(TestServer(own)) as control:
            await mail.start(world)
            yield Town(world=world, hub=hub, control=control)
            await mail.stop(world)
    listener.close()
    await pages.close()


def _world(hub: FakeHub, http: ClientSession) -> World:
    clock = Clock(NOW, running=False)
    log = Log(clock.now)
    rep = Employee(name="Lee", mail=REP, aad_id="a-1", teams_id="29:1", userid="lee")
    person = Person(name="王敏", external_userid="wm1", unionid="u1", mail=MIN)
    settings = Settings(
        ports_file="unused",
        hub_url=hub.url,
        hub_smtp_port=hub.smtp_port,
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
        employees=[rep],
        people=[person],
    )
    return World(settings=settings, clock=clock, log=log, faults=Faults(log), http=http)


def wakeup(hub: FakeHub, **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Sales 销售 <hello@hub.test>"
    message["To"] = MIN
    message["Subject"] = "您关心的白皮书"
    message["Date"] = "Mon, 02 Mar 2026 01:00:00 +0000"
    message["Message-ID"] = "<w.01J.7f3c@hub.test>"
    message["Reply-To"] = "r+7f3c@in.hub.test"
    message["X-Tower-Mail"] = "wakeup"
    message["List-Unsubscribe"] = f"<{hub.url}/u/tok>, <mailto:u+tok@in.hub.test>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        if value:
            message[name.replace("_", "-")] = value
    message.set_content("王女士,您好:\n\n白皮书已更新。\n")
    message.add_alternative(
        f'<p>王女士,您好:</p><p>白皮书<a href="{hub.url}/r/1">已更新</a>。<a href="https://else.test/x">x</a>'
        f'<img src="{hub.url}/o.png"></p><script>no</script>',
        subtype="html",
    )
    return message


async def test_a_mail_arrives_once_per_sending_and_is_shown(town: Town) -> None:
    assert (await town.send(wakeup(town.hub))).startswith("2.0.0")
    await town.send(wakeup(town.hub))
    box = await (await town.control.get("/control/mail/box", params={"address": MIN.upper()})).json()
    assert [m["id"] for m in box] == ["m1", "m2"]
    assert box[0]["subject"] == "您关心的白皮书"
    assert box[0]["text"] == "王女士,您好:\n\n白皮书已更新。"
    assert box[0]["links"] == [f"{town.hub.url}/r/1", "https://else.test/x"]
    assert box[0]["headers"]["X-Tower-Mail"] == "wakeup"
    assert box[0]["at"] == NOW.isoformat()
    shown = town.logged("shown")
    assert [e.data["toward"] for e in shown] == ["customer", "customer"]
    assert "白皮书已更新。" in str(shown[0].data["text"])
    assert [e.data["tower_mail"] for e in town.logged("mail_arrived")] == ["wakeup", "wakeup"]


async def test_a_rep_gets_mail_that_is_not_counted_as_shown_to_a_customer(town: Town) -> None:
    await town.send(wakeup(town.hub), to=REP)
    assert town.logged("shown") == []
    assert town.logged("mail_arrived")[0].data["customer"] is False


async def test_unknown_mailboxes_and_broken_mails_are_refused(town: Town) -> None:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await town.send(wakeup(town.hub), to="nobody@customer.test")
    assert refused.value.recipients[0].code == 550
    assert refused.value.recipients[0].message.startswith("5.1.1")
    for broken in (wakeup(town.hub, Message_ID=""), wakeup(town.hub, Date="")):
        with pytest.raises(aiosmtplib.SMTPDataError) as bad:
            await town.send(broken)
        assert bad.value.code == 550
    assert town.room.letters == []
    assert [e.data["code"] for e in town.logged("mail_refused")] == [550, 550, 550]
    assert (await town.control.get("/control/mail/box?address=nobody@x.test")).status == 404


async def test_a_mailbox_refuses_on_demand(town: Town) -> None:
    for code in (450, 550):
        assert (await town.ask("refuse", address=MIN, code=code))[0] == 200
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await town.send(wakeup(town.hub))
        assert refused.value.recipients[0].code == code
    await town.ask("refuse", address=MIN, code=250)
    await town.send(wakeup(town.hub))
    assert len(town.room.letters) == 1
    assert (await town.ask("refuse", address=MIN, code=200))[0] == 400
    assert (await town.ask("refuse", address="x@y.test"))[0] == 404


async def test_faults_before_and_after_the_mail_is_taken(town: Town) -> None:
    town.fault("mail.in", "drop")
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await town.send(wakeup(town.hub))
    assert town.room.letters == []
    town.fault("mail.in", "lose_answer")
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await town.send(wakeup(town.hub))
    assert len(town.room.letters) == 1
    town.fault("mail.in", "throttle")
    town.fault("mail.in", "error", status=554)
    for code in (451, 554):
        with pytest.raises(aiosmtplib.SMTPDataError) as bad:
            await town.send(wakeup(town.hub))
        assert bad.value.code == code
    assert len(town.room.letters) == 1


async def test_a_reply_is_threaded_and_carries_the_trusted_verdict(town: Town) -> None:
    await town.send(wakeup(town.hub, References="<a@hub.test>"))
    status, answer = await town.ask("reply", address=MIN, id="m1", text="好的,请发报价。")
    assert (status, answer["to"]) == (200, "r+7f3c@in.hub.test")
    sender, to, message = town.hub.last()
    assert (sender, to) == (MIN, ["r+7f3c@in.hub.test"])
    assert message["In-Reply-To"] == "<w.01J.7f3c@hub.test>"
    assert message["References"] == "<a@hub.test> <w.01J.7f3c@hub.test>"
    assert message["Subject"] == "回复: 您关心的白皮书"
    assert message["Auto-Submitted"] is None
    assert town.hub.words()[-1].startswith("好的,请发报价。\n\nMon, 02 Mar 2026 ")
    assert "> 白皮书已更新。" in town.hub.words()[-1]
    assert message["Authentication-Results"] == "mx.sim; dmarc=pass header.from=customer.test"
    assert _seal_holds(message, MIN)
    said = town.logged("said")[0].data
    assert (said["toward"], said["text"]) == ("team", "好的,请发报价。")


def _seal_holds(message: EmailMessage, sender: str) -> bool:
    found = re.fullmatch(r"v1;t=(\d+);h=([0-9a-f]{64})", str(message["X-Tower-MX"]))
    assert found is not None
    signed = f"v1\n{found[1]}\n{message['Message-ID']}\n{sender}\npass".encode()
    return hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest() == found[2]


async def test_a_comma_in_an_encoded_name_separates_nothing(town: Town) -> None:
    await town.send(wakeup(town.hub, Reply_To="", From='"陈磊, Tower" <hello@hub.test>'))
    status, answer = await town.ask("reply", id="m1", text="hi")
    assert (status, answer["to"]) == (200, "hello@hub.test")
    assert town.logged("mail_arrived")[0].data["by"] == "hello@hub.test"


async def test_a_forged_reply_has_no_verdict_and_says_nothing(town: Town) -> None:
    await town.send(wakeup(town.hub))
    await town.ask("reply", address=MIN, id="m1", text="I am her", forged=True)
    _, _, message = town.hub.last()
    assert message["X-Tower-MX"] is None
    assert "dmarc=fail" in str(message["Authentication-Results"])
    assert town.logged("said") == []
    assert town.logged("noted")[0].data["forged"] is True


async def test_an_automatic_reply_says_so_and_has_the_null_sender(town: Town) -> None:
    await town.send(wakeup(town.hub))
    await town.ask("reply", address=MIN, id="m1", text="我在休假", auto=True)
    sender, _, message = town.hub.last()
    assert sender == "<>"
    assert message["Auto-Submitted"] == "auto-replied"
    assert town.logged("said") == []


async def test_a_bounce_is_a_delivery_status_notification_to_the_envelope_sender(town: Town) -> None:
    await town.send(wakeup(town.hub))
    for status, action in (("5.1.1", "failed"), ("4.2.2", "delayed")):
        assert (await town.ask("bounce", id="m1", status=status))[0] == 200
        sender, to, message = town.hub.last()
        assert (sender, to) == ("<>", ["b+7f3c@hub.test"])
        assert message.get_content_type() == "multipart/report"
        assert message.get_param("report-type") == "delivery-status"
        parts = list(message.iter_parts())
        assert [p.get_content_type() for p in parts] == [
            "text/plain",
            "message/delivery-status",
            "text/rfc822-headers",
        ]
        _, recipient = parts[1].iter_parts()
        assert (recipient["Action"], recipient["Status"]) == (action, status)
        assert recipient["Final-Recipient"] == f"rfc822; {MIN}"
        assert status in recipient["Diagnostic-Code"]
        assert "<w.01J.7f3c@hub.test>" in str(parts[2].get_payload())


async def test_a_mail_with_the_null_sender_is_never_bounced(town: Town) -> None:
    await town.send(wakeup(town.hub), sender="")
    assert (await town.ask("bounce", id="m1"))[0] == 400


async def test_a_complaint_is_an_abuse_report(town: Town) -> None:
    await town.send(wakeup(town.hub))
    await town.ask("complain", id="m1")
    _, to, message = town.hub.last()
    assert to == ["b+7f3c@hub.test"]
    assert message.get_param("report-type") == "feedback-report"
    parts = list(message.iter_parts())
    assert parts[1].get_content_type() == "message/feedback-report"
    assert "Feedback-Type: abuse" in parts[1].as_string()
    assert "<w.01J.7f3c@hub.test>" in parts[2].as_string()


async def test_one_click_unsubscribe_posts_and_a_scanner_does_not(town: Town) -> None:
    await town.send(wakeup(town.hub))
    await town.ask("scan", id="m1")
    assert ("GET", "/u/tok", "") in town.hub.asked
    assert ("HEAD", "/r/1", "") in town.hub.asked
    assert all(method != "POST" for method, _, _ in town.hub.asked)
    status, answer = await town.ask("unsubscribe", id="m1")
    assert (status, answer["status"]) == (200, 200)
    assert town.hub.asked[-1] == ("POST", "/u/tok", "List-Unsubscribe=One-Click")
    await town.send(wakeup(town.hub, List_Unsubscribe_Post=""))
    assert (await town.ask("unsubscribe", id="m2"))[0] == 400


async def test_a_click_stays_inside_the_world(town: Town) -> None:
    await town.send(wakeup(town.hub))
    _, answer = await town.ask("click", id="m1", index=0)
    assert town.hub.asked == [("GET", "/r/1", "")]
    assert (answer["outside"], answer["url"]) == (True, "https://elsewhere.test/paper")
    _, outside = await town.ask("click", id="m1", index=1)
    assert outside["outside"] is True
    assert (await town.ask("click", id="m1", index=2))[0] == 400
    await town.ask("prefetch", id="m1")
    assert town.hub.asked[-1] == ("GET", "/o.png", "")


async def test_a_form_is_filled_as_a_browser_does(town: Town) -> None:
    url = f"{town.hub.url}/form"
    status, answer = await town.ask("form", url=url, fields={"mail": MIN, "wakeup": True, "when": "day"})
    assert (status, answer["status"]) == (200, 200)
    method, path, body = town.hub.asked[-1]
    assert (method, path) == ("POST", "/form")
    assert body == ("csrf=t0%22k&mail=wang.min%40customer.test&wakeup=yes&lang=en&when=day&note=hi&act=save")
    for wrong in ({"mail": MIN}, {"mail": MIN, "wakeup": True, "nickname": "x"}, {"wakeup": True, "when": "never"}):
        status, answer = await town.ask("form", url=url, fields=wrong)
        assert status == 400, wrong
        assert answer["error"]
    assert (await town.ask("form", url=f"{town.hub.url}/plain", fields={}))[0] == 400


async def test_mail_to_the_hub_is_tried_again_until_taken_or_refused_for_good(town: Town) -> None:
    await town.send(wakeup(town.hub))
    town.hub.answers = ["451 4.3.0 no room now"]
    town.fault("mail.out", "lose_answer")
    assert (await town.ask("reply", id="m1", text="first"))[0] == 200
    assert len(town.hub.mails) == 2, "a lost answer brings the same mail twice"
    assert town.hub.mails[0][2] == town.hub.mails[1][2]
    town.hub.answers = ["550 5.7.1 not wanted"]
    assert (await town.ask("reply", id="m1", text="second"))[0] == 502
    assert len(town.hub.mails) == 2
    assert len(town.logged("said")) == 2, "what she said was said, whatever became of it"


async def test_mail_to_the_hub_is_doubled_and_reordered_on_demand(town: Town) -> None:
    await town.send(wakeup(town.hub))
    town.fault("mail.out", "duplicate")
    await town.ask("reply", id="m1", text="twice")
    assert town.hub.mails[0][2] == town.hub.mails[1][2]
    town.fault("mail.out", "reorder")
    await town.ask("reply", id="m1", text="earlier")
    await town.ask("reply", id="m1", text="later")
    assert [text.split("\n")[0] for text in town.hub.words()] == ["twice", "twice", "later", "earlier"]


async def test_other_servers_of_the_world_deliver_too_and_their_senders_get_the_bounce(town: Town) -> None:
    raw = wakeup(town.hub, From=f"Lee <{REP}>").as_bytes(policy=policy.SMTP)
    await town.room.deliver(raw, REP, [MIN, "nobody@x.test"])
    assert len(town.room.box(MIN)) == 1
    assert "5.1.1" in town.room.box(REP)[0].raw.decode()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"idd": "m1"}', b'{"index": "x"}', b"\xff"])
async def test_wishes_that_make_no_sense_are_refused(town: Town, body: bytes) -> None:
    for name in ("reply", "bounce", "form", "refuse"):
        response = await town.control.post(f"/control/mail/{name}", data=body)
        assert response.status == 400
    assert (await town.ask("reply", id="m9", text="x"))[0] == 404
