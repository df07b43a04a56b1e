"""Mail out: what stands in a mail, and an honest word on how each sending ended, against real SMTP servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from connectors.contract import Connector, Delivered, TryLater, Undeliverable, Unknown
from connectors.mail import MailConnector
from connectors.mail.caps import DayCap
from connectors.mail.codes import kind_of
from rules.reasons import REASONS
from tests.contract.mail_parts import (
    ADDRESSES,
    MAIL_ID,
    MIN,
    TOKENS,
    URL,
    FakeHub,
    Post,
    job,
    now,
    post_office,
    settings,
)


@asynccontextmanager
async def sender(post: Post, hub: FakeHub | None = None, **more: object) -> AsyncIterator[MailConnector]:
    connector = MailConnector(settings(post.port, **more), hub or FakeHub(), now, TOKENS, URL)
    await connector.start()
    try:
        yield connector
    finally:
        await connector.stop()


def opened(post: Post) -> EmailMessage:
    return message_from_bytes(bytes(post.mails[-1].original_content or b""), policy=policy.default)


async def test_a_mail_says_who_writes_where_answers_go_and_how_to_leave() -> None:
    async with post_office() as post, sender(post) as mail:
        outcome = await mail.deliver(job(in_reply_to="<hers@customer.test>"))
        assert isinstance(outcome, Delivered)
        envelope, message = post.mails[0], opened(post)
    assert (envelope.mail_from, envelope.rcpt_tos) == (ADDRESSES.bounce(MAIL_ID), [MIN])
    assert message["Message-ID"] == ADDRESSES.message_id(MAIL_ID) == outcome.wire_id == outcome.extra["message_id"]
    assert message["Message-ID"].startswith(f"<{MAIL_ID}.")
    assert message["Date"] == "Mon, 02 Mar 2026 01:00:00 +0000"
    assert message["From"] == "塔台 销售 <hello@hub.test>"
    assert message["Subject"] == "（广告）给您留了一份行业参考"
    assert message["Reply-To"] == ADDRESSES.reply(MAIL_ID)
    leave = f"{URL}/u/{TOKENS.mint('unsubscribe', MAIL_ID)}"
    assert message["List-Unsubscribe"].startswith(f"<{leave}>, <mailto:u+")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["In-Reply-To"] == message["References"] == "<hers@customer.test>"
    assert (message["Auto-Submitted"], message["X-Tower-Mail"]) == ("auto-generated", "wakeup")
    assert message["Feedback-ID"] == "wakeup:wakeup:tower:hub.test"
    local = ADDRESSES.reply(MAIL_ID).partition("@")[0]
    assert len(local) <= 64, "RFC 5321 4.5.3.1.1"


async def test_both_parts_say_the_same_and_links_lead_through_our_table() -> None:
    async with post_office() as post, sender(post) as mail:
        outcome = await mail.deliver(job())
        assert isinstance(outcome, Delivered)
        message = opened(post)
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    for body in (str(text.get_content()), str(html.get_content())):
        assert "王敏，您好" in body
        assert "智能工厂落地的三个关键步骤" in body
        for index in (0, 1):
            assert f"{URL}/r/{TOKENS.mint('click', f'{MAIL_ID}-{index}')}" in body
        assert f"{URL}/u/{TOKENS.mint('unsubscribe', MAIL_ID)}" in body
        assert "example.com" not in body, "targets stand in our table, not in the mail"
        assert "{{" not in body
    assert outcome.extra["links"].startswith('["https://www.example.com/zh/')
    assert mail.links("wakeup", "zh-CN")[0][0] == "insight"


async def test_every_line_of_the_wire_is_short_and_ascii() -> None:
    async with post_office() as post, sender(post) as mail:
        await mail.deliver(job(to_name="很长的名字" * 12))
        raw = bytes(post.mails[0].original_content or b"")
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\n\n" not in raw.replace(b"\r\n", b"")
    for name in (b"Message-ID", b"List-Unsubscribe", b"Reply-To"):
        line = next(x for x in raw.split(b"\r\n") if x.startswith(name + b":"))
        assert b"=?" not in line, "mail programs do not decode these"


async def test_the_same_job_gives_the_same_bytes() -> None:
    async with post_office() as post, sender(post) as mail:
        await mail.deliver(job())
        await mail.deliver(job(attempt=2))
    assert post.mails[0].original_content == post.mails[1].original_content


async def test_english_readers_get_english_without_the_chinese_mark() -> None:
    async with post_office() as post, sender(post) as mail:
        await mail.deliver(job(language="en-GB", variables={"name": "Min", "subject": "For you"}))
    assert opened(post)["Subject"] == "For you"


async def test_one_connection_is_kept_and_made_anew_when_it_broke() -> None:
    async with post_office() as post, sender(post) as mail:
        for _ in range(3):
            assert isinstance(await mail.deliver(job()), Delivered)
        assert len(post.sessions) == 1
        post.answers["MAIL"] = ["hang up"]
        assert isinstance(await mail.deliver(job()), TryLater)
        assert isinstance(await mail.deliver(job()), Delivered)
        assert len(post.sessions) == 2
        await asyncio.gather(*(mail.deliver(job()) for _ in range(5)))
        assert len(post.sessions) == 2
    assert len(post.mails) == 9


@pytest.mark.parametrize(
    ("step", "said", "kind", "reason"),
    [
        ("MAIL", "451 4.3.2 later", TryLater, "soft_bounce"),
        ("MAIL", "550 5.7.1 sender refused", Undeliverable, "policy"),
        ("RCPT", "450 4.2.0 greylisted", TryLater, "soft_bounce"),
        ("RCPT", "550 5.1.1 no such mailbox", Undeliverable, "hard_bounce"),
        ("RCPT", "552 5.2.2 mailbox full", Undeliverable, "soft_bounce"),
        ("RCPT", "421 4.7.0 too much", TryLater, "throttled"),
        ("DATA", "451 4.7.1 slow down", TryLater, "soft_bounce"),
        ("DATA", "550 5.7.515 not authenticated", Undeliverable, "policy"),
        ("MAIL", "hang up", TryLater, "unreachable"),
        ("RCPT", "hang up", TryLater, "unreachable"),
        ("DATA", "hang up before", Unknown, "interrupted"),
        ("DATA", "hang up after", Unknown, "interrupted"),
    ],
)
async def test_every_end_has_its_name(step: str, said: str, kind: type, reason: str) -> None:
    async with post_office() as post, sender(post) as mail:
        post.answers[step] = [said]
        outcome = await mail.deliver(job())
        assert isinstance(outcome, kind)
        assert getattr(outcome, "reason", "") == reason
        assert MIN not in repr(outcome)
        assert getattr(outcome, "reason", "") in REASONS, "a person can read it"
        assert isinstance(await mail.deliver(job()), Delivered), "the next mail goes"


async def test_a_server_that_is_not_there_makes_everything_wait() -> None:
    async with post_office() as post:
        port = post.port
    gone = Post(port=port)
    async with sender(gone) as mail:
        outcome = await mail.deliver(job())
    assert outcome == TryLater(reason="unreachable", seconds=10, scope="platform")


async def test_a_refused_password_calls_the_operator_and_is_not_shown() -> None:
    async with post_office(auth_require_tls=False) as post:
        smtp = {"host": "127.0.0.1", "port": post.port, "tls": "none", "user": "tower", "password": "s3cret-word"}
        async with sender(post, smtp=smtp) as mail:
            outcome = await mail.deliver(job())
    assert isinstance(outcome, TryLater)
    assert (outcome.reason, outcome.alarm, outcome.scope) == ("mail_server_refuses_us", True, "platform")
    assert "s3cret-word" not in repr(outcome) + repr(settings(1, smtp=smtp))
    assert post.mails == []


async def test_starttls_is_never_skipped() -> None:
    async with post_office() as post:
        smtp = {"host": "127.0.0.1", "port": post.port, "tls": "starttls"}
        async with sender(post, smtp=smtp) as mail:
            outcome = await mail.deliver(job())
    assert isinstance(outcome, TryLater)
    assert outcome.alarm
    assert post.mails == []


async def test_patience_ends() -> None:
    async with post_office() as post, sender(post) as mail:
        post.answers["RCPT"] = ["450 4.2.0 later"]
        outcome = await mail.deliver(job(attempt=100))
    assert outcome == Undeliverable(reason="soft_bounce", detail="450 4.2.0")


async def test_a_domain_gets_only_so_many_an_hour_even_after_a_restart() -> None:
    hub = FakeHub()
    async with post_office() as post:
        async with sender(post, hub, per_domain_per_hour=2) as mail:
            assert isinstance(await mail.deliver(job()), Delivered)
            assert isinstance(await mail.deliver(job()), Delivered)
        async with sender(post, hub, per_domain_per_hour=2) as mail:
            outcome = await mail.deliver(job(to="she@CUSTOMER.test"))
            assert outcome == TryLater(reason="domain_cap", seconds=3600)
            assert isinstance(await mail.deliver(job(to="she@else.test")), Delivered)
            hub.away = True
            assert isinstance(await mail.deliver(job()), TryLater)


async def test_a_day_has_only_so_many_even_after_a_restart() -> None:
    hub = FakeHub()
    async with post_office() as post:
        async with sender(post, hub, per_day=2) as mail:
            assert isinstance(await mail.deliver(job()), Delivered)
            assert isinstance(await mail.deliver(job(to="she@else.test")), Delivered)
        async with sender(post, hub, per_day=2) as mail:
            outcome = await mail.deliver(job(to="she@third.test"))
    assert isinstance(outcome, TryLater)
    assert (outcome.reason, outcome.scope) == ("day_cap", "platform")
    assert 23 * 3600 <= outcome.seconds <= 25 * 3600
    assert len(post.mails) == 2


async def test_yesterday_is_forgotten() -> None:
    cap, now = DayCap(FakeHub(), 3), datetime(2026, 3, 3, 8, 30, tzinfo=UTC)
    waits = [await cap.take(now + timedelta(hours=6 * n)) for n in range(4)]
    assert waits[:3] == [0, 0, 0] and 0 < waits[3] <= 8 * 3600
    assert await cap.take(now + timedelta(hours=18, seconds=waits[3])) == 0
    assert await cap.take(now + timedelta(days=9)) == 0


@pytest.mark.parametrize(
    "more",
    [
        {"to": "wang.min@customer.test\r\nBcc: all@customer.test"},
        {"to_name": "王敏\r\nBcc: all@customer.test"},
        {"to": "nobody"},
        {"to": "a@b@c"},
        {"to": ""},
        {"in_reply_to": "<x@y>\r\nBcc: a@b.test"},
        {"template": "nothing"},
    ],
)
async def test_what_cannot_be_a_mail_is_never_sent(more: dict[str, str]) -> None:
    async with post_office() as post, sender(post) as mail:
        outcome = await mail.deliver(job(**more))
    assert isinstance(outcome, Undeliverable)
    assert post.mails == []


async def test_values_are_words_and_never_templates() -> None:
    async with post_office() as post, sender(post) as mail:
        await mail.deliver(
            job(variables={"name": "{{7*7}}<b onclick=x>\r\nBcc: a@b.test", "subject": "a\r\nBcc: b@c.test"})
        )
        message = opened(post)
    html = message.get_body(("html",))
    assert html is not None
    body = str(html.get_content())
    assert "{{7*7}}&lt;b onclick=x&gt; Bcc: a@b.test" in body
    assert message["Subject"] == "（广告）a Bcc: b@c.test"
    assert message["Bcc"] is None


def test_it_is_a_connector() -> None:
    connector: Connector = MailConnector(settings(1), FakeHub(), now, TOKENS, URL)
    assert connector.takes(job())
    assert connector.certainty(job()) == "none"
    assert not connector.ready


@pytest.mark.parametrize(
    ("status", "diagnostic", "kind"),
    [
        ("5.1.1", "smtp; 550 5.1.1 user unknown", "hard"),
        ("5.1.10", "", "hard"),
        ("5.0.0", "smtp; 550 5.1.1 The email account that you tried to reach does not exist", "hard"),
        ("", "smtp; 550 Mailbox not found. http://service.mail.qq.com", "hard"),
        ("", "smtp; 550 User not found: x", "hard"),
        ("", "smtp; 550 Mail content denied", "policy"),
        ("5.7.1", "smtp; 550 5.7.1 blocked using a blocklist", "policy"),
        ("5.7.515", "", "policy"),
        ("5.4.1", "smtp; 550 5.4.1 Recipient address rejected: Access denied", "hard"),
        ("4.2.2", "mailbox full", "soft"),
        ("5.2.2", "smtp; 552 5.2.2 mailbox full", "soft"),
        ("", "554 rejected", "policy"),
        ("", "", "soft"),
        ("", "server 10.5.1.1 said nothing", "soft"),
    ],
)
def test_what_a_refusal_means(status: str, diagnostic: str, kind: str) -> None:
    assert kind_of(status, diagnostic) == kind
