"""Whose address counts when somebody asks for web chats: only our own proxies are believed about others."""

from __future__ import annotations

from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from sidebar.api import caller


def seen(*forwarded: str, proxies: tuple[str, ...]) -> str:
    headers = CIMultiDict([("X-Forwarded-For", line) for line in forwarded])
    request = make_mocked_request("POST", "/", headers=headers)
    return caller(request.clone(remote="10.0.0.2"), frozenset(proxies))


def test_a_strangers_word_on_where_he_comes_from_is_not_believed() -> None:
    assert seen("203.0.113.9", proxies=()) == "10.0.0.2"


def test_our_proxys_word_is_and_nothing_before_it() -> None:
    assert seen("1.1.1.1, 203.0.113.9", proxies=("10.0.0.2",)) == "203.0.113.9"
    assert seen("1.1.1.1", "203.0.113.9, 10.0.0.2", proxies=("10.0.0.2",)) == "203.0.113.9"


def test_a_proxy_that_says_nothing_speaks_for_itself() -> None:
    assert seen(proxies=("10.0.0.2",)) == "10.0.0.2"
