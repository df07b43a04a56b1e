"""Files in a thread of Teams: told in words until they can be opened, then one button leads to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.contract import Line
from connectors.teams.lines import Post, draw
from connectors.teams.settings import Settings
from rules.card import FileState, FileView

PICTURE = FileView(id="f" * 32, kind="image", name="a.png", size=10, state="waiting")
TAB = "https://teams.microsoft.com/l/entity/app/tower?context=x"


def drawn(state: FileState, link: str = "", **changes: Any) -> Post:
    file = FileView(id=PICTURE.id, kind="image", name="a.png", size=10, state=state)
    line = Line(
        who="customer", author="王敏", text="[图片] a.png", files=(file,),
        file_url="https://tower.example/sidebar/media/", **changes,
    )  # fmt: skip
    return draw(line, language="zh-CN", nonce="n", text_bytes=20_000, link=link)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("waiting", "正在取回"),
        ("expired", "不再保存"),
        ("refused", "未打开"),
        ("too_large", "太大"),
        ("failed", "没有取回"),
    ],
)
def test_one_that_cannot_be_opened_says_why(state: FileState, said: str) -> None:
    post = drawn(state, TAB)
    assert post.card is None
    assert said in post.text
    assert "[图片] a.png" in post.text


def actions(post: Post) -> list[dict[str, Any]]:
    assert post.card is not None
    return list(post.card["actions"])


def test_one_that_is_here_opens_in_the_tab_or_on_our_page() -> None:
    [tab] = actions(drawn("ready", TAB))
    assert (tab["type"], tab["url"]) == ("Action.OpenUrl", TAB)
    [page] = actions(drawn("ready"))
    assert page["url"] == f"https://tower.example/sidebar/media/{PICTURE.id}"


def test_an_address_teams_would_refuse_makes_no_button_and_is_written_out() -> None:
    here, ready = "http://127.0.0.1:8080/sidebar/media/", replace(PICTURE, state="ready")
    line = Line(who="customer", author="王敏", text="[图片]", files=(ready,), file_url=here)
    post = draw(line, language="en", nonce="n", text_bytes=20_000)
    assert post.card is None
    assert post.text.endswith(f"{here}{PICTURE.id}")


def test_a_file_beside_other_buttons_is_one_more() -> None:
    from rules.verbs import label

    found = actions(drawn("ready", TAB, actions=(("claim", label("claim")),)))
    assert [a["type"] for a in found][-1] == "Action.OpenUrl"
    assert len(found) == 2


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://smba.trafficmanager.net/emea/v3/attachments/0-weu-d1-ab_c=/views/original", True),
        ("https://smba.trafficmanager.net/v3/conversations/19:x@thread.tacv2/members", False),
        ("https://smba.trafficmanager.net/v3/attachments/../conversations/views/original", False),
        ("https://smba.trafficmanager.net/v3/attachments/%2e%2e/views/original", False),
        ("https://smba.trafficmanager.net.evil.example/v3/attachments/1/views/original", False),
        ("http://smba.trafficmanager.net/v3/attachments/1/views/original", False),
    ],
)
def test_our_token_fetches_attachments_and_nothing_else(url: str, trusted: bool) -> None:
    """A visitor of a web page writes the address of her attachment herself."""
    told = Settings(app_id="a-1", tenant_id="t-1", app_password=SecretStr("s-1"), content_hosts=())
    assert told.trusts_attachment(url) is trusted
    assert told.trusts_content(url) is trusted
