"""Numbers in sentences: digits grouped as the reader's language does, and English words that follow the number.

A sentence says `{n} {n:message|messages}`; the number given for it is a `Count`. Chinese has one form, so its side just
says `{n} 条消息`. A plain number cannot be asked for a word and says so at once.
"""

from __future__ import annotations

from babel.numbers import format_decimal, format_percent

from rules.moments import locale


class Count(int):
    """A number of things, which knows the words that follow it."""

    def __format__(self, spec: str) -> str:
        """The number; with `one|other` the English word that goes with it. Raises ValueError for anything else."""
        if "|" not in spec:
            return format(int(self), spec)
        one, _, other = spec.partition("|")
        if not one or not other or "|" in other:
            raise ValueError(f"{spec!r}: exactly two words, for one and for others")
        return one if locale("en").plural_form(int(self)) == "one" else other


def number(value: float, language: str) -> str:
    """A number with its thousands apart, as the reader's language writes it."""
    return str(format_decimal(value, locale=locale(language), decimal_quantization=False))


def percent(share: float, language: str) -> str:
    """A share of one as a percentage without decimals."""
    return str(format_percent(share, locale=locale(language)))
