"""Cards and lines as Teams gets them: every state, both languages, small, and deaf to an outsider's markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.contract import Line
from connectors.teams import cards, lines
from connectors.teams.cards import Drawing
from connectors.teams.elements import Card, Refresh, TextBlock
from connectors.teams.markdown import escape, shorten
from rules.card import CardView, ReplyWindow, TagView, TouchView
from rules.model import Stage, Words

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
Json = dict[str, Any]


def view(**changes: Any) -> CardView:
    base = CardView(
        conversation_id="c1",
        customer_id="k1",
        version=3,
        state="unclaimed",
        name="王敏",
        title="CIO",
        company="华东智造",
        stage=Stage.INTERESTED,
        stage_words=Words(zh="意向客户", en="Interested"),
        score=72,
        heat="hot",
        heat_words=Words(zh="高活跃", en="Hot"),
        qualified=True,
        segment="key",
        industry="制造业",
        source="qr-42",
        owner="",
        connector="wecom",
        channel="mfg",
        why=Words(zh="行业是制造业", en="Her industry is manufacturing"),
        next_step=Words(zh="今天回复报价", en="Answer about the quote today"),
        risk=Words(zh="风险", en="Risk"),
        window=ReplyWindow(open=True, hours_left=41.5, messages_left=3, messages_total=5),
        mail_allowed=Words(zh="未同意", en="No consent"),
        tags=(TagView(name="白皮书", auto=True, rule="r1"),),
        touches=(TouchView(at=NOW, who="customer", where="wecom", text="请发报价"),),
        touch_count=24,
        score_lines=(),
        tasks=(Words(zh="回电", en="Call back"),),
        unknown=1,
        wakeup=None,
        mail_masked="",
        zone="Asia/Shanghai",
    )
    return replace(base, **changes)


def drawn(language: str = "zh-CN", **changes: Any) -> Json:
    return cards.draw(view(**changes), Drawing(language=language, nonce="n1"))


def objects(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)


def verbs(card: Json) -> set[str]:
    return {o["verb"] for o in objects(card["actions"]) if o.get("type") == "Action.Execute"}


def texts(card: Any) -> str:
    return "\n".join(str(o[k]) for o in objects(card) for k in ("text", "title", "value") if k in o)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("state", ["unclaimed", "claimed", "snoozed", "closed"])
def test_each_state_offers_what_can_be_done_in_it(state: Any, language: str) -> None:
    card = drawn(language, state=state, owner="" if state == "unclaimed" else "Wang Fang")
    offered = verbs(card)
    assert ("claim" in offered) == (state == "unclaimed")
    assert {"reply", "why", "note"} <= offered
    assert ({"snooze", "reroute", "form", "close"} <= offered) == (state != "closed")
    sight = [a for a in card["actions"] if a.get("mode") != "secondary"]
    assert 1 <= len(sight) <= 3
    assert len(orjson.dumps(card)) < 12_000


def test_the_card_says_the_same_in_both_languages() -> None:
    zh, en = texts(drawn("zh-CN")), texts(drawn("en"))
    for facts in ("王敏", "72", "CIO · 华东智造", "qr-42", "制造业"):
        assert facts in zh and facts in en
    assert "还剩 41 小时 · 3/5 条" in zh and "41 h left · 3 of 5" in en
    assert "为什么在这里" in zh and "Why here" in en
    assert not re.search(r"\{\w+\}", zh + en)


def test_every_button_carries_the_lock_and_a_fallback() -> None:
    for action in objects(drawn()["actions"]):
        if action.get("type") == "Action.Execute":
            assert action["data"] == {"conversation_id": "c1", "card_version": 3, "nonce": "n1"}
            assert action["fallback"]["data"] == {**action["data"], "verb": action["verb"]}


def test_input_ids_are_unique() -> None:
    ids = [o["id"] for o in objects(drawn()) if str(o.get("type", "")).startswith("Input.")]
    assert len(ids) == len(set(ids)) and "text" in ids


def test_history_is_hidden_until_asked_for_and_left_out_of_a_new_thread() -> None:
    card = drawn()
    history = next(o for o in objects(card) if o.get("id") == "history")
    assert history["isVisible"] is False and "请发报价" in texts(history)
    fresh = cards.draw(view(), Drawing(language="zh-CN", nonce="n", history=False))
    assert "请发报价" not in orjson.dumps(fresh).decode()


def test_unknown_members_are_refused() -> None:
    with pytest.raises(ValidationError):
        TextBlock(text="x", colour="red")  # type: ignore[call-arg]
    with pytest.raises(ValidationError):
        Card.model_validate({"body": [{"type": "Media"}]})
    refresh = drawn()["refresh"]["action"]
    with pytest.raises(ValidationError):
        Refresh.model_validate({"action": refresh, "user_ids": ["29:x"] * 61})


EVIL = "[click](https://evil.example) **b** `c` <img src=x onerror=alert(1)> <at>Boss</at> # h\n- l\n1. n | ~~"


def test_an_outsiders_markup_does_nothing() -> None:
    card = drawn(name=EVIL, title=EVIL, company=EVIL, tags=(TagView(name=EVIL, auto=False),), source=EVIL)
    for block in objects(card):
        if block.get("type") in ("TextBlock", "Fact") or "value" in block:
            text = str(block.get("text", block.get("value", "")))
            assert not re.search(r"(?<!\\)[\[\]*`<>~|]", text), text
    assert "msteams" in card and "entities" not in card["msteams"]


def test_escape_undone_gives_the_words_again() -> None:
    assert re.sub(r"\\(.)", r"\1", escape(EVIL)) == EVIL


@given(st.text(max_size=200))
def test_escape_loses_nothing(text: str) -> None:
    assert re.sub(r"(?s)\\(.)", r"\1", escape(text)) == text


@given(st.text(max_size=100), st.integers(min_value=0, max_value=120))
def test_shortened_is_short_and_says_so(text: str, limit: int) -> None:
    short = shorten(text, limit, "…")
    assert len(short.encode()) <= max(limit, 3)
    assert short == text or short.endswith("…")


@pytest.mark.parametrize("long", ["😀" * 2_000, "报" * 9_000, "a" * 50_000, "<" * 9_000, '"' * 20_000])
def test_absurd_lengths_still_fit(long: str) -> None:
    huge = Words(zh=long, en=long)
    touches = tuple(TouchView(at=NOW, who="customer", where="wecom", text=long) for _ in range(5))
    tags = tuple(TagView(name=long, auto=False) for _ in range(40))
    whole = view(name=long, title=long, company=long, owner=long, source=long, segment=long, why=huge, risk=huge)
    whole = replace(whole, next_step=huge, mail_allowed=huge, touches=touches, tags=tags, tasks=(huge,) * 9)
    card = cards.fitted(whole, Drawing(language="zh-CN", nonce="n"), 28_000)
    assert len(orjson.dumps(card)) <= 24_000
    assert "claim" in verbs(card)


def test_a_root_that_moved_says_only_where_to() -> None:
    card = cards.moved(view(), Drawing(language="en", nonce="n"), "presales")
    assert "presales" in texts(card) and "actions" not in card


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Nowhere/At_All", ""])
def test_times_are_the_readers(zone: str) -> None:
    assert f"{cards.local(NOW, zone):%H}" == ("09" if zone == "Asia/Shanghai" else "01")


def line(**changes: Any) -> Line:
    return Line(**{"who": "customer", "author": "王敏", "text": "hi", **changes})


def test_a_line_is_plain_text_and_keeps_its_words() -> None:
    post = lines.draw(line(text=EVIL), language="en", nonce="n", text_bytes=20_000)
    assert post.card is None and post.text == f"王敏: {EVIL}"


def test_a_line_tells_that_it_may_be_a_repeat() -> None:
    post = lines.draw(line(marked=True), language="en", nonce="n", text_bytes=20_000)
    assert post.text.startswith("(may be a repeat)")


def test_a_long_line_is_cut_where_all_can_see_it() -> None:
    post = lines.draw(line(text="报" * 20_000), language="zh-CN", nonce="n", text_bytes=20_000)
    assert len(post.text.encode()) <= 20_000 and "已截短" in post.text


def test_lines_with_buttons_keep_an_outsiders_words_in_text_runs() -> None:
    offered = (("settle_arrived", Words(zh="已送达", en="It arrived")),)
    asked = line(who="unknown", text=EVIL, actions=offered, about="row-1")
    post = lines.draw(asked, language="en", nonce="n", text_bytes=20_000)
    assert post.card is not None and post.text == ""
    runs = [o["text"] for o in objects(post.card) if o.get("type") == "TextRun"]
    assert "\n".join(runs) == f"王敏: {EVIL}"
    assert len(orjson.dumps(post.card)) < 24_000
