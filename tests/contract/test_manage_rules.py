"""Rules on a page: found with their hits, edited without a script, refused beside the field, published, taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rules.playbook import parse
from storage import audit, playbooks
from tests.contract.manage_world import BOSS, Office, office, press, untouched
from tests.contract.page_world import Browser, Form, Page

RULE = "/manage/rules/asked-price"


@pytest.fixture
async def o(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as made:
        yield made


async def send(browser: Browser, page: Page, action: str, **typed: str) -> Page:
    """Submit a form as a browser would, with some fields changed."""
    answer, after = await browser.send(Form(action=action, fields=untouched(page, action) | typed))
    assert answer.status in (200, 409, 422), (answer.status, after.text)
    return after


async def test_rules_stand_with_their_hits_and_lead_to_the_turns(o: Office) -> None:
    await o.writes("wm-1", "请问报价多少", name="问价的人")
    browser, _ = await o.signed_in()
    _, page = await browser.get("/manage/rules")
    for rule in o.hub.playbook.rules:
        assert f'href="/manage/rules/{rule.id}"' in page.html
    row = page.html.partition('href="/manage/rules/asked-price"')[2].partition("</tr>")[0]
    assert ">1</a>" in row
    _, rows = await browser.get(row.partition('href="')[2].partition('"')[0].replace("&amp;", "&"))
    assert "问价的人" in rows.text and "She asked about prices" in rows.text


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_shipped_rule_comes_out_of_its_form_unchanged(o: Office, language: str) -> None:
    browser, _ = await o.signed_in()
    for rule in o.hub.playbook.rules[:: 1 if language == "en" else 7]:
        _, page = await browser.get(f"/manage/rules/{rule.id}")
        after = await send(browser, page, f"/manage/rules/{rule.id}", press="check")
        assert "Nothing has changed" in after.text, rule.id
    assert await o.hub.db.read(playbooks.number_in_force) == 1


async def test_a_change_is_seen_published_in_force_and_taken_back(o: Office) -> None:
    before = o.hub.playbook.version
    browser, _ = await o.signed_in()
    _, page = await browser.get(RULE)
    fields = untouched(page, RULE)
    assert fields["if-1-value"].split("\n")[0] == "报价"
    page = await send(browser, page, RULE, press="check", **{"if-1-value": "报价\r\n价格\r\n打折"})
    assert "打折" in page.text and "price, quote" in page.text and page.has("ins") and page.has("del")
    assert o.hub.playbook.version == before, "seen is not published"
    page = await send(browser, page, "/manage/rules/publish", comment="折扣也算问价")
    assert "Published: version" in page.text and "折扣也算问价" in page.text
    assert o.hub.playbook.version != before
    talk = await o.writes("wm-1", "能打折吗", name="问折扣的人")
    _, card = await browser.get(f"/manage/c/{talk}")
    assert "Asked for a price" in card.text, "the next message is decided by it"
    rows = await o.hub.db.read(audit.newest)
    told = next(r for r in rows if r.action == "publish")
    assert (told.who, told.details["before"], told.details["after"]) == (BOSS.id, before, o.hub.playbook.version)
    _, page = await browser.get("/manage/rules/v/2")
    assert "打折" in page.text and page.has("ins")
    _, page = await browser.get("/manage/rules")
    _, page = await browser.send(press(page, "/manage/rules/back", seq="1"))
    assert "is in force again" in page.text and o.hub.playbook.version == before
    assert await o.hub.db.read(audit.verify) == []


async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(o: Office) -> None:
    browser, _ = await o.signed_in()
    _, page = await browser.get(RULE)
    wrong = {
        "if-1-operator": "more_than",
        "if-2-kind": "not",
        "zh": "",
        "id": "Asked Price",
        "then-0-name": "没有的标签",
    }
    page = await send(browser, page, RULE, press="check", **wrong)
    assert "Mend this first" in page.text
    kept = untouched(page, RULE)
    assert kept["id"] == "Asked Price" and kept["then-0-name"] == "没有的标签" and kept["if-1-operator"] == "more_than"
    page = await send(browser, page, RULE, press="check", id="asked-price", zh="理由")
    line = page.html.partition('name="then-0-name"')[2].partition("</div>")[0]
    assert "wrong" in line and "tag of this playbook" in line
    line = page.html.partition('name="if-1-operator"')[2].partition("</div>")[0]
    assert "wrong" in line and "contains_any" in line
    assert await o.hub.db.read(playbooks.number_in_force) == 1


async def test_rows_come_and_go_without_a_script(o: Office) -> None:
    browser, _ = await o.signed_in()
    _, page = await browser.get("/manage/rules/new")
    assert not page.has("script")
    page = await send(browser, page, "/manage/rules/new", press="if-add")
    page = await send(browser, page, "/manage/rules/new", press="if-add-0")
    page = await send(browser, page, "/manage/rules/new", press="then-add")
    more = {"if-1-field": "score", "if-1-operator": "at_least", "if-1-value": "50"}
    more |= {"if-2-field": "tags", "if-2-operator": "contains", "if-2-value": "询价", "then-1-do": "stage"}
    page = await send(browser, page, "/manage/rules/new", press="show", **more)
    typed = {"id": "hot-buyer", "when-always": "1", "zh": "高分且问过价", "en": "High score, asked for a price"}
    typed |= {"then-0-name": "A产品-感兴趣", "then-1-to": "interested"}
    page = await send(browser, page, "/manage/rules/new", press="check", **typed)
    assert "hot-buyer" in page.text and page.has("ins") and not page.has("del"), page.text
    page = await send(browser, page, "/manage/rules/publish", comment="new")
    found = next(r for r in o.hub.playbook.rules if r.id == "hot-buyer")
    assert [t.field for t in (found.if_.tests() if found.if_ else ())] == ["score", "tags"]
    _, page = await browser.get("/manage/rules/hot-buyer")
    page = await send(browser, page, "/manage/rules/hot-buyer", press="remove")
    assert page.has("del") and not page.has("ins")


async def test_yaml_is_the_other_way_to_say_it(o: Office) -> None:
    browser, _ = await o.signed_in()
    _, page = await browser.get(RULE)
    form = yaml_form(page)
    yaml = form.fields["yaml"].replace("asked_price", "nothing_known")
    answer, page = await browser.send(form, press="yaml", yaml=yaml)
    assert answer.status == 422 and "nothing_known" in yaml_form(page).fields["yaml"]
    assert untouched(page, RULE)["then-1-signal"] == "asked_price", "the form above shows what is in force"
    answer, page = await browser.send(form, press="yaml", yaml="id: &a [")
    assert answer.status == 422 and "id: &a [" in yaml_form(page).fields["yaml"]
    _, page = await browser.send(form, press="yaml", yaml=yaml.replace("nothing_known", "form"))
    assert page.has("ins") and "signal: form" in page.text


def yaml_form(page: Page) -> Form:
    """The form with the rule as YAML."""
    return next(f for f in page.forms if "yaml" in f.fields)


async def test_two_who_change_at_once_see_each_other(o: Office) -> None:
    browser, _ = await o.signed_in()
    _, first = await browser.get(RULE)
    first = await send(browser, first, RULE, press="check", en="She asked about money")
    _, second = await browser.get("/manage/rules/form")
    second = await send(browser, second, "/manage/rules/form", press="check", en="The form came")
    await send(browser, second, "/manage/rules/publish", comment="second")
    page = await send(browser, first, "/manage/rules/publish", comment="first")
    assert "another version meanwhile" in page.text and "She asked about money" in page.text
    page = await send(browser, page, "/manage/rules/publish", comment="first")
    texts = {r.id: r.because.en for r in o.hub.playbook.rules}
    assert (texts["asked-price"], texts["form"]) == ("She asked about money", "The form came")


async def test_a_change_is_shown_against_what_another_node_published(o: Office) -> None:
    made = type(o.hub.publishing)
    other = made(db=o.hub.db, now=o.clock.now, accept=o.hub.intake.accept, book=o.hub.playbook)
    await other.settle()
    browser, _ = await o.signed_in()
    _, page = await browser.get(RULE)
    page = await send(browser, page, RULE, press="check", en="She asked about money")
    before = other.book
    theirs = parse(before.text.replace("language: zh-CN", "language: en", 1), before.name)
    assert await other.publish(theirs, by="", comment="", base=before.version, origin="page")
    page = await send(browser, page, "/manage/rules/publish", comment="first")
    assert "another version meanwhile" in page.text
    assert "language:" not in page.text, "their change is not shown as taken back"
    await send(browser, page, "/manage/rules/publish", comment="first")
    assert o.hub.playbook.language == "en"


async def test_a_rule_longer_than_any_is_refused_not_cut(o: Office) -> None:
    browser, page = await o.signed_in()
    _, page = await browser.get(RULE)
    long = "id: asked-price\n# " + "x" * 50_000
    page = await send(browser, page, RULE, press="yaml", yaml=long)
    assert "at most 40000" in page.text and "x" * 50_000 in page.text


async def test_every_node_follows_what_was_published(o: Office) -> None:
    other = type(o.hub.publishing)(
        db=o.hub.db, now=o.clock.now, accept=o.hub.intake.accept, book=o.hub.playbook, language="zh-CN"
    )
    await other.settle()
    browser, page = await o.signed_in()
    _, page = await browser.get(RULE)
    page = await send(browser, page, RULE, press="check", en="Another reason")
    await send(browser, page, "/manage/rules/publish", comment="x")
    assert other.book.version != o.hub.playbook.version
    await other.follow()
    assert other.book.version == o.hub.playbook.version


async def test_a_published_language_holds_unless_the_configuration_says_another(o: Office) -> None:
    before = o.hub.playbook
    text = before.text.replace("language: zh-CN", "language: en", 1)
    english = parse(text, "default.yaml")
    publish = o.hub.publishing.publish
    assert await publish(english, by="", comment="", base=before.version, origin="page")
    assert o.hub.playbook.language == o.hub.desk.playbook.language == "en"
    made = type(o.hub.publishing)
    told = made(db=o.hub.db, now=o.clock.now, accept=o.hub.intake.accept, book=before, language="zh-TW")
    await told.follow()
    assert (told.book.version, told.book.language) == (english.version, "zh-TW")


async def test_the_file_is_news_only_when_it_changed(o: Office) -> None:
    file = o.hub.playbook
    browser, _ = await o.signed_in()
    _, page = await browser.get(RULE)
    page = await send(browser, page, RULE, press="check", en="Published on the page")
    await send(browser, page, "/manage/rules/publish", comment="x")
    made = type(o.hub.publishing)
    again = made(db=o.hub.db, now=o.clock.now, accept=o.hub.intake.accept, book=file)
    await again.settle()
    assert again.book.version == o.hub.playbook.version, "a restart keeps what was published"
    newer = file.named("default.yaml", file.text + "\n# edited\n")
    third = made(db=o.hub.db, now=o.clock.now, accept=o.hub.intake.accept, book=newer)
    await third.settle()
    assert third.book.version == newer.version, "a file that changed is news"


async def test_the_playbook_can_be_taken_as_it_is(o: Office) -> None:
    browser, _ = await o.signed_in()
    async with browser.http.get(f"{o.base}/manage/rules/playbook.yaml") as answer:
        assert (await answer.read()).decode() == o.hub.playbook.text
    for path in ("/manage/rules/no-such-rule", "/manage/rules/v/999", "/manage/rules/v/x", "/manage/rules/A"):
        answer, _ = await browser.get(path)
        assert answer.status == 404, path
