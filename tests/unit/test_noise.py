"""Channels stay calm: one root post of a conversation in a channel, moves only with a reason, only her owner mentioned.

Whatever happens, in whatever order: random lives, and colleagues who move threads about.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings

from rules.decision import Decision
from rules.effects import PostLine, PostRoot, RefreshCard
from tests.unit.builders import MA, Life, effects
from tests.unit.test_laws import lives


def roots(decision: Decision) -> list[PostRoot]:
    return effects(decision, PostRoot)


@settings(max_examples=200, deadline=None)
@given(lives())
def test_one_unsolicited_root_post_however_a_life_goes(life: Life) -> None:
    begun: Counter[str] = Counter()
    lost = 0
    for decision in life.decisions:
        found = roots(decision)
        assert len(found) <= 1, "never two in one turn"
        lost += decision.because.event == "delivery_reported"
        for root in found:
            if not root.moved_from:
                begun[root.conversation_id] += 1
                continue
            assert decision.because.about("route"), "a thread moves because the matrix or a colleague says so"
            (sign,) = [r for r in effects(decision, RefreshCard) if r.after == root.moved_from]
            assert sign.moved_to == root.channel, "the old card says where it went"
    assert all(times <= 1 + lost for times in begun.values()), "begun anew only when the first post is gone"


@settings(max_examples=200, deadline=None)
@given(lives())
def test_a_claimed_thread_is_never_moved_by_itself(life: Life) -> None:
    claimed = ""
    for decision in life.decisions:
        moved = [r for r in roots(decision) if r.moved_from]
        by_hand = decision.because.event in ("rep_acted", "rep_spoke")
        assert not (moved and claimed and not by_hand)
        for change in decision.changes:
            if getattr(change, "kind", "") == "set_claim":
                claimed = getattr(change, "rep", "")


@settings(max_examples=200, deadline=None)
@given(lives())
def test_only_her_owner_is_mentioned(life: Life) -> None:
    owner = ""
    for decision in life.decisions:
        owners = {owner}
        for change in decision.changes:
            if getattr(change, "kind", "") == "set_owner":
                owner = getattr(change, "rep", "")
                owners.add(owner)
        assert {line.mention for line in decision.sendings if isinstance(line, PostLine)} <= {"", *owners}


def test_an_older_post_that_is_gone_is_posted_anew_once() -> None:
    life = Life()
    life.says("你好")
    away, back = "service", life.talk.channel
    life.acts("reroute", MA, channel=away)
    life.acts("reroute", MA, channel=back)
    (again,) = roots(life.reported(life.talk.root, "post_root", "undeliverable", "older_gone"))
    assert (again.channel, again.moved_from) == (back, "") and life.talk.root == again.id
    assert not roots(life.reported(again.id, "post_root", "undeliverable", "root_gone")), "not for ever"
