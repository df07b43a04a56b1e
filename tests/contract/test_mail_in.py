"""Mail in: the door that knows only our addresses, and what comes through it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from email import policy
from email.message import EmailMessage

import aiosmtplib
import pytest

from connectors.mail.addresses import Recipient
from connectors.mail.listener import Door, MailServer
from connectors.mail.quotes import own_words
from connectors.mail.settings import Listener
from connectors.mail.translate import Arrival, read
from connectors.mail.verdict import Verdict
from rules.errors import BadRequest
from rules.events import MailBounced, MailReceived, Unsubscribed
from tests.contract.mail_parts import ADDRESSES, MAIL_ID, MIN, NOW, SECRET, FakeHub, answer, now, seal

VERDICT = Verdict(keys=(SECRET.encode(),))
REPLY = Recipient(mail_id=MAIL_ID, purpose="reply")
BOUNCE = Recipient(mail_id=MAIL_ID, purpose="bounce")


def arrival(raw: bytes, *, sender: str = MIN, wall: float | None = None) -> Arrival:
    return Arrival(raw=raw, envelope_sender=sender, at=NOW, wall=time.time() if wall is None else wall)


def received(raw: bytes, *, to: Recipient = REPLY, sender: str = MIN, wall: float | None = None) -> MailReceived:
    inbound = read(arrival(raw, sender=sender, wall=wall), to, VERDICT)
    assert inbound is not None
    assert inbound.order.key == f"hub|customer|{MAIL_ID}"
    assert isinstance(inbound.event, MailReceived)
    return inbound.event


def bounced(raw: bytes, *, to: Recipient = BOUNCE) -> MailBounced:
    inbound = read(arrival(raw, sender=""), to, VERDICT)
    assert inbound is not None
    assert isinstance(inbound.event, MailBounced)
    return inbound.event


# --- translate ------------------------------------------------------------------------------------------------------


def test_a_reply_is_hers_when_the_trusted_server_says_so() -> None:
    event = received(answer())
    assert (event.mail_id, event.sender, event.subject) == (MAIL_ID, MIN, "Re: 给您留了一份行业参考")
    assert (event.text, event.verified, event.automatic) == ("好的，请发报价。", True, False)
    assert (event.at, event.message_id) == (NOW, "<reply.1@customer.test>")


@pytest.mark.parametrize(
    "raw",
    [
        answer(sealed=False),
        answer(From="Boss <boss@customer.test>"),
        answer(From=f"a@b.test, {MIN}"),
        answer(Message_ID=""),
        answer(sealed=False, X_Tower_MX=seal("<reply.1@customer.test>", MIN, key="another")),
        answer(sealed=False, X_Tower_MX=seal("<other@customer.test>", MIN)),
        answer(sealed=False, X_Tower_MX=seal("<reply.1@customer.test>", MIN, wall=time.time() - 700)),
        answer(sealed=False, X_Tower_MX=seal("<reply.1@customer.test>", MIN, wall=time.time() + 700)),
        answer(X_Tower_MX="v1;t=1;h=" + "0" * 64),
        f"From: {MIN}\r\n".encode() + answer(),
        b"Message-ID: <another@x>\r\n" + answer(),
        answer(sealed=False, X_Tower_MX="v1;t=99999999999999999999;h=x"),
        answer(sealed=False, X_Tower_MX="pass"),
    ],
)
def test_without_a_sound_verdict_it_is_parked(raw: bytes) -> None:
    assert received(raw).verified is False


def test_a_name_that_decodes_to_an_address_is_still_a_name() -> None:
    name = b"From: =?utf-8?q?wang=2Emin=40customer=2Etest=2C?= <evil@evil.test>\r\n"
    assert received(name + answer(sealed=False, From="")).sender == "evil@evil.test"


def test_the_old_secret_counts_while_it_is_being_changed() -> None:
    both = Verdict(keys=(b"new", SECRET.encode()))
    inbound = read(arrival(answer()), REPLY, both)
    assert inbound is not None
    assert isinstance(inbound.event, MailReceived)
    assert inbound.event.verified
    assert SECRET not in repr(both)


def test_the_same_mail_twice_is_one_event_and_a_forgery_is_another() -> None:
    first, again = received(answer()), received(answer())
    forged = received(answer(sealed=False))
    assert first.id == again.id != forged.id


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ({"Auto_Submitted": "auto-replied"}, MIN),
        ({"Auto_Submitted": "auto-generated (vacation)"}, MIN),
        ({"X_Autoreply": "yes"}, MIN),
        ({"Precedence": "bulk"}, MIN),
        ({"Subject": "自动回复: 给您留了一份行业参考"}, MIN),
        ({"Subject": "Automatic reply: hello"}, MIN),
        ({"List_Id": "<news.else.test>"}, MIN),
        ({}, ""),
        ({}, "<>"),
    ],
)
def test_what_a_machine_wrote_says_so(headers: dict[str, str], sender: str) -> None:
    raw = answer(**headers)  # type: ignore[arg-type]
    assert received(raw, sender=sender).automatic is True


def test_a_person_who_says_that_no_machine_wrote_it_is_believed() -> None:
    assert received(answer(Auto_Submitted="no")).automatic is False


def test_an_out_of_office_note_to_the_bounce_address_is_no_bounce() -> None:
    event = received(answer(Auto_Submitted="auto-replied"), to=BOUNCE, sender="")
    assert event.automatic is True


def _report(kind: str, fields: str, *, original: str = "", subject: str = "Undelivered") -> bytes:
    return (
        "From: Mail Delivery System <mailer-daemon@mx.test>\r\n"
        f"To: {ADDRESSES.bounce(MAIL_ID)}\r\nSubject: {subject}\r\nMessage-ID: <dsn.1@mx.test>\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type={kind}; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not work for wang.min@customer.test.\r\n"
        f"--b\r\nContent-Type: message/{kind}\r\n\r\n{fields}\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: ours\r\n{original}\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("status", "action", "diagnostic", "kind"),
    [
        ("5.1.1", "failed", "smtp; 550 5.1.1 <wang.min@customer.test> unknown", "hard"),
        ("5.0.0", "failed", "smtp; 550 5.1.1 no such user", "hard"),
        ("5.7.1", "failed", "smtp; 550 5.7.1 blocked", "policy"),
        ("4.2.2", "delayed", "smtp; 450 4.2.2 full", "soft"),
        ("4.4.7", "failed", "smtp; 450 4.4.7 expired", "soft"),
    ],
)
def test_a_delivery_report_says_what_became_of_the_mail(status: str, action: str, diagnostic: str, kind: str) -> None:
    fields = (
        "Reporting-MTA: dns; mx.test\r\n\r\n"
        f"Final-Recipient: rfc822; {MIN}\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: {diagnostic}\r\n"
    )
    event = bounced(_report("delivery-status", fields))
    assert (event.mail_id, event.bounce, event.status) == (MAIL_ID, kind, status)
    assert MIN not in event.diagnostic
    assert event.diagnostic.startswith("smtp; ")


def test_a_report_that_it_went_well_is_nothing() -> None:
    fields = f"Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; {MIN}\r\nAction: delivered\r\nStatus: 2.0.0\r\n"
    assert read(arrival(_report("delivery-status", fields), sender=""), BOUNCE, VERDICT) is None


def test_a_complaint_is_one_wherever_it_is_sent() -> None:
    raw = _report("feedback-report", "Feedback-Type: abuse\r\nUser-Agent: x/1\r\nVersion: 1\r\n")
    for to in (BOUNCE, REPLY):
        assert bounced(raw, to=to).bounce == "complaint"
    assert read(arrival(_report("feedback-report", "Feedback-Type: not-spam\r\n")), BOUNCE, VERDICT) is None


def test_a_bounce_in_plain_words_is_understood_too() -> None:
    raw = (
        "From: postmaster@qq.test\r\nSubject: 退信\r\nMessage-ID: <p.1@qq.test>\r\n\r\n"
        f"Host or domain: 550 5.1.1 Mailbox not found {MIN}\r\n"
    ).encode()
    event = bounced(raw)
    assert (event.bounce, event.status) == ("hard", "5.1.1")
    assert MIN not in event.diagnostic


def test_a_mail_to_the_way_out_is_an_unsubscribe_and_again_another() -> None:
    to = Recipient(mail_id=MAIL_ID, purpose="unsubscribe")
    ids = set()
    for message_id in ("<a@x>", "<b@x>", "<b@x>"):
        inbound = read(arrival(answer(Message_ID=message_id)), to, VERDICT)
        assert inbound is not None
        assert isinstance(inbound.event, Unsubscribed)
        assert inbound.event.how == "mailto"
        ids.add(inbound.event.id)
    assert len(ids) == 2, "she may have consented in between; the same mail twice is one"


def test_threading_headers_prove_as_much_as_the_address() -> None:
    ours = ADDRESSES.message_id(MAIL_ID)
    assert ADDRESSES.answered(f"<x@y> {ours} <z@customer.test>") == REPLY
    assert ADDRESSES.answered(f"<{MAIL_ID}@hub.test> <x@y>") is None, "the id alone proves nothing"
    assert ADDRESSES.answered(ours.replace("hub.test", "else.test")) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Yes.\n\nOn Mon, 2 Mar 2026 at 01:00, Sales <a@b.c> wrote:\n> Hello", "Yes."),
        ("Yes.\n\nOn Mon, 2 Mar 2026 at 01:00, Sales from the other company\n<a@b.c> wrote:\n> Hello", "Yes."),
        ("好的\n\n在 2026年3月2日 星期一，销售 <a@b.c> 写道：\n> 您好", "好的"),
        ("好的\n\n------------------ 原始邮件 ------------------\n发件人: x", "好的"),
        ("Yes\n-----Original Message-----\nFrom: x", "Yes"),
        ("Yes\n\n________________________________\nFrom: Sales <a@b.c>\nSent: Monday", "Yes"),
        ("好的\n\n发件人：销售 <a@b.c>\n发送时间：2026年3月2日", "好的"),
        ("Yes\n-- \nMin Wang\nCIO", "Yes"),
        ("Yes\n\nSent from my iPhone", "Yes"),
        ("> Hello\n> there\n\nMy answer below", "My answer below"),
        ("> Do you need it?\nYes\n> And when?\nMonday", "Yes\nMonday"),
        ("On Monday we wrote:\nnothing", "On Monday we wrote:\nnothing"),
        ("", ""),
        ("x" * 20_000, "x" * 10_000),
    ],
)
def test_only_her_own_words_are_shown(text: str, words: str) -> None:
    assert own_words(text) == words


def test_words_of_an_html_mail_without_what_it_quotes() -> None:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = MIN
    message["Message-ID"] = "<h@x>"
    message.set_content(
        "<style>p{}</style><script>alert(1)</script><p>好的&amp;<b>请</b>发报价</p><blockquote>旧的</blockquote>",
        subtype="html",
    )
    assert received(message.as_bytes()).text == "好的&请发报价"


def test_attachments_are_named() -> None:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = MIN
    message["Message-ID"] = "<h@x>"
    message.set_content("see there\n")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="需求\u202e.pdf")
    event = received(message.as_bytes())
    assert event.text.startswith("see there\n[需求")


def test_strange_letters_are_read_as_far_as_possible() -> None:
    gb = answer(sealed=False).partition(b"\r\n\r\n")[0].replace(b"utf-8", b"gb18030")
    gb = gb.replace(b"base64", b"8bit").replace(b"quoted-printable", b"8bit")
    assert received(gb + b"\r\n\r\n" + "请发报价".encode("gb18030")).text == "请发报价"
    unknown = gb.replace(b"gb18030", b"x-nothing")
    assert received(unknown + b"\r\n\r\nhello \x00\xff").text.startswith("hello")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"no headers at all",
        b"\x00\x01\x02" * 1000,
        b"A: " + b"x" * 200_000 + b"\r\n\r\nhello",
        b"From: a@b.test\r\n"
        + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (i, i) for i in range(2000)),
    ],
)
def test_what_is_no_mail_is_refused(raw: bytes) -> None:
    with pytest.raises(BadRequest):
        read(arrival(raw), REPLY, VERDICT)


# --- the door -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def hub() -> FakeHub:
    return FakeHub()


@pytest.fixture
async def server(hub: FakeHub) -> AsyncIterator[MailServer]:
    door = Door(ADDRESSES, VERDICT, hub, now)
    limits = Listener(port=0, max_bytes=64 * 1024, sessions=3, idle_seconds=5, session_seconds=20)
    server = MailServer(limits, door, name="in.hub.test")
    await server.start()
    yield server
    await server.stop()


async def hand_in(server: MailServer, raw: bytes, to: str, *, sender: str = MIN) -> tuple[int, str]:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=server.port, start_tls=False, timeout=10) as client:
        try:
            _, said = await client.sendmail(sender, [to], raw)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            return refused.recipients[0].code, refused.recipients[0].message
        except aiosmtplib.SMTPResponseException as refused:
            return refused.code, refused.message
    return 250, said


async def test_a_mail_is_taken_after_the_commit(server: MailServer, hub: FakeHub) -> None:
    assert await hand_in(server, answer(), ADDRESSES.reply(MAIL_ID)) == (250, "2.0.0 taken")
    event = hub.events[0]
    assert isinstance(event, MailReceived)
    assert (event.verified, event.text) == (True, "好的，请发报价。")
    assert hub.accepted[0].raw.endswith(b"\r\n")
    hub.away = True
    code, _ = await hand_in(server, answer(Message_ID="<2@x>"), ADDRESSES.reply(MAIL_ID))
    assert code == 451
    assert len(hub.accepted) == 1


async def test_the_case_of_an_address_does_not_matter(server: MailServer, hub: FakeHub) -> None:
    assert (await hand_in(server, answer(), ADDRESSES.reply(MAIL_ID).upper()))[0] == 250
    assert len(hub.accepted) == 1


async def test_a_mail_with_the_null_sender_is_automatic(server: MailServer, hub: FakeHub) -> None:
    assert (await hand_in(server, answer(), ADDRESSES.reply(MAIL_ID), sender=""))[0] == 250
    event = hub.events[0]
    assert isinstance(event, MailReceived)
    assert event.automatic


async def test_long_lines_and_dots_arrive_whole(server: MailServer, hub: FakeHub) -> None:
    raw = b"From: a@b.test\r\nMessage-ID: <l@x>\r\n\r\n" + b"w" * 5000 + b"\r\n.hidden\r\n"
    assert (await hand_in(server, raw, ADDRESSES.reply(MAIL_ID)))[0] == 250
    event = hub.events[0]
    assert isinstance(event, MailReceived)
    assert event.text == "w" * 5000 + "\n.hidden"


async def test_several_mails_in_one_session(server: MailServer, hub: FakeHub) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=server.port, start_tls=False) as client:
        for number in range(4):
            await client.sendmail(MIN, [ADDRESSES.reply(MAIL_ID)], answer(Message_ID=f"<{number}@x>"))
    assert len(hub.accepted) == 4


async def test_sessions_are_counted_out(server: MailServer) -> None:
    for _ in range(12):
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=server.port, start_tls=False) as client:
            await client.noop()


def test_business_time_is_the_clocks_and_not_the_mails() -> None:
    assert received(answer(Date="Mon, 01 Jan 2001 00:00:00 +0000")).at == NOW


@pytest.mark.parametrize("line", [" " * 100_000 + "x", "在" + " " * 100_000 + "x", "From:" + " " * 100_000])
def test_a_line_made_to_keep_us_busy_does_not(line: str) -> None:
    began = time.process_time()
    assert own_words(f"好的\n{line}").startswith("好的")
    assert time.process_time() - began < 1
