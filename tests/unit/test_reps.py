"""What people on our side do, by button and by word, and what they may not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rules.effects import (
    EditLine,
    MoveSession,
    NotifyRep,
    PostLine,
    PostRoot,
    Provision,
    RefreshCard,
    SendText,
    SetOwner,
    SetPause,
    SettleSending,
)
from rules.events import ColleagueWrote, RepActed, SessionChanged
from rules.model import Address, Rep, RepHandle
from tests.unit.builders import KF, LI, MA, SHE, WANG, Life, effects, without


@pytest.fixture
def life() -> Life:
    life = Life()
    life.says("你好，想了解方案")
    return life


def refused(life: Life) -> str:
    answer = life.last.answer
    assert answer is not None and answer.refused
    return answer.words.en


def test_one_of_two_gets_it_and_the_other_learns_who(life: Life) -> None:
    life.acts("claim", WANG)
    assert life.talk.claimed_by == WANG.id and life.customer.owner == WANG.id
    life.passes(seconds=3)
    decision = life.acts("claim", LI)
    assert refused(life) == "王芳 took it 3 s ago"
    assert not effects(decision, SetOwner) and life.talk.claimed_by == WANG.id


def test_a_claim_on_an_older_card_is_refused_but_a_note_is_not(life: Life) -> None:
    old = life.talk.card_version
    life.acts("tag", LI, tag="重点")
    assert life.talk.card_version > old
    life.acts("claim", WANG, version=old)
    assert "changed" in refused(life) and not life.talk.claimed_by
    life.acts("note", WANG, version=old, text="先看资料")
    assert life.last.answer is not None and not life.last.answer.refused


def test_her_words_alone_make_no_card_stale(life: Life) -> None:
    old = life.talk.card_version
    life.says("在吗")
    life.acts("claim", WANG, version=old)
    assert life.talk.claimed_by == WANG.id


def test_claiming_twice_is_no_mistake(life: Life) -> None:
    life.acts("claim")
    decision = life.acts("claim")
    assert decision.answer is not None and not decision.answer.refused and not decision.changes


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "empty"), ("   ", "empty"), ("字" * 683, "too long")],
)
def test_words_that_cannot_be_sent(life: Life, text: str, why: str) -> None:
    decision = life.acts("reply", text=text)
    assert why in refused(life) and not effects(decision, SendText)


def test_the_window_counts_messages_and_hours(life: Life) -> None:
    for _ in range(5):
        life.acts("reply", text="您好")
    decision = life.acts("reply", text="再说一句")
    assert "all messages of this round" in refused(life) and not effects(decision, SendText)
    life.says("我在")
    life.acts("reply", text="好的")
    assert effects(life.last, SendText)
    life.passes(hours=48)
    life.acts("reply", text="还在吗")
    assert "reply time is over" in refused(life)


def test_a_taken_over_session_is_left_alone(life: Life) -> None:
    changed = SessionChanged(id="s", at=life.now, address=KF, identity=SHE, state="human")
    life.happens(changed)
    assert life.talk.taken_over
    life.acts("reply", text="您好")
    assert "colleague" in refused(life)
    wrote = ColleagueWrote(
        id="w", at=life.now, address=KF, identity=SHE, rep=RepHandle(platform="wecom", value="LiQiang"), text="我来"
    )
    (line,) = effects(life.happens(wrote), PostLine)
    assert (line.who, line.author, line.state) == ("rep", "李强", "delivered")
    life.happens(SessionChanged(id="s2", at=life.now, address=KF, state="ended"))
    assert not life.talk.taken_over


def test_strangers_and_other_teams_cannot_tell_not_yours_from_not_there(life: Life) -> None:
    stranger = Rep(id="x", name="X", team="other", aad_id="aad-x")
    life.acts("reply", stranger, text="hi")
    one = refused(life)
    gone = without(WANG, active=False)
    life.acts("reply", gone, text="hi")
    assert refused(life) == one
    event = RepActed(
        id="n", at=life.now, by=RepHandle(platform="teams", value="?"), verb="reply", conversation_id="nowhere"
    )
    life.conversation_id = "nowhere"
    life.happens(event, WANG)
    assert refused(life) == one


def test_a_manager_may_everywhere(life: Life) -> None:
    life.acts("reply", MA, text="您好")
    assert effects(life.last, SendText)


def test_plain_words_in_a_thread_stay_inside(life: Life) -> None:
    decision = life.types("这个客户很重要", mentioned=False)
    assert not decision.changes and not decision.sendings
    assert [s.about for s in decision.because.steps] == ["act"]


def test_other_words_to_the_bot_are_a_note_that_can_be_sent(life: Life) -> None:
    decision = life.types("您好王敏，资料在附件")
    assert not effects(decision, SendText)
    offer = effects(decision, PostLine)[0]
    assert offer.actions == ("send_to_customer",) and offer.text == "您好王敏，资料在附件"
    life.acts("send_to_customer", text=offer.text)
    assert effects(life.last, SendText)[0].text == offer.text


def test_typed_replies_are_buttons(life: Life) -> None:
    decision = life.types("回复 您好，我是王芳")
    assert effects(decision, SendText)[0].text == "您好，我是王芳"
    assert life.talk.claimed_by == WANG.id


def test_typed_lists_and_help_are_answered_to_the_person_alone(life: Life) -> None:
    (told,) = effects(life.types("queue"), NotifyRep)
    assert told.rep == WANG.id and told.query == "queue"
    (told,) = effects(life.types("find 王敏", personal=True), NotifyRep)
    assert told.query == "find:王敏"
    (told,) = effects(life.types("blah", personal=True), NotifyRep)
    assert "reply <text>" in told.text.en
    life.acts("mine")
    assert life.last.answer is not None and life.last.answer.query == "mine"


def test_a_refused_command_is_answered_in_the_thread(life: Life) -> None:
    life.acts("claim", WANG)
    decision = life.types("claim", LI)
    (line,) = effects(decision, PostLine)
    assert line.words is not None and "took it" in line.words.en


def test_snooze_comes_back_by_itself_and_by_her_word(life: Life) -> None:
    life.acts("snooze", hours="2")
    assert life.status() == "snoozed"
    decision = life.fire("snooze")
    assert life.status() == "open" and effects(decision, PostLine)[0].mention == life.customer.owner
    life.acts("snooze", hours="2")
    decision = life.says("在吗")
    assert life.status() == "open" and not life.customer.timer(f"snooze/{life.conversation_id}")
    assert effects(decision, PostLine)[0].mention == life.customer.owner


@pytest.mark.parametrize("hours", ["soon", "-1", "0", "nan", "inf", "99999"])
def test_a_snooze_needs_a_number(life: Life, hours: str) -> None:
    life.acts("snooze", hours=hours)
    assert refused(life) and life.status() == "open"


def test_closing_ends_quiet_and_her_word_reopens_with_her_owner(life: Life) -> None:
    life.acts("claim")
    life.acts("close")
    assert life.status() == "closed" and not [t for t in life.customer.timers if t.kind == "quiet"]
    life.passes(days=9)
    decision = life.says("我又来了")
    assert life.status() == "open" and life.customer.owner == WANG.id
    assert not effects(decision, PostRoot), "one thread per conversation and channel"
    assert effects(decision, PostLine)[0].mention == WANG.id
    assert effects(decision, NotifyRep)[0].rep == WANG.id


def test_moving_by_hand_leaves_a_word_where_it_was(life: Life) -> None:
    old = life.talk.root
    decision = life.acts("reroute", channel="售前支持")
    (root,) = effects(decision, PostRoot)
    assert root.channel == "presales" and root.moved_from == old
    moved = [c for c in effects(decision, RefreshCard) if c.moved_to]
    assert moved[0].after == old and moved[0].moved_to == "presales"
    life.says("智能工厂")
    assert life.talk.channel == "presales", "what a person decided stays"
    life.acts("reroute", channel="nowhere")
    assert "There is no such channel" in refused(life)


def test_a_thread_moves_by_itself_only_while_unclaimed(life: Life) -> None:
    assert life.talk.channel == "new-leads"
    life.says("我们是一家工厂")
    assert life.talk.channel == "manufacturing"
    other = Life()
    other.says("你好")
    other.acts("claim")
    other.says("我们是一家工厂")
    assert other.talk.channel == "new-leads"


def test_a_tag_taken_off_by_hand_stays_off(life: Life) -> None:
    life.says("请发报价")
    assert life.customer.has_tag("询价")
    life.acts("untag", tag="询价")
    life.says("报价多少钱")
    assert not life.customer.has_tag("询价")
    life.acts("tag", tag="询价")
    assert life.customer.has_tag("询价")
    life.acts("untag", tag="没有的")
    assert "no such tag" in refused(life)


def test_a_tag_goes_by_its_english_name_too(life: Life) -> None:
    name, english = next(iter(life.book.tags.items()))
    life.acts("tag", tag=english.upper())
    assert life.customer.has_tag(name) and not life.customer.has_tag(english.upper())
    life.acts("untag", tag=english)
    assert not life.customer.has_tag(name)


def test_what_the_platform_answers_itself_is_not_told_again(life: Life) -> None:
    assert effects(life.types("queue", personal=True), NotifyRep)
    decision = life.types("queue", personal=True, answered=True)
    assert decision.answer is not None and decision.answer.show == "list" and not effects(decision, NotifyRep)


def test_why_tells_the_sentence(life: Life) -> None:
    life.acts("why")
    answer = life.last.answer
    assert answer is not None and "新客接待" in answer.words.zh and "未选" in answer.words.zh
    life.acts("reroute", channel="service")
    life.acts("why")
    assert life.last.answer is not None and "by hand" in life.last.answer.words.en


def test_only_managers_pause_everything(life: Life) -> None:
    life.acts("pause", WANG)
    assert "Only a manager" in refused(life)
    (order,) = effects(life.acts("pause", MA), SetPause)
    assert order.paused
    (order,) = effects(life.acts("resume", MA), SetPause)
    assert not order.paused


def test_an_unknown_sending_is_settled_once_by_a_person(life: Life) -> None:
    row = effects(life.acts("reply", text="您好"), SendText)[0].id
    decision = life.reported(row, "send_text", "unknown", "interrupted")
    assert effects(decision, EditLine)[0].state == "unknown"
    (line,) = effects(decision, PostLine)
    assert line.who == "unknown" and line.about == row and line.actions == ("settle_arrived", "settle_again")
    assert effects(decision, NotifyRep)[0].about == row
    life.unknown = (row,)
    decision = life.acts("settle_arrived", about=row)
    (order,) = effects(decision, SettleSending)
    assert (order.row_id, order.verdict, order.by) == (row, "arrived", WANG.id)
    assert effects(decision, EditLine)[0].state == "delivered"
    life.unknown = ()
    life.acts("settle_again", about=row)
    assert "settled already" in refused(life)


def test_settling_by_word_takes_the_beginning_of_the_id(life: Life) -> None:
    life.unknown = ("0123456789abcdef0123456789abcdef",)
    (order,) = effects(life.types("settle 01234567 again"), SettleSending)
    assert order.verdict == "again" and order.row_id == life.unknown[0]
    life.types("settle 0123 again")
    assert life.last.answer is not None and life.last.answer.refused


def test_a_button_on_a_card_nobody_was_sure_of_proves_it(life: Life) -> None:
    life.unknown = (life.talk.root,)
    event = RepActed(
        id="x",
        at=life.now,
        by=RepHandle(platform="teams", value=WANG.aad_id),
        verb="claim",
        conversation_id=life.conversation_id,
        thread=Address(connector="teams", account="msteams", wire_id="19:a;messageid=7"),
        activity_id="7",
    )
    (order,) = effects(life.happens(event, WANG), SettleSending)
    assert (order.row_id, order.verdict, order.wire_id, order.part_id) == (
        life.talk.root,
        "arrived",
        "19:a;messageid=7",
        "7",
    )
    assert life.talk.claimed_by == WANG.id


def test_a_message_that_failed_tells_owner_and_thread(life: Life) -> None:
    row = effects(life.acts("reply", text="您好"), SendText)[0].id
    decision = life.reported(row, "send_text", "undeliverable", "blocked")
    (edit,) = effects(decision, EditLine)
    assert edit.state == "failed" and edit.reason == "blocked"
    (told,) = effects(decision, NotifyRep)
    assert told.rep == WANG.id and "blocked" in told.text.en
    decision = life.reported(row, "send_text", "waiting", "throttled")
    assert effects(decision, EditLine)[0].state == "waiting"


def test_a_card_nobody_is_sure_of_asks_owner_and_managers(life: Life) -> None:
    decision = life.reported(life.talk.root, "post_root", "unknown")
    told = effects(decision, NotifyRep)
    assert {t.rep for t in told} == {MA.id, life.customer.owner} and all(t.about == life.talk.root for t in told)
    before = life.talk.root
    (root,) = effects(life.reported("row", "post_line", "undeliverable", "root_gone"), PostRoot)
    assert root.id == life.talk.root != before


def test_taking_over_asks_the_platform(life: Life) -> None:
    (move,) = effects(life.acts("take_over"), MoveSession)
    assert move.to == "human" and move.rep == WANG.id and move.identity == SHE
    (move,) = effects(life.acts("hand_back"), MoveSession)
    assert move.to == "hub"


def test_an_unknown_verb_is_refused(life: Life) -> None:
    life.acts("explode")
    assert "no such action" in refused(life)


def test_a_task_is_done(life: Life) -> None:
    life.passes(hours=1)
    assert life.now.utcoffset() == timedelta(0)
    life.acts("done")
    assert "no such task" in refused(life)


def test_a_thread_that_was_deleted_begins_anew_once_and_nothing_said_is_lost(life: Life) -> None:
    old = life.talk.root
    lines = [
        PostLine(id=f"line-{n}", conversation_id=life.talk.id, after=old, who="customer", text=f"第{n}句")
        for n in (1, 2)
    ]
    first = life.gone(lines[0])
    (root,) = effects(first, PostRoot)
    again = [line for line in effects(first, PostLine) if line.who == "customer"]
    assert [(line.text, line.after) for line in again] == [("第1句", root.id)]
    second = life.gone(lines[1])
    assert not effects(second, PostRoot) and life.talk.root == root.id
    assert [(line.text, line.after) for line in effects(second, PostLine)] == [("第2句", root.id)]


def test_a_card_that_cannot_be_posted_leaves_room_for_the_next_try(life: Life) -> None:
    """Whatever hung on it is skipped; a conversation that kept pointing at it would never be seen again."""
    decision = life.reported(life.talk.root, "post_root", "undeliverable", "root_gone")
    assert effects(decision, NotifyRep)
    assert effects(decision, Provision)
    (root,) = effects(life.says("还在吗"), PostRoot)
    assert [line.after for line in effects(life.last, PostLine)] == [root.id] and life.talk.root == root.id


def test_words_in_a_thread_the_hub_does_not_know_are_answered_to_the_person(life: Life) -> None:
    life.conversation_id = "nowhere"
    (told,) = effects(life.types("回复 您好"), NotifyRep)
    assert told.rep == WANG.id and "Not there" in told.text.en
