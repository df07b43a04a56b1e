"""The pages reps see inside WeCom: sign-in, the customer of the chat, the conversation page and its acts."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import ValidationError

from rules.model import Tag, Wakeup
from sidebar.inside import SidebarSettings
from tests.contract.page_world import HANMEI, LILEI, OURS, Pages, pages, scripts_of, visible


@pytest.fixture
async def p() -> AsyncIterator[Pages]:
    async with pages() as made:
        yield made


async def test_from_the_toolbar_to_an_answer(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好，想了解智能工厂方案")
    browser = p.browser("LiLei")
    answer, home = await browser.get("/sidebar/wecom")
    assert (answer.status, answer.url.path) == (200, "/sidebar/wecom")
    assert "王敏" in home.text and ("a", talk) in [(t, a.get("data-view")) for t, a in home.elements]
    answer, page = await browser.get("/sidebar/wecom/customer?id=wm-9")
    assert (answer.status, answer.url.path) == (200, f"/sidebar/c/{talk}")
    assert "还剩 48 小时 · 5/5 条" in page.text and "你好，想了解智能工厂方案" in page.text
    answer, page = await browser.send(page.form("claim"))
    assert (answer.status, answer.url.path) == (200, f"/sidebar/c/{talk}")
    assert "已认领" in page.text and "李雷 负责" in page.text
    answer, page = await browser.send(page.form("reply"), text="您好，\r\n报价今天发给您")
    assert "已发送，等待送达" in page.text.replace(",", "，")
    act = p.desk.acts[-1]
    assert (act.verb, act.inputs, act.by.value, act.by_name) == (
        "reply",
        {"text": "您好，\n报价今天发给您"},
        "LiLei",
        "李雷",
    )
    assert "4/5 条" in page.text
    _, page = await browser.get(f"/sidebar/c/{talk}")
    assert "等待送达" not in page.text, "an answer is shown once"


async def test_a_page_asked_for_is_where_sign_in_leads(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    p.desk.owned_by(HANMEI, "wm-9")
    answer, page = await p.browser("HanMei").get(f"/sidebar/c/{talk}")
    assert (answer.status, answer.url.path) == (200, f"/sidebar/c/{talk}")
    assert ("html", {"lang": "en"}) in page.elements and "Next:" in page.text


async def test_the_same_press_twice_is_one_act(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser = p.browser("LiLei")
    _, page = await browser.get(f"/sidebar/c/{talk}")
    for _ in range(2):
        await browser.send(page.form("reply"), text="在的")
    await browser.send(page.form("reply"), text="在的，请讲")
    assert [a.inputs["text"] for a in p.desk.acts] == ["在的", "在的，请讲"]


async def test_every_verb_of_the_page_does_what_it_says(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser = p.browser("LiLei")
    life = p.desk.lives["wm-9"]
    _, page = await browser.get(f"/sidebar/c/{talk}")
    _, page = await browser.send(page.form("tag"), tag="价格敏感")
    assert life.customer.has_tag("价格敏感")
    _, page = await browser.send(page.form("untag", tag="价格敏感"))
    assert not life.customer.has_tag("价格敏感")
    _, page = await browser.send(page.form("note"), text="下周再联系")
    assert "已记下" in page.text
    _, page = await browser.send(page.form("form"))
    assert "表单" in page.text
    _, page = await browser.send(page.form("why"))
    assert page.has("main")
    _, page = await browser.send(page.form("snooze"), hours="24")
    assert (life.talk.status, "稍后处理" in page.text) == ("snoozed", True)
    _, page = await browser.send(page.form("close"))
    assert (life.talk.status, "已关闭" in page.text) == ("closed", True)
    channel = next(c for c in life.book.channels if c != life.talk.channel)
    _, page = await browser.send(page.form("reroute"), channel=channel)
    assert life.talk.channel == channel


async def test_what_was_typed_is_kept_when_something_is_wrong(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser = p.browser("LiLei")
    _, page = await browser.get(f"/sidebar/c/{talk}")
    answer, page = await browser.send(page.form("reply"), text="   ")
    assert answer.status == 422 and "请先写内容" in page.text
    long = "长" * 4001
    answer, page = await browser.send(page.form("reply"), text=long)
    assert answer.status == 422 and page.form("reply").fields["text"] == long
    assert ("textarea", "true") in [(t, a.get("aria-invalid", "")) for t, a in page.elements]
    # the rules know the platform's own limit
    medium = "长" * 900
    answer, page = await browser.send(page.form("reply"), text=medium)
    assert answer.status == 409 and "消息太长" in page.text and page.form("reply").fields["text"] == medium
    assert [a.verb for a in p.desk.acts] == ["reply"]


async def test_the_loser_of_a_race_is_told_who_won(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    p.desk.followers |= {("wm-9", HANMEI.id)}
    first, second = p.browser("LiLei"), p.browser("HanMei")
    _, mine = await first.get(f"/sidebar/c/{talk}")
    _, hers = await second.get(f"/sidebar/c/{talk}")
    await first.send(mine.form("claim"))
    life = p.desk.lives["wm-9"]
    life.reps = tuple(replace(r, team="sales") for r in life.reps)
    p.desk.reps = tuple(replace(r, team="sales") for r in p.desk.reps)
    _, page = await second.send(hers.form("claim"))
    assert "李雷 took it" in page.text and life.talk.claimed_by == LILEI.id


async def test_wakeup_and_unknown_sendings_can_be_decided_here(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    p.desk.owned_by(LILEI, "wm-9")
    life = p.desk.lives["wm-9"]
    wakeup = Wakeup(mail_id="m1", episode="e", template="wakeup", state="proposed", at=life.now)
    changed = replace(life.talk, wakeup=wakeup)
    life.customer = replace(life.customer, conversations=(changed,))
    life.unknown = ("a" * 32,)
    browser = p.browser("LiLei")
    _, page = await browser.get(f"/sidebar/c/{talk}")
    assert page.form("wake_now").fields["about"] == "m1"
    _, page = await browser.send(page.form("settle_arrived"))
    assert "已记录" in page.text
    _, page = await browser.send(page.form("wake_hold"))
    assert life.talk.wakeup is not None and life.talk.wakeup.state == "held"


async def test_a_follower_is_known_by_the_platform(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    p.desk.owned_by(LILEI, "wm-9")
    browser = p.browser("HanMei")
    answer, page = await browser.get("/sidebar/wecom/customer?id=wm-9")
    assert answer.status == 404 and "no such customer" in page.text
    await p.wecom.wecom.control("/add", person="Ann", userid="HanMei")
    answer, page = await browser.get("/sidebar/wecom/customer?id=wm-8")
    assert answer.status == 200 and "A new customer" in page.text
    form = next(f for f in page.forms if "name" in f.fields)
    assert form.fields["name"] == "Ann", "prefilled with what the platform calls her"
    answer, page = await browser.send(form, name="Ann Li")
    assert answer.status == 200 and "Ann Li" in page.text and p.desk.lives["wm-8"].customer.owner == HANMEI.id
    await p.wecom.wecom.control("/add", person="王敏", userid="LiLei")
    other = p.browser("LiLei")
    answer, _ = await other.get("/sidebar/wecom/customer?id=wm-9")
    assert answer.url.path == f"/sidebar/c/{talk}"


async def test_lists_and_search(p: Pages) -> None:
    p.desk.writes("wm-9", "你好")
    p.desk.writes("wm-8", "hello", name="Ann")
    p.desk.owned_by(HANMEI, "wm-9")
    p.desk.owned_by(LILEI, "wm-8")
    browser = p.browser("HanMei")
    await browser.get("/sidebar/wecom")
    _, page = await browser.get("/sidebar/wecom?q=Ann")
    assert "Nothing found" in page.text, "somebody else's customer"
    _, page = await browser.get("/sidebar/wecom?q=王")
    assert "王敏" in page.text
    mine = p.browser("LiLei")
    _, page = await mine.get("/sidebar/wecom?list=1")
    assert "Ann" in page.text and "我的会话" in page.text


async def test_both_signatures_for_our_page_alone(p: Pages) -> None:
    browser = p.browser("LiLei")
    await browser.get("/sidebar/wecom")
    page = f"{p.base}/sidebar/wecom"
    async with browser.http.get(f"{p.base}/sidebar/wecom/signature", params={"url": page}) as answer:
        config = await answer.json()
    told = await p.wecom.wecom.control(
        "/signature",
        kind="agent_config",
        url=page,
        noncestr=config["nonce"],
        timestamp=int(config["timestamp"]),
        signature=config["agent_signature"],
    )
    assert told == {"ok": True}
    for other in (
        "https://evil.example/sidebar/wecom",
        f"{p.base}/u/x",
        "",
        "x" * 3000,
        f"{p.base}@evil.example/",
        "//",
    ):
        async with browser.http.get(f"{p.base}/sidebar/wecom/signature", params={"url": other}) as answer:
            assert answer.status == 400


async def test_trouble_is_a_page_in_words(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser = p.browser("LiLei")
    _, page = await browser.get(f"/sidebar/c/{talk}")
    p.desk.down = True
    answer, broken = await browser.get(f"/sidebar/c/{talk}")
    assert answer.status == 503 and answer.headers["Retry-After"] and "没有保存任何内容" in broken.text
    answer, broken = await browser.send(page.form("claim"))
    assert answer.status == 503
    p.desk.down = False
    p.wecom.wecom.room.limits.trusted_ip = False
    p.desk.owned_by(HANMEI, "wm-9")
    answer, broken = await browser.get("/sidebar/wecom/customer?id=wm-9")
    assert answer.status == 502 and "企业微信没有回应" in broken.text


async def test_nobody_copies_the_whole_list(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser = p.browser("LiLei")
    statuses = [(await browser.get(f"/sidebar/c/{talk}"))[0].status for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    p.wall[0] += 61
    assert (await browser.get(f"/sidebar/c/{talk}"))[0].status == 200


async def test_a_colleague_who_left_sees_nothing(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser = p.browser("LiLei")
    await browser.get(f"/sidebar/c/{talk}")
    p.desk.reps = (replace(LILEI, active=False), HANMEI)
    answer, page = await browser.get(f"/sidebar/c/{talk}")
    assert answer.status == 404 and "王敏" not in page.text


async def test_a_session_ends_by_the_wall_clock(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser = p.browser("LiLei")
    _, page = await browser.get(f"/sidebar/c/{talk}")
    p.wall[0] += 8 * 3600 + 1
    answer, late = await browser.send(page.form("reply"), text="写了很久的回复")
    assert answer.status == 401 and "写了很久的回复" in late.html, "what she typed is not lost"
    assert not p.desk.acts
    assert (await browser.step(f"{p.base}/sidebar/c/{talk}")).status == 302


@pytest.mark.parametrize(
    "wrong",
    [
        {"wecom_sdk": "https://wwcdn.weixin.qq.com/a.js"},
        {"teams_sdk": "http://cdn.example/a.js"},
        {"teams_sdk": "https://cdn.example/a.js; script-src *"},
        {"teams_sdk": "https://cdn.example/a.js' 'unsafe-inline"},
        {"teams_sdk_integrity": "sha1-abc"},
        {"session_hours": 25},
        {"unknown_key": 1},
    ],
)
def test_settings_that_would_open_a_door_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SidebarSettings.model_validate(wrong)


async def test_small_and_few(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好，" * 100)
    life = p.desk.lives["wm-9"]
    tags = tuple(Tag(name=f"标签{i}", by="rule", rule="r", at=life.now) for i in range(12))
    life.customer = replace(life.customer, tags=tags)
    browser = p.browser("LiLei")
    _, page = await browser.get(f"/sidebar/c/{talk}")
    size = len(gzip.compress(page.html.encode()))
    loaded = [a.get("href") or a.get("src", "") for t, a in page.elements if t in ("link", "script", "img")]
    ours = [x for x in loaded if x != "data:,"]
    assert len(ours) <= 3, "the page and three files of ours: four requests"
    for one in ours:
        async with browser.http.get(p.base + one, headers={"Accept-Encoding": "gzip"}) as static:
            assert static.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            size += int(static.headers["Content-Length"])
    assert size <= 30_000, size
    assert scripts_of(page) == OURS and "style=" not in page.html
    assert "font" in visible(await _text(p, browser, "/sidebar/static/tower.css"))
    assert (await browser.step(f"{p.base}/sidebar/static/../web.py")).status == 404


async def _text(p: Pages, browser: object, path: str) -> str:
    async with p.browser().http.get(p.base + path) as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        return await answer.text()
