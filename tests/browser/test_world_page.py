"""The world page in Chromium: everything a visitor can do there by hand, and what outsiders must not be able to."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from email import message_from_bytes, policy

import pytest
from playwright.async_api import Page, expect

from tests.browser.world_window import Window, lead_card, window

pytestmark = pytest.mark.browser


@pytest.fixture
async def view() -> AsyncIterator[Window]:
    async with window() as opened:
        yield opened


async def until(true: Callable[[], bool]) -> None:
    """Wait for something on the other side of the wire."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


async def test_it_is_light_and_asks_nobody_else(view: Window) -> None:
    page = await view.browser.new_page()
    bodies: list[bytes] = []

    async def weigh(path: str) -> None:
        async with view.world.http.get(view.world.base_url + path, headers={"Accept-Encoding": "gzip"}) as response:
            assert response.headers.get("Content-Encoding") == "gzip", path
            bodies.append(gzip.compress(await response.read()))

    paths: list[str] = []
    page.on("request", lambda request: paths.append(request.url.removeprefix(view.world.base_url)))
    await page.goto(f"{view.world.base_url}/")
    await page.locator("#counts dd").first.wait_for()
    for path in sorted({p for p in paths if p == "/" or p.endswith((".js", ".css", ".svg"))}):
        await weigh(path)
    assert sum(map(len, bodies)) < 60_000
    again = await view.open()
    await again.locator("#log .entry, #log").first.wait_for()
    assert view.hosts == {view.world.base_url.removeprefix("http://")}
    assert view.troubles == []


async def test_a_visitor_writes_as_the_customer(view: Window) -> None:
    page = await view.open()
    await page.get_by_role("button", name="扫展台的码").click()
    await page.locator("#say-form textarea").fill("请发报价 <b>谢谢</b>")
    await page.keyboard.press("Enter")
    await expect(page.locator(".bubble.mine .words")).to_have_text("请发报价 <b>谢谢</b>")
    assert view.said() == [("team", "请发报价 <b>谢谢</b>")]
    await until(lambda: ("POST", "/wecom/callback/agent") in view.hub.asked)
    await expect(page.locator("#counts")).to_contain_text("说出1")
    await expect(page.locator("#counts")).to_contain_text("在路上1")
    assert view.troubles == []


async def test_a_card_is_drawn_pressed_and_its_text_is_only_text(view: Window) -> None:
    page = await view.open()
    await view.post_card(lead_card())
    card = page.locator(".card").first
    await expect(card.locator(".size-large")).to_contain_text("王敏 <img src=x")
    await expect(card.locator("strong").first).to_have_text("王敏")
    await expect(card.locator(".badge")).to_have_text(["制造业", "白皮书"])
    await expect(card).to_contain_text("a plain picture")
    await expect(card.locator(".facts dd")).to_have_text("41 小时,3/5 条")
    await expect(page).not_to_have_title("owned")
    await until(lambda: any(i["value"]["trigger"] == "automatic" for i in view.hub.invokes))
    await page.get_by_role("button", name="认领").click()
    await expect(page.locator(".toast")).to_have_text("收到")
    assert [(a["verb"], a["data"]["lead"]) for a in view.hub.pressed()] == [("claim", "L1")]
    history = card.get_by_text("09:01 扫码")
    await expect(history).to_be_hidden()
    await page.get_by_role("button", name="历史").click()
    await expect(history).to_be_visible()
    await page.get_by_text("更多", exact=True).click()
    await page.get_by_role("button", name="稍后").click()
    await until(lambda: [a["verb"] for a in view.hub.pressed()] == ["claim", "snooze"])
    assert view.troubles == []


async def test_the_reply_input_is_required_and_speaks_to_the_customer(view: Window) -> None:
    page = await view.open()
    await view.post_card(lead_card())
    await _by_keyboard(page, "回复")
    field = page.get_by_label("发给客户")
    await expect(field).to_be_focused()
    await _by_keyboard(page, "发送给客户")
    await expect(page.locator(".error")).to_be_visible()
    assert view.hub.pressed() == []
    await field.fill("您好,报价今天发您。")
    await _by_keyboard(page, "发送给客户")
    await until(lambda: view.said() == [("customer", "您好,报价今天发您。")])
    assert view.hub.pressed()[0]["data"] == {"lead": "L1", "text": "您好,报价今天发您。"}


async def _by_keyboard(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).focus()
    await page.keyboard.press("Enter")


async def test_what_is_being_typed_survives_an_update_of_the_card(view: Window) -> None:
    page = await view.open()
    card = lead_card()
    await view.post_card(card)
    await page.get_by_role("button", name="回复", exact=True).click()
    await page.get_by_label("发给客户").fill("half a sent")
    card["body"][3]["facts"][0]["value"] = "40 小时"
    await view.world.log.add("teams", "card_updated", activity_id="1001")
    await expect(page.locator(".facts dd")).to_have_text("40 小时")
    await expect(page.get_by_label("发给客户")).to_be_visible()
    await expect(page.get_by_label("发给客户")).to_have_value("half a sent")
    await expect(page.get_by_label("发给客户")).to_be_focused()


async def test_an_old_client_shows_the_fallback(view: Window) -> None:
    page = await view.open()
    await view.post_card(lead_card())
    await expect(page.locator(".badge")).to_have_count(2)
    await page.get_by_label("旧客户端").check()
    await expect(page.get_by_text("制造业 · 白皮书")).to_be_visible()
    await expect(page.locator(".badge")).to_have_count(0)


async def test_a_rep_writes_in_the_thread(view: Window) -> None:
    page = await view.open("lang=en")
    await view.post_card(lead_card())
    thread = page.locator(".thread")
    await thread.locator("textarea[name=text]").fill("I take it")
    await thread.get_by_role("button", name="Send", exact=True).click()
    await expect(thread.locator(".post.person")).to_contain_text("I take it")
    await thread.get_by_label("Send as").select_option("reply")
    await thread.locator("textarea[name=text]").fill("马上发您")
    await thread.get_by_role("button", name="Send", exact=True).click()
    await until(lambda: view.said() == [("customer", "马上发您")])
    assert len(view.hub.activities) == 2


async def test_a_notice_is_pressed_and_its_page_opens_signed_in(view: Window) -> None:
    page = await view.open()
    hub = view.world.settings.hub_url
    card = {
        "card_type": "button_interaction",
        "task_id": "t1",
        "main_title": {"title": "王敏 · 意向客户", "desc": "18 分钟内回复"},
        "horizontal_content_list": [{"keyname": "评分", "value": "72"}],
        "button_list": [{"text": "认领", "key": "claim", "style": 1}],
        "jump_list": [{"type": 1, "title": "打开会话页", "url": f"{hub}/sidebar/c/1"}],
    }
    await view.notify("chen", card)
    await page.locator("#notices").get_by_role("button", name="认领").click()
    await until(lambda: any(e.kind == "pressed" for e in view.world.log.entries))
    await page.get_by_role("button", name="打开会话页").click()
    await expect(page.frame_locator("#sidebar-frame").get_by_role("heading", name="会话页")).to_be_visible()
    cookies = await page.context.cookies()
    assert [c["name"] for c in cookies] == ["wecom_member"]


async def test_a_mail_is_read_in_a_sandbox_answered_and_unsubscribed(view: Window) -> None:
    page = await view.open()
    await view.send_mail(
        Reply_To="r+1@in.hub.example",
        List_Unsubscribe=f"<{view.world.settings.hub_url}/u/tok>",
        List_Unsubscribe_Post="List-Unsubscribe=One-Click",
    )
    await page.locator(".letter summary").first.click()
    frame = page.locator("iframe.mail-body")
    await expect(page.frame_locator("iframe.mail-body").get_by_role("heading", name="王女士")).to_be_visible()
    assert await frame.get_attribute("sandbox") == ""
    await expect(page).not_to_have_title("owned")
    await page.locator(".letter textarea").fill("周二可以演示吗?")
    await page.get_by_role("button", name="回信").click()
    await until(lambda: len(view.hub.mails) == 1)
    message = message_from_bytes(view.hub.mails[0], policy=policy.default)
    assert (message["To"], message["In-Reply-To"]) == ("r+1@in.hub.example", "<w1@hub.example>")
    assert view.said() == [("team", "周二可以演示吗?")]
    await page.get_by_role("button", name="一键退订").click()
    await until(lambda: ("POST", "/u/tok") in view.hub.asked)
    blocked = [trouble for trouble in view.troubles if "sandboxed" not in trouble]
    assert blocked == []


async def test_the_clock_is_pushed_and_faults_are_switched(view: Window) -> None:
    page = await view.open("lang=en")
    before = await page.locator("#now").get_attribute("datetime")
    await page.get_by_role("button", name="+1 day").click()
    await expect(page.locator("#now")).not_to_have_attribute("datetime", before or "")
    assert view.world.clock.now().day == 3
    await page.get_by_text("Bad days", exact=True).click()
    await page.get_by_role("button", name="WeCom tells everything twice (3 times)").click()
    await until(
        lambda: [(f.place, f.kind, f.times) for f in view.world.faults.active] == [("wecom.out", "duplicate", 3)]
    )
    await expect(page.locator("#active-faults")).to_contain_text("wecom.out: duplicated, 3 left")
    view.world.faults.clear()
    await page.get_by_text("One of your own").click()
    await page.locator("#fault-form").get_by_label("Where").select_option("mail.in")
    await page.locator("#fault-form").get_by_label("What").select_option("drop")
    await page.get_by_role("button", name="Switch on").click()
    await until(lambda: [(f.place, f.kind) for f in view.world.faults.active] == [("mail.in", "drop")])
    await expect(page.locator("#faults")).to_have_class("pop on")
    await page.get_by_role("button", name="All off").click()
    await until(lambda: not view.world.faults.active)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_both_languages_and_every_width(view: Window, language: str) -> None:
    await view.post_card(lead_card())
    await view.send_mail()
    for width in (280, 320, 400, 720, 1280):
        page = await view.open(f"lang={language}", width=width)
        await expect(page.locator(".card").first).to_be_visible()
        assert await page.evaluate("document.documentElement.lang") == {"zh": "zh-CN", "en": "en"}[language]
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        empty = await page.evaluate(
            "[...document.querySelectorAll('button, summary, [data-word]')]"
            ".filter((n) => !n.textContent.trim() && !n.getAttribute('aria-label')).length"
        )
        assert empty == 0
        await page.close()


async def test_events_resume_where_a_page_stopped(view: Window) -> None:
    for number in range(5):
        await view.world.log.add("mail", "noted", text=f"n{number}", card={"big": "x" * 5000})
    url = f"{view.world.base_url}/control/events"
    async with view.world.http.get(url, headers={"Last-Event-ID": "3"}) as response:
        seen = b""
        while b"n4" not in seen:
            seen += await response.content.readany()
    assert b"n2" not in seen
    assert b"id: 4\n" in seen
    assert b"xxxx" not in seen


async def test_a_mail_page_runs_and_loads_nothing_even_by_itself(view: Window) -> None:
    await view.send_mail()
    async with view.world.http.get(f"{view.world.base_url}/page/mail/m1") as response:
        policy_told = response.headers["Content-Security-Policy"]
        assert policy_told.startswith("sandbox; default-src 'none'")
    async with view.world.http.get(f"{view.world.base_url}/page/mail/m9") as response:
        assert response.status == 404
    for path in ("/page/..%2f__init__.py", "/page/events.py", "/page/nothing.js"):
        async with view.world.http.get(view.world.base_url + path) as response:
            assert response.status == 404
