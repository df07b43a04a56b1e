"""How one rep wants the conversation page: which blocks, in which order. What nobody moved stands where it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Protocol, TypeVar

from pydantic import StringConstraints, TypeAdapter

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A block's name."""
MOST = 100
"""Most names a layout keeps."""


class Placed(Protocol):
    """What can be put in order."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def priority(self) -> int:
        """Its place from the top while nobody moved anything."""


P = TypeVar("P", bound=Placed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """An order, and what is left out. Names of blocks that are gone mean nothing and do no harm."""

    order: tuple[Name, ...] = ()
    """From the top; a block that is not named stands where its priority puts it among the others."""
    hidden: tuple[Name, ...] = ()

    def arranged(self, blocks: Sequence[P]) -> list[P]:
        """All blocks in this order, the hidden ones too."""
        known = {b.id: b for b in blocks}
        found = [known[name] for name in dict.fromkeys(self.order) if name in known]
        for block in sorted((b for b in blocks if b.id not in self.order), key=lambda b: (b.priority, b.id)):
            after = [i for i, other in enumerate(found) if other.priority <= block.priority]
            found.insert(after[-1] + 1 if after else 0, block)
        return found

    def moved(self, blocks: Sequence[Placed], name: str, by: int) -> Layout:
        """The same with one block moved up (-1) or down (+1); at the end nothing moves."""
        order = [b.id for b in self.arranged(blocks)]
        if name not in order:
            return self
        here = order.index(name)
        there = min(max(here + by, 0), len(order) - 1)
        order.insert(there, order.pop(here))
        return replace(self, order=tuple(order[:MOST]))

    def shown(self, name: str, *, yes: bool) -> Layout:
        """The same with one block shown, or left out."""
        rest = tuple(n for n in self.hidden if n != name)
        return replace(self, hidden=rest if yes else (*rest, name)[-MOST:])


LAYOUT: TypeAdapter[Layout] = TypeAdapter(Layout)
"""Reads and writes a layout as JSON, strictly."""
