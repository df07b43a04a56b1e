"""Laws that hold for every life: total, pure, foldable, and a score that is the sum of its ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.decision import TRACE
from rules.effects import CHANGE, SENDING, AddScore, Change, NotifyRep, Sending, SetTimer, fold
from rules.engine import decide
from rules.events import Event, Happened, UnknownPayload
from rules.facts import Facts
from rules.model import Balance, Customer, Entry, Snapshot
from rules.reps import VERBS
from rules.scoring import next_flip
from tests.unit.builders import KF, LI, LIMITS, MA, MONDAY, SHE, WANG, Life, playbook, quiet_life

ACTS = ["says", "enters", "visits", "submits", "mails", "acts", "types", "passes", "fires", "reports"]
TEXTS = ["你好", "报价多少", "智能工厂", "退订", "人工", "hello there", "", "13812345678", "\u0000\ud7ff😀" * 5]


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A life of up to a dozen random events."""
    life = Life(now=MONDAY + timedelta(hours=draw(st.integers(0, 24))))
    for act in draw(st.lists(st.sampled_from(ACTS), min_size=1, max_size=12)):
        text = draw(st.sampled_from(TEXTS))
        rep = draw(st.sampled_from([WANG, LI, MA]))
        if act == "acts":
            life.acts(draw(st.sampled_from(sorted(VERBS))), rep, text=text, tag=text, hours="2", channel="presales")
        elif act == "types":
            life.types(draw(st.sampled_from(["claim", "回复 您好", "help", "queue", text])), rep)
        elif act == "fires" and life.customer.timers:
            life.fire(draw(st.sampled_from(sorted({t.kind for t in life.customer.timers}))))
        elif act == "passes":
            life.passes(days=draw(st.integers(1, 40)))
        elif act == "visits" and life.conversation_id:
            life.visits(draw(st.sampled_from(["/pricing", "/paas", "/whitepaper-a"])))
        elif act == "submits" and life.conversation_id:
            life.submits(consented=draw(st.booleans()), mail="a@example.com", company=text)
        elif act == "mails" and life.conversation_id:
            life.mails(text, verified=draw(st.booleans()), automatic=draw(st.booleans()))
        elif act == "reports" and life.conversation_id:
            rows = [e for d in life.decisions for e in d.sendings if e.report]
            if rows:
                row = draw(st.sampled_from(rows))
                outcome = draw(st.sampled_from(["delivered", "undeliverable", "unknown", "skipped", "waiting"]))
                life.reported(row.id, str(getattr(row, "kind", "")), outcome)
        elif act == "enters":
            life.enters(draw(st.sampled_from(["expo-2026", "", "nowhere"])))
        else:
            life.says(text)
    return life


def told_once(sending: Sending) -> bool:
    """What managers hear of a waiting customer bears the name of what is told, so that the outbox takes it once."""
    managers = (MA.id,)
    return isinstance(sending, NotifyRep) and sending.rep in managers and "owner: " in sending.text.en


@settings(max_examples=150, deadline=None)
@given(lives())
def test_the_laws_of_a_life(life: Life) -> None:
    entries = [e.entry for d in life.decisions for e in d.changes if isinstance(e, AddScore)]
    assert life.customer.score(life.now) == pytest.approx(sum(e.now(life.now) for e in entries), abs=1e-6)
    changes: list[Change] = [c for d in life.decisions for c in d.changes]
    start = Customer(id="c-1", created_at=MONDAY)
    assert fold(start, changes) == life.customer, "folding the timeline gives her again"
    stored = [CHANGE.validate_json(CHANGE.dump_json(c)) for c in changes]
    assert stored == changes and fold(start, stored) == life.customer, "also from what is stored"
    ids = [s.id for d in life.decisions for s in d.sendings if not told_once(s)]
    assert len(ids) == len(set(ids)), "no two sendings share an id"
    for decision in life.decisions:
        assert decision.because.steps, "every decision has a reason"
        assert all(s.words.zh and s.words.en for s in decision.because.steps)
        assert TRACE.validate_json(TRACE.dump_json(decision.because)) == decision.because
        for sending in decision.sendings:
            assert SENDING.validate_json(SENDING.dump_json(sending)) == sending
    assert all(t.due_at.tzinfo is not None for t in life.customer.timers)


@settings(max_examples=150, deadline=None)
@given(lives())
def test_nothing_automatic_is_said_beyond_the_window(life: Life) -> None:
    for talk in life.customer.conversations:
        assert talk.sent_since_customer <= 5


@settings(max_examples=60, deadline=None)
@given(lives())
def test_what_a_person_took_off_no_rule_puts_on(life: Life) -> None:
    if not life.conversation_id:
        return
    for tag in [t.name for t in life.customer.tags if t.active]:
        life.acts("untag", MA, tag=tag)
    gone = {t.name for t in life.customer.tags if not t.active}
    life.says("报价 智能工厂 工厂")
    life.visits("/whitepaper-a")
    assert not gone & {t.name for t in life.customer.tags if t.active}


def events() -> st.SearchStrategy[Happened]:
    """Any event of any kind, with any content its type allows."""
    text = st.sampled_from(["", "x", "你好", "claim", "/pricing", "wecom", "0", "9" * 50])
    moment = st.integers(0, 365 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours))
    with_types = {str: text, datetime: moment}
    for kind, strategy in with_types.items():
        st.register_type_strategy(kind, strategy)
    return st.one_of([st.from_type(c) for c in get_args(get_args(Event)[0])])


EVENTS = events()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_decide_is_total(data: st.DataObject) -> None:
    """Over empty, young and waiting customers, with and without an actor, whatever comes."""
    life = quiet_life() if data.draw(st.booleans()) else Life()
    event = data.draw(EVENTS)
    actor = (None, WANG, MA)[data.draw(st.integers(0, 2))]
    snapshot = Snapshot(
        customer=life.customer,
        conversation_id=life.conversation_id,
        actor=actor,
        reps=life.reps,
        limits=LIMITS,
        unknown=("9" * 50,),
    )
    decision = decide(snapshot, event, playbook(), life.now)
    assert decision.because.steps
    assert decision == decide(snapshot, event, playbook(), life.now)
    fold(life.customer, decision.changes)


def test_an_event_of_an_unknown_kind_is_skipped() -> None:
    decision = decide(
        Snapshot(customer=Customer(id="c", created_at=MONDAY)), Happened(id="x", at=MONDAY), playbook(), MONDAY
    )
    assert not decision.effects and decision.because.steps[0].about == "skip"
    unknown = UnknownPayload(id="u", at=MONDAY, address=KF, what="new thing")
    assert not decide(Snapshot(customer=Customer(id="c", created_at=MONDAY)), unknown, playbook(), MONDAY).effects


@given(
    st.lists(st.tuples(st.floats(0.5, 60), st.floats(10, 120), st.integers(0, 40)), max_size=8),
)
def test_the_next_flip_is_when_the_score_meets_a_threshold(lines: list[tuple[float, float, int]]) -> None:
    customer = Customer(id="c", created_at=MONDAY - timedelta(days=100))
    now = MONDAY + timedelta(days=50)
    for n, (weight, half_life, day) in enumerate(lines):
        entry = Entry(id=str(n), signal="s", weight=weight, half_life_days=half_life, at=MONDAY + timedelta(days=day))
        customer = AddScore(entry=entry).apply(customer)
    facts = Facts(customer=customer, conversation=None, event=Happened(id="", at=now), now=now)
    at = next_flip(customer, playbook(), facts)
    below = [v for v in playbook().moments["score"] if 0 < v < customer.score(now)]
    if below:
        assert at is not None and customer.score(at) == pytest.approx(max(below), abs=0.1)


def test_negative_lines_are_looked_at_daily() -> None:
    customer = replace(Customer(id="c", created_at=MONDAY), balances=(Balance(half_life_days=5, value=-9, at=MONDAY),))
    facts = Facts(customer=customer, conversation=None, event=Happened(id="", at=MONDAY), now=MONDAY)
    at = next_flip(customer, playbook(), facts)
    assert at is not None and at <= MONDAY + timedelta(days=1, seconds=1)


def test_a_timer_that_stands_so_already_is_not_set_again() -> None:
    life = Life()
    life.says("你好")
    life.acts("claim")
    decision = life.acts("why")
    assert not [e for e in decision.effects if isinstance(e, SetTimer)]


def test_sendings_of_a_turn_wait_only_for_rows_that_exist() -> None:
    life = quiet_life()
    known: set[str] = set()
    for decision in life.decisions:
        for sending in decision.sendings:
            assert isinstance(sending, Sending)
            assert not sending.after or sending.after in known
            known.add(sending.id)
    assert SHE.verified
