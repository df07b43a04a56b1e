"""What holds for everything people read: links lead somewhere, decisions are numbered, nothing is stale."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs import generate
from tests.house.tree import ROOT, files, name, text

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_BINARY = {".png", ".ico", ".woff2", ".zip", ".jpg"}
_HERE = {"tests/house/test_papers.py"}

PAGES = tuple(p for p in files() if p.suffix == ".md")
# Written with a bar, so that this list is not found by its own search.
WORDS_OF_THIS_MACHINE = (
    "/w|ork/main",
    "/w|ork/shared",
    "/t|mp/briefs",
    "py|pi.org",
    "pythonho|sted",
    "index-url = ",
    "--extra-index-url",
    "regis|try.npmjs",
    "DESIGN.md",
    "PLATFORMS.md",
    "TRUST.md",
    "PERF.md",
    "UX.md",
    "STYLE.md",
    "FEATURES.md",
)
"""Paths and hosts of somebody's machine, and pages that are not part of the repository."""


@pytest.mark.parametrize("word", [w.replace("|", "") for w in WORDS_OF_THIS_MACHINE])
def test_no_word_of_the_machine_it_was_written_on(word: str) -> None:
    found = [name(p) for p in files() if p.suffix not in _BINARY and name(p) not in _HERE and word in text(p)]
    assert found == []


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", _FENCE.sub("", text(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in heads}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for found in _LINK.finditer(_FENCE.sub("", text(page))):
        target = found[1] or found[2]
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in _anchors(there)):
            broken.append(target)
    assert broken == []


def test_decisions_are_numbered_and_titled() -> None:
    numbers = []
    for path in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        match = re.fullmatch(r"(\d{3})-[a-z0-9-]+\.md", path.name)
        assert match, f"{path.name}: NNN-title.md"
        first = text(path).splitlines()[0]
        assert re.fullmatch(rf"# {match[1]}[ .:·-]+\S.*", first), f"{path.name} begins with {first!r}"
        numbers.append(match[1])
    assert len(set(numbers)) == len(numbers), "a number twice"


def test_changes_are_well_formed_fragments() -> None:
    fragments = [p for p in files() if p.parent == ROOT / "changes" and p.name != "README.md"]
    assert fragments
    for path in fragments:
        assert re.fullmatch(r"[a-z0-9-]+\.(feature|fix|security)\.md", path.name), path.name
        said = text(path).strip()
        assert said, path.name
        assert not said.startswith("#"), path.name
        assert len(said) <= 600, f"{path.name}: one or two sentences"


def test_the_readme_shows_the_two_commands() -> None:
    readme = text(ROOT / "README.md")
    assert "make run" in readme
    assert "make test" in readme
    targets = re.findall(r"^([a-z]+):.*##", text(ROOT / "Makefile"), re.MULTILINE)
    for page in PAGES:
        if "decisions" not in page.parts:
            named = re.findall(r"`make ([a-z]+)`|^make ([a-z]+)", text(page), re.MULTILINE)
            assert {a or b for a, b in named} <= set(targets), name(page)


@pytest.mark.parametrize("page", sorted(generate.PAGES))
def test_reference_pages_are_fresh(page: str) -> None:
    assert text(generate.FOLDER / page) == generate.PAGES[page](), "stale: run `make docs`"


def test_no_reference_page_is_left_over() -> None:
    assert {p.name for p in generate.FOLDER.iterdir()} == set(generate.PAGES)
