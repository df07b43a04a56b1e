"""The four facts that tell whether she will buy: what is known and since which message, or what to ask her."""

from __future__ import annotations

from collections.abc import Mapping

from rules.card import CardView
from rules.model import Words
from sidebar.inside.block import Block
from sidebar.inside.shown import Reading, anchor


def _fill(card: CardView, _reading: Reading) -> Mapping[str, object]:
    """Which messages stand on this very page, so that a fact can lead to its own; and her newest one."""
    newest = next((anchor(t.id) for t in card.touches if t.id and t.who == "customer"), "")
    return {"here": {anchor(t.id) for t in card.touches if t.id}, "newest": newest}


BLOCK = Block(
    id="bant",
    title=Words(zh="预算、决策、需求、时间", en="Budget, authority, need, timing"),
    priority=80,
    shows=lambda card: bool(card.bant),
    fill=_fill,
)
