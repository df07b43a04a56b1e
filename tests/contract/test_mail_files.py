"""What is enclosed in a mail: kept with the mail when it is proven to be hers, however long the mail is."""

from __future__ import annotations

import time
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from connectors.contract import Inbound
from connectors.mail.addresses import Recipient
from connectors.mail.reading import MOST_READ, open_mail
from connectors.mail.translate import Arrival, read
from connectors.mail.verdict import Verdict
from rules.events import MailReceived
from tests.contract.mail_parts import MAIL_ID, MIN, NOW, SECRET, answer, seal
from tests.unit.samples import HTML, PDF, PNG

VERDICT = Verdict(keys=(SECRET.encode(),))
REPLY = Recipient(mail_id=MAIL_ID, purpose="reply")


def mail(*enclosed: tuple[str, str, bytes], sealed: bool = True, **headers: str) -> bytes:
    """Her answer with these files in it."""
    message = message_from_bytes(answer(sealed=False, **headers), policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    for name, kind, content in enclosed:
        main, _, sub = kind.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    stamp = f"X-Tower-MX: {seal(str(message['Message-ID'] or ''), MIN)}\r\n" if sealed else ""
    return stamp.encode() + message.as_bytes()


def opened(raw: bytes) -> tuple[MailReceived, Inbound]:
    inbound = read(Arrival(raw=raw, envelope_sender=MIN, at=NOW, wall=time.time()), REPLY, VERDICT)
    assert inbound is not None
    assert isinstance(inbound.event, MailReceived)
    return inbound.event, inbound


def test_what_is_enclosed_comes_with_the_mail() -> None:
    event, inbound = opened(mail(("报价.pdf", "application/pdf", PDF), ("../a.png", "image/png", PNG)))
    assert event.verified
    assert [(a.media, a.name) for a in event.attachments] == [("file", "报价.pdf"), ("image", "a.png")]
    assert [f.content for f in inbound.files] == [PDF, PNG]
    assert [f.id for f in inbound.files] == [a.file_id for a in event.attachments]
    assert "[报价.pdf]" in event.text


def test_the_same_mail_twice_brings_the_same_files() -> None:
    raw = mail(("报价.pdf", "application/pdf", PDF))
    assert opened(raw)[1].files == opened(raw)[1].files


def test_a_file_beyond_what_is_read_for_words_is_whole() -> None:
    large = b"%PDF-1.7\n" + b"x" * (2 * MOST_READ)
    _, inbound = opened(mail(("报价.pdf", "application/pdf", large)))
    assert inbound.files[0].content == large


@pytest.mark.parametrize("tail", [b"\r\nboundary=x" * 50, b"\r\n" * 1_000_001], ids=("nested", "lines"))
def test_what_lies_far_back_is_not_taken_apart_when_it_is_too_much(tail: bytes) -> None:
    raw = mail(("报价.pdf", "application/pdf", b"%PDF-1.7\n" + b"x" * (2 * MOST_READ))) + tail
    found = open_mail(raw).files
    assert [(one.name, one.cut) for one in found] == [("报价.pdf", True)]


@pytest.mark.parametrize("more", [{"sealed": False}, {"Auto_Submitted": "auto-replied"}])
def test_what_is_not_proven_to_be_a_persons_brings_no_files(more: dict[str, object]) -> None:
    event, inbound = opened(mail(("报价.pdf", "application/pdf", PDF), **more))  # type: ignore[arg-type]
    assert (event.attachments, inbound.files) == ((), ())
    assert "[报价.pdf]" in event.text


def test_a_name_and_a_type_prove_nothing() -> None:
    _, inbound = opened(mail(("a.png", "image/png", HTML)))
    assert (inbound.files[0].form, inbound.files[0].type) == ("file", "image/png")
