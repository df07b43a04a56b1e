"""A rep works from the pages alone, over the real wire: the side bar answers a customer, the Teams tab shows it."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

import pytest

from tests.company import Company, company
from tests.contract.page_world import Page
from tests.story.cast import Cast

CUSTOMER, REP, COLLEAGUE = "王敏", "chenlei", "wangfang"
ANSWER = "王总您好，报价今天给您。"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder: Path = tmp_path_factory.mktemp("pages")
    with company(folder) as made:
        made.start_world()
        made.start_hub()
        Cast(made=made).open_office()
        yield made


def visit(made: Company, userid: str, path: str) -> tuple[int, str, Page]:
    """A rep's WeCom client opens a page of the hub."""
    told = made.ask("/control/wecom/open", {"userid": userid, "url": made.hub + path})
    return told["status"], told["url"].removeprefix(made.hub), Page(told["html"])


def submit(made: Company, userid: str, path: str, says: str = "", **fields: str) -> Page:
    """She sends the first form of a page that has these fields."""
    wish: dict[str, Any] = {"userid": userid, "url": made.hub + path, "fields": fields, "says": says}
    told = made.ask("/control/wecom/submit", wish)
    made.ask("/control/settle", {})
    assert told["status"] == 200, told["html"]
    return Page(told["html"])


def test_from_the_side_bar_to_her_phone(made: Company) -> None:
    made.ask("/control/wecom/enter", {"person": CUSTOMER, "scene": "qr", "scene_param": "expo-2026"})
    made.ask("/control/wecom/say", {"person": CUSTOMER, "text": "你好，智能工厂方案能报价吗？"})
    made.ask("/control/settle", {})
    she = made.ask("/control/people")["people"][0]["external_userid"]
    status, path, page = visit(made, REP, f"/sidebar/wecom/customer?id={she}")
    assert status == 200 and path.startswith("/sidebar/c/"), page.text
    assert "智能工厂方案能报价吗" in page.text and "5/5 条" in page.text
    page = submit(made, REP, path, verb="claim")
    assert "已认领" in page.text
    page = submit(made, REP, path, says="text", verb="reply", text=ANSWER)
    assert "4/5 条" in page.text
    chat = made.ask(f"/control/wecom/chat?person={quote(CUSTOMER)}")["lines"]
    assert [line["text"] for line in chat if line["by"] == "hub"][-1] == ANSWER
    counts = made.ask("/control/counts")
    assert (counts["lost"], counts["doubled"]) == (0, 0), made.logs()
    # a colleague of the same team may step in; what is not there is a page that names whom to ask
    status, _, page = visit(made, COLLEAGUE, path)
    assert status == 200 and CUSTOMER in page.text
    status, _, page = visit(made, COLLEAGUE, "/sidebar/c/" + "0" * 32)
    assert status == 404 and CUSTOMER not in page.text and "Julia Weber" in page.text
    # the same conversation in Teams, for whom Teams vouches
    names = {e["userid"]: e["name"] for e in made.ask("/control/people")["employees"]}
    token = made.ask("/control/teams/tab_token", {"rep": names[REP]})["token"]
    shown = tab(made, f"?c={path.rpartition('/')[2]}", token)
    assert CUSTOMER in shown.text and ANSWER in shown.text
    with pytest.raises(HTTPError) as refused:
        tab(made, "", token[:-6] + "AAAAAA")
    assert refused.value.code == 401
    refused.value.close()


def tab(made: Company, query: str, token: str) -> Page:
    """A piece of the Teams tab."""
    asked = urllib.request.Request(f"{made.hub}/sidebar/tab/data{query}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return Page(answer.read().decode())
