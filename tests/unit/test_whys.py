"""Every automatic act has a why: whatever a turn does by itself, the trace of that turn tells the reason."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.card import NOT_TOLD
from rules.cardview import Seen, build
from rules.decision import Because, Decision
from rules.effects import AddScore, AddTag, Effect, Route, SendMail, SendText, SetOwner, SetStage, SetWakeup
from tests.unit.builders import LIMITS, Life, playbook, quiet_life
from tests.unit.test_laws import lives

TOLD: dict[type, tuple[str, ...]] = {
    Route: ("route",),
    SetOwner: ("assign",),
    SetStage: ("stage",),
    AddScore: ("score",),
    SetWakeup: ("quiet", "send", "skip"),
    SendMail: ("send", "quiet"),
    SendText: ("send", "act"),
}
"""Effect -> what one of the reasons must be about."""


def untold(decision: Decision) -> list[Effect]:
    """Automatic effects whose reason is missing."""
    about = {step.about for step in decision.because.steps}
    lost: list[Effect] = [e for e in decision.effects if not about & set(TOLD.get(type(e), about))]
    tags = [e for e in decision.effects if isinstance(e, AddTag) and e.tag.by != "rep"]
    return lost + [e for e in tags if not {e.tag.rule} & {s.rule for s in decision.because.steps}]


def newest(life: Life, about: str) -> Because | None:
    """The newest step about one thing, as storage finds it."""
    return next((s for d in reversed(life.decisions) for s in d.because.steps if s.about == about), None)


@settings(max_examples=120, deadline=None)
@given(st.one_of(lives(), st.builds(quiet_life)))
def test_nothing_happens_without_a_reason(life: Life) -> None:
    for decision in life.decisions:
        assert decision.because.steps
        assert all(step.words.zh and step.words.en for step in decision.because.steps)
        assert untold(decision) == []


@settings(max_examples=60, deadline=None)
@given(lives())
def test_the_card_tells_the_why_of_all_it_shows(life: Life) -> None:
    if not life.conversation_id:
        return
    view = build(
        Seen(
            customer=life.customer,
            conversation=life.talk,
            playbook=playbook(),
            now=life.now,
            reps=life.reps,
            limits=LIMITS["wecom"],
            entries=[e.entry for d in life.decisions for e in d.changes if isinstance(e, AddScore)],
            route=newest(life, "route"),
            assigned=newest(life, "assign"),
            staged=newest(life, "stage"),
            woken=newest(life, "quiet"),
        )
    )
    assert view.why.zh and view.why.en
    assert all(tag.because.zh and tag.because != NOT_TOLD for tag in view.tags)
    assert all(line.words.zh and line.at for line in view.score_lines)
    assert not view.owner_id or view.owner_why != NOT_TOLD
    assert view.stage == "prospect" or view.stage_why != NOT_TOLD
    assert view.wakeup is None or view.wakeup.why != NOT_TOLD
