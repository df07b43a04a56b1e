"""The manager's pages: sign-in, the way from every number to its rows, acts, the switch, downloads."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rules.model import Address, RepHandle
from sidebar.manage.table import Cell, Row, Table, as_csv
from storage import audit, notes, orders, reps
from storage.figures import share
from tests.contract.manage_world import BOSS, Office, office, park, press
from tests.contract.page_world import Browser, Page
from tests.contract.people import message

SHEETS = (
    *("today", "matrix", "funnel", "dormant", "people", "deliveries", "rules", "sources", "audit"),
    *("talks", "customers", "moves"),
)


@pytest.fixture
async def o(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as made:
        yield made


def number(page: Page, label: str) -> tuple[str, str]:
    """A tile: its number and where it leads."""
    tile = rf'<a href="([^"]+)"><span class="label">{re.escape(label)}</span> <strong>([^<]*)</strong>'
    found = re.search(tile, page.html)
    assert found, label
    return found[2], found[1].replace("&amp;", "&")


async def test_sign_in_leads_to_the_page_that_was_asked_for(o: Office) -> None:
    _, page = await o.signed_in(path="/manage/people?x=1")
    assert "Load and response of each colleague" in page.text and "Signed in as Wang Fang" in page.text


async def test_every_page_opens_empty(o: Office) -> None:
    browser, _ = await o.signed_in()
    for name in SHEETS:
        answer, page = await browser.get(f"/manage/{name}")
        assert answer.status == 200, name
        assert page.has("h1") and ("html", {"lang": "en"}) in page.elements
        assert not page.has("script")
    answer, _ = await browser.get("/manage/nothing")
    assert answer.status == 404


async def test_every_number_leads_to_as_many_rows(o: Office) -> None:
    for who in ("wm-1", "wm-2", "wm-3"):
        await o.writes(who, name=f"客户{who}")
        o.later(minutes=20)
    browser, page = await o.signed_in()
    for label, expected in (("Open", 3), ("Waiting on us", 3), ("At risk", 1), ("Breached", 2), ("Unclaimed", 3)):
        shown, href = number(page, label)
        assert (label, shown) == (label, str(expected))
        _, rows = await browser.get(href)
        assert sum(t == "tr" for t, _ in rows.elements) - 1 == expected, label
    _, page = await browser.get("/manage/matrix")
    links = {a["href"] for t, a in page.elements if t == "a" and "/manage/talks?" in a.get("href", "")}
    assert links
    for href in links:
        shown = page.html.partition(f'href="{href.replace("&", "&amp;")}" dir="auto">')[2].partition("<")[0]
        _, rows = await browser.get(href)
        assert max(0, sum(t == "tr" for t, _ in rows.elements) - 1) == int(shown), href


async def test_who_waits_longest_comes_first_and_leads_to_her_card(o: Office) -> None:
    first = await o.writes("wm-1", name="先来")
    o.later(minutes=40)
    await o.writes("wm-2", name="后到")
    o.later(minutes=5)
    browser, page = await o.signed_in()
    assert page.text.index("先来") < page.text.index("后到")
    assert "First reply is 15 min late" in page.text
    answer, card = await browser.get(f"/manage/c/{first}")
    assert answer.status == 200 and "先来" in card.text and "你好" in card.text
    _, card = await browser.send(press(card, f"/manage/c/{first}/act", verb="claim"))
    assert "With Wang Fang" in card.text
    o.later(minutes=2)
    _, card = await browser.send(press(card, f"/manage/c/{first}/act", verb="reply"), text="您好，马上给您报价")
    assert "On its way" in card.text or "Sent" in card.text, card.text
    _, page = await browser.get("/manage")
    assert number(page, "Median first reply")[0] == "47 min"
    assert number(page, "Waiting on us")[0] == "1"
    _, people = await browser.get("/manage/people")
    assert "47 min" in people.text


async def test_the_switch_stops_and_starts_and_every_page_says_so(o: Office) -> None:
    talk = await o.writes("wm-1")
    browser, page = await o.signed_in()
    form = press(page, "/manage/pause", verb="pause")
    _, page = await browser.send(form)
    assert "Every automatic send is paused (by Wang Fang" in page.text
    assert await o.hub.db.read(lambda unit: notes.switched(unit, orders.PAUSED))
    for path in (*(f"/manage/{name}" for name in SHEETS), f"/manage/c/{talk}"):
        _, page = await browser.get(path)
        assert "Every automatic send is paused" in page.text, path
    _, page = await browser.send(press(page, "/manage/pause", verb="resume"))
    assert "Every automatic send is paused" not in page.text
    assert not await o.hub.db.read(lambda unit: notes.switched(unit, orders.PAUSED))
    log = await o.hub.db.read(audit.newest)
    assert [(r.who, r.action) for r in log][:3] == [(BOSS.id, "resume"), (BOSS.id, "pause"), (BOSS.id, "sign-in")]


async def test_gone_quiet_shows_who_and_never_ends_it(o: Office) -> None:
    talk = await o.writes("wm-1", name="安静的人")
    o.later(days=8)
    browser, _ = await o.signed_in()
    _, page = await browser.get("/manage/dormant")
    assert "安静的人" in page.text and "No wake-up mail" in page.text
    _, later = await browser.get("/manage/dormant?days=14")
    assert "安静的人" not in later.text
    _, page = await browser.get(f"/manage/dormant?days=7&never={talk}")
    assert "Never wake 安静的人?" in page.text
    answer, page = await browser.send(press(page, "/manage/act", verb="close", conversation_id=talk))
    assert (answer.status, answer.url.path) == (200, "/manage/dormant")
    assert "安静的人 is closed" in page.text and "quiet for that long" in page.text
    _, again = await browser.get("/manage/dormant")
    assert "安静的人" not in again.text
    _, page = await browser.send(press(page, "/manage/act", verb="reopen", conversation_id=talk))
    assert "Open again" in page.text and "安静的人" in page.text, "what was done is undone"


async def test_the_last_words_show_no_placeholder(o: Office) -> None:
    talk = await o.writes("wm-1", name="安静的人")
    browser, _ = await o.signed_in()
    _, card = await browser.get(f"/manage/c/{talk}")
    await browser.send(press(card, f"/manage/c/{talk}/act", verb="form"))
    o.later(days=8)
    _, page = await browser.get("/manage/dormant")
    assert "one-time link to the form" in page.text and "{form}" not in page.text


async def test_an_event_that_was_given_up_is_put_back(o: Office) -> None:
    event = message(7, address=Address(connector="wecom", account="wk-1", wire_id="wm-7"))
    await park(o.hub.db, event)
    browser, _ = await o.signed_in()
    _, page = await browser.get("/manage/deliveries")
    assert "ValueError" in page.text
    form = press(page, "/manage/replay", about=event.id)
    _, page = await browser.send(form)
    assert "Put back" in page.text and "ValueError" not in page.text
    _, page = await browser.send(form)
    assert "not parked any more" in page.text
    o.hub.turns.wake()
    boss = RepHandle(platform="hub", value=BOSS.id)
    async with asyncio.timeout(10):
        while await o.hub.conversation_for(event.identity, boss) is None:
            await asyncio.sleep(0.01)  # the turn loop runs by itself


async def test_what_the_hub_did_is_told_with_its_reasons(o: Office) -> None:
    await o.writes("wm-1", "你们的报价是多少", name="问价的人")
    browser, _ = await o.signed_in()
    _, page = await browser.get("/manage/audit")
    assert "问价的人" in page.text and "A message came in" in page.text and "Signed in" in page.text
    assert page.has("details")


async def test_every_table_can_be_taken_as_csv_and_that_is_on_record(o: Office) -> None:
    await o.writes("wm-1", name="=HYPERLINK(1)")
    browser, _ = await o.signed_in()
    taken = 0
    for name in SHEETS:
        _, page = await browser.get(f"/manage/{name}")
        for href in [a["href"] for t, a in page.elements if t == "a" and ".csv" in a.get("href", "")]:
            answer, _ = await browser.get(href)
            assert answer.status == 200 and answer.content_type == "text/csv", href
            rows = list(csv.reader(io.StringIO((await _body(browser, href)).decode("utf-8-sig"))))
            assert len({len(r) for r in rows}) == 1 and len(rows) > 1, href
            assert not [c for row in rows for c in row if c.startswith(("=", "@", "+"))], href
            taken += 1
    assert taken >= 7
    log = await o.hub.db.read(audit.newest)
    assert sum(r.action == "export" for r in log) == 2 * taken
    assert await o.hub.db.read(audit.verify) == []


async def test_a_csv_that_does_not_hold_all_says_so_in_its_name(o: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await o.writes("wm-1")
    await o.writes("wm-2")
    browser, _ = await o.signed_in()
    whole, _ = await browser.get("/manage/today/waiting.csv")
    assert 'filename="tower-today-waiting.csv"' in whole.headers["Content-Disposition"]
    monkeypatch.setattr("sidebar.manage.pages.EXPORTED", 1)
    for page, table, said in (("today", "waiting", "-first-1-of-2"), ("audit", "deeds", "-first-1")):
        cut, _ = await browser.get(f"/manage/{page}/{table}.csv")
        assert f'filename="tower-{page}-{table}{said}.csv"' in cut.headers["Content-Disposition"]


async def test_signing_out_ends_it(o: Office) -> None:
    browser, page = await o.signed_in()
    answer, page = await browser.send(press(page, "/manage/sign-out"))
    assert answer.status == 200 and "You are signed out" in page.text
    assert (await o.away(browser)).path.endswith("/oauth2/v2.0/authorize")


async def test_a_manager_who_is_one_no_more_finds_nothing(o: Office) -> None:
    browser, _ = await o.signed_in()
    await o.hub.db.write(lambda unit: reps.upsert(unit, replace(BOSS, role="rep")), label="staff")
    answer, page = await browser.get("/manage")
    assert answer.status == 404 and "Sign in as somebody else" in page.text


async def test_pages_speak_the_managers_language(o: Office) -> None:
    await o.hub.db.write(lambda unit: reps.upsert(unit, replace(BOSS, language="zh-CN")), label="staff")
    browser, page = await o.signed_in()
    assert ("html", {"lang": "zh-CN"}) in page.elements and "等我们回复" in page.text
    for name in SHEETS:
        answer, _ = await browser.get(f"/manage/{name}")
        assert answer.status == 200


def test_nothing_in_a_csv_is_computed() -> None:
    bad = ["=1+1", "+1", "-cmd", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\u00a0=1", "\n=1"]
    table = Table(name="t", title="t", columns=["=a"], rows=[Row(cells=[Cell(text=t)]) for t in bad], empty="")
    rows = list(csv.reader(io.StringIO(as_csv(table).decode("utf-8-sig"), newline="")))
    assert [r[0][0] for r in rows] == ["'"] * (len(bad) + 1)
    fine = [Row(cells=[Cell(text=t)]) for t in ("-5", "12%", "王敏", "a=b")]
    kept = as_csv(Table(name="t", title="t", columns=["a"], rows=fine, empty="")).decode("utf-8-sig")
    assert [r[0] for r in csv.reader(io.StringIO(kept))] == ["a", "-5", "12%", "王敏", "a=b"]


def test_shares_are_nearest_ranks() -> None:
    assert share([], 0.5) is None
    assert share([7.0], 0.9) == 7.0
    assert share([1.0, 2.0, 3.0, 4.0], 0.5) == 2.0
    assert share([float(n) for n in range(1, 11)], 0.9) == 9.0
    assert share([float(n) for n in range(1, 12)], 0.9) == 10.0
    assert timedelta(seconds=share([60.0], 0.5) or 0) == timedelta(minutes=1)


async def _body(browser: Browser, href: str) -> bytes:
    async with browser.http.get(browser.base + href) as answer:
        return bytes(await answer.read())
