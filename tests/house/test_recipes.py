"""What the pages show works: recipes for playbooks parse, and the commands that reps are told exist."""

from __future__ import annotations

import re

import pytest

from rules import book, commands, conditions
from rules.playbook import parse
from rules.reps import LISTS, VERBS
from tests.house.tree import ROOT, text

DEFAULT = text(ROOT / "playbooks" / "default.yaml")
PAGES = "\n".join(text(ROOT / "docs" / page) for page in ("rules.md", "recipes.md"))
RECIPES = re.findall(r"```yaml\n(.*?)```", PAGES, re.DOTALL)


def sections(yaml: str) -> dict[str, str]:
    """Each top-level key with everything below it."""
    found = re.split(r"^(?=[a-z_]+:)", yaml, flags=re.MULTILINE)
    return {part.partition(":")[0]: part.rstrip() + "\n" for part in found if re.match(r"[a-z_]+:", part)}


def merged(recipe: str) -> str:
    """The shipped playbook with a recipe in place of what it is about: a whole matrix, or more of anything else."""
    if recipe.startswith("  - id:"):
        recipe = "rules:\n" + recipe
    shipped = sections(DEFAULT)
    for name, part in sections(recipe).items():
        head, _, body = part.partition("\n")
        if not head.endswith(":"):
            shipped[name] = part
            continue
        ids = re.findall(r"^  (?:- id: )?([\w-]+)", body, re.MULTILINE)
        old = shipped[name].partition("\n")[2]
        entries = [e for e in re.split(r"^(?=  \S)", old, flags=re.MULTILINE) if e.strip()]
        kept = [e for e in entries if not any(re.match(rf"  (- id: )?{re.escape(i)}\b", e) for i in ids)]
        shipped[name] = part if name == "matrix" else f"{name}:\n{body}{''.join(kept)}"
    return "".join(shipped.values())


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: r.strip().split("\n")[0][:30])
def test_recipes_fit_into_the_shipped_playbook(recipe: str) -> None:
    made = parse(merged(recipe), "recipe")
    assert made.version != parse(DEFAULT, "default").version


@pytest.mark.parametrize("page", ["rep.md", "rep.zh.md"])
def test_commands_reps_are_told_exist(page: str) -> None:
    table = re.findall(r"^\|[^|]*\|[^|]*\|(.*)\|$", text(ROOT / "docs" / page), re.MULTILINE)
    told = [c for cell in table for c in re.findall(r"`([^`]+)`", cell)]
    spans = {"30m", "1d", "30分钟", "1天"}
    found = {c: commands.parse(re.sub(r"<.*?>", "x", c)) for c in told if c not in spans}
    assert [c for c, command in found.items() if command is None] == []
    verbs = {command.verb for command in found.values() if command}
    assert verbs >= (set(commands.WORDS) & set(VERBS)) | set(LISTS) | {"help", "pause", "resume"}


def test_every_part_of_a_playbook_says_what_it_is() -> None:
    silent = [
        kind.__name__
        for room in (book, conditions)
        for kind in vars(room).values()
        if isinstance(kind, type) and kind.__module__ == room.__name__ and not vars(kind).get("__doc__")
    ]
    assert silent == []
