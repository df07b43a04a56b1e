"""Rules as text and back: one canonical way to write a rule, and its place inside a playbook's text.

Only the rule's own lines are replaced: whatever else stands in the file, comments too, stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from rules.book import Rule
from rules.errors import Mistake, PlaybookError
from rules.playfile import read

_SPECIAL = re.compile(r"true|false|null|~|[-+]?\d+(?:\.\d+)?|<<|=")
"""What the reader takes for something else than text."""
_FLOW = r"?,\[\]{}\u0085\u2028\u2029\ufeff"
_PLAIN = re.compile(rf"[^\s\-?:#&*!|>'\"%@`{_FLOW}](?:[^\n\r\t{_FLOW}]*[^\s{_FLOW}])?\Z")
_HARD = re.compile(r": |:\Z| #|\A---|\A\.\.\.")
_UNPRINTABLE = re.compile(
    "[^\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]"
)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def rule_text(rule: Rule) -> str:
    """The rule as the only item of a YAML list, without indentation and without a line end."""
    return data_text(rule.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def data_text(data: object) -> str:
    """The same for data that may turn out to be no rule."""
    return "\n".join(_item(data, ""))


LONGEST_RULE = 40_000
"""Characters a rule may be written with."""


def read_rule(text: str, name: str = "rule") -> object:
    """The data of a rule written as `rule_text` does, or as a mapping. Raises PlaybookError for what is no YAML."""
    if len(text) > LONGEST_RULE:
        raise PlaybookError(
            [Mistake(where=name, found=f"{len(text)} characters", expected=f"at most {LONGEST_RULE} for one rule")]
        )
    document = read(f"rules:\n{text}" if text.lstrip().startswith("-") else f"rules:\n- {_indented(text)}", name)
    if document.mistakes or not isinstance(document.data, Mapping):
        raise PlaybookError(document.mistakes or [Mistake(where=name, found="no rule", expected="one rule")])
    found = document.data["rules"]
    if not isinstance(found, list) or len(found) != 1 or found[0] is None:
        raise PlaybookError([Mistake(where=name, found="no rule, or more than one", expected="one rule")])
    return found[0]


def _indented(text: str) -> str:
    return text.strip("\n").replace("\n", "\n  ")


# --- writing --------------------------------------------------------------------------------------------------------


def scalar(value: object) -> str:
    """A plain value as it is written inside a playbook."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, float | int):
        return f"{value:f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    words = str(value)
    if _PLAIN.match(words) and not _HARD.search(words) and not _SPECIAL.fullmatch(words) and _printable(words):
        return words
    return '"' + "".join(_ESCAPES.get(c) or (c if _printable(c) else _code(c)) for c in words) + '"'


def _printable(words: str) -> bool:
    return _UNPRINTABLE.search(words) is None


def _code(char: str) -> str:
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _one_line(value: object) -> str | None:
    """The value on one line, if it is no deeper than a mapping of plain values and lists of them."""
    if isinstance(value, Mapping):
        parts = [_flat(v) for v in value.values()]
        if None in parts:
            return None
        return "{" + ", ".join(f"{k}: {p}" for k, p in zip(value, parts, strict=True)) + "}"
    return _flat(value)


def _flat(value: object) -> str | None:
    if isinstance(value, Mapping):
        return None
    if isinstance(value, list | tuple):
        nested = any(isinstance(v, Mapping | list | tuple) for v in value)
        return None if nested else "[" + ", ".join(scalar(v) for v in value) + "]"
    return scalar(value)


def _item(value: object, pad: str) -> list[str]:
    """One item of a list. What says where something stands in the tree is never put on one line."""
    line = _one_line(value) if not (isinstance(value, Mapping) and "when" in value) else None
    if line is not None:
        return [f"{pad}- {line}"]
    first, *rest = _lines(value, f"{pad}  ")
    return [f"{pad}- {first.lstrip()}", *rest]


def _lines(value: object, pad: str) -> list[str]:
    found: list[str] = []
    if isinstance(value, Mapping):
        for key, below in value.items():
            line = None if key == "then" else _one_line(below)
            if line is not None:
                found.append(f"{pad}{key}: {line}")
            else:
                found += [f"{pad}{key}:", *_lines(below, f"{pad}  ")]
    elif isinstance(value, list | tuple):
        for below in value:
            found += _item(below, pad)
    return found


# --- its place in a playbook ----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class _Places:
    """Where the rules stand in a text, as character offsets."""

    items: Mapping[str, tuple[int, int]]
    """Id -> from the beginning of its first line to the end of its last."""
    order: tuple[str, ...]
    column: int
    """Of the dashes."""
    end: int
    """Where another rule would be added."""


def rule_block(text: str, rule_id: str) -> str:
    """The lines of one rule as they stand in a playbook, without its indentation; empty when it is not there."""
    places = _places(text)
    if rule_id not in places.items:
        return ""
    begin, end = places.items[rule_id]
    pad = " " * places.column
    return "\n".join(line.removeprefix(pad) for line in text[begin:end].split("\n"))


def with_rule(text: str, rule_id: str, block: str) -> str:
    """The playbook's text with this rule replaced by `block`; added at the end where the id is empty or unknown, taken
    out where the block is empty. Raises PlaybookError where rules do not stand one below another."""
    places = _places(text)
    pad = " " * places.column
    lines = "\n".join(f"{pad}{line}" if line else "" for line in block.split("\n"))
    if rule_id in places.items:
        begin, end = places.items[rule_id]
        if block:
            return text[:begin] + lines + text[end:]
        after = text[end:].removeprefix("\n")
        before = text[:begin]
        return before + (after.removeprefix("\n") if before.endswith("\n\n") else after)
    before, after = text[: places.end], text[places.end :]
    return before + ("\n\n" if places.order else "\n") + lines + (after or "\n")


def _places(text: str) -> _Places:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    found = next((v for k, v in root.value if k.value == "rules"), None) if isinstance(root, yaml.MappingNode) else None
    if not isinstance(found, yaml.SequenceNode) or found.flow_style or not found.value:
        raise PlaybookError(
            [Mistake(where="rules", found="rules that do not stand one below another", expected="a list with dashes")]
        )
    items: dict[str, tuple[int, int]] = {}
    for node in found.value:
        begin = text.rfind("\n", 0, node.start_mark.index) + 1
        items[_id_of(node)] = (begin, _line_end(text, _last(node)))
    last = list(items.values())[-1][1]
    return _Places(items=items, order=tuple(items), column=found.start_mark.column, end=last)


def _id_of(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return next((str(v.value) for k, v in node.value if k.value == "id"), "")
    return ""


def _last(node: yaml.Node) -> int:
    """Where the last thing inside a node ends: a block's own end lies behind the comments that follow it."""
    if isinstance(node, yaml.MappingNode | yaml.SequenceNode) and not node.flow_style and node.value:
        below = node.value[-1]
        return _last(below[1] if isinstance(below, tuple) else below)
    return int(node.end_mark.index)


def _line_end(text: str, index: int) -> int:
    index = index - 1 if index and text[index - 1] == "\n" else index
    end = text.find("\n", index)
    return len(text) if end < 0 else end
