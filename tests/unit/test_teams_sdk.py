"""Our reading and writing of botbuilder's models against its own, over every kind of activity."""

from __future__ import annotations

from typing import Any

import pytest
from botbuilder.schema import Activity, ActivityTypes

from connectors.teams import sdk
from connectors.teams.heard import moment
from connectors.teams.lines import Post

Json = dict[str, Any]
FULL: Json = {
    "id": "1",
    "timestamp": "2026-01-01T00:00:00.123456Z",
    "localTimestamp": "2026-01-01T08:00:00.123456+08:00",
    "localTimezone": "Asia/Shanghai",
    "serviceUrl": "https://smba.example/",
    "channelId": "msteams",
    "from": {"id": "29:a", "name": "A", "aadObjectId": "x", "role": "user"},
    "conversation": {"id": "c", "isGroup": True, "conversationType": "channel", "name": "n"},
    "recipient": {"id": "28:b", "name": "B"},
    "textFormat": "plain",
    "membersAdded": [{"id": "28:b"}, {"id": "29:c", "name": "C"}],
    "membersRemoved": [{"id": "29:d"}],
    "reactionsAdded": [{"type": "like"}],
    "text": "hi",
    "summary": "s",
    "attachments": [{"contentType": "text/plain", "content": {"a": 1}, "name": "f"}],
    "channelData": {"team": {"id": "t"}, "tenant": {"id": "x"}},
    "action": "add",
    "replyToId": "0",
    "value": {"action": {"verb": "claim"}},
    "name": "adaptiveCard/action",
    "relatesTo": {"activityId": "9", "serviceUrl": "https://smba.example/", "channelId": "msteams"},
    "locale": "zh-CN",
    "deliveryMode": "normal",
    "listenFor": ["a", "b"],
    "suggestedActions": {"to": ["x"], "actions": [{"type": "imBack", "title": "t", "value": "v"}]},
    "somethingNew": {"x": 1},
}
KINDS = sorted(kind.value for kind in ActivityTypes)


def attributes(model: Any) -> Any:
    """A model as plain values, without members it does not know."""
    if hasattr(model, "_attribute_map"):
        return {name: attributes(getattr(model, name, None)) for name in model._attribute_map}
    if isinstance(model, list):
        return [attributes(item) for item in model]
    return model


@pytest.mark.parametrize("kind", KINDS)
def test_reading_gives_what_the_sdk_reads(kind: str) -> None:
    given = {"type": kind, **FULL}
    assert attributes(sdk.read(Activity, given)) == attributes(Activity().deserialize(given))


@pytest.mark.parametrize("kind", KINDS)
def test_writing_gives_what_the_sdk_writes(kind: str) -> None:
    model = sdk.read(Activity, {"type": kind, **FULL})
    written, theirs = sdk.write(model), model.serialize()
    for name in ("timestamp", "localTimestamp"):  # the SDK writes another form of the same moment
        assert moment(written.pop(name)) == moment(theirs.pop(name))
    assert written == theirs


def test_odd_shapes_are_left_out() -> None:
    assert sdk.read(Activity, []) is None
    model = sdk.read(Activity, {"type": "message", "from": "x", "membersAdded": {"a": 1}, "timestamp": "no"})
    assert (model.from_property, model.members_added, model.timestamp) == (None, None, None)


def test_the_tenant_is_written_by_the_name_the_service_documents() -> None:
    chat = sdk.new_chat(bot_id="28:b", tenant_id="t", member="29:x")
    thread = sdk.new_thread({"type": "message"}, bot_id="28:b", tenant_id="t", channel="19:c")
    assert chat["tenantId"] == thread["tenantId"] == "t" and "tenantID" not in {**chat, **thread}
    assert thread["channelData"]["channel"] == {"id": "19:c"} and thread["activity"] == {"type": "message"}


def test_a_card_is_sent_as_an_attachment_with_words_for_the_notification() -> None:
    post = Post(summary="s", card={"type": "AdaptiveCard", "version": "1.5", "body": []})
    activity = sdk.message(post, bot_id="28:b", bot_name="Tower")
    assert activity["summary"] == "s" and "text" not in activity
    assert activity["attachments"] == [{"contentType": "application/vnd.microsoft.card.adaptive", "content": post.card}]
