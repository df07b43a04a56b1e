"""Where notices go, when they wait, and what a digest is: per rep, on her own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rules.effects import NotifyRep
from rules.events import DeliveryReported, ReminderDue
from rules.model import Preferences, Rep
from rules.peace import quiet_until, ways
from rules.reminders import TOO_LATE, next_digest
from tests.unit.builders import LI, MA, MONDAY, WANG, Life, effects, playbook, without

NIGHT = Preferences(quiet="21:00-08:00")


def shanghai(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (shanghai(23, 20, 59), None),
        (shanghai(23, 21), shanghai(24, 8)),
        (shanghai(24, 2), shanghai(24, 8)),
        (shanghai(24, 8), None),
    ],
)
def test_a_night_passes_midnight(at: datetime, until: datetime | None) -> None:
    assert quiet_until(without(WANG, wishes=NIGHT), "", at) == until


def test_the_companys_hours_hold_for_who_has_chosen_none() -> None:
    night = shanghai(23, 23)
    assert quiet_until(WANG, "22:00-07:00", night) == shanghai(24, 7)
    assert quiet_until(without(WANG, wishes=Preferences(quiet="off")), "22:00-07:00", night) is None
    assert quiet_until(WANG, "22:00-22:00", night) is None, "not all day"
    berlin = without(WANG, zone="Europe/Berlin", wishes=NIGHT)
    assert quiet_until(berlin, "", night) is None, "it is four in the afternoon there"


@pytest.mark.parametrize(
    ("rep", "found"),
    [
        (WANG, ("",)),
        (without(WANG, wishes=Preferences(notices="both")), ("teams", "wecom")),
        (without(WANG, wishes=Preferences(notices="wecom")), ("wecom",)),
        (without(WANG, userid="", wishes=Preferences(notices="wecom")), ("",)),
        (without(WANG, aad_id="", wishes=Preferences(notices="both")), ("",)),
        (without(WANG, aad_id="", userid=""), ()),
    ],
)
def test_where_a_notice_goes(rep: Rep, found: tuple[str, ...]) -> None:
    assert ways(rep) == found


def test_both_ways_are_two_notices() -> None:
    life = Life(reps=(without(LI, wishes=Preferences(notices="both")),))
    told = effects(life.says("你好"), NotifyRep)
    assert [t.via for t in told] == ["teams", "wecom"] and len({t.id for t in told}) == 2


def test_what_comes_in_quiet_hours_waits_under_one_key() -> None:
    life = Life(reps=(without(LI, wishes=NIGHT),), now=shanghai(23, 22))
    first = effects(life.says("你好"), NotifyRep)
    life.passes(minutes=5)
    second = effects(life.says("转人工"), NotifyRep)
    told = [*first, *second]
    assert len(told) >= 2 and {t.not_before for t in told} == {shanghai(24, 8)}
    assert len({t.supersedes for t in told}) == 1 and told[0].supersedes


def test_answers_to_herself_are_never_held() -> None:
    night_owl = without(WANG, wishes=NIGHT)
    life = Life(reps=(night_owl,), now=shanghai(23, 22))
    (told,) = effects(life.types("queue", night_owl, personal=True), NotifyRep)
    assert told.not_before is None and not told.supersedes


def test_a_colleague_nobody_reaches_is_told_to_the_managers_once_a_week() -> None:
    ghost = without(LI, aad_id="", userid="")
    life = Life(reps=(ghost, MA))
    first = [n for n in effects(life.says("你好"), NotifyRep) if n.rep == MA.id]
    other = Life(reps=(ghost, MA))
    other.passes(days=1)
    again = [n for n in effects(other.says("在吗"), NotifyRep) if n.rep == MA.id]
    assert "李强" in first[0].text.zh and {n.id for n in first} == {n.id for n in again}
    later = Life(reps=(ghost, MA))
    later.passes(days=8)
    assert {n.id for n in effects(later.says("在吗"), NotifyRep) if n.rep == MA.id} != {n.id for n in first}


def test_a_notice_that_reached_nobody_is_told_too() -> None:
    life = Life()
    life.says("你好")
    report = DeliveryReported(
        id="r", at=life.now, row_id="x", conversation_id=life.conversation_id, effect="notify_rep",
        outcome="undeliverable", reason="no_connector", rep=LI.id,
    )  # fmt: skip
    (told,) = effects(life.happens(report), NotifyRep)
    assert told.rep == MA.id and "李强" in told.text.zh


# --- digests --------------------------------------------------------------------------------------------------------


def test_digests_come_twice_on_working_days_on_her_own_clock() -> None:
    book = playbook()
    assert next_digest(WANG, book, shanghai(23, 8)) == shanghai(23, 9)
    assert next_digest(WANG, book, shanghai(23, 9)) == shanghai(23, 16, 30)
    assert next_digest(WANG, book, shanghai(27, 17)) == shanghai(30, 9), "over the week end"
    berlin = without(WANG, zone="Europe/Berlin")
    assert next_digest(berlin, book, MONDAY) == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert next_digest(without(WANG, wishes=Preferences(digest=False)), book, MONDAY) is None
    assert next_digest(without(WANG, active=False), book, MONDAY) is None


def due(life: Life, rep: Rep, at: datetime) -> list[NotifyRep]:
    event = ReminderDue(id=f"digest/{rep.id}/{at.isoformat()}", at=life.now, rep=rep.id, due_at=at)
    return effects(life.happens(event), NotifyRep)


def test_a_digest_is_asked_for_when_its_time_has_come() -> None:
    life = Life(now=shanghai(23, 9))
    (told,) = due(life, WANG, life.now)
    assert (told.rep, told.query, told.conversation_id) == (WANG.id, "digest", "")


def test_a_digest_too_late_unwanted_or_at_night_is_left_out() -> None:
    late = Life(now=shanghai(23, 9) + TOO_LATE + timedelta(minutes=1))
    assert due(late, WANG, shanghai(23, 9)) == []
    off = without(WANG, wishes=Preferences(digest=False))
    assert due(Life(reps=(off,), now=shanghai(23, 9)), off, shanghai(23, 9)) == []
    asleep = without(WANG, wishes=Preferences(quiet="08:00-12:00"))
    assert due(Life(reps=(asleep,), now=shanghai(23, 9)), asleep, shanghai(23, 9)) == []
