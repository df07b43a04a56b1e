"""Cards and lines as Teams gets them: every state, both languages, small, and deaf to an outsider's markup."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.contract import Line
from connectors.teams import cards, lines
from connectors.teams.drawing import Drawing
from connectors.teams.elements import Card, Refresh, TextBlock
from connectors.teams.markdown import escape, shorten
from connectors.teams.settings import Settings
from connectors.teams.tab import card_link
from rules.card import ReplyWindow, TagView, TouchView
from rules.cardview import Seen, build
from rules.model import Identity, Words
from rules.sla import Sla
from tests.cardviews import FACTS, NOW, TASK, objects, view, waits
from tests.unit.builders import HERS, Life, playbook
from tests.unit.cards import kept, snapshot

Json = dict[str, Any]


def drawn(language: str = "zh-CN", **changes: Any) -> Json:
    return cards.draw(view(**changes), Drawing(language=language, nonce="n1"))


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
    assert {"reply", "why", "note", "task", "done", "tag", "untag", "stage", "fact"} <= offered
    assert ({"snooze", "reroute", "form", "close", "take_over"} <= offered) == (state != "closed")
    assert ("release" in offered) == (state == "claimed")
    sight = [a["title"] for a in card["actions"] if a.get("mode") != "secondary"]
    wanted = {"zh-CN": ["认领", "回复客户"], "en": ["Claim", "Reply"]}[language]
    assert sight == (wanted if state == "unclaimed" else wanted[1:])
    assert len(orjson.dumps(card)) < 16_000


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("state", ["unclaimed", "claimed", "snoozed", "closed"])
def test_the_card_is_the_one_that_was_looked_at(state: Any, language: str) -> None:
    """The cards as they were when somebody last looked at them; renew them with `python -m tests.unit.cards`."""
    assert orjson.loads(kept(state, language).read_bytes()) == snapshot(state, language)


def test_the_card_is_laid_out_for_a_glance() -> None:
    card = drawn(owner="王芳", next_owner="王芳")
    head, state, tags, attention, unknown, step, facts, *rest = card["body"]
    assert head["style"] == "emphasis" and "王敏" in texts(head) and "72" in texts(head)
    assert state["text"].startswith("待认领 · 意向客户")
    assert [b["type"] for b in tags["items"]] == ["Badge"] and tags["layouts"][0]["type"] == "Layout.Flow"
    assert tags["fallback"] == {**tags["fallback"], "type": "TextBlock", "text": "白皮书（自动）"}
    assert "fallback" not in tags["items"][0], "one fallback for all of them"
    assert attention["text"] == "风险:6 天未回复 · 首响剩余 18 分钟" and attention["color"] == "attention"
    assert "1 条" in unknown["text"]
    assert step["text"] == "下一步：今天回复报价（王芳 · 1月5日 09:18 前）"
    assert [f["title"] for f in facts["facts"]] == ["预算", "决策", "需求", "时间", "负责人", "可回复"]
    assert facts["facts"][0]["value"] == "50 万" and facts["facts"][1]["value"].startswith("待了解 · ")
    assert len(facts["facts"]) <= 6 and all(len(f["title"]) <= 5 for f in facts["facts"])
    assert {o.get("id") for o in rest if o.get("isVisible") is False} == {"history", "whys"}


@pytest.mark.parametrize(
    ("sla", "risk", "colour"),
    [(waits(18), None, "default"), (waits(5), None, "warning"), (waits(-5), None, "attention")],
)
def test_the_attention_line_grows_louder(sla: Sla, risk: None, colour: str) -> None:
    line = next(b for b in drawn(sla=sla, risk=risk)["body"] if sla.words.zh in b.get("text", ""))
    assert line["color"] == colour
    assert sla.words.zh not in texts(drawn(sla=None, risk=None))


def test_every_automatic_thing_tells_its_why() -> None:
    said = texts(next(o for o in objects(drawn(owner="王芳")) if o.get("id") == "whys"))
    for why in ("行业是制造业", "负载最低", "提交了表单", "下载了白皮书", "询问报价", "未同意"):
        assert why in said
    assert "+20 询问报价 · 1月5日 09:00" in said


def test_a_reply_is_written_with_the_window_in_view() -> None:
    reply = next(a for a in drawn("en")["actions"] if a["title"] == "Reply")
    assert reply["card"]["body"][0]["text"] == "41 h left · 3 of 5"
    soon = ReplyWindow(open=True, hours_left=0.5, messages_left=1, messages_total=5)
    assert "30 min left · 1 of 5" in texts(drawn("en", window=soon)["actions"])


def test_history_tells_where_and_how_it_fared_in_words() -> None:
    ours = TouchView(at=NOW, who="us", where="wecom", text="好的", id="e2", state="failed")
    page = texts(next(o for o in objects(drawn(touches=(ours,))) if o.get("id") == "history"))
    assert "微信" in page and "未送达" in page and "wecom" not in texts(drawn(touches=(ours,)))


def test_whose_clients_refresh_is_said_and_at_most_sixty() -> None:
    drawing = Drawing(language="en", nonce="n", readers=("29:owner", "29:else"))
    assert cards.draw(view(), drawing)["refresh"]["userIds"] == ["29:owner", "29:else"]
    assert "userIds" not in drawn()["refresh"]
    assert "refresh" not in cards.draw(view(), Drawing(language="en", nonce="n", live=False))


def test_the_tab_is_opened_where_there_is_one() -> None:
    link = "https://teams.microsoft.com/l/entity/x/tower"
    card = cards.draw(view(), Drawing(language="en", nonce="n", open_url=link))
    assert [a["url"] for a in card["actions"] if a["type"] == "Action.OpenUrl"] == [link]
    assert not [a for a in drawn()["actions"] if a["type"] == "Action.OpenUrl"]
    ours = Settings.model_validate(
        {"app_id": "app-1", "app_password": "s3cret-value", "tenant_id": "t-1", "tab_audience": ("app-1",)}
    )
    assert card_link(ours, "c1") == (
        "https://teams.microsoft.com/l/entity/app-1/tower?context=%7B%22subEntityId%22%3A%22c1%22%7D"
    )
    assert card_link(ours.model_copy(update={"tab_audience": ()}), "c1") == ""
    assert card_link(ours.model_copy(update={"client_url": ""}), "c1") == ""


def test_every_personal_address_is_masked_in_the_channel() -> None:
    life = Life()
    life.says("我的手机 13812345678")
    life.submits(mail=HERS, name="王敏", phone="13812345678")
    phone = Identity(platform="hub", kind="phone", value="13812345678")
    mail = Identity(platform="mail", kind="address", value=HERS)
    seen = Seen(
        customer=life.customer, conversation=life.talk, playbook=playbook(), now=life.now, identities=(phone, mail)
    )
    built = build(seen)
    for language in ("zh-CN", "en"):
        card = orjson.dumps(cards.draw(built, Drawing(language=language, nonce="n"))).decode()
        assert HERS not in card and "13812345678" not in card
    assert [i.masked for i in built.identities] == ["138****78", "w***@example.com"]


def test_the_card_says_the_same_in_both_languages() -> None:
    zh, en = texts(drawn("zh-CN")), texts(drawn("en"))
    for facts in ("王敏", "72", "CIO · 华东智造", "qr-42", "制造业", "50 万"):
        assert facts in zh and facts in en
    assert "还剩 41 小时 · 3/5 条" in zh and "41 h left · 3 of 5" in en
    assert "为什么在这里" in zh and "Why here" in en
    assert not re.search(r"\{\w+\}", zh + en)


def test_every_button_carries_the_lock_and_a_fallback() -> None:
    for action in objects(drawn()["actions"]):
        if action.get("type") == "Action.Execute":
            about = {"about": "t1"} if action["verb"] == "done" else {}
            assert action["data"] == {"conversation_id": "c1", "card_version": 3, "nonce": "n1", **about}
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


WORST = st.one_of(
    st.sampled_from(["😀" * 2_000, "报" * 9_000, "a" * 50_000, "<" * 9_000, '"' * 20_000, "\u202e" * 3_000]),
    st.text(min_size=500, max_size=2_000),
    st.text(alphabet="[]()*_`<>|~#\u202e\u200f\ufeff\u0627\u05d0👩‍👩‍👧", max_size=2_000),
)


@settings(max_examples=60, deadline=None)
@given(WORST, WORST, st.sampled_from(["unclaimed", "claimed", "snoozed", "closed"]), st.sampled_from(["zh-CN", "en"]))
def test_the_worst_card_still_fits_and_holds_only_what_teams_knows(one: str, other: str, state: Any, said: str) -> None:
    huge = Words(zh=one, en=other)
    touches = tuple(TouchView(at=NOW, who="us", where=one, text=other, state="unknown") for _ in range(5))
    tags = tuple(TagView(name=f"{n}{one}", auto=True, because=huge) for n in range(40))
    tasks = tuple(replace(TASK, id=str(n), title=huge) for n in range(9))
    facts = tuple(replace(f, value=other, because=huge) for f in FACTS)
    whole = view(name=one, title=other, company=one, owner=other, source=one, segment=other, industry=one)
    whole = replace(whole, why=huge, risk=huge, next_step=huge, mail_allowed=huge, owner_why=huge, stage_why=huge)
    whole = replace(whole, touches=touches, tags=tags, tasks=tasks, bant=facts, state=state, next_owner=one)
    whole = replace(whole, channels=tuple((str(n), one) for n in range(25)), stages=(("client", huge),))
    readers = tuple(f"29:{n}{'x' * 120}" for n in range(60))
    card = cards.fitted(whole, Drawing(language=said, nonce="n", readers=readers), 28_000)
    assert len(orjson.dumps(card)) <= 24_000
    Card.model_validate(card, by_alias=True)
    assert "reply" in verbs(card) and ("claim" in verbs(card)) == (state == "unclaimed")


def test_a_root_that_moved_says_only_where_to() -> None:
    card = cards.moved(view(), Drawing(language="en", nonce="n"), "presales")
    assert "presales" in texts(card) and "actions" not in card


@pytest.mark.parametrize(
    ("zone", "hour"), [("Asia/Shanghai", "09"), ("Europe/Berlin", "02"), ("Nowhere/At_All", "09"), ("", "09")]
)
def test_times_are_the_readers_and_the_offices_where_hers_is_not_known(zone: str, hour: str) -> None:
    assert f", {hour}:" in Drawing(language="en", nonce="n").when(NOW, zone)


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
