"""What a block of the conversation page is. Each module in `blocks/` makes one, and is found by standing there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rules.card import CardView
from rules.model import Words
from sidebar.inside.shown import Reading

EVERYBODY = frozenset({"rep", "manager"})
Fill = Callable[[CardView, Reading], Mapping[str, object]]


def always(_card: CardView) -> bool:
    """For a block that every card has."""
    return True


def nothing(_card: CardView, _reading: Reading) -> Mapping[str, object]:
    """For a block whose template needs the card alone."""
    return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One block. Its template sees the card, how the reader reads, and `own`: what `fill` worked out."""

    id: str
    """Lower-case letters, digits and underscores."""
    title: Words
    priority: int
    """Place from the top; ours count in tens, so that there is room between them."""
    roles: frozenset[str] = EVERYBODY
    """Whose pages have it."""
    shows: Callable[[CardView], bool] = always
    """What it needs: whether there is anything to show on this card."""
    fill: Fill = nothing
    stays: bool = False
    """Cannot be hidden: without it nobody would know whom the page is about, or what is wrong."""
    html: str = ""
    """Its template; empty: the file of its name in `pages/inside/blocks`."""
