"""What holds for all our code: a sentence for every module, small files and functions, three last lines of defence."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bots import failpoints, logs
from connectors import contract
from docs import generate
from rules import errors
from tests.house.tree import HUB, ROOT, files, modules, name, text

FILE_LINES = 350
FUNCTION_LINES = 40
LONG_FILES = {
    "app.py": "the only file that knows everybody",
    "connectors/contract.py": "the one interface of all connectors",
    "rules/effects.py": "one small dataclass after the other",
    "rules/events.py": "one small dataclass after the other",
    "rules/model.py": "one small noun after the other",
    "rules/quiet.py": "the whole life of a wake-up",
    "storage/outbox.py": "the whole life of an outbox row",
    "storage/tables.py": "every table in one place",
}
"""Files of the hub that may be longer, and why."""
LONG_FUNCTIONS = {"rules/cardview.py:build": "one line for every field of the card"}
"""Functions of the hub that may be longer, and why. Revisions of the schema are one long function each."""
CATCH_ALLS = ["bots/delivery.py", "bots/turn.py", "sidebar/web.py"]
"""Where everything may be caught: the turn loop, the delivery loop, the web guard; each records and goes on."""
HANDED_ON = ["storage/writer.py", "storage/writer.py"]
"""Where everything is caught only to be handed to whoever waits for it, in another thread."""


def trees(*rooms: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in modules(*rooms):
        yield path, ast.parse(text(path), filename=str(path))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name(path)
        for path, tree in trees(*HUB, "simulator", "docs", "tests")
        if tree.body and not ast.get_docstring(tree)
    ]
    assert silent == []


def test_files_of_the_hub_are_small_enough_to_see_at_once() -> None:
    sizes = {name(p): len(text(p).splitlines()) for p in (ROOT / "app.py", *modules(*HUB))}
    long = {n: size for n, size in sizes.items() if size > FILE_LINES}
    assert set(long) <= set(LONG_FILES), long
    assert set(LONG_FILES) <= set(sizes), "an exception for a file that is gone"


def test_functions_of_the_hub_are_small_enough_to_see_at_once() -> None:
    long = {
        f"{name(path)}:{f.name}": size
        for path, tree in trees(*HUB)
        if "versions" not in path.parts
        for f in functions(tree)
        if (size := (f.end_lineno or 0) - f.lineno + 1) > FUNCTION_LINES
    }
    assert set(long) == set(LONG_FUNCTIONS), long


def _catches_all(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(k is None or (isinstance(k, ast.Name) and k.id in ("Exception", "BaseException")) for k in kinds)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_everything_is_caught_in_three_places_only() -> None:
    found = [
        name(path)
        for path, tree in trees(*HUB)
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and _catches_all(node) and not _raises_again(node)
    ]
    assert sorted(found) == sorted([*CATCH_ALLS, *HANDED_ON])


def test_the_error_tree_is_drawn_as_it_is() -> None:
    drawn = errors.__doc__ or ""
    parents: dict[int, str] = {}
    told: dict[str, str] = {}
    for line in drawn.splitlines():
        words = line.replace("│", " ").replace("├─", "  ").replace("└─", "  ").rstrip()
        if not words.strip() or not (line.startswith("HubError") or "─" in line):
            continue
        kind, depth = words.split()[0], len(words) - len(words.lstrip())
        above = [d for d in parents if d < depth]
        told[kind] = parents[max(above)] if above else "Exception"
        parents = {d: k for d, k in parents.items() if d < depth} | {depth: kind}
    real = {
        n: k.__base__.__name__
        for n, k in vars(errors).items()
        if inspect.isclass(k) and issubclass(k, errors.HubError) and k.__base__
    }
    assert told == real


@pytest.mark.parametrize("word", ["unittest.mock", "MagicMock", "mocker.patch"])
def test_seams_are_met_by_real_fakes(word: str) -> None:
    here = name(Path(__file__))
    assert [name(p) for p in modules("tests") if word in text(p) and name(p) != here] == []


def test_nobody_sleeps_in_tests() -> None:
    """But for `sleep(0)`, polls inside a loop that waits for a condition, and benchmarks, which act out slowness."""
    slept = []
    for path, tree in trees("tests"):
        if "bench" in path.parts:
            continue
        looped = {
            id(c)
            for loop in ast.walk(tree)
            if isinstance(loop, ast.While | ast.For | ast.AsyncFor)
            for c in ast.walk(loop)
        }
        slept += [
            f"{name(path)}:{c.lineno}"
            for c in ast.walk(tree)
            if isinstance(c, ast.Call) and _sleeps(c) and id(c) not in looped
        ]
    assert slept == []


def _sleeps(call: ast.Call) -> bool:
    named = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    first = call.args[0] if call.args else None
    return named == "sleep" and not (isinstance(first, ast.Constant) and first.value == 0)


def _constants(rooms: tuple[str, ...], keyword: str) -> set[str]:
    """Every constant given to a keyword of this name."""
    return {
        k.value.value
        for _, tree in trees(*rooms)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for k in node.keywords
        if k.arg == keyword and isinstance(k.value, ast.Constant) and isinstance(k.value.value, str)
    }


def test_every_commit_and_every_failpoint_know_each_other() -> None:
    assert _constants(("bots",), "label") == set(failpoints.COMMITS)
    jobs = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower() for kind in contract.Job.__subclasses__()}
    assert set(failpoints.CALLS) <= jobs


def test_log_lines_carry_only_keys_that_may_be_logged() -> None:
    dropped = {
        (event, key)
        for room in HUB
        for event, _, keys in generate.logged(ROOT / room)
        for key in re.findall(r"`(\w+)`", keys)
        if key not in logs.ALLOWED
    }
    assert dropped == set()


def test_every_test_folder_is_a_kind_of_test() -> None:
    kinds = {"unit", "contract", "story", "faults", "attack", "browser", "bench", "house"}
    folders = {p.relative_to(ROOT / "tests").parts[0] for p in modules("tests") if p.parent != ROOT / "tests"}
    assert folders <= kinds
    assert {n for n in folders if not (ROOT / "tests" / n / "__init__.py").exists()} == set()


def test_only_app_stands_at_the_root() -> None:
    assert [name(p) for p in files() if p.suffix == ".py" and p.parent == ROOT] == ["app.py"]
