"""Files from end to end: she sends one and reps open it, a rep sends one and she gets it; nothing lost, nothing run."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from rules.card import CardView, FileView
from tests.contract.file_world import HANMEI, House, house
from tests.contract.page_world import Page
from tests.unit.samples import AMR, HTML, JPEG, PDF, PNG, SVG


@pytest.fixture
async def h(database_url: str) -> AsyncIterator[House]:
    async with house(database_url) as made:
        yield made


def files_of(card: CardView) -> list[FileView]:
    return [f for t in card.touches for f in t.files]


async def came(h: House, state: str = "ready") -> FileView:
    """The one file of her card, once it stands so."""
    return files_of(await h.card(lambda c: any(f.state == state for f in files_of(c))))[0]


async def test_a_picture_she_sends_is_on_the_card_and_opens_as_a_picture(h: House) -> None:
    await h.sends("image", "a.png", PNG)
    file = await came(h)
    assert (file.kind, file.type, file.size) == ("image", "image/png", len(PNG))
    browser = h.browser()
    status, headers, content = await h.fetch(browser, f"/sidebar/media/{file.id}")
    assert (status, content) == (200, PNG)
    assert headers["Content-Type"] == "image/png"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    card = await h.card(lambda _: True)
    _, page = await browser.get(f"/sidebar/c/{card.conversation_id}")
    assert f"/sidebar/media/{file.id}" in page.html


async def test_voice_is_heard_of_and_saved_as_it_came(h: House) -> None:
    await h.sends("voice", "a.amr", AMR)
    file = await came(h)
    _, headers, content = await h.fetch(h.browser(), f"/sidebar/media/{file.id}")
    assert content == AMR
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment;")
    _, page = await h.browser().get(f"/sidebar/c/{(await h.card(lambda _: True)).conversation_id}")
    assert "AMR" in page.text


@pytest.mark.parametrize(("name", "content"), [("page.html", HTML), ("picture.svg", SVG)])
async def test_a_document_with_scripts_is_never_shown_in_place(h: House, name: str, content: bytes) -> None:
    await h.sends("file", name, content)
    file = await came(h)
    _, headers, _ = await h.fetch(h.browser(), f"/sidebar/media/{file.id}")
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment;")


async def test_what_is_not_what_it_says_is_noted_and_not_kept(h: House) -> None:
    await h.sends("image", "a.png", HTML)
    file = await came(h, "refused")
    assert (await h.fetch(h.browser(), f"/sidebar/media/{file.id}"))[0] == 404
    _, page = await h.browser().get(f"/sidebar/c/{(await h.card(lambda _: True)).conversation_id}")
    assert "未打开" in page.text


async def test_more_than_we_take_is_noted_as_too_large(h: House) -> None:
    await h.sends("file", "big.bin", b"\x01" * 100_001)
    assert (await came(h, "too_large")).name == "big.bin"


async def test_one_that_the_platform_forgot_is_told_as_expired(h: House) -> None:
    h.wecom.room.limits.media_days = 0
    await h.sends("image", "a.png", PNG)
    await h.wecom.pass_time(seconds=1)
    assert (await came(h, "expired")).size == 0


async def test_a_rep_sends_a_picture_and_she_gets_it(h: House) -> None:
    talk = await h.says("请发架构图")
    browser = h.browser()
    _, page = await browser.get(f"/sidebar/c/{talk}")
    form = next(f for f in page.forms if f.action == f"/sidebar/c/{talk}/file")
    status, html = await h.upload(browser, form, "架构.jpg", JPEG, kind="image/jpeg")
    assert status == 200, html

    async def arrived() -> bool:
        return bool(await h.phone())

    await h.until(arrived)
    media = (await h.phone())[0]["content"]["media_id"]
    assert h.wecom.room.media.take(media).data == JPEG
    card = await h.card(lambda c: any(t.state == "delivered" for t in c.touches))
    assert [(f.name, f.state) for f in files_of(card)] == [("架构.jpg", "ready")]
    assert card.window.messages_left == 4
    again, _ = await h.upload(browser, form, "架构.jpg", JPEG, kind="image/jpeg")
    assert again == 200
    assert len(await h.phone()) == 1


@pytest.mark.parametrize(
    ("name", "content", "kind", "said"),
    [
        ("setup.exe", b"MZ" + b"\0" * 99, "application/octet-stream", "有害"),
        ("a.png", HTML, "image/png", "类型不一致"),
        ("big.zip", b"PK\x03\x04" + b"\0" * 100_000, "application/zip", "文件太大"),
        ("empty.txt", b"", "text/plain", "请先选择文件"),
        ("报价.pdf", HTML, "application/pdf", "类型不一致"),
    ],
)
async def test_what_cannot_go_is_told_before_anything_is_sent(
    h: House, name: str, content: bytes, kind: str, said: str
) -> None:
    talk = await h.says("你好")
    browser = h.browser()
    _, page = await browser.get(f"/sidebar/c/{talk}")
    form = next(f for f in page.forms if f.action == f"/sidebar/c/{talk}/file")
    status, html = await h.upload(browser, form, name, content, kind=kind)
    assert status == 409
    assert said in Page(html).text
    assert await h.phone() == []


async def test_a_closed_window_takes_no_file(h: House) -> None:
    talk = await h.says("你好")
    browser = h.browser()
    _, page = await browser.get(f"/sidebar/c/{talk}")
    form = next(f for f in page.forms if f.action == f"/sidebar/c/{talk}/file")
    h.later(hours=49)
    status, html = await h.upload(browser, form, "a.png", PNG, kind="image/png")
    assert status == 409
    assert "超过平台可回复时间" in html


async def test_who_may_not_see_her_finds_no_file(h: House) -> None:
    await h.says("你好")
    card = await h.card(lambda _: True)
    browser = h.browser()
    _, page = await browser.get(f"/sidebar/c/{card.conversation_id}")
    await browser.send(page.form("claim"))
    await h.sends("image", "a.png", PNG)
    file = await came(h)
    answer, other = await h.browser(HANMEI.userid).get(f"/sidebar/media/{file.id}")
    nowhere, none = await h.browser(HANMEI.userid).get(f"/sidebar/media/{'0' * 32}")
    assert (answer.status, nowhere.status) == (404, 404)
    assert other.text == none.text


async def test_an_address_she_was_given_opens_what_was_sent_and_nothing_else(h: House) -> None:
    talk = await h.says("你好")
    browser = h.browser()
    _, page = await browser.get(f"/sidebar/c/{talk}")
    form = next(f for f in page.forms if f.action == f"/sidebar/c/{talk}/file")
    await h.upload(browser, form, "报价 2026.pdf", PDF, kind="application/pdf")
    sent = files_of(await h.card(lambda c: bool(files_of(c))))[0]
    await h.sends("image", "a.png", PNG)
    hers = next(f for f in files_of(await h.card(lambda c: len(files_of(c)) == 2)) if f.id != sent.id)
    stranger = h.browser()
    status, headers, content = await h.fetch(stranger, f"/m/{h.hub.tokens.mint('file', sent.id)}")
    assert (status, content) == (200, PDF)
    assert "filename*=UTF-8''%E6%8A%A5%E4%BB%B7%202026.pdf" in headers["Content-Disposition"]
    for token in (h.hub.tokens.mint("file", hers.id), h.hub.tokens.mint("form", sent.id), f"{sent.id}.aaaa"):
        assert (await stranger.get(f"/m/{token}"))[0].status == 404
    h.later(days=15)
    assert (await stranger.get(f"/m/{h.hub.tokens.mint('file', sent.id)}"))[0].status == 404


async def test_the_tab_opens_and_sends_files_without_a_cookie(h: House) -> None:
    talk = await h.says("请发架构图")
    await h.sends("image", "a.png", PNG)
    file = await came(h)
    tab, bearer = h.browser(), {"Authorization": "Bearer lilei"}
    _, page = await tab.get(f"/sidebar/tab/data?c={talk}", **bearer)
    [address] = [a["src"] for t, a in page.elements if t == "img"]
    assert address.startswith(f"/sidebar/media/{file.id}?for=")
    assert (await h.fetch(tab, address))[0::2] == (200, PNG)
    form = next(f for f in page.forms if f.action == "/sidebar/tab/file")
    status, html = await h.upload(tab, form, "架构.jpg", JPEG, kind="image/jpeg", more=bearer)
    assert status == 200, html

    async def arrived() -> bool:
        return bool(await h.phone())

    await h.until(arrived)
    status, html = await h.upload(tab, form, "setup.exe", b"MZ" + b"\0" * 99, kind="", more=bearer)
    assert status == 409
    assert "有害" in Page(html).text


async def test_all_that_was_said_shows_its_files_too(h: House) -> None:
    await h.sends("image", "a.png", PNG)
    file = await came(h)
    talk = (await h.card(lambda _: True)).conversation_id
    _, page = await h.browser().get(f"/sidebar/c/{talk}/all")
    assert file.id in page.html
