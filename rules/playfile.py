"""Reading YAML that a person wrote: no aliases, no surprises of type, each key with its line, bounded in size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from rules.errors import Mistake

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20

_TAGS = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")
"""What YAML itself makes of plain words; anything else somebody asked for by name."""

Path = tuple[str | int, ...]
_INT = re.compile(r"^[-+]?\d{1,15}$")
_FLOAT = re.compile(r"^[-+]?\d{1,15}\.\d{1,15}$")


class _Refused(yaml.YAMLError):
    """Something that YAML allows and a playbook does not."""

    def __init__(self, line: int, found: str, expected: str) -> None:
        self.line, self.found, self.expected = line, found, expected
        super().__init__(found)


class _Loader(yaml.SafeLoader):
    """Refuses aliases and anchors: they make bombs and surprises."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Build one node, unless it is an alias, carries an anchor, or stands too deep."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Refused(line, f"an alias or anchor {event.anchor!r}", "the content itself, written out")
        if self.depth >= MAX_DEPTH:
            raise _Refused(line, f"more than {MAX_DEPTH} levels", "a flatter file")
        self.depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


@dataclass(kw_only=True, slots=True)
class Document:
    """What a file says, with the line of every key and item."""

    name: str
    data: object = None
    lines: dict[Path, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of the nearest thing on this path that the file holds."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def where(self, path: Path) -> str:
        """File, line and key, for a mistake."""
        dotted = ".".join(str(p) for p in path)
        return f"{self.name}:{self.line(path)}" + (f" ({dotted})" if dotted else "")

    def wrong(self, path: Path, found: str, expected: str, nearest: str = "") -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(where=self.where(path), found=found, expected=expected, nearest=nearest))


def read(text: str, name: str) -> Document:
    """The document, with everything that is wrong in it as YAML; `data` is None when it cannot be read at all."""
    document = Document(name=name)
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        document.wrong((), f"more than {MAX_BYTES // 1024} KiB", "a smaller file")
        return document
    try:
        node = _Loader(text).get_single_node()
    except _Refused as refused:
        where = f"{name}:{refused.line}"
        document.mistakes.append(Mistake(where=where, found=refused.found, expected=refused.expected))
        return document
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1 if mark else 1}"
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        document.mistakes.append(Mistake(where=where, found=str(problem), expected="YAML"))
        return document
    document.data = _plain(node, (), document) if node is not None else None
    if not isinstance(document.data, Mapping):
        document.wrong((), "no keys", "a playbook: keys with values")
        document.data = None
    return document


def _plain(node: yaml.Node, path: Path, document: Document) -> object:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if str(node.tag).removeprefix("tag:yaml.org,2002:") not in _TAGS:
        document.wrong(path, f"the type {node.tag!r}", "plain text, numbers, lists and keys")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(n, (*path, i), document) for i, n in enumerate(node.value)]
    return _scalar(node, path, document)


def _mapping(node: yaml.MappingNode, path: Path, document: Document) -> dict[str, object]:
    found: dict[str, object] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
        here = (*path, key)
        if key in found:
            document.mistakes.append(
                Mistake(
                    where=f"{document.name}:{key_node.start_mark.line + 1}",
                    found=f"the key {key!r} for the second time",
                    expected=f"it once (first in line {document.line(here)})",
                )
            )
            continue
        document.lines[here] = key_node.start_mark.line + 1
        found[key] = _plain(value_node, here, document)
    return found


def _scalar(node: yaml.Node, path: Path, document: Document) -> object:
    """Plain words are text unless they are true, false, null or a number: `no` and `12:30` stay what they look like."""
    value = str(node.value)
    if getattr(node, "style", None):
        return value
    known: dict[str, object] = {"true": True, "false": False, "null": None, "~": None, "": None}
    if value in known:
        return known[value]
    if _INT.match(value):
        return int(value)
    return float(value) if _FLOAT.match(value) else value
