"""WeCom's words put into ours: every kind of kf item, odd ones included, and settings that cannot be right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.contract import Inbound, TryLater, Undeliverable, Unknown
from connectors.wecom import translate
from connectors.wecom.buttons import Button
from connectors.wecom.buttons import read as read_button
from connectors.wecom.errors import NotSent, Refusal, Unclear, outcome
from connectors.wecom.kf_items import Account, inbound
from connectors.wecom.pull import Place, place
from connectors.wecom.settings import Settings
from connectors.wecom.wire import element, read
from connectors.wecom.words import fit, fit_bytes, fit_wide
from rules.events import EVENT, MessageReceived, UnknownPayload
from tests.contract.wecom_hub import connector_settings

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ACCOUNT = Account(
    corp_id="ww-demo",
    open_kfid="wk-1",
    welcome=timedelta(seconds=18),
    cutoff=datetime.fromtimestamp(0, UTC),
    now=NOW,
)
Item = dict[str, object]
patient = trying(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""


def item(**more: object) -> Item:
    return {
        "msgid": "m1", "open_kfid": "wk-1", "external_userid": "wm-9", "send_time": int(NOW.timestamp()), "origin": 3,
        **more,
    }  # fmt: skip


def message(one: Inbound) -> MessageReceived:
    assert isinstance(one.event, MessageReceived)
    return one.event


def test_words_and_attachments_of_every_kind() -> None:
    text = message(inbound(item(msgtype="text", text={"content": "报价\x00?", "menu_id": "q1"}), ACCOUNT))
    assert (text.text, text.menu_id, text.attachments) == ("报价?", "q1", ())
    image = message(inbound(item(msgtype="image", image={"media_id": "M1"}), ACCOUNT))
    assert (image.text, image.attachments[0].media, image.attachments[0].wire_id) == ("", "image", "M1")
    link = message(inbound(item(msgtype="link", link={"title": "T", "url": "https://x.example"}), ACCOUNT))
    assert (link.text, link.attachments[0].url) == ("T\nhttps://x.example", "https://x.example")
    place_ = message(inbound(item(msgtype="location", location={"name": "Hall 3", "address": "Munich"}), ACCOUNT))
    assert place_.text == "Hall 3 Munich"
    new = message(inbound(item(msgtype="hologram", hologram={}), ACCOUNT))
    assert (new.attachments[0].media, new.attachments[0].name) == ("other", "hologram")


@pytest.mark.parametrize("msgid", ["m" * 300, "m\u2028\n1"])
def test_an_absurd_msgid_still_makes_an_id_that_can_be_stored(msgid: str) -> None:
    """One item that cannot be stored would keep its whole page, and the account behind it, from ever being stored."""
    one, again, other = (
        inbound(item(msgid=m, msgtype="text", text={"content": "x"}), ACCOUNT).event.id
        for m in (msgid, msgid, msgid + "2")
    )
    assert one == again != other and len(one) < 255 and one.isprintable()


def test_an_announcement_goes_before_an_older_backlog() -> None:
    xml = f"<xml><CreateTime>{int(NOW.timestamp())}</CreateTime><MsgType>event</MsgType><Event>kf_msg_or_event</Event>"
    fields = read(f"{xml}<Token>TK</Token><OpenKfId>wk-1</OpenKfId></xml>".encode())
    told = translate.inbound(
        translate.Callback(corp_id="ww-demo", fields=fields, raw=b"", encrypted="e", welcome=timedelta(seconds=18))
    )
    assert told is not None and told.deadline == NOW + timedelta(seconds=18)


@pytest.mark.parametrize(
    "broken",
    [
        None,
        7,
        [],
        {},
        item(msgid=""),
        item(send_time="now", msgtype="text"),
        item(send_time=-1, msgtype="text"),
        item(send_time=10**18, msgtype="text"),
        item(origin=9, msgtype="text"),
        item(external_userid=None, msgtype="text"),
        item(msgtype="event", event="x"),
        item(msgtype="event", event={"event_type": "user_recall_msg"}),
        item(msgtype="event", event={"event_type": "session_status_change", "change_type": 9}),
        item(origin=5, msgtype="text", text={"content": "no servicer"}),
    ],
)
def test_what_cannot_be_understood_is_kept(broken: object) -> None:
    one = inbound(broken, ACCOUNT)
    assert isinstance(one.event, UnknownPayload)
    assert one.raw == orjson.dumps(broken)
    assert one.event.id.startswith("wecom/kf/")


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = ["msgid", "send_time", "origin", "msgtype", "external_userid", "event", "text", "servicer_userid"]


@patient
@given(st.dictionaries(st.sampled_from(NAMES), json | st.sampled_from(["event", "text", 3, 4, 5, 1767603600])))
def test_any_item_becomes_an_event_that_can_be_stored(made: Item) -> None:
    one = inbound(made, ACCOUNT)
    assert EVENT.validate_json(EVENT.dump_json(one.event)) == one.event


def test_a_place_is_read_as_it_was_written() -> None:
    first = place("", NOW)
    assert first == Place(cursor="", cutoff=NOW)
    assert place(first.stored, NOW + timedelta(days=1)) == first
    assert place("4gw7|x", NOW) == Place(cursor="4gw7|x")
    assert Place(cursor="abc").stored == "abc"


@patient
@given(st.text(min_size=1, max_size=20), st.text(max_size=40), st.integers(0, 10**6), st.text(max_size=40))
def test_a_button_comes_back_as_it_was_made(verb: str, conversation: str, version: int, about: str) -> None:
    button = Button(verb=verb, conversation_id=conversation, card_version=version, about=about, language="en")
    assert read_button(button.key) == button


@patient
@given(st.text())
def test_any_key_is_read_or_refused(key: str) -> None:
    read_button(key)


@patient
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_a_reply_says_what_was_meant(text: str) -> None:
    told = read(f"<xml>{element('Content', text)}</xml>".encode())
    cleaned = "".join(c for c in text if c in "\t\n\r" or (ord(c) >= 32 and ord(c) not in (0xFFFE, 0xFFFF)))
    assert told.get("Content") == cleaned.replace("\r\n", "\n").replace("\r", "\n")


def test_an_ideograph_takes_the_room_of_two_letters() -> None:
    assert fit_wide("I write myself", 10) == "I write myself"
    assert fit_wide("王" * 10, 10) == "王" * 10
    assert fit_wide("王" * 11, 10) == "王" * 9 + "…"
    assert fit_wide("a\nb", 10) == "a b"


@patient
@given(st.text(max_size=300), st.integers(8, 200))
def test_texts_are_made_to_fit(text: str, size: int) -> None:
    assert len(fit(text, size)) <= size
    assert len(fit_wide(text, size)) <= 2 * size
    assert len(fit_bytes(text, size).encode()) <= size


def test_the_table_of_errcodes_decides() -> None:
    assert outcome(NotSent("x")) == TryLater(reason="unreachable", seconds=2)
    assert outcome(Unclear("x")) == Unknown(reason="interrupted")
    assert outcome(Refusal(45033, "x")) == TryLater(reason="throttled", seconds=3, scope="app")
    assert outcome(Refusal(-1, "x")) == TryLater(reason="throttled", seconds=5)
    assert outcome(Refusal(84061, "x")) == Undeliverable(reason="blocked", detail="errcode 84061")
    assert outcome(Refusal(99999, "x")) == Undeliverable(reason="refused", detail="errcode 99999")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"corp_id": ""}, "at least 1 character"),
        ({"apps": {}}, "at least 1 item"),
        ({"apps": {"Agent 1": {}}}, "Field required"),
        ({"kf": {"wk-1": "nobody"}}, "names the app 'nobody'"),
        ({"staff_app": "nobody"}, "names the app 'nobody'"),
        ({"api_base": "qyapi.weixin.qq.com"}, "a base URL"),
        ({"surprise": 1}, "Extra inputs"),
        ({"ack_seconds": 6}, "less than or equal to 4.5"),
    ],
)
def test_settings_that_cannot_be_right_are_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        connector_settings(**wrong)


@pytest.mark.parametrize("key", ["", "short", "!" * 43, "a" * 44])
def test_a_key_of_another_length_is_refused_and_not_shown(key: str) -> None:
    app = {"agent_id": 1, "secret": "s", "token": "t", "aes_key": key}
    with pytest.raises(ValidationError, match="43 characters") as refused:
        Settings.model_validate({"corp_id": "c", "apps": {"agent": app}})
    assert all(error["msg"] and key not in error["msg"] for error in refused.value.errors() if key)
