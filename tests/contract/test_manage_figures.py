"""Funnel, sources, people, the mail itself, the theme, and signing in with WeCom: numbers lead to their rows."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar
from yarl import URL

from connectors.contract import Inbound
from rules.events import RepActed, SessionEntered
from rules.lateness import OpenTime, due_by, risk_until
from rules.model import Address, Identity, RepHandle
from rules.sla import waiting
from sidebar.inside.drawing import Place, Sheet, draw_card, draw_list
from sidebar.inside.page import Family
from simulator.wecom.oauth import COOKIE
from storage import audit, figures, reps
from tests.contract.manage_world import BOSS, START, Office, office, press
from tests.contract.page_world import Browser, Page
from tests.contract.wecom_hub import tower
from tests.unit.builders import playbook


@pytest.fixture
async def o(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as made:
        yield made


async def acts(o: Office, talk: str, verb: str, **inputs: str) -> None:
    """The manager acts on a conversation."""
    event = RepActed(
        id=f"{verb}/{talk}/{o.clock.at.isoformat()}",
        at=o.clock.at,
        by=RepHandle(platform="hub", value=BOSS.id),
        verb=verb,
        inputs=inputs,
        conversation_id=talk,
    )
    order = Address(connector="hub", account="page", wire_id=talk)
    answer = await o.hub.act(Inbound(event=event, order=order), limit=10)
    assert answer is None or not answer.refused, answer


async def scans(o: Office, who: str, scene: str) -> None:
    """A customer scans a live QR code."""
    address = Address(connector="wecom", account="wk-1", wire_id=who)
    event = SessionEntered(
        id=f"scan/{who}",
        at=o.clock.at,
        address=address,
        identity=Identity(platform="wecom", kind="external_userid", value=who),
        scene=scene,
    )
    await o.hub.act(Inbound(event=event, order=address), limit=10)


async def every_number_leads_to_its_rows(browser: Browser, page: Page, *paths: str) -> int:
    """Each number with a link to one of these pages shows as many rows there; how many were looked at."""
    looked = 0
    for href, shown in re.findall(r'<a href="([^"]+)" dir="auto">(\d+)</a>', page.html):
        plain = href.replace("&amp;", "&")
        if not plain.startswith(paths):
            continue
        _, rows = await browser.get(plain)
        first = rows.html.partition("<tbody>")[2].partition("</tbody>")[0]
        assert first.count("<tr>") == int(shown), plain
        looked += 1
    return looked


async def test_the_funnel_says_who_moved_whom_and_every_number_opens(o: Office) -> None:
    talk = await o.writes("wm-1", name="走得远的人")
    await o.writes("wm-2")
    o.later(days=2)
    await acts(o, talk, "stage", stage="client")
    browser, _ = await o.signed_in()
    _, page = await browser.get("/manage/funnel")
    assert "A rule" in page.text and "A colleague" in page.text and "2 d" in page.text
    looked = await every_number_leads_to_its_rows(browser, page, "/manage/customers", "/manage/moves")
    assert looked >= 12 and page.has("svg")
    _, rows = await browser.get("/manage/customers?reached=client")
    assert "走得远的人" in rows.text
    for odd in ("from=2026-1-1&to=2026-1-5", "from=9999-12-31&to=9999-12-31", "from=20261101&to=20261102"):
        answer, _ = await browser.get(f"/manage/funnel?{odd}")
        assert answer.status == 200, odd
    _, none = await browser.get("/manage/funnel?from=2020-01-01&to=2020-01-31")
    assert "Nobody was moved" in none.text and 'value="2020-01-01"' in none.html


async def test_sources_count_what_a_code_brought(o: Office) -> None:
    await scans(o, "wm-1", "expo-2026")
    await o.writes("wm-1", "报价", name="展会客户")
    await scans(o, "wm-2", "expo-2026")
    await o.writes("wm-3")
    browser, _ = await o.signed_in()
    _, page = await browser.get("/manage/sources")
    assert "Industry expo 2026" in page.text and "Web site" in page.text, "a code that brought nobody is told too"
    assert await every_number_leads_to_its_rows(browser, page, "/manage/customers") >= 12
    _, rows = await browser.get("/manage/customers?source=expo-2026&talked=1")
    assert "展会客户" in rows.text and "Industry expo 2026" in rows.text


async def test_the_routing_page_counts_what_was_moved_by_hand(o: Office) -> None:
    talk = await o.writes("wm-1", name="分错的人")
    await o.writes("wm-2")
    await acts(o, talk, "reroute", channel="service")
    browser, _ = await o.signed_in()
    _, page = await browser.get("/manage/matrix")
    assert "50.0%" in page.text
    _, rows = await browser.get("/manage/audit?mark=cell:by-hand")
    assert "分错的人" in rows.text and rows.html.partition("<tbody>")[2].partition("</tbody>")[0].count("<tr>") == 1


async def test_people_whom_nothing_reaches_are_told(o: Office) -> None:
    browser, _ = await o.signed_in()
    _, page = await browser.get("/manage/people")
    assert page.text.count("No notice reaches them") == 2
    await o.hub.db.write(lambda unit: reps.upsert(unit, replace(BOSS, userid="WangFang")), label="staff")
    _, page = await browser.get("/manage/people")
    assert page.text.count("No notice reaches them") == 1


async def test_the_mail_itself_is_shown_and_can_do_nothing(o: Office) -> None:
    talk = await o.writes("wm-1", name="<b>安静</b>的人")
    o.later(days=8)
    browser, _ = await o.signed_in()
    _, page = await browser.get("/manage/dormant")
    assert f"/manage/mail/{talk}" in page.html and "你好" in page.text, "the last words are told"
    answer, page = await browser.get(f"/manage/mail/{talk}")
    [frame] = [a for t, a in page.elements if t == "iframe"]
    assert frame["sandbox"] == "" and frame["src"] == f"/manage/mail/{talk}/body"
    assert answer.headers["Content-Security-Policy"].endswith("frame-src 'self'")
    answer, body = await browser.get(frame["src"])
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy and "default-src 'none'" in policy and "script-src 'none'" in policy
    assert "<b>安静" not in body.html and "安静" in body.text
    assert not [a for _, a in body.elements if a.get("src", "").startswith("http")]
    assert any(r.action == "preview" and r.about == talk for r in await o.hub.db.read(audit.newest))
    for path in ("/manage/mail/nobody", "/manage/mail/nobody/body", "/manage/mail/%2e%2e"):
        answer, _ = await browser.get(path)
        assert answer.status == 404, path


async def test_a_theme_is_remembered_by_the_browser(o: Office) -> None:
    browser, page = await o.signed_in()
    for theme in ("dark", "contrast", "light"):
        _, page = await browser.send(press(page, "/manage/theme"), theme=theme)
        assert ("html", {"lang": "en", "data-theme": theme}) in page.elements
        _, page = await browser.get("/manage/people")
        assert ("html", {"lang": "en", "data-theme": theme}) in page.elements
    _, page = await browser.send(press(page, "/manage/theme"), theme="auto")
    assert ("html", {"lang": "en"}) in page.elements


async def test_managers_sign_in_with_wecom_too(tmp_path: Path) -> None:
    async with tower() as wecom, office(tmp_path, staff=wecom.connector.staff) as o:
        await o.hub.db.write(lambda unit: reps.upsert(unit, replace(BOSS, userid="LiLei")), label="staff")
        world = wecom.wecom.world
        world.settings = world.settings.model_copy(update={"hub_url": o.base})
        answer, page = await o.browser().get("/manage/people")
        assert answer.status == 200 and "用企业微信登录" in page.text and "Microsoft" in page.text
        for userid, status in (("LiLei", 200), ("HanMei", 404)):
            jar = CookieJar(unsafe=True)
            jar.update_cookies({COOKIE: wecom.wecom.room.oauth.session(userid)}, URL(world.base_url))
            http = ClientSession(cookie_jar=jar)
            o.browsers.append(http)
            browser = Browser(http=http, base=o.base)
            await browser.get("/manage/people?x=1")
            answer, page = await browser.get("/manage/sign-in/wecom")
            assert answer.status == status, page.text
            if status == 200:
                assert answer.url.path == "/manage/people" and "Signed in as Wang Fang" in page.text
        rows = await o.hub.db.read(audit.newest)
        assert [(r.action, r.details.get("by")) for r in rows] == [("sign-in", "wecom")]


async def test_long_tables_turn_pages(o: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        await o.writes(f"wm-{number}", name=f"客户{number}")
        o.later(minutes=1)
    monkeypatch.setattr("sidebar.manage.pages.SHOWN", 2)
    browser, page = await o.signed_in()
    assert "Page 1 of 2" in page.text and "客户0" in page.text
    _, page = await browser.get("/manage/talks?status=open&page=2")
    assert "Page 2 of 2" in page.text and "客户2" in page.text and "客户0" not in page.text
    assert "status=open" in page.html.partition('class="choices pager"')[2]
    _, page = await browser.get("/manage/talks?status=open&page=99999999")
    assert "客户0" in page.text, "what is no page is the first"


def test_lists_and_cards_agree_who_is_late() -> None:
    book = playbook()
    for hours in (0, 3, 7.99, 8, 8.01, 20, 66):
        now = START + timedelta(hours=hours)
        late, soon = due_by(book, now), due_by(book, risk_until(book, now))
        for minutes in range(0, 4000, 7):
            since = now - timedelta(minutes=minutes)
            for first in (True, False):
                state = waiting(since, first=first, book=book, now=now).state
                over, near = (since <= (d.first if first else d.next) for d in (late, soon))
                told = "breached" if over else "risk" if near else "fine"
                assert told == state or (over and state == "risk"), (now, since, first, told, state)


def test_open_time_is_the_offices() -> None:
    book = playbook()
    clock = OpenTime(book, START - timedelta(days=3), START + timedelta(days=1))
    friday = START - timedelta(days=3)
    assert clock.seconds(friday.timestamp(), START.timestamp()) == 18 * 3600, "Saturday was a make-up work day"
    assert clock.seconds(START.timestamp(), START.timestamp() + 90) == 90
    assert clock.seconds(START.timestamp(), START.timestamp() + 20 * 3600) == 8 * 3600
    assert clock.seconds(START.timestamp(), START.timestamp() - 5) == 0


async def test_numbers_of_nothing_are_zero(o: Office) -> None:
    late = due_by(playbook(), START)
    now = await o.hub.db.read(lambda unit: figures.now(unit, late, late))
    assert (now.open, now.waiting, now.breached) == (0, 0, 0)
    assert await o.hub.db.read(lambda unit: figures.origins(unit, (None, None))) == []


async def test_while_everything_is_paused_a_reps_page_says_so(o: Office) -> None:
    talk = await o.writes("wm-1")
    by = RepHandle(platform="hub", value=BOSS.id)
    browser, page = await o.signed_in()
    await browser.send(press(page, "/manage/pause", verb="pause"))
    card = await o.hub.card(talk, by)
    assert card is not None and card.paused
    place = Place(family=Family(), home="/", card_at="/", post_to="/")
    shown = draw_card(card, place, Sheet(language="en"), o.clock.now)
    assert "A manager has paused every automatic send" in (shown.text or "")
    listed = await o.hub.rows("queue", by, limit=5)
    assert [row.conversation_id for row in listed] == [talk]
    home = draw_list([("Queue", "", listed)], place, "en", o.clock.now, words="")
    assert "A manager has paused every automatic send" in (home.text or "")


async def test_a_full_page_weighs_little(o: Office) -> None:
    for number in range(60):
        await o.writes(f"wm-{number}", "请问报价多少" * 20, name=f"客户{number}" * 5)
    o.later(days=4)
    browser, page = await o.signed_in()
    sheets = {a["href"] for t, a in page.elements if t == "link" and a.get("rel") == "stylesheet"}
    around = sum([await weight(browser, href) for href in sheets])
    for path in ("", "/talks", "/dormant?days=3", "/rules", "/rules/interested", "/audit"):
        assert around + await weight(browser, f"/manage{path}") <= 120 * 1024, path


async def weight(browser: Browser, path: str) -> int:
    """Bytes of an answer over the wire."""
    async with browser.http.get(browser.base + path) as answer:
        await answer.read()
        assert answer.status == 200 and answer.headers["Content-Encoding"], path
        return int(answer.headers["Content-Length"])
