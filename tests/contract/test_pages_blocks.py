"""The blocks of the conversation page and the pages around it: each rep's order, all that was said, names in clear."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from rules.layout import Layout
from rules.model import Rep, Tag
from sidebar.inside.drawing import BLOCKS
from tests.contract.page_world import HANMEI, LILEI, Form, Page, Pages, pages

MA = Rep(id="ma", name="马经理", role="manager", userid="MaJing")


@pytest.fixture
async def p() -> AsyncIterator[Pages]:
    async with pages(reps=(LILEI, HANMEI, MA)) as made:
        yield made


def wish(page: Page, do: str, block: str = "") -> Form:
    """The form of a wish about the layout."""
    return next(f for f in page.forms if f.fields.get("do") == do and f.fields.get("block", "") == block)


def blocks_of(page: Page) -> list[str]:
    """The blocks a page shows, from the top."""
    known = {b.id for b in BLOCKS}
    classes = [a.get("class", "").split(" ")[0] for t, a in page.elements if t in ("section", "details", "p")]
    return [c for c in classes if c in known]


async def test_a_rep_arranges_her_page_by_plain_forms(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser = p.browser("LiLei")
    _, card = await browser.get(f"/sidebar/c/{talk}")
    before = blocks_of(card)
    _, page = await browser.get("/sidebar/layout")
    _, page = await browser.send(wish(page, "up", "tags"))
    assert "已上移" in page.text
    _, page = await browser.send(wish(page, "hide", "channel"))
    assert "已隐藏" in page.text
    _, card = await browser.get(f"/sidebar/c/{talk}")
    after = blocks_of(card)
    assert "channel" in before and "channel" not in after
    assert p.desk.layout_of[LILEI.id] is not None
    _, page = await browser.send(wish(page, "reset"))
    _, card = await browser.get(f"/sidebar/c/{talk}")
    assert blocks_of(card) == before


async def test_a_manager_sets_the_default_of_everybody(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    boss, rep = p.browser("MaJing"), p.browser("LiLei")
    _, page = await boss.get("/sidebar/layout")
    _, page = await boss.send(wish(page, "hide", "more"))
    _, page = await boss.send(wish(page, "everybody"))
    assert p.desk.layout_of[""] == Layout(hidden=("more",))
    _, card = await rep.get(f"/sidebar/c/{talk}")
    assert "more" not in blocks_of(card)
    _, page = await rep.get("/sidebar/layout")
    assert not [f for f in page.forms if f.fields.get("do") == "everybody"]
    forged = wish(page, "reset")
    answer, _ = await rep.send(forged, do="everybody")
    assert answer.status == 404 and p.desk.layout_of[""] == Layout(hidden=("more",))


async def test_a_wish_nobody_can_have_is_refused(p: Pages) -> None:
    browser = p.browser("LiLei")
    _, page = await browser.get("/sidebar/layout")
    form = wish(page, "reset")
    for do, block in (("hide", "who"), ("up", "nothing"), ("", ""), ("drop", "tags")):
        answer, _ = await browser.send(form, do=do, block=block)
        assert answer.status == 400, do
    answer, _ = await browser.send(form, stamp="x")
    assert answer.status == 403 and p.desk.layout_of == {}


async def test_everything_that_was_said_on_a_page_of_its_own(p: Pages) -> None:
    for number in range(60):
        talk = p.desk.writes("wm-9", f"第 {number} 条<b>")
    browser = p.browser("LiLei")
    _, card = await browser.get(f"/sidebar/c/{talk}")
    assert "看全部 60 条" in card.text and "第 59 条" in card.text and "第 50 条" not in card.text
    seen, path = 0, f"/sidebar/c/{talk}/all"
    while path:
        answer, page = await browser.get(path)
        assert answer.status == 200 and not page.has("b")
        seen += page.text.count("条<b>")
        older = [a["href"] for t, a in page.elements if t == "a" and "before=" in a.get("href", "")]
        path = older[0] if older else ""
    assert seen == 60
    for odd in ("-1", "x", "9" * 30, "0"):
        answer, page = await browser.get(f"/sidebar/c/{talk}/all?before={odd}")
        assert answer.status == 200 and "第 59 条" in page.text
    p.desk.owned_by(LILEI, "wm-9")
    answer, page = await p.browser("HanMei").get(f"/sidebar/c/{talk}/all")
    assert answer.status == 404 and "第 59 条" not in page.text


async def test_names_in_clear_are_asked_for_and_written_down(p: Pages) -> None:
    talk = p.desk.writes("wm-9-a-long-external-id", "你好")
    life = p.desk.lives["wm-9-a-long-external-id"]
    life.customer = replace(life.customer, attributes={"mail": "wang@example.com"})
    browser = p.browser("LiLei")
    _, card = await browser.get(f"/sidebar/c/{talk}")
    assert "wm-9-a-long-external-id" not in card.html.replace(talk, "") and "wang@example.com" not in card.html
    form = next(f for f in card.forms if f.action.endswith("/names"))
    answer, page = await browser.send(form)
    assert answer.status == 200 and "wm-9-a-long-external-id" in page.text and "审计" in page.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert p.desk.revealed == [(LILEI.id, "wm-9-a-long-external-id")]
    answer, page = await browser.send(form, stamp="")
    assert answer.status == 403 and len(p.desk.revealed) == 1
    p.desk.owned_by(HANMEI, "wm-9-a-long-external-id")
    answer, page = await browser.send(form)
    assert answer.status == 404 and len(p.desk.revealed) == 1


async def test_a_script_goes_into_the_reply_box_without_any_script(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser = p.browser("LiLei")
    _, card = await browser.get(f"/sidebar/c/{talk}")
    use = next(a["href"] for t, a in card.elements if t == "a" and "?use=" in a.get("href", ""))
    _, card = await browser.get(use.partition("#")[0])
    text = card.form("reply").fields["text"]
    assert "王敏您好" in text and "李雷" in text
    _, card = await browser.get(f"/sidebar/c/{talk}?use=nothing")
    assert card.form("reply").fields["text"] == ""
    record = next(f for f in card.forms if f.fields.get("text", "").startswith("已在聊天里手动发送话术"))
    _, card = await browser.send(record)
    assert p.desk.acts[-1].verb == "note" and "话术" in p.desk.acts[-1].inputs["text"]


def anchors(page: Page) -> list[str]:
    """Where a page leads within itself, to messages."""
    return [a["href"] for t, a in page.elements if t == "a" and a.get("href", "").startswith("#t-")]


async def test_facts_tasks_and_stage_by_plain_forms(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser = p.browser("LiLei")
    life = p.desk.lives["wm-9"]
    _, card = await browser.get(f"/sidebar/c/{talk}")
    _, card = await browser.send(card.form("fact", fact="budget"), text="80 万，已立项", said_in="")
    assert "80 万，已立项" in card.text and "李雷记录" in card.text and not anchors(card)
    newest = card.form("fact", fact="budget").fields["said_in"]
    _, card = await browser.send(card.form("fact", fact="budget"), text="80 万，已立项")
    assert anchors(card) == [f"#t-{newest}"] and f't-{newest}"' in card.html, "a fact leads to its message"
    _, card = await browser.send(card.form("fact", fact="budget"), text="")
    assert not life.customer.attributes["budget"], "saying nothing takes it back"
    _, card = await browser.send(card.form("task"), text="发案例", hours="4")
    assert "发案例" in card.text
    _, card = await browser.send(card.form("done"))
    assert not life.customer.tasks
    _, card = await browser.send(card.form("stage"), stage="client")
    assert life.customer.stage.value == "client"
    answer, card = await browser.send(card.form("task"), text="")
    assert answer.status == 422 and "请先写内容" in card.text


async def test_why_opens_beside_every_automatic_thing(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好，能报价吗？")
    life = p.desk.lives["wm-9"]
    life.customer = replace(life.customer, tags=(Tag(name="价格敏感", by="rule", rule="gone", at=life.now),))
    _, card = await p.browser("LiLei").get(f"/sidebar/c/{talk}")
    for said in ("为什么在这里", "为什么在这个阶段", "自动", "由已删除的规则 gone 添加"):
        assert said in card.text, said


async def test_the_page_names_whom_to_ask_and_says_the_same_of_what_is_not_there(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    p.desk.owned_by(LILEI, "wm-9")
    browser = p.browser("HanMei")
    _, foreign = await browser.get(f"/sidebar/c/{talk}")
    _, missing = await browser.get("/sidebar/c/" + "0" * 32)
    assert "Ask: 马经理" in foreign.text and foreign.html == missing.html
    stranger = await p.browser().step(f"{p.base}/sidebar/wecom/back?state=x")
    assert stranger.status == 401 and "马经理" not in await stranger.text(), "a stranger is told no names"


async def test_words_outlive_the_sign_in_and_come_back_to_their_box(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser = p.browser("LiLei")
    _, card = await browser.get(f"/sidebar/c/{talk}")
    p.wall[0] += 8 * 3600 + 1
    answer, late = await browser.send(card.form("reply"), text="写了很久的回复 😀")
    assert answer.status == 401 and "写了很久的回复" in late.html and not p.desk.acts
    _, card = await browser.get(f"/sidebar/c/{talk}")
    assert card.form("reply").fields["text"] == "写了很久的回复 😀" and "还没有发送" in card.text
    _, card = await browser.get(f"/sidebar/c/{talk}")
    assert card.form("reply").fields["text"] == "", "it is given back once"


async def test_a_fact_outlives_the_sign_in_too(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser = p.browser("LiLei")
    _, card = await browser.get(f"/sidebar/c/{talk}")
    p.wall[0] += 8 * 3600 + 1
    answer, _ = await browser.send(card.form("fact"), text="二十万以内")
    assert answer.status == 401 and not p.desk.acts
    _, card = await browser.get(f"/sidebar/c/{talk}")
    assert card.form("fact").fields["text"] == "二十万以内"


async def test_words_go_back_to_nobody_else(p: Pages) -> None:
    talk = p.desk.writes("wm-9", "你好")
    browser = p.browser("LiLei")
    _, card = await browser.get(f"/sidebar/c/{talk}")
    p.wall[0] += 8 * 3600 + 1
    await browser.send(card.form("note"), text="只给李雷看")
    other = p.browser("HanMei")
    other.http.cookie_jar.update_cookies({"tower_draft": browser.cookie("tower_draft")})
    _, card = await other.get(f"/sidebar/c/{talk}")
    assert "只给李雷看" not in card.html
    p.wall[0] += 601
    _, card = await browser.get(f"/sidebar/c/{talk}")
    assert "只给李雷看" not in card.html, "ten minutes"
    _, card = await browser.get(f"/sidebar/c/{talk}")
    p.wall[0] += 8 * 3600 + 1
    answer, late = await browser.send(card.form("note"), text="".join(chr(0x4E00 + i) for i in range(4000)))
    assert answer.status == 401 and len(browser.cookie("tower_draft")) < 3600
    assert chr(0x4E00 + 3999) in late.html, "what no cookie holds stays on the page, to copy"


async def test_signing_out_ends_it_here_and_clears_what_the_browser_keeps(p: Pages) -> None:
    browser = p.browser("LiLei")
    _, home = await browser.get("/sidebar/wecom?list=1")
    form = next(f for f in home.forms if f.action.endswith("/out"))
    answer, page = await browser.send(form, stamp="x")
    assert answer.status == 403 and browser.cookie("tower_rep")
    answer, page = await browser.send(form)
    assert answer.status == 200 and "已退出登录" in page.text and not browser.cookie("tower_rep")
    assert '"storage"' in answer.headers["Clear-Site-Data"]


async def test_a_contact_is_created_only_for_who_really_has_her(p: Pages) -> None:
    await p.wecom.wecom.control("/add", person="Ann", userid="HanMei")
    browser = p.browser("HanMei")
    _, page = await browser.get("/sidebar/wecom/customer?id=wm-8")
    form = next(f for f in page.forms if "name" in f.fields)
    other = p.browser("LiLei")
    _, home = await other.get("/sidebar/wecom?list=1")
    stamp = next(f for f in home.forms if f.action.endswith("/out")).fields["stamp"]
    answer, _ = await other.send(form, stamp=stamp)
    assert answer.status == 404 and not p.desk.lives
    answer, _ = await browser.send(form, {"Origin": "https://evil.example"})
    assert answer.status == 403 and not p.desk.lives
    answer, page = await browser.send(form, name=f"  {'😀' * 300}\n<b>")
    assert answer.status == 200 and len(p.desk.lives["wm-8"].customer.name) == 200 and not page.has("b")
    _, again = await browser.send(form, name="Ann")
    assert again.has("h1") and len(p.desk.lives) == 1, "pressed twice, created once"
