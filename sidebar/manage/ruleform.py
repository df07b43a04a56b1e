"""A rule as the fields of a form and back, without a loss: the tree of its condition as rows with a depth.

What a field cannot hold is written with a backslash: `\\n` a line end inside an item, `\\e` an item without a letter.
Nothing is judged here; the playbook's own models do that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from rules.actions import Action
from rules.book import Rule
from rules.conditions import Operator
from rules.facts import FIELDS
from rules.strict import Said

Data = Mapping[str, Any]
MOST_ROWS = 60
GROUPS = ("all", "any", "not")
OPERATORS: tuple[str, ...] = get_args(Operator)
LISTED = ("one_of", "not_one_of", "contains_any")
"""Operators whose value is a list, one item a line."""
ACTIONS: Mapping[str, type[Any]] = {
    get_args(m.model_fields["do"].annotation)[0]: m for m in get_args(get_args(Action)[0])
}
"""What a rule can do, by the name in the file."""
_NUMBER = re.compile(r"[-+]?\d{1,15}(?:\.\d{1,15})?\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the condition."""

    kind: str = "test"
    """all, any, not, test."""
    depth: int = 0
    field: str = ""
    operator: str = "is"
    value: str = ""
    """As it stands in the field."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deed:
    """One action."""

    do: str
    inputs: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """The form."""

    id: str = ""
    when: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    deeds: tuple[Deed, ...] = ()
    because: Mapping[str, str] = field(default_factory=lambda: {"zh": "", "en": ""})


# --- from the rule to the form --------------------------------------------------------------------------------------


def of_rule(rule: Rule) -> Draft:
    """The form that shows a rule."""
    data = rule.model_dump(mode="json", by_alias=True)
    return Draft(
        id=data["id"],
        when=tuple(data["when"]),
        rows=tuple(_rows(data["if"], 0)) if data["if"] is not None else (),
        deeds=tuple(_deed(d) for d in data["then"]),
        because={language: _text_out(data["because"][language]) for language in ("zh", "en")},
    )


def _rows(condition: Data, depth: int) -> Iterator[Row]:
    for group in GROUPS:
        if group in condition:
            yield Row(kind=group, depth=depth)
            for below in [condition[group]] if group == "not" else condition[group]:
                yield from _rows(below, depth + 1)
            return
    value = condition["value"]
    shown = "\n".join(_item_out(v) for v in value) if isinstance(value, list) else _scalar_out(value)
    yield Row(depth=depth, field=condition["field"], operator=condition["operator"], value=shown)


def _deed(data: Data) -> Deed:
    inputs: dict[str, str] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            inputs |= {f"{name}_{language}": _text_out(value[language]) for language in ("zh", "en")}
        elif name != "do":
            inputs[name] = _scalar_out(value)
    return Deed(do=data["do"], inputs=inputs)


def _scalar_out(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | int):
        return f"{value:.15f}".rstrip("0").rstrip(".")
    return _escaped(str(value))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n")


def _item_out(item: str) -> str:
    return _escaped(item) or "\\e"


def _text_out(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\r", "\\r")


# --- from the form to the rule --------------------------------------------------------------------------------------


def data_of(draft: Draft) -> dict[str, Any]:
    """What the form says, as a playbook's file would; whether it is right is not known yet."""
    made: dict[str, Any] = {"id": draft.id.strip(), "when": list(draft.when)}
    if draft.rows:
        made["if"] = _tree(draft.rows)[0]
    made["then"] = [_deed_data(d) for d in draft.deeds]
    made["because"] = {language: unescaped(draft.because.get(language, "")) for language in ("zh", "en")}
    return made


def places(draft: Draft) -> Mapping[tuple[str | int, ...], int]:
    """Where each row of the condition stands in the data."""
    return _tree(draft.rows)[1] if draft.rows else {}


def _tree(rows: Sequence[Row]) -> tuple[Any, dict[tuple[str | int, ...], int]]:
    found: dict[tuple[str | int, ...], int] = {}

    def below(index: int, path: tuple[str | int, ...]) -> tuple[Any, int]:
        row, found[path] = rows[index], index
        index += 1
        if row.kind not in GROUPS:
            return {"field": row.field, "operator": row.operator, "value": _value(row)}, index
        parts: list[Any] = []
        while index < len(rows) and rows[index].depth > row.depth:
            here = (*path, "not") if row.kind == "not" else (*path, row.kind, len(parts))
            part, index = below(index, here)
            parts.append(part)
        if row.kind == "not":
            return {"not": parts[0] if len(parts) == 1 else parts}, index
        return {row.kind: parts}, index

    made, end = below(0, ("if",))
    return (made if end == len(rows) else [made]), found


def _value(row: Row) -> Any:
    if row.operator in LISTED:
        return [unescaped(line) for line in row.value.split("\n")] if row.value else []
    known = FIELDS.get(row.field)
    if known is not None and known.kind == "number" and _NUMBER.match(row.value.strip()):
        return float(row.value)
    if known is not None and known.kind == "yes_no" and row.value in ("true", "false"):
        return row.value == "true"
    return unescaped(row.value)


def _deed_data(deed: Deed) -> dict[str, Any]:
    model = ACTIONS.get(deed.do)
    made: dict[str, Any] = {"do": deed.do}
    for name, known in model.model_fields.items() if model else ():
        if name == "do":
            continue
        if known.annotation is Said:
            made[name] = {language: unescaped(deed.inputs.get(f"{name}_{language}", "")) for language in ("zh", "en")}
        elif known.annotation is bool:
            made[name] = deed.inputs.get(name, "false") == "true"
        elif known.annotation is float and _NUMBER.match(deed.inputs.get(name, "").strip()):
            made[name] = float(deed.inputs[name])
        else:
            made[name] = unescaped(deed.inputs.get(name, ""))
    return made


def unescaped(text: str) -> str:
    """What a field means."""
    known = {"\\n": "\n", "\\r": "\r", "\\e": "", "\\\\": "\\"}
    return re.sub(r"\\[nre\\]", lambda found: known[found[0]], text)


# --- fields of a browser --------------------------------------------------------------------------------------------


def fields_of(draft: Draft) -> dict[str, str]:
    """The form's fields by name, as a browser would send them untouched."""
    made = {"id": draft.id, "order": " ".join(draft.when), "zh": draft.because["zh"], "en": draft.because["en"]}
    made |= {f"when-{name}": "1" for name in draft.when}
    for i, row in enumerate(draft.rows):
        made |= {f"if-{i}-kind": row.kind, f"if-{i}-depth": str(row.depth)}
        if row.kind == "test":
            made |= {f"if-{i}-field": row.field, f"if-{i}-operator": row.operator, f"if-{i}-value": row.value}
    for i, deed in enumerate(draft.deeds):
        made |= {f"then-{i}-do": deed.do} | {f"then-{i}-{name}": value for name, value in deed.inputs.items()}
    return made


def of_fields(form: Mapping[str, str]) -> Draft:
    """The form as a browser sent it. What a rule's `when` names keeps the order it had."""
    ticked = [name.removeprefix("when-") for name in form if name.startswith("when-")]
    order = [w for w in form.get("order", "").split() if w in ticked]
    return Draft(
        id=form.get("id", ""),
        when=(*order, *sorted(set(ticked) - set(order))),
        rows=settled([_row(form, i) for i in range(MOST_ROWS) if f"if-{i}-kind" in form]),
        deeds=tuple(_deed_of(form, i) for i in range(MOST_ROWS) if f"then-{i}-do" in form),
        because={"zh": form.get("zh", ""), "en": form.get("en", "")},
    )


def _row(form: Mapping[str, str], i: int) -> Row:
    depth = form.get(f"if-{i}-depth", "")
    names = ("field", "operator", "value")
    kind = form[f"if-{i}-kind"]
    told = {name: form[f"if-{i}-{name}"] for name in names if f"if-{i}-{name}" in form and kind == "test"}
    return Row(kind=kind, depth=int(depth) if re.fullmatch(r"\d{1,2}", depth) else 0, **told)


def _deed_of(form: Mapping[str, str], i: int) -> Deed:
    head = f"then-{i}-"
    told = {name.removeprefix(head): value for name, value in form.items() if name.startswith(head)}
    do = told.pop("do")
    return Deed(do=do, inputs=told)


# --- what the small buttons do --------------------------------------------------------------------------------------


def settled(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows that are a tree: nothing stands below a test, and nothing deeper than one step."""
    made: list[Row] = []
    for row in rows:
        most = 0 if not made else made[-1].depth + (made[-1].kind in GROUPS)
        made.append(replace(row, depth=min(row.depth, most)))
    return tuple(made)


def pressed(draft: Draft, press: str) -> Draft:
    """The form after one of its buttons, `if-add-3`; an unknown one changes nothing."""
    part, _, rest = press.partition("-")
    verb, _, at = rest.partition("-")
    index = int(at) if re.fullmatch(r"\d{1,2}", at) else -1
    if part == "then":
        return replace(draft, deeds=_deeds_after(draft.deeds, verb, index))
    if part == "if" and verb in _ROW_VERBS and len(draft.rows) < MOST_ROWS:
        return replace(draft, rows=settled(_rows_after(list(draft.rows), verb, index)))
    return draft


_ROW_VERBS = ("add", "group", "drop", "in", "out")


def _rows_after(rows: list[Row], verb: str, index: int) -> list[Row]:
    if verb in ("add", "group"):
        new = Row(kind="all" if verb == "group" else "test", field="" if verb == "group" else next(iter(FIELDS)))
        if not rows:
            return [new]
        if len([r for r in rows if r.depth == 0]) == 1 and rows[0].kind == "test":
            rows, index = [Row(kind="all"), *(replace(r, depth=r.depth + 1) for r in rows)], len(rows)
        index = index if 0 <= index < len(rows) else len(rows) - 1
        depth = max(1, rows[index].depth + (rows[index].kind in GROUPS))
        return [*rows[: index + 1], replace(new, depth=depth), *rows[index + 1 :]]
    if not 0 <= index < len(rows):
        return rows
    end = _end(rows, index)
    if verb == "drop":
        return [*rows[:index], *rows[end:]]
    step = 1 if verb == "in" else -1
    moved = [replace(r, depth=max(min(1, index), r.depth + step)) for r in rows[index:end]]
    return [*rows[:index], *moved, *rows[end:]]


def _end(rows: Sequence[Row], index: int) -> int:
    """Behind the last row that stands below this one."""
    end = index + 1
    while end < len(rows) and rows[end].depth > rows[index].depth:
        end += 1
    return end


def _deeds_after(deeds: tuple[Deed, ...], verb: str, index: int) -> tuple[Deed, ...]:
    if verb == "add":
        return (*deeds, Deed(do="tag", inputs={"keep": "true"}))
    return tuple(d for i, d in enumerate(deeds) if i != index) if verb == "drop" else deeds
