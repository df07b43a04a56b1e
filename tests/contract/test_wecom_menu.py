"""The app chat and its menu in WeCom: made by API, every entry a command, answers in the rep's own language."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

import pytest

from connectors.wecom import menu
from connectors.wecom.menu import Menu
from rules import commands
from rules.decision import Answer
from rules.errors import Unavailable
from rules.events import RepSpoke
from rules.model import Rep, Words
from tests.contract.wecom_hub import Tower, card_view, tower
from tests.contract.wecom_world import Json


@pytest.fixture
async def t() -> AsyncIterator[Tower]:
    async with tower(menu=True) as made:
        yield made


async def said(t: Tower, number: int) -> list[str]:
    await t.wecom.logged("wecom_notice", number)
    found = await t.wecom.look("/notices", userid="LiLei")
    return [str(n["text"]) for n in cast("list[Json]", found["notices"])]


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "en"])
def test_every_entry_fits_and_is_a_command(language: str) -> None:
    made = menu.wanted(language)
    bar = cast("list[dict[str, object]]", made["button"])
    assert 1 <= len(bar) <= 3
    for button in bar:
        below = cast("list[dict[str, str]]", button.get("sub_button", []))
        assert len(str(button["name"]).encode()) <= menu.LONGEST_NAME and len(below) <= 5
        assert all(len(entry["name"].encode()) <= menu.LONGEST_ENTRY for entry in below)
    keys = menu.keys_of(made)
    assert len(set(keys)) == len(keys) and all(len(key.encode()) <= menu.LONGEST_KEY for key in keys)
    for key in keys:
        found = commands.parse(key)
        assert found is not None and found.verb in ("mine", "queue", "unknown", "settings", "help"), key


async def test_the_menu_is_made_at_the_start_and_not_again(t: Tower) -> None:
    [made] = await t.wecom.logged("menu_set")
    assert made["keys"] == menu.keys_of(menu.wanted("zh-CN"))
    again = Menu(t.settings, t.connector._client)
    assert await again.put() == "kept"
    assert t.wecom.room.gate.counts["/menu/create"] == 1


async def test_a_menu_that_somebody_else_made_stays(t: Tower) -> None:
    await t.wecom.logged("menu_set")
    t.wecom.room.menus.bar = [{"type": "view", "name": "内网", "url": "https://intra.example"}]
    assert await Menu(t.settings, t.connector._client).put() == "kept"
    assert t.wecom.room.menus.keys() == []


async def test_a_menu_of_ours_from_before_is_brought_up_to_date(t: Tower) -> None:
    await t.wecom.logged("menu_set")
    t.wecom.room.menus.bar = [{"type": "click", "name": "队列", "key": "queue"}]
    assert await Menu(t.settings, t.connector._client).put() == "made"


async def test_a_refusal_is_no_reason_not_to_start(t: Tower) -> None:
    await t.wecom.logged("menu_set")
    t.wecom.room.limits.trusted_ip = False
    assert await Menu(t.settings, t.connector._client).put() == "failed"
    assert t.connector.ready


async def test_a_database_that_is_away_is_no_reason_either(t: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> Json:
        raise Unavailable("no database")

    monkeypatch.setattr(t.connector._client, "call", away)
    assert await Menu(t.settings, t.connector._client).put() == "failed"


async def test_what_she_types_and_taps_is_answered_in_her_language(t: Tower) -> None:
    t.hub.answers = lambda _: Answer(show="list", words=Words(zh="我的会话", en="My conversations"), query="mine")
    t.hub.shown = [card_view("c1")]
    t.hub.staff["LiLei"] = Rep(id="r1", name="Li Lei", userid="LiLei", language="en")
    await t.wecom.control("/app_menu", userid="LiLei", key="me")
    await t.wecom.control("/message", userid="LiLei", text="我的")
    first = await said(t, 2)
    t.hub.staff["LiLei"] = Rep(id="r1", name="Li Lei", userid="LiLei", language="zh-CN")
    await t.wecom.control("/message", userid="LiLei", text="me")
    assert all(text.startswith("My conversations") for text in first)
    assert (await said(t, 3))[-1].startswith("我的会话")
    assert len(t.hub._of(RepSpoke)) == 3
