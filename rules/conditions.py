"""What a rule asks: a typed tree of tests. Each class's docstring is its documentation.

A test names a field of rules/facts.py, an operator and a value; `all`, `any` and `not` join tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from rules.facts import FIELDS, Facts, Kind, Value, shown
from rules.strict import Strict

Operator = Literal[
    "is", "is_not", "one_of", "not_one_of", "contains", "contains_any", "more_than", "at_least", "less_than", "at_most"
]

OPERATORS_OF: Mapping[Kind, tuple[Operator, ...]] = {
    "text": ("is", "is_not", "one_of", "not_one_of", "contains", "contains_any"),
    "list": ("contains", "contains_any"),
    "number": ("is", "more_than", "at_least", "less_than", "at_most"),
    "yes_no": ("is",),
}
"""Which operators fit which kind of field."""

Operand = str | float | bool | tuple[str, ...]


def _same(value: Value, wanted: Operand) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return value.casefold() == wanted.casefold()
    return value == wanted


def _contains(value: Value, wanted: Operand) -> bool:
    if not isinstance(wanted, str):
        return False
    if isinstance(value, tuple):
        return any(v.casefold() == wanted.casefold() for v in value)
    return isinstance(value, str) and wanted.casefold() in value.casefold()


def _any(test: Callable[[Value, Operand], bool]) -> Callable[[Value, Operand], bool]:
    return lambda value, wanted: isinstance(wanted, tuple) and any(test(value, w) for w in wanted)


def _compare(test: Callable[[float, float], bool]) -> Callable[[Value, Operand], bool]:
    def compare(value: Value, wanted: Operand) -> bool:
        if isinstance(value, str | tuple) or isinstance(wanted, str | tuple):
            return False
        return test(float(value), float(wanted))

    return compare


_TESTS: Mapping[Operator, Callable[[Value, Operand], bool]] = {
    "is": _same,
    "is_not": lambda value, wanted: not _same(value, wanted),
    "one_of": _any(_same),
    "not_one_of": lambda value, wanted: not _any(_same)(value, wanted),
    "contains": _contains,
    "contains_any": _any(_contains),
    "more_than": _compare(lambda a, b: a > b),
    "at_least": _compare(lambda a, b: a >= b),
    "less_than": _compare(lambda a, b: a < b),
    "at_most": _compare(lambda a, b: a <= b),
}


class Test(Strict):
    """One field, one operator, one value: `{field: touches_30d, operator: more_than, value: 3}`."""

    __test__ = False
    field: str
    operator: Operator
    value: Operand

    def holds(self, facts: Facts) -> bool:
        """Whether it is so now."""
        return _TESTS[self.operator](FIELDS[self.field].read(facts), self.value)

    def seen(self, facts: Facts) -> Iterator[tuple[str, str]]:
        """The test in words, with the value it saw. Her own words are never repeated, only whether they matched."""
        if self.field == "text":
            value = "matches" if self.holds(facts) else "no match"
        else:
            value = shown(FIELDS[self.field].read(facts))
        yield f"{self.field} {self.operator.replace('_', ' ')} {shown(_as_value(self.value))}", value

    def tests(self) -> Iterator[Test]:
        """Itself."""
        yield self


def _as_value(operand: Operand) -> Value:
    return float(operand) if isinstance(operand, int) and not isinstance(operand, bool) else operand


class All(Strict):
    """True when every condition below it is true."""

    all: tuple[Condition, ...] = Field(min_length=1, max_length=20)

    def holds(self, facts: Facts) -> bool:
        """Whether all of them hold now."""
        return all(c.holds(facts) for c in self.all)

    def seen(self, facts: Facts) -> Iterator[tuple[str, str]]:
        """Each test with the value it saw."""
        for c in self.all:
            yield from c.seen(facts)

    def tests(self) -> Iterator[Test]:
        """Every test in the tree."""
        for c in self.all:
            yield from c.tests()


class AnyOf(Strict):
    """True when at least one condition below it is true."""

    any: tuple[Condition, ...] = Field(min_length=1, max_length=20)

    def holds(self, facts: Facts) -> bool:
        """Whether one of them holds now."""
        return any(c.holds(facts) for c in self.any)

    def seen(self, facts: Facts) -> Iterator[tuple[str, str]]:
        """Each test with the value it saw."""
        for c in self.any:
            yield from c.seen(facts)

    def tests(self) -> Iterator[Test]:
        """Every test in the tree."""
        for c in self.any:
            yield from c.tests()


class Not(Strict):
    """True when the condition below it is false."""

    not_: Condition = Field(alias="not")

    def holds(self, facts: Facts) -> bool:
        """Whether it does not hold now."""
        return not self.not_.holds(facts)

    def seen(self, facts: Facts) -> Iterator[tuple[str, str]]:
        """Each test below with the value it saw."""
        for words, value in self.not_.seen(facts):
            yield f"not: {words}", value

    def tests(self) -> Iterator[Test]:
        """Every test in the tree."""
        yield from self.not_.tests()


def _which(raw: Any) -> str:
    """Which kind of condition a mapping is, by the key only that kind has."""
    if isinstance(raw, Mapping):
        return next((key for key in ("all", "any", "not") if key in raw), "test")
    return (
        "all"
        if isinstance(raw, All)
        else "any"
        if isinstance(raw, AnyOf)
        else "not"
        if isinstance(raw, Not)
        else "test"
    )


Condition = Annotated[
    Annotated[All, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[Test, Tag("test")],
    Discriminator(_which),
]
"""Any of them."""

for _model in (All, AnyOf, Not):
    _model.model_rebuild()
