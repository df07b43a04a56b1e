"""Every sentence for people, collected from the code and the playbooks as pairs: what the catalogues are made of.

A pair is two strings that stand beside each other, the first with Han letters, the second without: in a call, a tuple
or under the keys `zh` and `en`. An f-string is a sentence with places, named after what is filled in.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HUB = ("app.py", "rules", "storage", "connectors", "bots", "sidebar")
"""Where the hub's own sentences stand."""
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_SIDE = re.compile(r"^(zh|en)(_|$)|_(zh|en)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """One sentence in two languages, and where it stands."""

    zh: str
    en: str
    path: str
    line: int
    filled: bool = False
    """Its places are filled in where it stands (an f-string), before anybody could word it otherwise."""


def of_code(root: Path, rooms: Sequence[str] = HUB) -> Iterator[Sentence]:
    """Every pair in the code."""
    for path, tree in trees(root, rooms):
        for node in ast.walk(tree):
            for zh, en in _neighbours(node):
                yield from _sentences(zh, en, path)


def of_playbooks(root: Path) -> Iterator[Sentence]:
    """Every pair in the playbooks; a tag and its English name are one too."""
    for file in sorted((root / "playbooks").glob("*.yaml")):
        path = str(file.relative_to(root))
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        for zh, en in itertools.chain(_written(document), (document.get("tags") or {}).items()):
            yield Sentence(zh=str(zh), en=str(en), path=path, line=0)


def trees(root: Path, rooms: Sequence[str]) -> Iterator[tuple[str, ast.Module]]:
    """Every file of these rooms, parsed."""
    for room in rooms:
        files = [root / room] if room.endswith(".py") else sorted((root / room).rglob("*.py"))
        for file in files:
            yield str(file.relative_to(root)), ast.parse(file.read_text(encoding="utf-8"))


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every string of a file with Han letters in it, docstrings left out."""
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in told and HAN.search(text):
                yield node.lineno, text


def is_chinese(text: str) -> bool:
    """Whether a text is Chinese, and not English that names a label on a Chinese page."""
    bare = re.sub(r"\{[^}]*\}", "", text)
    return bool(HAN.search(bare)) and 4 * len(HAN.findall(bare)) >= len(re.findall("[a-z]", bare))


def places(text: str) -> frozenset[str]:
    """The names of the places in a sentence; a place that holds nothing but the other half of a pair has no name."""
    return frozenset(filter(None, (_SIDE.sub("", name) for name in re.findall(r"\{(\w*)", text))))


def _neighbours(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    match node:
        case ast.Call(args=args, keywords=keywords):
            yield from _under({k.arg: k.value for k in keywords})
            yield from itertools.pairwise(args)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            yield from itertools.pairwise(parts)
        case ast.Dict(keys=keys, values=values):
            yield from _under({k.value: v for k, v in zip(keys, values, strict=True) if isinstance(k, ast.Constant)})
        case ast.FunctionDef(body=body):
            yield from _lines(body)
        case ast.If(body=body, orelse=orelse):
            yield from _lines(body)
            yield from _lines(orelse)


def _under(named: dict[Any, ast.expr]) -> Iterator[tuple[ast.expr, ast.expr]]:
    if "zh" in named and "en" in named:
        yield named["zh"], named["en"]


def _lines(body: Sequence[ast.stmt]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Two lines below each other, one for each language; lists of pieces are taken piece by piece."""
    for one, other in itertools.pairwise(body):
        match one, other:
            case ast.Assign(value=ast.List(elts=pieces)), ast.Assign(value=ast.List(elts=others)):
                yield from zip(pieces, others, strict=False)
            case ast.Assign(value=zh), ast.Assign(value=en):
                yield zh, en


def _sentences(zh: ast.expr, en: ast.expr, path: str) -> Iterator[Sentence]:
    chinese, english = _readings(zh), _readings(en)
    # One sentence may stand for two of the other language.
    if 1 in (len(chinese), len(english)) and chinese and english:
        most = max(len(chinese), len(english))
        chinese, english = (side * most if len(side) == 1 else side for side in (chinese, english))
    for one, other in zip([*chinese, *_inside(zh)], [*english, *_inside(en)], strict=False):
        if is_chinese(one[0]) and other[0] and not HAN.search(other[0]):
            filled = one[1] or other[1]
            yield Sentence(zh=one[0], en=other[0], path=path, line=zh.lineno, filled=filled)


def _readings(node: ast.expr) -> list[tuple[str, bool]]:
    """What an expression may say, and whether something is filled in on the spot."""
    match node:
        case ast.Constant(value=str(text)):
            return [(text, False)]
        case ast.JoinedStr(values=parts):
            return [("".join(map(_part, parts)), True)]
        case ast.IfExp(body=body, orelse=orelse):
            return [*_readings(body), *_readings(orelse)]
        case ast.BoolOp(values=[*_, last]):
            return _readings(last)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [(a + b, x or y) for a, x in _readings(left) for b, y in _readings(right)]
        case _:
            return []


def _inside(node: ast.expr) -> list[tuple[str, bool]]:
    """What stands in the places of an f-string when there is nothing to fill in."""
    if not isinstance(node, ast.JoinedStr):
        return []
    filled = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
    return [reading for value in filled if isinstance(value, ast.BoolOp | ast.IfExp) for reading in _readings(value)]


def _part(node: ast.expr) -> str:
    """A piece of an f-string; a place is called after the first name in it."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    value = node.value if isinstance(node, ast.FormattedValue) else node
    names = [n for n in ast.walk(value) if isinstance(n, ast.Name)]
    first = min(names, key=lambda n: (n.lineno, n.col_offset)).id if names else ""
    return "{" + first + "}"


def _written(thing: object) -> Iterator[tuple[object, object]]:
    match thing:
        case {"zh": zh, "en": en}:
            yield zh, en
        case dict():
            for inner in thing.values():
                yield from _written(inner)
        case list():
            for inner in thing:
                yield from _written(inner)
