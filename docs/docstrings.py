"""What the code says about itself: docstrings of classes, and the ones that stand below attributes."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path


def of(thing: object) -> str:
    """The docstring in one line; empty when it is inherited or missing."""
    return one_line(inspect.cleandoc(vars(thing).get("__doc__") or ""))


def one_line(text: str) -> str:
    """The text without line breaks."""
    return " ".join(text.split())


@cache
def attributes(kind: type) -> Mapping[str, str]:
    """The docstring below each attribute of a class, its bases' included."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base.__module__ != "builtins" and not base.__module__.startswith(("pydantic", "typing")):
            found |= dict(_below(inspect.getsource(base)))
    return found


def _below(source: str) -> Iterator[tuple[str, str]]:
    [body] = [node.body for node in ast.parse(textwrap.dedent(source)).body if isinstance(node, ast.ClassDef)]
    for node, after in itertools.pairwise(body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and _is_text(after):
            yield node.target.id, one_line(ast.literal_eval(after.value))  # type: ignore[attr-defined]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def module_text(path: Path) -> str:
    """The docstring of a module, as it stands."""
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def fields(kind: type) -> Iterator[tuple[str, str, str, str]]:
    """Name, type, default and meaning of every field of a dataclass, but for the word that tells its kind."""
    told = attributes(kind)
    for one in dataclasses.fields(kind):
        if one.name != "kind":
            yield one.name, str(one.type), _default(one), told.get(one.name, "")


def _default(one: dataclasses.Field[object]) -> str:
    if one.default is not dataclasses.MISSING:
        return repr(one.default)
    return "" if one.default_factory is dataclasses.MISSING else repr(one.default_factory())
