"""What follows from files: she sends one, a rep sends one, a rep's picture goes with a reply; each with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rules.decision import Decision
from rules.effects import EditLine, FetchFile, PostLine, RecordTouch, RefreshCard, SendFile, SendText, SetClaim
from rules.events import Attachment, DeliveryReported, MailReceived, MessageReceived, RepSpoke
from rules.model import Address, FileRule, RepHandle, ReplyLimits
from tests.unit.builders import HERS, KF, SHE, WANG, Life, effects

THREAD = Address(connector="teams", account="msteams:t", wire_id="19:c;messageid=1")
TAKEN = (FileRule(kind="image", types=("image/png",), most=1000), FileRule(kind="file", most=2000))
LIMITS = {"wecom": ReplyLimits(hours=48, messages=5, text_bytes=2048, files=TAKEN, file_hours=72)}
FILE: dict[str, Any] = {"file": "f" * 32, "name": "架构.png", "type": "image/png", "size": "900"}


@pytest.fixture
def life() -> Life:
    made = Life(limits=LIMITS)
    made.says("你好")
    return made


def sends(life: Life, *attachments: Attachment, text: str = "") -> Decision:
    return life.happens(
        MessageReceived(id=life.id(), at=life.now, address=KF, identity=SHE, text=text, attachments=attachments)
    )


PICTURE = Attachment(media="image", wire_id="m1")


def test_a_picture_is_a_touch_at_once_and_its_content_is_fetched(life: Life) -> None:
    decision = sends(life, PICTURE, Attachment(media="file", wire_id="m2", name="../报价.pdf"))
    first, second = effects(decision, FetchFile)
    assert (first.form, first.wire_id, first.address, first.report) == ("image", "m1", KF, True)
    assert first.until == life.now + timedelta(hours=72)
    assert second.name == "报价.pdf"
    [line] = effects(decision, PostLine)
    assert line.files == (first.id, second.id)
    assert (first.line, second.line) == (line.id, line.id)
    assert any(c.side == "customer" for c in effects(decision, RecordTouch))


def test_the_first_word_of_a_customer_may_be_a_picture() -> None:
    decision = sends(Life(limits=LIMITS), PICTURE)
    [fetch], [line] = effects(decision, FetchFile), effects(decision, PostLine)
    assert line.files == (fetch.id,)
    assert fetch.conversation_id


@pytest.mark.parametrize("media", ["location", "link", "other"])
def test_places_and_links_are_words(life: Life, media: str) -> None:
    decision = sends(life, Attachment(media=media, name="上海", url="https://x.example"))  # type: ignore[arg-type]
    assert effects(decision, FetchFile) == []


def test_a_content_that_came_with_the_words_is_not_fetched(life: Life) -> None:
    decision = sends(life, Attachment(media="image", file_id="a" * 32))
    assert effects(decision, FetchFile) == []
    assert effects(decision, PostLine)[0].files == ("a" * 32,)


def fetched(life: Life, decision: Decision, outcome: str, reason: str = "") -> Decision:
    fetch = effects(decision, FetchFile)[0]
    return life.happens(
        DeliveryReported(
            id=life.id(), at=life.now, row_id=fetch.id, conversation_id=life.conversation_id, effect="fetch_file",
            outcome=outcome, reason=reason, line=fetch.line,  # type: ignore[arg-type]
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "reason"), [("delivered", ""), ("undeliverable", "file_expired"), ("undeliverable", "file_too_large")]
)
def test_the_line_of_her_words_shows_how_it_ended(life: Life, outcome: str, reason: str) -> None:
    came = sends(life, PICTURE)
    decision = fetched(life, came, outcome, reason)
    [edit] = effects(decision, EditLine)
    assert (edit.after, edit.text, edit.words) == (effects(came, PostLine)[0].id, "", None)
    assert effects(decision, RefreshCard)


def test_one_that_waits_says_nothing_new(life: Life) -> None:
    decision = fetched(life, sends(life, PICTURE), "waiting", "throttled")
    assert effects(decision, EditLine) == []


def test_a_rep_sends_a_file_and_the_window_counts_it(life: Life) -> None:
    decision = life.acts("send_file", **FILE)
    [sent], [line] = effects(decision, SendFile), effects(decision, PostLine)
    assert (sent.form, sent.file_id, sent.by, sent.report) == ("image", "f" * 32, WANG.id, True)
    assert (line.about, line.state, line.files, line.text) == (sent.id, "waiting", ("f" * 32,), "[图片] 架构.png")
    assert [c.rep for c in effects(decision, SetClaim)] == [WANG.id]
    assert life.talk.sent_since_customer == 1
    shown = life.reported(sent.id, "send_file", "delivered")
    assert [e.state for e in effects(shown, EditLine)] == ["delivered"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"size": "2001"}, "文件太大"),
        ({"size": "0"}, "文件是空的"),
        ({"size": "x"}, "文件是空的"),
        ({"size": "9" * 40}, "文件是空的"),
        ({"reason": "file_dangerous"}, "可执行文件"),
    ],
)
def test_what_the_platform_does_not_take_is_told_before_it_is_sent(
    life: Life, changes: dict[str, Any], said: str
) -> None:
    decision = life.acts("send_file", **{**FILE, **changes})
    assert effects(decision, SendFile) == []
    assert decision.answer is not None
    assert decision.answer.refused
    assert said in decision.answer.words.zh


def test_a_picture_too_large_for_pictures_goes_as_a_file(life: Life) -> None:
    [sent] = effects(life.acts("send_file", **{**FILE, "size": "1500"}), SendFile)
    assert sent.form == "file"


def test_a_platform_without_files_says_so() -> None:
    bare = Life(limits={"wecom": replace(LIMITS["wecom"], files=())})
    bare.says("你好")
    decision = bare.acts("send_file", **FILE)
    assert decision.answer is not None
    assert "不能由塔台发送文件" in decision.answer.words.zh


def test_a_closed_window_takes_no_file(life: Life) -> None:
    life.passes(hours=49)
    decision = life.acts("send_file", **FILE)
    assert effects(decision, SendFile) == []


def speaks(life: Life, text: str, *attachments: Attachment) -> Decision:
    event = RepSpoke(
        id=life.id(), at=life.now, by=RepHandle(platform="teams", value=WANG.aad_id), by_name=WANG.name, thread=THREAD,
        text=text, mentioned=True, attachments=attachments,
    )  # fmt: skip
    return life.happens(event, WANG)


INLINE = Attachment(media="image", url="https://smba.example/a", type="image/png")


def test_a_picture_beside_a_reply_follows_it(life: Life) -> None:
    decision = speaks(life, "回复 请看", INLINE)
    [text], [fetch], [sent] = effects(decision, SendText), effects(decision, FetchFile), effects(decision, SendFile)
    assert text.text == "请看"
    assert (fetch.address, fetch.url, sent.file_id) == (THREAD, INLINE.url, fetch.id)
    assert life.talk.sent_since_customer == 2


def test_a_reply_may_be_a_picture_alone(life: Life) -> None:
    decision = speaks(life, "回复", INLINE)
    assert effects(decision, SendText) == []
    assert len(effects(decision, SendFile)) == 1


def test_a_picture_beside_other_words_stays_inside(life: Life) -> None:
    for words in ("备注 内部", "大家看看"):
        assert effects(speaks(life, words, INLINE), SendFile) == []


def test_a_reply_with_nothing_but_a_quotation_is_empty(life: Life) -> None:
    decision = speaks(life, "回复", Attachment(media="file", name="messageReference"))
    assert decision.answer is not None and decision.answer.refused
    assert "消息是空的" in decision.answer.words.zh


def test_pictures_beyond_the_window_are_refused(life: Life) -> None:
    before = life.customer.timer(f"quiet/{life.conversation_id}")
    life.passes(hours=1)
    decision = speaks(life, "回复", *(INLINE,) * 6)
    after = life.customer.timer(f"quiet/{life.conversation_id}")
    assert before is not None and after is not None and after.due_at > before.due_at, "the others went"
    assert len(effects(decision, SendFile)) == 5
    assert decision.answer is not None
    assert decision.answer.refused


def test_what_she_encloses_in_a_mail_stands_beside_her_words(life: Life) -> None:
    life.with_mail()
    event = MailReceived(
        id=life.id(), at=life.now, mail_id="m", sender=HERS, subject="Re", text="见附件", verified=True,
        attachments=(Attachment(media="file", name="订单.pdf", file_id="b" * 32),),
    )  # fmt: skip
    decision = life.happens(event)
    assert any(line.files == ("b" * 32,) for line in effects(decision, PostLine))
