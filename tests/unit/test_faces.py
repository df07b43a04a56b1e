"""One view, three faces: the channel card, the card in WeCom and the page beside the chat tell the same facts."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import RepNotice
from connectors.teams import cards as teams
from connectors.teams.drawing import Drawing
from connectors.teams.elements import Card
from connectors.wecom import cards as wecom
from connectors.wecom.words import fit_wide
from rules import cardparts
from rules.card import CardView, TouchView
from rules.cardview import Seen, build
from rules.model import Conversation, Customer, Entry, Identity, Stage, Tag, Task, Words
from rules.verbs import label
from sidebar.inside.drawing import Place, Sheet, draw_card
from sidebar.inside.page import Family
from simulator.wecom import card_rules
from tests.cardviews import objects, view
from tests.unit.builders import HERS, KF, LI, LIMITS, MA, MONDAY, WANG, playbook

PHONE = "13812345678"
NAMES = st.text(alphabet="王敏Ann 张-&<b>😀مر\u202e*_[]", min_size=1, max_size=24).filter(lambda s: bool(s.split()))
MOMENTS = st.integers(min_value=0, max_value=60 * 24 * 4).map(lambda m: MONDAY - timedelta(minutes=m))


@st.composite
def lives(draw: Any) -> Seen:
    """A customer in any state, with any facts, seen by anybody."""
    book = playbook()
    last, ours = draw(MOMENTS), draw(st.one_of(st.none(), MOMENTS))
    status = draw(st.sampled_from(["open", "open", "snoozed", "closed"]))
    waits = draw(st.booleans()) and status != "closed"
    rep = draw(st.sampled_from(["", "wang", "li"]))
    talk = Conversation(
        id="talk-1",
        address=KF,
        status=status,
        channel=draw(st.sampled_from(sorted(book.channels))),
        cell="default",
        claimed_by=draw(st.sampled_from(["", rep])),
        opened_at=last - timedelta(days=1),
        last_customer_at=last,
        last_our_at=ours,
        waiting_since=last if waits else None,
        sent_since_customer=draw(st.integers(0, 6)),
        taken_over=draw(st.booleans()),
        root="r",
    )
    facts: dict[str, str] = {name: draw(st.sampled_from(["", "50 万", "下季度 <b>"])) for name in cardparts.FACTS}
    names = draw(st.sets(st.sampled_from(sorted(book.tags)), max_size=5))
    customer = Customer(
        id="c-1",
        created_at=MONDAY,
        name=draw(st.one_of(st.just(""), NAMES)),
        language=draw(st.sampled_from(["zh-CN", "en"])),
        attributes={"mail": HERS, "phone": PHONE, "company": draw(st.one_of(st.just(""), NAMES)), **facts},
        stage=draw(st.sampled_from(list(Stage))),
        owner=rep,
        industry=draw(st.sampled_from(["", *book.industries])),
        source=draw(st.sampled_from(["", *book.sources])),
        tags=tuple(Tag(name=n, by="rule", rule="manufacturing", at=MONDAY) for n in sorted(names)),
        tasks=tuple(draw(st.lists(st.builds(_task, st.integers(0, 9), MOMENTS), max_size=2, unique_by=lambda t: t.id))),
        conversations=(talk,),
    )
    touch = TouchView(at=last, who="customer", where="wecom", text=f"打我电话 {PHONE}"[:4], id="e1")
    return Seen(
        customer=customer,
        conversation=talk,
        playbook=book,
        now=MONDAY,
        reps=(WANG, LI, MA),
        limits=LIMITS["wecom"],
        touches=(touch,),
        touch_count=draw(st.integers(1, 99)),
        entries=(Entry(id="s", signal="form", weight=20, half_life_days=60, at=MONDAY),),
        unknown=draw(st.integers(0, 2)),
        identities=(
            Identity(platform="mail", kind="address", value=HERS),
            Identity(platform="hub", kind="phone", value=PHONE),
        ),
        viewer=replace(WANG, language=draw(st.sampled_from(["zh-CN", "en"]))),
    )


def _task(number: int, due: datetime) -> Task:
    title = Words(zh=f"第 {number} 件事", en=f"Thing {number}")
    return Task(id=str(number), kind="by-hand", title=title, rep="wang", due_at=due)


def flat(text: str) -> str:
    """Words as they are read: blanks and control signs do not count."""
    return re.sub(r"[\s\u202e\u200f\u2066-\u2069]+", "", text)


def in_teams(view: CardView, language: str) -> str:
    card = teams.fitted(view, Drawing(language=language, nonce="n"), 28_000)
    Card.model_validate(card, by_alias=True)
    keys = ("text", "title", "value")
    shown = "\n".join(str(o[k]) for o in objects(card) for k in keys if k in o)
    return flat(re.sub(r"(?s)\\(.)", r"\1", shown))


def in_wecom(view: CardView, language: str) -> str:
    job = RepNotice(
        row_id="r1", attempt=1, rep=WANG, reference=None, title=Words(zh="新会话", en="New"), text=Words(zh="", en=""),
        card=view, conversation_id=view.conversation_id, actions=(("claim", label("claim")),), about="",
        page_url="https://hub.example/sidebar/c/1", language=language,
    )  # fmt: skip
    card = wecom.notice_card(job, "t1")
    card_rules.check(card)
    return flat(card_rules.words(card))


def on_the_page(view: CardView, language: Any) -> str:
    place = Place(family=Family(), home="/h", card_at="/c/", post_to="/p/{id}")
    page = draw_card(view, place, Sheet(language=language), lambda: MONDAY)
    text = re.sub(r"(?s)<style.*?</style>|<script.*?</script>", "", page.text or "")
    return flat(html.unescape(re.sub(r"<[^>]*>", "", text)))


@settings(max_examples=60, deadline=None)
@given(lives())
def test_every_face_tells_the_facts_of_the_view(seen: Seen) -> None:
    built = build(seen)
    assert seen.viewer is not None
    language = seen.viewer.language
    big, page, small = in_teams(built, language), on_the_page(built, language), in_wecom(built, language)
    told = [built.name, built.company, built.stage_words.in_(language), str(built.score), built.owner]
    told += [built.heat_words.in_(language), built.next_step.in_(language), *(t.shown for t in built.tags)]
    told += [f.value for f in built.bant] + [t.title.in_(language) for t in built.tasks]
    told += [built.risk.in_(language)] if built.risk else []
    told += [built.sla.words.in_(language)] if built.sla else []
    if built.window.open:
        told.append(f"{built.window.messages_left}/" if language == "zh-CN" else f"{built.window.messages_left} of")
    for fact in told:
        assert flat(fact) in big, ("teams", fact)
        assert flat(fact) in page, ("page", fact)
    short = [
        built.stage_words.in_(language),
        str(built.score),
        built.owner,
        built.heat_words.in_(language),
        built.channel,
    ]
    short += [fit_wide(built.sla.words.in_(language), 26)] if built.sla else []
    for fact in short:
        assert flat(fact) in small, ("wecom", fact)


@settings(max_examples=40, deadline=None)
@given(lives())
def test_no_face_tells_what_the_view_does_not_hold(seen: Seen) -> None:
    built = build(seen)
    for language in ("zh-CN", "en"):
        faces = [in_teams(built, language), on_the_page(built, language), in_wecom(built, language)]
        for face in faces:
            assert HERS not in face and PHONE not in face
            waiting = "首响" in face or "firstreply" in face.lower()
            assert waiting == (built.sla is not None and built.sla.what == "first")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_face_in_each_language_speaks_it_alone(language: str) -> None:
    other = {"zh-CN": ("Next", "Owner", "Score"), "en": ("下一步", "负责人", "评分")}[language]
    for face in (in_teams(view(), language), in_wecom(view(), language), on_the_page(view(), language)):
        assert not [word for word in other if word in face]
