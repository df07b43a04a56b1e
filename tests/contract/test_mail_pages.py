"""The pages that outsiders open: what they show, what they do, and what they keep."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from rules.errors import Unavailable
from rules.events import FormSubmitted, LinkClicked, Unsubscribed
from rules.model import Words
from rules.tokens import Purpose
from sidebar.outside import FormState, LinkTarget, routes
from sidebar.outside.page import framed, show
from tests.contract.mail_parts import MAIL_ID, NOW, TOKENS, FakeHub, now

Client = TestClient[web.Request, web.Application]
PERSON = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"}
CHOICES = (("manufacturing", Words(zh="制造业", en="Manufacturing")), ("retail", Words(zh="零售", en="Retail")))


@dataclass(kw_only=True)
class Facts:
    """What storage would know."""

    forms: dict[str, FormState] = field(default_factory=dict)
    links: dict[tuple[str, int], LinkTarget] = field(default_factory=dict)
    language: str = "zh-CN"
    away: bool = False

    def _there(self) -> None:
        if self.away:
            raise Unavailable("no database")

    async def form_state(self, form_id: str) -> FormState | None:
        self._there()
        return self.forms.get(form_id)

    async def link_target(self, mail_id: str, index: int) -> LinkTarget | None:
        self._there()
        return self.links.get((mail_id, index))

    async def mail_language(self, mail_id: str) -> str | None:
        self._there()
        return self.language


@dataclass(kw_only=True)
class Site:
    hub: FakeHub
    facts: Facts
    client: Client

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        response = await self.client.get(path, headers=PERSON | headers, allow_redirects=False)
        return response.status, await response.text()

    async def fill(self, form_id: str = "f1", **fields: str) -> tuple[int, str]:
        data = {"mail": "wang.min@customer.test", "text_version": "mail-consent-1-zh"} | fields
        response = await self.client.post(path_of("form", form_id), data=data, headers=PERSON)
        return response.status, await response.text()


def path_of(purpose: Purpose, ref: str) -> str:
    letter = {"unsubscribe": "u", "click": "r", "form": "f"}[purpose]
    return f"/{letter}/{TOKENS.mint(purpose, ref)}"


LEAVE = path_of("unsubscribe", MAIL_ID)
FORM = path_of("form", "f1")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    hub, facts = FakeHub(), Facts()
    facts.forms["f1"] = FormState(conversation_id="c1", company="华东智造", industries=CHOICES)
    facts.forms["f2"] = FormState(conversation_id="c1", language="en", industries=CHOICES)
    for index, url in enumerate(("https://example.com/a", "https://example.com/b", "http://example.com/c?x=1&y=2")):
        facts.links[MAIL_ID, index] = LinkTarget(url=url)
    app = web.Application()
    app.add_routes(routes(hub, TOKENS, facts, now))
    async with TestClient(TestServer(app)) as client:
        yield Site(hub=hub, facts=facts, client=client)


class Outline(HTMLParser):
    """Labels, fields and headings of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


# --- the way out ----------------------------------------------------------------------------------------------------


async def test_opening_the_way_out_asks_and_posting_acts(site: Site) -> None:
    status, html = await site.get(LEAVE)
    assert status == 200
    assert "确认退订" in html
    assert site.hub.events == []
    response = await site.client.post(LEAVE, data={"how": "page"})
    assert response.status == 200
    assert "已为您退订" in await response.text()
    event = site.hub.events[0]
    assert isinstance(event, Unsubscribed)
    assert (event.mail_id, event.how, event.at) == (MAIL_ID, "page", NOW)
    assert site.hub.accepted[0].order.key == f"hub|customer|{MAIL_ID}"


@pytest.mark.parametrize("multipart", [False, True])
async def test_one_click_needs_no_cookie_no_redirect_and_can_be_repeated(site: Site, multipart: bool) -> None:
    for _ in range(3):
        if multipart:
            body = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
            headers = {"Content-Type": "multipart/form-data; boundary=b"}
            response = await site.client.post(LEAVE, data=body, headers=headers, allow_redirects=False)
        else:
            response = await site.client.post(LEAVE, data={"List-Unsubscribe": "One-Click"}, allow_redirects=False)
        assert response.status == 200
    assert {e.how for e in site.hub.events if isinstance(e, Unsubscribed)} == {"one_click"}
    assert site.hub.taken == {e.id for e in site.hub.events}, "it holds before it is said to hold"


async def test_the_way_out_speaks_the_mails_language(site: Site) -> None:
    site.facts.language = "en"
    assert "Unsubscribe" in (await site.get(LEAVE))[1]


async def test_no_false_yes(site: Site) -> None:
    site.hub.away = True
    response = await site.client.post(LEAVE, data={"List-Unsubscribe": "One-Click"})
    assert response.status == 503
    assert response.headers["Retry-After"] == "5"
    status, html = await site.fill()
    assert status == 503
    assert "没有保存任何内容" in html
    site.facts.away = True
    for path in (FORM, path_of("click", f"{MAIL_ID}-0")):
        assert (await site.get(path))[0] == 503
    assert (await site.get(LEAVE))[0] == 200, "asking needs no database"


# --- links ----------------------------------------------------------------------------------------------------------


async def test_a_click_is_noted_and_leads_where_our_table_says(site: Site) -> None:
    response = await site.client.get(path_of("click", f"{MAIL_ID}-2"), headers=PERSON, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (302, "http://example.com/c?x=1&y=2")
    event = site.hub.events[0]
    assert isinstance(event, LinkClicked)
    assert (event.mail_id, event.target, event.robot) == (MAIL_ID, "http://example.com/c?x=1&y=2", False)


async def test_she_is_led_on_even_when_the_click_cannot_be_noted(site: Site) -> None:
    site.hub.away = True
    assert (await site.get(path_of("click", f"{MAIL_ID}-0")))[0] == 302


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": ""},
        {"User-Agent": "Mozilla/5.0"},
        {"User-Agent": "LinkScanner/2.1 (+https://scanner.test)"},
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
        {"User-Agent": "python-requests/2.31"},
        {"User-Agent": "Mozilla/5.0 (X11) HeadlessChrome/120"},
        {"Sec-Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
    ],
)
async def test_machines_are_marked(site: Site, headers: dict[str, str]) -> None:
    await site.get(path_of("click", f"{MAIL_ID}-0"), **headers)
    event = site.hub.events[0]
    assert isinstance(event, LinkClicked)
    assert event.robot


async def test_chat_programs_are_people(site: Site) -> None:
    agent = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile Safari/537.36 MicroMessenger/8.0 wxwork/4.1"
    await site.get(path_of("click", f"{MAIL_ID}-0"), **{"User-Agent": agent})
    event = site.hub.events[0]
    assert isinstance(event, LinkClicked)
    assert not event.robot


async def test_all_links_at_once_is_no_person_and_the_first_is_taken_back(site: Site) -> None:
    for index in range(3):
        await site.get(path_of("click", f"{MAIL_ID}-{index}"))
    robots = {e.target for e in site.hub.events if isinstance(e, LinkClicked) and e.robot}
    assert len(robots) == 3


async def test_the_same_link_twice_is_still_a_person_and_one_event(site: Site) -> None:
    for _ in range(5):
        await site.get(path_of("click", f"{MAIL_ID}-0"))
    assert len(site.hub.events) == 1
    event = site.hub.events[0]
    assert isinstance(event, LinkClicked)
    assert not event.robot


# --- the form -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("frames", "told"), [((), "'none'"), (("https://a.example",), "https://a.example")])
async def test_only_named_origins_may_frame_the_form(frames: tuple[str, ...], told: str) -> None:
    async def page(_: web.Request) -> web.StreamResponse:
        return show("message", "en", title="gone_title", text="gone_text")

    app = web.Application()
    app.router.add_get("/", framed(page, frames))
    async with TestClient(TestServer(app)) as client:
        policy = (await client.get("/")).headers["Content-Security-Policy"]
    assert policy.endswith(f"frame-ancestors {told}")


async def test_the_form_says_who_asks_for_what_and_ticks_nothing(site: Site) -> None:
    status, html = await site.get(FORM)
    assert status == 200
    page = Outline(html)
    assert page.all("html")[0]["lang"] == "zh-CN"
    assert "华东智造用这些信息" in html
    assert "本说明第 1 版" in html
    boxes = [i for i in page.all("input") if i.get("type") == "checkbox"]
    assert len(boxes) == 1
    assert "checked" not in boxes[0]
    labelled = {a["for"] for a in page.all("label")}
    fields = {str(a["id"]) for a in [*page.all("input"), *page.all("select")] if a.get("type") != "hidden"}
    assert fields == labelled == {"mail", "name", "company", "title", "industry", "consent"}
    assert len(page.all("h1")) == 1


async def test_it_is_her_language(site: Site) -> None:
    html = (await site.get(path_of("form", "f2")))[1]
    assert '<html lang="en">' in html
    assert "I agree to receive mail" in html
    assert not re.search(r"[\u4e00-\u9fff]", html)
    assert re.findall(r"[\u4e00-\u9fff]", (await site.get(FORM))[1])


async def test_what_she_gives_is_an_event(site: Site) -> None:
    status, html = await site.fill(
        name=" 王\r\n敏 ", company="华东精密", title="CIO", industry="manufacturing", consent="yes", owner_id="boss"
    )
    assert status == 200
    assert "收到，谢谢" in html
    event = site.hub.events[0]
    assert isinstance(event, FormSubmitted)
    assert dict(event.fields) == {
        "mail": "wang.min@customer.test",
        "name": "王 敏",
        "company": "华东精密",
        "title": "CIO",
        "industry": "manufacturing",
    }
    assert (event.consented, event.purpose, event.text_version) == (True, "wakeup", "mail-consent-1-zh")
    assert (event.id, event.conversation_id, event.at) == ("form-f1", "c1", NOW)
    assert site.hub.accepted[0].order.key == "hub|customer|c1"


async def test_without_the_tick_there_is_no_consent(site: Site) -> None:
    _, html = await site.fill()
    assert "不会主动给您发邮件" in html
    event = site.hub.events[0]
    assert isinstance(event, FormSubmitted)
    assert event.consented is False
    assert dict(event.fields) == {"mail": "wang.min@customer.test"}


@pytest.mark.parametrize(
    ("fields", "name", "words"),
    [
        ({"mail": ""}, "mail", "请填写邮箱"),
        ({"mail": "王敏"}, "mail", "邮箱格式不正确"),
        ({"mail": "a@b"}, "mail", "邮箱格式不正确"),
        ({"mail": "x" * 300 + "@customer.test"}, "mail", "太长了"),
        ({"name": "名" * 61}, "name", "“称呼”太长了，最多 60 个字"),
        ({"industry": "boss"}, "industry", "请从列表中选择行业"),
        ({"text_version": "mail-consent-0-zh"}, "consent", "说明文字已更新"),
    ],
)
async def test_a_mistake_is_told_beside_its_field_and_nothing_is_lost(
    site: Site, fields: dict[str, str], name: str, words: str
) -> None:
    status, html = await site.fill(**({"company": '华东"精密<b>', "consent": "yes", "title": "CIO"} | fields))
    assert status == 422
    assert words in html
    assert f'href="#{name}"' in html
    page = Outline(html)
    given = {str(i["name"]): i for i in page.all("input")}
    assert given["company"]["value"] == '华东"精密<b>'
    assert given["title"]["value"] == "CIO"
    assert "checked" in given["consent"]
    if name in ("mail", "name"):
        assert given[name]["aria-invalid"] == "true"
        assert given[name]["aria-describedby"] == f"{name}-wrong"
    assert "<b>" not in html
    assert site.hub.events == []


async def test_a_form_works_once(site: Site) -> None:
    site.facts.forms["f1"] = FormState(conversation_id="c1", used=True)
    site.facts.forms["f2"] = FormState(conversation_id="c1", language="en", expired=True)
    for status, html in (await site.get(FORM), await site.fill()):
        assert status == 410
        assert "已经提交过了" in html
    status, html = await site.get(path_of("form", "f2"))
    assert (status, "too old" in html) == (410, True)
    assert site.hub.events == []


async def test_pages_run_no_script_ask_nobody_and_tell_nobody(site: Site) -> None:
    for path in (LEAVE, FORM, "/u/none"):
        response = await site.client.get(path, headers=PERSON)
        html = await response.text()
        assert "<script" not in html
        assert "http" not in html.replace("http-equiv", "")
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in response.headers
        assert len(html.encode()) < 12_000
