"""A running company stays calm: one card a conversation, digests when there is something to say, nights in peace."""

from __future__ import annotations

import time

from simulator.story import actions, seen_on
from tests.story.cast import MANAGER, REP, SECOND, Json
from tests.story.town import SHANGHAI, Town

SOON = 2.0
"""Wall seconds in which every command is answered, by its answer or by a sign that it is worked on."""


def new(town: Town, rep: str, before: int) -> list[str]:
    """What the bot told a rep since then."""
    return [seen_on(m) for m in town.told(rep)[before:]]


def roots(town: Town, words: str) -> list[Json]:
    """Every thread in whose card or lines these words stand."""
    return [t for t in town.threads() if any(words in seen_on(p) for p in (t["root"], *t["replies"]))]


def morning(town: Town, days: int = 1) -> None:
    """On to a minute before nine on a later working day."""
    town.at_work()
    local = town.now.astimezone(SHANGHAI)
    town.until(local.replace(hour=15, minute=0).isoformat())
    town.push(hours=15)
    town.at_work()


def test_a_conversation_has_one_card_however_much_is_said(town: Town) -> None:
    town.at_work()
    guest = town.guest()
    thread = town.talk(guest, f"{guest}的第一句话")
    for number in range(6):
        town.say(guest, f"{guest}的第 {number} 句话")
    town.type(REP, thread, "备注 下周二前要报价")
    town.press(REP, town.thread(f"{guest}的第一句话")["root"], "snooze", hours="1")
    town.push(hours=2)
    town.say(guest, f"{guest}的最后一句话")
    town.push(minutes=2)
    assert {t["id"] for t in roots(town, f"{guest}的")} == {thread["id"]}
    mentions = [r for r in town.thread(f"{guest}的最后一句话")["replies"] if "<at>" in str(r)]
    assert all(REP in str(m) for m in mentions), "nobody but her owner is mentioned"


def test_an_unclaimed_one_has_one_card_a_channel_and_one_that_counts(town: Town) -> None:
    """What she says may send her to another channel: there she gets a card, and the old one becomes a sign."""
    town.at_work()
    guest = town.guest()
    town.enter(guest)
    for number in range(8):
        town.say(guest, f"{guest}还没人认领 {number}")
        town.push(minutes=1)
    found = roots(town, f"{guest}还没人认领")
    assert len({t["channel"] for t in found}) == len(found)
    claims = [t for t in found if any(a["verb"] == "claim" for a in actions(t["root"]["cards"]))]
    assert len(claims) == 1


TYPED = ("help", "queue", "me", "find 张", "unknown", "settings", "谢谢", "claim", "why", "snooze 2h", "note x")


def test_every_command_is_answered_at_once(town: Town) -> None:
    town.at_work()
    for typed in (
        "help",
        "queue",
        "me",
        "find 张",
        "unknown",
        "settings",
        "谢谢",
        "claim",
        "why",
        "snooze 2h",
        "note x",
    ):
        before, begun = len(town.told(REP)), time.monotonic()
        town.made.ask("/control/teams/say", {"rep": REP, "personal": True, "text": typed})
        while not new(town, REP, before):
            assert time.monotonic() - begun < SOON * 3, typed
        took = time.monotonic() - begun
        assert took < SOON or town.log("signalled"), f"{typed}: {took:.1f} s"


def test_a_word_of_a_note_finds_her(town: Town) -> None:
    town.at_work()
    guest = town.guest()
    words = f"你好，我是{guest}"
    thread = town.talk(guest, words)
    town.type(REP, thread, "备注 想要年框协议")
    before = len(town.told(REP))
    town.tell_bot(REP, "查找 年框")
    town.push(seconds=5)
    [answer] = new(town, REP, before)
    assert "查找结果" in answer and guest in answer


def test_a_digest_comes_when_there_is_something_to_say(town: Town) -> None:
    town.at_work()
    local = town.now.astimezone(SHANGHAI)
    town.until(local.replace(hour=16, minute=20).isoformat())
    guest = town.guest()
    words = f"{guest}：请问报价"
    town.talk(guest, words)
    before = {rep: len(town.told(rep)) for rep in (REP, SECOND)}
    town.push(minutes=15)
    digests = [t for t in new(town, REP, before[REP]) if "你的待办摘要" in t]
    assert len(digests) == 1 and "首响" in digests[0]
    # the longest waits come first: where other tests have left many of them, hers is beyond the digest's end
    assert (guest in digests[0] and "首响剩余" in digests[0]) or digests[0].count("首响已超时") >= 5, digests[0]
    town.tell_bot(REP, "设置 摘要 关")
    town.push(minutes=2)
    before[REP] = len(town.told(REP))
    morning(town)
    assert not [t for t in new(town, REP, before[REP]) if "你的待办摘要" in t]
    town.tell_bot(REP, "设置 摘要 开")


def test_a_manager_hears_of_a_late_answer_once(town: Town) -> None:
    town.at_work()
    guest = town.guest()
    town.talk(guest, f"{guest}在等回复")
    before = len(town.told(MANAGER))
    town.push(hours=2)
    told = [t for t in new(town, MANAGER, before) if guest in t and ("nearly late" in t or "快超时" in t)]
    assert len(told) == 1


def test_a_night_in_peace_and_one_word_in_the_morning(town: Town) -> None:
    town.at_work()
    names = [town.guest(), town.guest()]
    for guest in names:
        thread = town.talk(guest, f"{guest}白天来过")
        town.press(REP, thread["root"], "close")
    town.tell_bot(REP, "设置 安静 20-8")
    local = town.now.astimezone(SHANGHAI)
    town.until(local.replace(hour=22, minute=0).isoformat())
    before = len(town.told(REP))
    for guest in names:
        town.say(guest, f"{guest}半夜又来")
    town.push(hours=1)
    assert new(town, REP, before) == []
    town.push(hours=10)
    told = [t for t in new(town, REP, before) if "安静时段里的提醒" in t]
    assert len(told) == 1 and all(guest in told[0] for guest in names)
    town.tell_bot(REP, "设置 安静 关")
