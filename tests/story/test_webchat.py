"""A visitor of a web site writes in English, by the Direct Line protocol alone; a rep answers from the card."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.company import Company
from tests.story.cast import REP, status_of
from tests.story.town import Town

Json = dict[str, Any]
FIRST = "Hello, we run a factory with three lines. What does your smart factory offering cost?"
ANSWER = "Hi, this is Chen Lei. A quote for three lines takes me a day; may I ask where the plant is?"


def call(
    url: str, body: Mapping[str, object] | None = None, *, method: str = "", **headers: str
) -> tuple[Json, dict[str, str]]:
    """The JSON answer of one call, with its headers. Raises HTTPError."""
    data = None if body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        url, data=data, method=method or None, headers={"Content-Type": "application/json", **named}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null"), dict(answer.headers)


class Visitor:
    """A page with a chat window."""

    def __init__(self, made: Company) -> None:
        self.line = f"{made.world}/directline/v3/directline"
        self.origin = made.world
        told, _ = call(f"{made.hub}/api/v1/webchat/token", {}, Origin=self.origin)
        self.pass_ = {"Authorization": f"Bearer {told['token']}", "Origin": self.origin}
        begun, _ = call(f"{self.line}/conversations", {}, **self.pass_)
        assert begun["conversationId"] == told["conversationId"]
        self.here = f"{self.line}/conversations/{told['conversationId']}/activities"
        self.watermark = ""

    def write(self, text: str) -> None:
        """She writes; her own claim of who she is changes nothing."""
        activity = {"type": "message", "text": text, "locale": "en-GB", "from": {"id": "dl_somebody-else"}}
        call(self.here, activity, **self.pass_)

    def read(self) -> list[str]:
        """What is new for her since she last looked."""
        page, _ = call(f"{self.here}?watermark={self.watermark}", None, **self.pass_)
        self.watermark = page["watermark"]
        return [a["text"] for a in page["activities"] if a["from"].get("role") == "bot"]


def test_a_visitor_writes_and_reads_the_reps_answer_once(town: Town) -> None:
    town.at_work()
    visitor = Visitor(town.made)
    visitor.write(FIRST)
    town.settle()
    thread = town.thread(FIRST)
    assert thread["channel"] == "制造业线索", "her own words say which segment she belongs to"
    town.press(REP, thread["root"], "claim")
    town.press(REP, town.thread(FIRST)["root"], "reply", text=ANSWER)
    assert visitor.read() == [ANSWER]
    assert visitor.read() == []
    assert sum(ANSWER in line for line in town.lines(FIRST)) == 1
    assert any("已送达" in line for line in town.lines(FIRST) if ANSWER in line)


def test_her_word_stop_is_confirmed_in_her_language(town: Town) -> None:
    visitor = Visitor(town.made)
    visitor.write("hello, anybody there?")
    visitor.write("unsubscribe")
    town.settle()
    assert [text for text in visitor.read() if "unsubscribed" in text]


def test_two_visitors_are_two_customers(town: Town) -> None:
    first, second = Visitor(town.made), Visitor(town.made)
    first.write("This is visitor number one")
    second.write("This is visitor number two")
    town.settle()
    assert town.thread("number one")["id"] != town.thread("number two")["id"]


def test_only_pages_on_the_list_may_open_a_chat(town: Town) -> None:
    url = f"{town.made.hub}/api/v1/webchat/token"
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        with pytest.raises(HTTPError) as refused:
            call(url, {}, **headers)
        assert status_of(refused.value) == 403
    _, allowed = call(url, method="OPTIONS", Origin=town.made.world, Access_Control_Request_Method="POST")
    assert allowed["Access-Control-Allow-Origin"] == town.made.world
    with pytest.raises(HTTPError) as refused:
        call(url, {"user": {"id": "dl_me"}}, Origin=town.made.world)
    assert status_of(refused.value) == 400


def test_when_direct_line_is_away_the_page_is_told_to_try_again(town: Town) -> None:
    town.made.ask("/control/faults", {"place": "webchat.client/generate", "kind": "error", "times": 1, "status": 500})
    with pytest.raises(HTTPError) as refused:
        call(f"{town.made.hub}/api/v1/webchat/token", {}, Origin=town.made.world)
    assert refused.value.headers["Retry-After"]
    assert status_of(refused.value) == 503


def test_the_open_api_describes_every_route_it_has(town: Town) -> None:
    document, _ = call(f"{town.made.hub}/api/v1/openapi.json")
    assert set(document["paths"]) == {"/api/v1/webchat/token", "/api/v1/openapi.json"}
