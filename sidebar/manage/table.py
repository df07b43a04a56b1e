"""What a manager's page is made of: numbers, tables and bars, each number with the way to the rows behind it.

A page is decided once, as data; HTML and CSV are two drawings of the same tables.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?%?\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One field of a row."""

    text: str
    href: str = ""
    exact: str = ""
    """The same in full, where `text` is short for people; what a program should read."""
    number: bool = False
    tone: str = ""
    """`bad`, `good`, `warn` or empty; the text says the same."""
    more: Sequence[str] = ()
    """Further lines, folded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """A button."""

    label: str
    to: str
    """Where its form goes."""
    fields: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""
    about: str = ""
    """What it is about, for those who hear the button's name alone."""
    link: bool = False
    """Nothing is done yet: a link to a page that asks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of a table."""

    cells: Sequence[Cell]
    presses: Sequence[Press] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A link that changes what a page shows."""

    label: str
    href: str
    chosen: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows under a title."""

    name: str
    """Its name in addresses."""
    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    empty: str
    """What to say when there is no row."""
    total: int | None = None
    """How many rows there are in all; None = these."""
    note: str = ""
    pager: Sequence[Choice] = ()
    """Ways to the pages before and after."""

    @property
    def all(self) -> int:
        """How many rows there are in all."""
        return len(self.rows) if self.total is None else self.total

    @property
    def acts(self) -> bool:
        """Whether any row has a button."""
        return any(r.presses for r in self.rows)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One number that matters."""

    label: str
    value: str
    href: str
    tone: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One bar of a chart."""

    label: str
    value: float
    shown: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """Bars; the table of the same name beside it says the same in words."""

    title: str
    bars: Sequence[Bar]
    table: str
    full: float = 0
    """Value of a bar of full length; 0 = the largest of these."""
    mark: float = 0
    """A line at this value, the target; 0 = none."""
    mark_label: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """Something asked before or offered after an act."""

    text: str
    presses: Sequence[Press]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One page."""

    name: str
    title: str
    tables: Sequence[Table]
    tiles: Sequence[Tile] = ()
    charts: Sequence[Chart] = ()
    choices: Sequence[Choice] = ()
    intro: str = ""
    dates: tuple[str, str] | None = None
    """First and last day it is about, for a field to change them; None = it is about now."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Other choices of the address, kept when the days are changed."""
    question: Question | None = None
    older: str = ""
    """Address of the page of what came before; empty = there is no more."""


def as_csv(table: Table) -> bytes:
    """The table for a spreadsheet: UTF-8 with a mark, every field quoted, nothing that a spreadsheet would compute."""
    out = io.StringIO()
    write = csv.writer(out, quoting=csv.QUOTE_ALL)
    write.writerow([_inert(c) for c in table.columns])
    for row in table.rows:
        write.writerow([_inert("\n".join((c.exact or c.text, *c.more))) for c in row.cells])
    return out.getvalue().encode("utf-8-sig", errors="replace")


def _inert(text: str) -> str:
    """A field no spreadsheet takes for a formula (OWASP, CSV injection): an apostrophe makes it text."""
    plain = text.replace("\0", "")
    if plain.lstrip(" \u00a0\u3000").startswith(_FORMULA) and not _NUMBER.match(plain):
        return f"'{plain}"
    return plain
