"""Writes the reference pages anew from the code: `python -m docs.generate`. A house test fails when they are stale."""

from __future__ import annotations

import ast
import json
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import EnumMeta
from functools import partial
from pathlib import Path

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bots.wordings import FILES
from docs import catalogues, docstrings

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
HEADER = "<!-- Written by `python -m docs.generate`; change the docstrings it comes from, not this page. -->"


def main() -> int:
    """Write what is stale, remove what nobody writes any more."""
    FOLDER.mkdir(exist_ok=True)
    made = {name: write() for name, write in PAGES.items()}
    for name, text in made.items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))
    for path in FOLDER.iterdir():
        if path.name not in made:
            path.unlink()
            print(f"{path.relative_to(ROOT)} removed")
    return 0


# --- the pages ------------------------------------------------------------------------------------------------------


def settings() -> str:
    """Every table and key of hub.toml."""
    from app import OPTIONAL, SECTIONS

    parts = [
        "Every table and key of `hub.toml`. [hub.example.toml](../../hub.example.toml) holds them all, ready to be "
        "uncommented. A *secret* is never written into the file: `env:NAME` or `file:path` says where it is."
    ]
    for name, model in SECTIONS.items():
        left_out = "\n\nLeft out: this platform is not connected." if name in OPTIONAL else ""
        parts += _tables(model, name, left_out)
    return _page("Settings", parts)


def events() -> str:
    """Every event."""
    from rules.events import Event

    parts = ["What can happen. Each has an `id` (the same thing twice is one event) and a moment, `at`."]
    parts += [_noun(kind) for kind in typing.get_args(typing.get_args(Event)[0])]
    return _page("Events", parts)


def effects() -> str:
    """Every effect."""
    from rules.effects import AnyChange, AnySending, Order, Sending

    parts = [
        "What a turn may decide to do.",
        "## Changes\n\nApplied in the turn's own commit and kept in the timeline.",
    ]
    parts += [_noun(kind, "###") for kind in typing.get_args(typing.get_args(AnyChange)[0])]
    parts.append("## Sendings\n\nOne outbox row each. All have:\n\n" + _fields(Sending))
    common = {name for name, *_ in docstrings.fields(Sending)}
    parts += [_noun(kind, "###", common) for kind in typing.get_args(typing.get_args(AnySending)[0])]
    parts.append("## Orders\n\nDone to the hub's own queues and switches, in the turn's commit.")
    parts += [_noun(kind, "###") for kind in typing.get_args(Order)]
    return _page("Effects", parts)


def errors() -> str:
    """The error tree."""
    text = docstrings.module_text(ROOT / "rules" / "errors.py")
    intro, _, tree = text.partition("\n\n")
    from rules import errors as room

    rows = [
        (f"`{name}`", docstrings.of(kind))
        for name, kind in vars(room).items()
        if isinstance(kind, type) and issubclass(kind, room.HubError)
    ]
    return _page("Errors", [intro, f"```\n{tree}\n```", _table(("error", "meaning"), rows)])


def conditions_and_actions() -> str:
    """What a rule may ask and do."""
    from rules import actions, conditions
    from rules.facts import FIELDS
    from rules.playbook import WHENS

    asked = [(f"`{f.name}`", f.kind.replace("_", " / "), docstrings.one_line(f.words)) for f in FIELDS.values()]
    operators = [
        (kind.replace("_", " / "), ", ".join(f"`{o}`" for o in fit)) for kind, fit in conditions.OPERATORS_OF.items()
    ]
    trees = (conditions.Test, conditions.All, conditions.AnyOf, conditions.Not)
    names = ("a test", "`all`", "`any`", "`not`")
    parts = [
        "What a rule of a playbook may ask (`if`) and do (`then`). How to write one: [rules.md](../rules.md).",
        "## When\n\n" + ", ".join(f"`{when}`" for when in sorted(WHENS - {"always"})) + ".\n\n"
        "`always` = at every turn about her, also when only time has passed.",
        "## Conditions\n\n"
        + "\n".join(f"- {name}: {docstrings.of(kind)}" for name, kind in zip(names, trees, strict=True)),
        "## Fields\n\n" + _table(("field", "type", "meaning"), asked),
        "## Operators\n\n" + _table(("type", "operators"), operators),
        "## Actions",
    ]
    parts += [
        f"### `do: {typing.get_args(kind.model_fields['do'].annotation)[0]}`\n\n{docstrings.of(kind)}\n\n"
        + _model_table(kind, skip={"do"})
        for kind in typing.get_args(typing.get_args(actions.Action)[0])
    ]
    return _page("Conditions and actions", parts)


def playbook() -> str:
    """Every key of a playbook."""
    from rules import book, calendar, scripts, strict, vocabulary

    kinds = [
        kind
        for room in (book, calendar, scripts, vocabulary, strict)
        for kind in vars(room).values()
        if isinstance(kind, type) and issubclass(kind, strict.Strict) and kind.__module__ == room.__name__
    ]
    kinds = [kind for kind in kinds if kind.model_fields]
    parts = [
        "Every key of a playbook, part by part. Editors that know JSON Schema can use "
        "[playbook.schema.json](playbook.schema.json)."
    ]
    kinds.sort(key=lambda kind: kind is not book.Playbook)
    parts += [f"## {kind.__name__}\n\n{docstrings.of(kind)}\n\n{_model_table(kind)}" for kind in kinds]
    return _page("Playbook", parts)


def schema() -> str:
    """The JSON Schema of a playbook."""
    from rules.book import json_schema

    return json.dumps(json_schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def reasons() -> str:
    """Why something did not reach somebody."""
    from rules.reasons import REASONS

    rows = [(f"`{code}`", words.zh, words.en) for code, words in REASONS.items()]
    return _page(
        "Reasons", [docstrings.module_text(ROOT / "rules" / "reasons.py"), _table(("code", "中文", "English"), rows)]
    )


def failpoint_names() -> str:
    """Where the process can be made to die."""
    from bots import failpoints

    listed = "\n".join(f"- `{name}`" for name in failpoints.names())
    return _page("Failpoints", [docstrings.module_text(ROOT / "bots" / "failpoints.py"), listed])


def metrics() -> str:
    """What `/metrics` tells."""
    from prometheus_client.metrics import MetricWrapperBase

    from bots import metrics as room

    found = [m for m in vars(room).values() if isinstance(m, MetricWrapperBase)]
    rows = [
        (
            f"`{m._name}{'_total' if m._type == 'counter' else ''}`",
            str(m._type),
            ", ".join(f"`{label}`" for label in m._labelnames),
            m._documentation,
        )
        for m in found
    ]
    return _page(
        "Metrics",
        [docstrings.module_text(ROOT / "bots" / "metrics.py"), _table(("metric", "type", "labels", "meaning"), rows)],
    )


def logs() -> str:
    """Every line the hub logs."""
    rows = sorted({row for folder in ("bots", "connectors", "sidebar", "storage") for row in logged(ROOT / folder)})
    intro = docstrings.module_text(ROOT / "bots" / "logs.py")
    return _page("Log lines", [intro, _table(("event", "level", "keys"), rows)])


def logged(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Every line a folder logs: its event, its level, its keys."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(
                        value=ast.Call(func=ast.Name(id="logger")), attr=("info" | "warning" | "error") as level
                    ),
                    args=[ast.Constant(value=str(event)), *_],
                ):
                    yield f"`{event}`", level, ", ".join(f"`{k.arg}`" for k in node.keywords if k.arg)


# --- the parts of a page --------------------------------------------------------------------------------------------


def _page(title: str, parts: Iterable[str]) -> str:
    return "\n\n".join((HEADER, f"# {title}", *(part.strip() for part in parts))) + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _noun(kind: type, level: str = "##", skip: Iterable[str] = ("id", "at")) -> str:
    """One event or effect."""
    table = _fields(kind, skip)
    return f"{level} {kind.__name__}\n\n{docstrings.of(kind)}" + (f"\n\n{table}" if table else "")


def _fields(kind: type, skip: Iterable[str] = ()) -> str:
    rows = [(f"`{n}`", f"`{t}`", f"`{d}`" if d else "", m) for n, t, d, m in docstrings.fields(kind) if n not in skip]
    return _table(("field", "type", "default", "meaning"), rows) if rows else ""


def _tables(model: type[BaseModel], at: str, note: str = "") -> Iterator[str]:
    """A table of hub.toml, and the tables inside it."""
    yield f"## [{at}]\n\n{docstrings.of(model)}{note}\n\n{_model_table(model)}"
    for name, info in model.model_fields.items():
        inner, named = inner_table(info.annotation)
        if inner is not None:
            yield from _tables(inner, f"{at}.{name}" + (".<name>" if named else ""))


def inner_table(kind: object) -> tuple[type[BaseModel] | None, bool]:
    """The model inside a type, and whether it stands under names of the operator's own."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind, False
    if typing.get_origin(kind) is dict:
        return inner_table(typing.get_args(kind)[1])[0], True
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        found = (inner_table(one) for one in typing.get_args(kind))
        return next((pair for pair in found if pair[0]), (None, False))
    return None, False


def _model_table(model: type[BaseModel], skip: Iterable[str] = ()) -> str:
    told = docstrings.attributes(model)
    rows = [
        (f"`{info.alias or name}`", _type(info.annotation, info), _value(info), told.get(name, ""))
        for name, info in model.model_fields.items()
        if name not in skip
    ]
    return _table(("key", "type", "default", "meaning"), rows)


def _value(info: FieldInfo) -> str:
    default: object = info.get_default(call_default_factory=True, validated_data={})
    if default is PydanticUndefined:
        return "required"
    if default is None:
        return "left out"
    if isinstance(default, BaseModel):
        return "see below"
    return f"`{json.dumps(_plain(default), ensure_ascii=False)}`"


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, tuple | frozenset):
        return [_plain(one) for one in value]
    return value


_WORDS: Mapping[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true / false",
    SecretStr: "secret",
    object: "any",
}


def _type(kind: object, info: FieldInfo | None = None) -> str:
    """A type as an operator reads it, with its limits."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return _type(inner[0])
    if origin is typing.Literal:
        return " or ".join(f"`{one}`" for one in inner)
    if origin in (typing.Union, types.UnionType):
        named = [_type(one) for one in inner if one is not types.NoneType]
        return "condition" if len(named) > 3 else " or ".join(dict.fromkeys(named))
    if origin in (tuple, list, frozenset):
        return f"list of {_type(inner[0])}"
    if origin is dict:
        return f"{_type(inner[1])} by name"
    if isinstance(kind, EnumMeta):
        return " or ".join(f"`{one}`" for one in sorted(map(str, kind.__members__.values())))
    word = _WORDS.get(kind) or str(getattr(kind, "__name__", kind))
    limits = [
        f"{sign} {getattr(m, name):,}"
        for m in (info.metadata if info else ())
        for name, sign in _LIMITS
        if hasattr(m, name)
    ]
    return ", ".join((word, *limits))


_LIMITS = (("gt", ">"), ("ge", "≥"), ("lt", "<"), ("le", "≤"))

PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings,
    "events.md": events,
    "effects.md": effects,
    "errors.md": errors,
    "conditions-and-actions.md": conditions_and_actions,
    "playbook.md": playbook,
    "playbook.schema.json": schema,
    "reasons.md": reasons,
    "failpoints.md": failpoint_names,
    "metrics.md": metrics,
    "logs.md": logs,
    **{name: partial(catalogues.page, language) for name, language in FILES.items()},
}
"""Every page by its file name, and who writes it."""

if __name__ == "__main__":
    sys.exit(main())
