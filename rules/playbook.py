"""From a text to a playbook, or to the list of everything that is wrong with it. Its nouns: rules/book.py."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, get_args

import orjson
from pydantic import BaseModel, ValidationError

from rules import actions, calendar, conditions, scripts, strict, vocabulary
from rules import book as keys
from rules.actions import ONCE_ONLY, PutTag, Score, SetIndustry, TakeTag
from rules.book import PLACEHOLDERS, Playbook, Rule, json_schema
from rules.conditions import OPERATORS_OF, Condition, Test
from rules.errors import PlaybookError
from rules.events import Event, Happened
from rules.facts import FIELDS
from rules.playfile import Document, Path, read

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def parse(text: str, name: str) -> Playbook:
    """The playbook that a text holds. Raises PlaybookError with every mistake, each with its line."""
    document = read(text, name)
    found: Playbook | None = None
    if document.data is not None:
        try:
            found = Playbook.model_validate_json(orjson.dumps(document.data, default=str))
        except ValidationError as error:
            _note(document, error)
    if found is not None:
        _check(document, found)
    if found is None or document.mistakes:
        raise PlaybookError(document.mistakes)
    return found.named(name, text)


# --- what the types refuse ------------------------------------------------------------------------------------------


def _note(document: Document, error: ValidationError) -> None:
    for e in error.errors(include_url=False, include_context=True):
        path = _in_file(document.data, tuple(e["loc"]))
        if e["type"] == "extra_forbidden":
            key = str(e["loc"][-1])
            document.wrong(path, f"the unknown key {key!r}", "a known key", nearest(key, KEYS))
        elif e["type"] == "missing":
            document.wrong(path, f"no key {e['loc'][-1]!r}", "it: it is required")
        else:
            document.wrong(path, _short(e.get("input")), _expected(dict(e)))


def _in_file(data: object, loc: Path) -> Path:
    """The part of pydantic's place that is a place in the file: names of alternatives are left out."""
    path: list[str | int] = []
    for step in loc:
        if isinstance(data, dict) and str(step) in data:
            data = data[str(step)]
            path.append(str(step))
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
            path.append(step)
    return tuple(path)


def _short(value: object) -> str:
    words = repr(value)
    return words if len(words) <= 60 else words[:57] + "..."


def _expected(error: dict[str, Any]) -> str:
    return str(error["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")


def _keys() -> frozenset[str]:
    models = [
        m for room in (keys, calendar, actions, conditions, scripts, strict, vocabulary) for m in vars(room).values()
    ]
    found: set[str] = set()
    for model in models:
        if isinstance(model, type) and issubclass(model, BaseModel):
            found |= {f.alias or n for n, f in model.model_fields.items()}
    return frozenset(found)


KEYS = _keys()
"""Every key that stands anywhere in a playbook."""


def _kinds() -> frozenset[str]:
    union = get_args(Event)[0]
    found = {c.__dataclass_fields__["kind"].default for c in get_args(union) if issubclass(c, Happened)}
    return frozenset(str(k) for k in found)


WHENS = _kinds() | {"always"}
"""Everything a rule's `when` may name."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that looks most like this one, or empty."""
    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=0.6)), "")


# --- what the types cannot know -------------------------------------------------------------------------------------


def _check(document: Document, book: Playbook) -> None:
    _check_names(document, book)
    _check_ids(document, book)
    _check_matrix(document, book)
    _check_texts(document, book)
    _check_scripts(document, book)
    for i, segment in enumerate(book.segments):
        if segment.if_ is not None:
            _check_condition(document, ("segments", i, "if"), segment.if_)
        elif i < len(book.segments) - 1:
            document.wrong(
                ("segments", i), f"segment {segment.id!r} without `if`", "a condition: only the last has none"
            )
    if book.segments[-1].if_ is not None:
        document.wrong(
            ("segments", len(book.segments) - 1), "a condition", "none: the last segment takes everybody else"
        )
    _check_condition(document, ("heat", "hot"), book.heat.hot)
    _check_condition(document, ("heat", "warm"), book.heat.warm)
    for degree, condition in (("hot", book.heat.hot), ("warm", book.heat.warm)):
        if any(t.field == "heat" for t in condition.tests()):
            document.wrong(("heat", degree), "a condition on `heat` itself", "conditions on touches, score and days")
    for i, rule in enumerate(book.rules):
        _check_rule(document, ("rules", i), rule, book)
    if book.qualify.leave >= book.qualify.enter:
        document.wrong(("qualify", "leave"), str(book.qualify.leave), f"less than `enter` ({book.qualify.enter})")


def _known(document: Document, path: Path, name: str, known: Iterable[str], what: str) -> None:
    names = list(known)
    if name not in names:
        document.wrong(path, f"the unknown {what} {name!r}", f"a {what} of this playbook", nearest(name, names))


def _check_names(document: Document, book: Playbook) -> None:
    for key, channel in book.channels.items():
        _known(document, ("channels", key, "team"), channel.team, book.teams, "team")
    for key, source in book.sources.items():
        if source.tag:
            _known(document, ("sources", key, "tag"), source.tag, book.tags, "tag")
        if source.industry:
            _known(document, ("sources", key, "industry"), source.industry, book.industries, "industry")
    for i, topic in enumerate(book.wakeup.topics):
        if topic.industry:
            _known(document, ("wakeup", "topics", i, "industry"), topic.industry, book.industries, "industry")
    if book.wakeup.topics[-1].industry:
        document.wrong(("wakeup", "topics"), "a last topic for one industry only", "a last topic that fits all")


def _check_ids(document: Document, book: Playbook) -> None:
    sections = (
        ("rules", [r.id for r in book.rules]),
        ("segments", [s.id for s in book.segments]),
        ("matrix", [c.id for c in book.matrix]),
        ("scripts", [s.id for s in book.scripts]),
    )
    for section, ids in sections:
        counted = Counter(ids)
        for i, name in enumerate(ids):
            if counted[name] > 1:
                document.wrong((section, i, "id"), f"the id {name!r} more than once", "an id of its own")


def _check_matrix(document: Document, book: Playbook) -> None:
    segments = [s.id for s in book.segments]
    for i, cell in enumerate(book.matrix):
        here = ("matrix", i)
        _known(document, (*here, "to"), cell.to, book.channels, "channel")
        _known(document, (*here, "owner", "team"), cell.owner.team, book.teams, "team")
        for s in cell.segment:
            _known(document, (*here, "segment"), s, segments, "segment")
        for n in cell.industry:
            _known(document, (*here, "industry"), n, book.industries, "industry")
        fits_all = not (cell.segment or cell.industry or cell.stage)
        last = i == len(book.matrix) - 1
        if last and not fits_all:
            document.wrong(here, f"cell {cell.id!r} with conditions", "a last cell that fits everybody")
        if fits_all and not last:
            document.wrong(
                here, f"cell {cell.id!r} that fits everybody", "it as the last: no later cell is ever reached"
            )


def _check_texts(document: Document, book: Playbook) -> None:
    for name, allowed in PLACEHOLDERS.items():
        said = getattr(book.texts, name)
        for language in ("zh", "en"):
            found = frozenset(_PLACEHOLDER.findall(getattr(said, language)))
            for unknown in sorted(found - allowed):
                expected = ", ".join(f"{{{a}}}" for a in sorted(allowed)) or "no placeholder"
                path = ("texts", name, language)
                document.wrong(path, f"the placeholder {{{unknown}}}", expected, nearest(unknown, allowed))
            for missing in sorted(allowed - found):
                document.wrong(("texts", name, language), f"no placeholder {{{missing}}}", "it: the text needs it")


def _check_scripts(document: Document, book: Playbook) -> None:
    for i, script in enumerate(book.scripts):
        for key in script.industry:
            _known(document, ("scripts", i, "industry"), key, book.industries, "industry")
        for language in ("zh", "en"):
            found = frozenset(_PLACEHOLDER.findall(getattr(script.text, language)))
            for unknown in sorted(found - scripts.PLACEHOLDERS):
                path = ("scripts", i, "text", language)
                expected = ", ".join(f"{{{a}}}" for a in sorted(scripts.PLACEHOLDERS))
                document.wrong(path, f"the placeholder {{{unknown}}}", expected, nearest(unknown, scripts.PLACEHOLDERS))


def _check_rule(document: Document, path: Path, rule: Rule, book: Playbook) -> None:
    for when in rule.when:
        if when not in WHENS:
            document.wrong((*path, "when"), f"the unknown event {when!r}", "a kind of event", nearest(when, WHENS))
    if rule.if_ is not None:
        _check_condition(document, (*path, "if"), rule.if_)
    for i, action in enumerate(rule.then):
        here = (*path, "then", i)
        if "always" in rule.when and isinstance(action, ONCE_ONLY):
            document.wrong(here, f"{action.do!r} in a rule that is looked at always", "kinds of events in `when`")
        if isinstance(action, PutTag | TakeTag):
            _known(document, (*here, "name"), action.name, book.tags, "tag")
        elif isinstance(action, Score):
            _known(document, (*here, "signal"), action.signal, book.scores, "score")
        elif isinstance(action, SetIndustry):
            _known(document, (*here, "to"), action.to, book.industries, "industry")


def _check_condition(document: Document, path: Path, condition: Condition) -> None:
    for here, test in _placed(path, condition):
        known = FIELDS.get(test.field)
        if known is None:
            expected = "a field that conditions know"
            document.wrong((*here, "field"), f"the unknown field {test.field!r}", expected, nearest(test.field, FIELDS))
            continue
        fitting = OPERATORS_OF[known.kind]
        if test.operator not in fitting:
            document.wrong((*here, "operator"), repr(test.operator), f"one of {', '.join(fitting)} for {test.field!r}")
        elif not _fits(known.kind, test):
            document.wrong((*here, "value"), _short(test.value), f"a value that fits {test.field!r} {test.operator}")


def _fits(kind: str, test: Test) -> bool:
    if test.operator in ("one_of", "not_one_of", "contains_any"):
        return isinstance(test.value, tuple)
    if kind == "number":
        return isinstance(test.value, float | int) and not isinstance(test.value, bool)
    return isinstance(test.value, bool) if kind == "yes_no" else isinstance(test.value, str)


def _placed(path: Path, condition: Condition) -> Iterator[tuple[Path, Test]]:
    """Each test with its place in the file."""
    if isinstance(condition, Test):
        yield path, condition
    elif isinstance(condition, conditions.Not):
        yield from _placed((*path, "not"), condition.not_)
    else:
        key = "all" if isinstance(condition, conditions.All) else "any"
        for i, below in enumerate(getattr(condition, key)):
            yield from _placed((*path, key, i), below)


__all__ = ["KEYS", "WHENS", "Playbook", "json_schema", "nearest", "parse"]
