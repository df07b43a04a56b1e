"""The pages inside WeCom in Chromium, the real JS-SDK over a bridge of ours: with scripts, without, by keyboard."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.clients import WECOM_CDN, WECOM_SDK
from tests.browser.rep_window import Sight, sight

pytestmark = pytest.mark.browser
HIDDEN_FOCUS = """() => {
  const focused = document.activeElement, bar = document.querySelector('.bar');
  if (!focused || focused === document.body || bar.contains(focused)) return '';
  const one = focused.getBoundingClientRect(), other = bar.getBoundingClientRect();
  const seen = one.bottom <= other.top + 1 && one.top >= -1 || one.height > 48 && one.top < other.top - 48;
  return seen ? '' : focused.outerHTML.slice(0, 120) + ' ' + [one.top, one.bottom, other.top].join();
}"""
"""The focused element, if the bar at the foot covers it: all of what is small, most of a box to write in."""


@pytest.fixture
async def s() -> AsyncIterator[Sight]:
    async with sight() as made:
        yield made


async def opened(s: Sight, talk: str, **options: object) -> Page:
    """The conversation's page in an ordinary browser."""
    page = await (await s.context("LiLei", **options)).new_page()
    await page.goto(f"{s.p.base}/sidebar/c/{talk}")
    return page


async def test_the_sidebar_finds_the_customer_of_the_chat(s: Sight) -> None:
    talk = s.p.desk.writes("wm-9", "你好")
    client, context = await s.wecom()
    page = await context.new_page()
    await page.goto(f"{s.p.base}/sidebar/wecom")
    await page.wait_for_url(f"**/sidebar/c/{talk}")
    await page.get_by_role("link", name="我的会话").click()
    await expect(page.get_by_role("heading", name="客户会话")).to_be_visible()
    assert client.asked[:3] == ["agentConfig", "getContext", "getCurExternalContact"]
    assert s.hosts == {s.p.base, WECOM_CDN} and s.troubles == []


async def test_outside_a_customers_chat_there_is_the_search(s: Sight) -> None:
    s.p.desk.writes("wm-9", "你好")
    client, context = await s.wecom()
    client.external_userid = ""
    page = await context.new_page()
    await page.goto(f"{s.p.base}/sidebar/wecom")
    await expect(page.locator("#contact")).to_contain_text("这里不是客户聊天")
    await page.get_by_role("searchbox").fill("王")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="王敏")).to_be_visible()
    plain = await (await s.context("LiLei")).new_page()
    await plain.goto(f"{s.p.base}/sidebar/wecom")
    await expect(plain.get_by_role("link", name="王敏")).to_be_visible()


async def test_a_failing_client_is_told_with_its_code_and_a_diagnosis_to_copy(s: Sight) -> None:
    s.p.desk.writes("wm-9", "你好")
    client, context = await s.wecom()
    client.refuses["agentConfig"] = "fail invalid signature 40093"
    page = await context.new_page()
    await page.goto(f"{s.p.base}/sidebar/wecom")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("40093")
    await alert.get_by_role("button", name="复制诊断").click()
    told = await alert.get_by_role("textbox").input_value()
    assert "40093" in told and "wxwork" in told and "wm-9" not in told and "王敏" not in told
    await expect(page.get_by_role("link", name="王敏")).to_be_visible()


async def test_a_script_that_was_changed_does_not_run(s: Sight) -> None:
    s.p.desk.writes("wm-9", "你好")
    _, context = await s.wecom()

    async def changed(route: Route) -> None:
        headers = {"Access-Control-Allow-Origin": "*"}
        await route.fulfill(body="document.title = 'owned'", headers=headers, content_type="text/javascript")

    await context.route(WECOM_SDK, changed)
    page = await context.new_page()
    await page.goto(f"{s.p.base}/sidebar/wecom")
    await expect(page.locator("#contact")).to_contain_text("这里不是客户聊天")
    assert "owned" not in await page.title()


async def test_a_script_goes_into_the_chat_where_there_is_one(s: Sight) -> None:
    talk = s.p.desk.writes("wm-9", "你好")
    client, context = await s.wecom()
    page = await context.new_page()
    await page.goto(f"{s.p.base}/sidebar/c/{talk}")
    await page.get_by_role("link", name="话术", exact=True).click()
    await page.locator("summary", has_text="首次问候").click()
    await page.get_by_role("button", name="放进聊天 首次问候").click()
    await expect(page.locator("#contact")).to_contain_text("已放进聊天")
    assert len(client.sent) == 1 and "王敏您好，我是李雷" in client.sent[0] and not s.p.desk.acts
    client.refuses["sendChatMessage"] = "fail no permission"
    await page.get_by_role("button", name="放进聊天 首次问候").click()
    await expect(page.get_by_role("alert")).to_contain_text("no permission")
    await page.get_by_role("link", name="放进回复框 首次问候").click()
    await expect(page.get_by_label("回复内容")).to_have_value(client.sent[0])
    client.entry = "contact_profile"
    other = await context.new_page()
    await other.goto(f"{s.p.base}/sidebar/c/{talk}")
    await other.locator("summary", has_text="首次问候").click()
    await expect(other.get_by_role("link", name="放进回复框 首次问候")).to_be_visible()
    await expect(other.get_by_role("button", name="放进聊天 首次问候")).to_be_hidden()


@pytest.mark.parametrize("scripts", [True, False])
async def test_claim_and_answer_by_keyboard_with_and_without_scripts(s: Sight, scripts: bool) -> None:
    talk = s.p.desk.writes("wm-9", "你好")
    page = await opened(s, talk, java_script_enabled=scripts)
    await page.get_by_role("button", name="认领 王敏").press("Enter")
    await expect(page.locator("#said")).to_contain_text("已认领")
    await page.get_by_label("回复内容").focus()
    await page.keyboard.type("在的，请讲")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#said")).to_contain_text("已发送")
    assert [(a.verb, a.inputs.get("text")) for a in s.p.desk.acts] == [("claim", None), ("reply", "在的，请讲")]
    assert s.troubles == []


async def test_without_scripts_every_page_can_be_read_and_used(s: Sight) -> None:
    for number in range(8):
        talk = s.p.desk.writes("wm-9", f"第 {number} 条")
    page = await opened(s, talk, java_script_enabled=False)
    await page.locator("summary", has_text="首次问候").click()
    await page.get_by_role("link", name="放进回复框 首次问候").click()
    await expect(page.get_by_label("回复内容")).to_have_value(
        "王敏您好，我是李雷，很高兴为您服务。方便说说您目前的情况和想了解的内容吗？"
    )
    await page.get_by_role("link", name="看全部 8 条").click()
    await expect(page.get_by_text("第 0 条")).to_be_visible()
    await page.get_by_role("link", name="返回客户").click()
    await page.get_by_text("更多资料").click()
    await page.get_by_role("link", name="调整页面").click()
    await page.get_by_role("button", name="上移 标签").click()
    await expect(page.locator("#said")).to_contain_text("已上移")


async def test_nothing_focused_hides_under_the_bar(s: Sight) -> None:
    talk = s.p.desk.writes("wm-9", "你好")
    page = await opened(s, talk, viewport={"width": 280, "height": 480})
    hidden, stops = [], 0
    for _ in range(90):
        await page.keyboard.press("Tab")
        stops += 1
        if found := await page.evaluate(HIDDEN_FOCUS):
            hidden.append(found)
        if await page.evaluate("document.activeElement.closest('.bar') !== null"):
            break
    assert hidden == [] and stops > 20


async def test_what_was_typed_comes_back_after_signing_in_again(s: Sight) -> None:
    talk = s.p.desk.writes("wm-9", "你好")
    page = await opened(s, talk)
    await page.get_by_label("回复内容").fill("写了很久的回复")
    s.p.wall[0] += 8 * 3600 + 1
    await page.get_by_role("button", name="发送给客户").click()
    await expect(page.get_by_role("heading", name="需要登录")).to_be_visible()
    await s.sign_in(page.context, "LiLei")
    await page.get_by_role("link", name="重新打开").click()
    await expect(page.get_by_label("回复内容")).to_have_value("写了很久的回复")
    assert not s.p.desk.acts


async def test_offline_shows_the_last_copy_with_its_age_and_keeps_what_was_typed(s: Sight) -> None:
    talk = s.p.desk.writes("wm-9", "你好")
    page = await opened(s, talk)
    await page.get_by_role("link", name="我的会话").click()
    await expect(page.get_by_role("heading", name="客户会话")).to_be_visible()
    await page.context.set_offline(True)
    await page.get_by_role("link", name="王敏").click()
    await expect(page.locator("#banner")).to_contain_text("刚才的内容")
    await page.get_by_label("回复内容").fill("离线写的")
    await page.get_by_role("button", name="发送给客户").click()
    await expect(page.get_by_role("alert")).to_contain_text("你写的内容还在")
    await expect(page.get_by_label("回复内容")).to_have_value("离线写的")
    await page.context.set_offline(False)
    await page.get_by_role("button", name="发送给客户").click()
    await expect(page.locator("#said")).to_contain_text("已发送")
    assert [a.inputs["text"] for a in s.p.desk.acts] == ["离线写的"]
    assert await page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0], "nothing stays on the device"


async def test_another_act_leaves_what_was_typed_in_its_box(s: Sight) -> None:
    page = await opened(s, s.p.desk.writes("wm-9", "你好"))
    await page.get_by_label("回复内容").fill("先写，再认领")
    await page.locator("form.act button.main").first.click()
    await expect(page.locator("#said")).to_be_visible()
    await expect(page.get_by_label("回复内容")).to_have_value("先写，再认领")
    await page.get_by_role("button", name="发送给客户").click()
    await expect(page.locator("#said")).to_contain_text("已发送")
    await expect(page.get_by_label("回复内容")).to_have_value("")
    assert [a.verb for a in s.p.desk.acts] == ["claim", "reply"]


async def test_a_slow_hub_shows_the_last_copy_until_the_answer_comes(s: Sight) -> None:
    talk = s.p.desk.writes("wm-9", "你好")
    page = await opened(s, talk)
    await page.get_by_role("link", name="我的会话").click()
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await page.route(f"**/sidebar/c/{talk}", hold)
    await page.get_by_role("link", name="王敏").click()
    await expect(page.locator("#banner")).to_contain_text("塔台有点慢", timeout=10_000)
    await expect(page.get_by_role("heading", name="王敏")).to_be_visible()
    await page.get_by_label("回复内容").fill("等的时候写的")
    s.p.desk.writes("wm-9", "还有一个问题")
    await held[0].continue_()
    await expect(page.get_by_text("还有一个问题")).to_be_visible()
    await expect(page.get_by_label("回复内容")).to_have_value("等的时候写的")
    await expect(page.locator("#banner")).to_have_count(0)


async def test_a_broken_script_leaves_a_page_that_works(s: Sight) -> None:
    talk = s.p.desk.writes("wm-9", "你好")
    page = await opened(s, talk)
    await page.evaluate("setTimeout(() => { throw new Error('boom'); }, 0)")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("页面脚本出错了")
    await expect(alert.get_by_role("button", name="复制诊断")).to_be_visible()
    await page.get_by_role("button", name="认领 王敏").click()
    await expect(page.locator("#said")).to_contain_text("已认领")
    assert [a.verb for a in s.p.desk.acts] == ["claim"]


async def test_forced_colours_and_reduced_motion_are_respected(s: Sight) -> None:
    talk = s.p.desk.writes("wm-9", "你好")
    page = await opened(s, talk, forced_colors="active", reduced_motion="reduce")
    edges = await page.evaluate(
        "[...document.querySelectorAll('section, button, .chip')].map(e => getComputedStyle(e))"
        ".filter(c => c.borderTopStyle === 'none' && c.borderBottomStyle === 'none').length"
    )
    assert edges <= await page.locator(".x").count(), "whatever is told by its ground has an edge"
    moving = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s').length"
    assert await page.evaluate(moving) == 0
    await page.get_by_role("button", name="认领 王敏").focus()
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
