"""A visitor of a web site writes in English, by the Direct Line protocol alone; a rep answers from the card."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.company import Company, company
from tests.story.cast import REP, Cast, status_of

Json = dict[str, Any]
FIRST = "Hello, we run a factory with three lines. What does your smart factory offering cost?"
ANSWER = "Hi, this is Chen Lei. A quote for three lines takes me a day; may I ask where the plant is?"


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    with company(tmp_path_factory.mktemp("webchat")) as made:
        made.start_world()
        made.start_hub()
        cast = Cast(made=made)
        cast.open_office()
        yield cast


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


def test_a_visitor_writes_and_reads_the_reps_answer_once(cast: Cast) -> None:
    visitor = Visitor(cast.made)
    visitor.write(FIRST)
    cast.settle()
    thread = cast.thread(FIRST)
    assert thread["channel"] == "制造业线索", "her own words say which segment she belongs to"
    cast.press(REP, thread["root"], "claim")
    cast.press(REP, cast.thread(FIRST)["root"], "reply", text=ANSWER)
    assert visitor.read() == [ANSWER]
    assert visitor.read() == []
    assert sum(ANSWER in line for line in cast.lines(FIRST)) == 1
    assert any("已送达" in line for line in cast.lines(FIRST) if ANSWER in line)


def test_her_word_stop_is_confirmed_in_her_language(cast: Cast) -> None:
    visitor = Visitor(cast.made)
    visitor.write("hello, anybody there?")
    visitor.write("unsubscribe")
    cast.settle()
    assert [text for text in visitor.read() if "unsubscribed" in text]


def test_two_visitors_are_two_customers(cast: Cast) -> None:
    first, second = Visitor(cast.made), Visitor(cast.made)
    first.write("This is visitor number one")
    second.write("This is visitor number two")
    cast.settle()
    assert cast.thread("number one")["id"] != cast.thread("number two")["id"]


def test_only_pages_on_the_list_may_open_a_chat(cast: Cast) -> None:
    url = f"{cast.made.hub}/api/v1/webchat/token"
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        with pytest.raises(HTTPError) as refused:
            call(url, {}, **headers)
        assert status_of(refused.value) == 403
    _, allowed = call(url, method="OPTIONS", Origin=cast.made.world, Access_Control_Request_Method="POST")
    assert allowed["Access-Control-Allow-Origin"] == cast.made.world
    with pytest.raises(HTTPError) as refused:
        call(url, {"user": {"id": "dl_me"}}, Origin=cast.made.world)
    assert status_of(refused.value) == 400


def test_when_direct_line_is_away_the_page_is_told_to_try_again(cast: Cast) -> None:
    cast.made.ask("/control/faults", {"place": "webchat.client/generate", "kind": "error", "times": 1, "status": 500})
    with pytest.raises(HTTPError) as refused:
        call(f"{cast.made.hub}/api/v1/webchat/token", {}, Origin=cast.made.world)
    assert refused.value.headers["Retry-After"]
    assert status_of(refused.value) == 503


def test_the_open_api_describes_every_route_it_has(cast: Cast) -> None:
    document, _ = call(f"{cast.made.hub}/api/v1/openapi.json")
    assert set(document["paths"]) == {"/api/v1/webchat/token", "/api/v1/openapi.json"}


def test_one_address_cannot_open_chats_without_end(tmp_path: Path) -> None:
    with company(tmp_path) as made:
        path = made.folder / "hub.toml"
        slow = "webchat_per_minute = 3\nwebchat_origins"
        path.write_text(path.read_text(encoding="utf-8").replace("webchat_origins", slow), encoding="utf-8")
        made.start_world()
        made.start_hub()
        for _ in range(3):
            call(f"{made.hub}/api/v1/webchat/token", {}, Origin=made.world)
        with pytest.raises(HTTPError) as refused:
            call(f"{made.hub}/api/v1/webchat/token", {}, Origin=made.world)
        assert refused.value.headers["Retry-After"]
        assert status_of(refused.value) == 429


def test_without_the_channels_secret_there_is_no_web_chat(tmp_path: Path) -> None:
    with company(tmp_path) as made:
        path = made.folder / "hub.toml"
        lines = [li for li in path.read_text(encoding="utf-8").splitlines() if not li.startswith("directline_secret")]
        path.write_text("\n".join(lines), encoding="utf-8")
        made.start_world()
        made.start_hub()
        with pytest.raises(HTTPError) as refused:
            call(f"{made.hub}/api/v1/webchat/token", {}, Origin=made.world)
        assert status_of(refused.value) == 404
