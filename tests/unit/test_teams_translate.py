"""What Teams' words mean to us: pure translation, one activity at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Inbound
from connectors.teams import places, translate
from connectors.teams.heard import Heard, moment
from connectors.teams.settings import Settings
from rules.errors import BadRequest
from rules.events import BotInstalled, MessageReceived, RepActed, RepSpoke, UnknownPayload
from rules.model import Address

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
APP = "11111111-2222-3333-4444-555555555555"
SETTINGS = Settings.model_validate({"app_id": APP, "app_password": "p4ssw0rd!", "tenant_id": "t-1"})
THREAD = "19:abc@thread.tacv2;messageid=1"
Json = dict[str, Any]


def activity(**changes: Any) -> Json:
    base: Json = {
        "type": "message",
        "id": "100",
        "timestamp": "2026-01-05T08:59:58.1234567Z",
        "serviceUrl": "https://smba.trafficmanager.net/emea/",
        "channelId": "msteams",
        "from": {"id": "29:rep", "name": "Rep One", "aadObjectId": "rep-1"},
        "recipient": {"id": f"28:{APP}", "name": "Tower"},
        "conversation": {"conversationType": "channel", "id": THREAD, "tenantId": "t-1"},
        "channelData": {"team": {"id": "19:team@thread.tacv2"}, "tenant": {"id": "t-1"}},
        "text": "hello",
    }
    return {key: value for key, value in (base | changes).items() if value is not ...}


def heard(**changes: Any) -> Heard:
    settings = changes.pop("settings", SETTINGS)
    return Heard(activity=activity(**changes), raw=b"{}", settings=settings, now=NOW)


def mention(text: str = "<at>Tower</at>", who: str = f"28:{APP}", name: str = "Tower") -> Json:
    return {"type": "mention", "text": text, "mentioned": {"id": who, "name": name}}


def only(found: list[Inbound]) -> Any:
    [inbound] = found
    return inbound.event


def test_a_word_in_a_thread() -> None:
    event = only(translate.message(heard()))
    assert isinstance(event, RepSpoke)
    assert (event.text, event.mentioned, event.personal, event.by.value) == ("hello", False, False, "rep-1")
    assert event.thread == Address(connector="teams", account="msteams:t-1", wire_id=THREAD)
    assert event.at == datetime(2026, 1, 5, 8, 59, 58, 123456, tzinfo=UTC)


def test_mentions_count_by_entity_only() -> None:
    typed = only(translate.message(heard(text="<at>Tower</at> reply x")))
    assert not typed.mentioned and typed.text == "<at>Tower</at> reply x"
    real = only(translate.message(heard(text="<at>Tower</at>\xa0 reply x", entities=[mention()])))
    assert real.mentioned and real.text == "reply x"
    other = mention("<at>Li</at>", "29:li", "Li Lei")
    both = only(translate.message(heard(text="<at>Tower</at> ask <at>Li</at> first", entities=[mention(), other])))
    assert both.mentioned and both.text == "ask @Li Lei first"
    assert not only(translate.message(heard(entities=[other]))).mentioned


def test_our_own_words_and_other_bots_are_not_heard() -> None:
    assert translate.message(heard(**{"from": {"id": f"28:{APP}"}})) == []
    assert translate.message(heard(**{"from": {"id": "28:other", "aadObjectId": "x"}})) == []


def test_only_mentions_when_told_so() -> None:
    strict = SETTINGS.model_copy(update={"mention_only": True})
    assert translate.message(heard(settings=strict)) == []
    assert only(translate.message(heard(settings=strict, text="<at>Tower</at> me", entities=[mention()]))).mentioned


def test_a_person_without_an_entra_id_is_kept_but_is_nobody() -> None:
    assert isinstance(only(translate.message(heard(**{"from": {"id": "29:guest"}}))), UnknownPayload)


def test_markup_of_formatted_messages_is_taken_off() -> None:
    event = only(translate.message(heard(text="<p>a &lt; b</p>", textFormat="xml")))
    assert event.text == "a < b"
    assert only(translate.message(heard(text="a &lt; b", textFormat="plain"))).text == "a &lt; b"


def test_a_chat_with_the_bot_also_tells_where_to_answer() -> None:
    place, word = translate.message(heard(conversation={"conversationType": "personal", "id": "a:1"}, channelData={}))
    assert isinstance(word.event, RepSpoke) and word.event.personal and word.event.mentioned
    assert isinstance(place.event, BotInstalled)
    assert (place.event.scope, place.event.member_wire_id) == ("personal", "29:rep")


def visitor(**changes: Any) -> Heard:
    conversation = {"id": "visit-1"}
    base: Json = {"channelId": "directline", "conversation": conversation, "channelData": ..., "locale": "en-US"}
    return heard(**{**base, "from": {"id": "dl_7", "name": "Ann"}, **changes})


def test_a_visitor_is_known_by_what_our_token_fixed() -> None:
    _, word = translate.message(visitor())
    event = word.event
    assert isinstance(event, MessageReceived)
    assert (event.identity.kind, event.identity.value, event.name) == ("user", "dl_7", "Ann")
    assert event.address == Address(connector="teams", account="directline", wire_id="visit-1")


def test_a_name_a_visitor_gives_herself_is_no_identity() -> None:
    _, word = translate.message(visitor(**{"from": {"id": "somebody-else"}}))
    event = word.event
    assert isinstance(event, MessageReceived)
    assert (event.identity.kind, event.identity.value) == ("conversation", "visit-1")


def press(**data: Any) -> Inbound:
    base: Json = {"conversation_id": "c1", "card_version": 3, "nonce": "n1"}
    return translate.action(heard(type="invoke", replyToId="1"), {**base, **data}, "reply")


def test_a_press_is_the_same_under_another_activity_id_but_not_with_other_words() -> None:
    first = press(text="a")
    again = translate.action(
        heard(type="invoke", id="101"),
        {"conversation_id": "c1", "card_version": 3, "nonce": "n1", "text": "a"},
        "reply",
    )
    assert first.event.id == again.event.id and first.keys != again.keys
    assert len({press(text=text, nonce=n).event.id for text in ("a", "b") for n in ("n1", "n2")}) == 4


def test_inputs_are_what_was_typed() -> None:
    event = press(text="hi", hours=4, about="row", msteams={"type": "x"}, extra=["list"]).event
    assert isinstance(event, RepActed)
    assert event.inputs == {"text": "hi", "hours": "4", "about": "row"}
    assert (event.conversation_id, event.card_version, event.activity_id) == ("c1", 3, "1")
    note = press(note_text="for us").event
    assert isinstance(note, RepActed) and note.inputs == {"text": "for us"}


@pytest.mark.parametrize("version", [-1, 2**60, True, "3", None, 1.5])
def test_an_odd_version_is_none(version: object) -> None:
    event = press(card_version=version).event
    assert isinstance(event, RepActed) and event.card_version == 0


def test_an_old_client_presses_by_message() -> None:
    value = {"verb": "claim", "conversation_id": "c1", "card_version": 2, "nonce": "n"}
    event = only(translate.message(heard(text=..., value=value)))
    assert isinstance(event, RepActed) and (event.verb, event.card_version) == ("claim", 2)


def test_installations() -> None:
    team = {"id": "19:team@thread.tacv2", "aadGroupId": "g-1", "name": "Sales"}
    where: Json = {"channelData": {"team": team, "tenant": {"id": "t-1"}}}
    general = {"conversationType": "channel", "id": team["id"], "tenantId": "t-1"}
    event = only(places.installation(heard(type="installationUpdate", action="add", conversation=general, **where)))
    assert isinstance(event, BotInstalled)
    assert (event.scope, event.team_id, event.group_id, event.removed) == ("team", team["id"], "g-1", False)
    assert event.address.wire_id == team["id"] and event.member is None
    gone = only(places.installation(heard(type="installationUpdate", action="remove", conversation=general, **where)))
    assert gone.removed
    came = only(
        places.conversation_update(
            heard(type="conversationUpdate", membersAdded=[{"id": f"28:{APP}"}], conversation=general, **where)
        )
    )
    assert isinstance(came, BotInstalled) and came.id != gone.id
    renamed = only(
        places.conversation_update(heard(type="conversationUpdate", channelData={"eventType": "channelRenamed"}))
    )
    assert isinstance(renamed, UnknownPayload) and renamed.what == "conversationUpdate/channelRenamed"


def test_a_message_in_a_channel_does_not_make_us_forget_the_teams_group() -> None:
    assert places.references(heard()) == []
    known = {"team": {"id": "19:team@thread.tacv2", "aadGroupId": "g-1"}, "tenant": {"id": "t-1"}}
    [place] = places.references(heard(channelData=known))
    assert isinstance(place.event, BotInstalled) and place.event.group_id == "g-1"


def test_an_edit_is_not_the_message_it_changes() -> None:
    ids = {heard(type=kind).id for kind in ("message", "messageUpdate", "messageDelete")}
    later = heard(type="messageUpdate", timestamp="2026-01-05T08:59:59Z").id
    assert len({*ids, later}) == 4


def test_times_of_all_kinds() -> None:
    assert moment("2026-01-05T16:59:58.1234567+08:00") == datetime(2026, 1, 5, 8, 59, 58, 123456, tzinfo=UTC)
    assert moment("nonsense") is None and moment(None) is None and moment(5) is None
    assert heard(timestamp="2099-01-01T00:00:00Z").at == NOW  # never later than now
    assert heard(timestamp=...).at == NOW


def test_absurd_ids_are_refused() -> None:
    with pytest.raises(BadRequest):
        translate.message(heard(id="x" * 5_000))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(sorted(activity())) | st.sampled_from(["entities", "value", "attachments", "membersAdded"])


@given(st.dictionaries(NAMES, JSON, max_size=4))
def test_any_shape_is_translated_or_refused(changes: Json) -> None:
    one = heard(**changes)
    for way in (translate.message, places.installation, places.conversation_update):
        try:
            for inbound in way(one):
                assert inbound.event.id.startswith("teams:")
        except BadRequest:
            pass
