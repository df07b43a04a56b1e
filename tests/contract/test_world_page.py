"""The world page as files: what it weighs over the wire, whom it asks, and that it speaks both languages throughout."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from simulator.__main__ import compose, listen, open_world
from simulator.company import found, free_places
from simulator.narrator import TELLINGS
from simulator.story import STEPS
from simulator.world import load_settings

STATIC = Path(__file__).parents[2] / "simulator" / "page" / "static"
BUDGET = {".js": 60_000, ".css": 12_000, "/": 30_000}
"""Bytes over the wire, by kind."""
WHOLE = 110 * 1024
_LINK = re.compile(r"""(?:href|src)="(/page/[\w.]+)"|from "\./([\w.]+)"|url\((/page/[\w.]+)\)""")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[str]:
    """A world without a hub; its address."""
    found(tmp_path, free_places())
    async with open_world(load_settings(tmp_path / "world.json")) as world:
        runner = await listen(compose(world, ("control", "page")), world)
        yield world.base_url
        await runner.cleanup()


async def weighed(site: str) -> dict[str, int]:
    """Every file the page loads, with its bytes over the wire, headers apart; each comes compressed."""
    sizes: dict[str, int] = {}
    wanted = ["/"]
    async with ClientSession(auto_decompress=False, headers={"Accept-Encoding": "gzip"}) as http:
        while wanted:
            path = wanted.pop()
            async with http.get(site + path) as answer:
                assert answer.status == 200, path
                assert answer.headers["Content-Encoding"] == "gzip", path
                sizes[path] = len(await answer.read())
            text = (STATIC / (path.rpartition("/")[2] or "index.html")).read_text(encoding="utf-8")
            links = [
                linked or f"/page/{module}"
                for whole, module, in_css in _LINK.findall(text)
                for linked in (whole or in_css,)
            ]
            wanted += [link for link in dict.fromkeys(links) if link not in sizes and link not in wanted]
    return sizes


async def test_it_stays_within_its_budget_over_the_wire(site: str) -> None:
    sizes = await weighed(site)
    assert {p.name for p in STATIC.iterdir()} == {path.rpartition("/")[2] or "index.html" for path in sizes}
    for kind, most in BUDGET.items():
        assert sum(size for path, size in sizes.items() if path.endswith(kind)) <= most, kind
    assert sum(sizes.values()) <= WHOLE


def test_it_names_no_other_host_and_builds_no_markup_from_text() -> None:
    for path in STATIC.iterdir():
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"https?://(?!www\.w3\.org/)[\w-]+\.[\w.-]+", text) == [], path.name
        assert not re.search(r"\.(innerHTML|outerHTML)\s*=|insertAdjacentHTML|document\.write", text), path.name


def test_every_word_of_the_page_has_both_languages_and_every_used_word_is_there() -> None:
    words = (STATIC / "words.js").read_text(encoding="utf-8")
    pairs = dict(re.findall(r'(\w+): (\["(?:[^"\\]|\\.)*", "(?:[^"\\]|\\.)*"\])', words))
    assert len(pairs) > 150
    assert [name for name, pair in pairs.items() if '""' in pair] == []
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    used = set(re.findall(r'data-word(?:-\w+)?="(\w+)"', page))
    for path in STATIC.glob("*.js"):
        used |= set(re.findall(r'\bt\("(\w+)"', path.read_text(encoding="utf-8")))
    assert sorted(used - set(pairs)) == []


def test_placeholders_are_the_same_in_both_languages() -> None:
    words = (STATIC / "words.js").read_text(encoding="utf-8")
    for zh, en in re.findall(r': \["((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\]', words):
        assert sorted(re.findall(r"\{\w+\}", zh)) == sorted(re.findall(r"\{\w+\}", en)), zh


def test_the_narrator_has_words_for_every_step() -> None:
    assert list(TELLINGS) == [step.name for step in STEPS]
    assert all(all((t.zh, t.en, t.because_zh, t.because_en)) for t in TELLINGS.values())
