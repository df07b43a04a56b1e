"""Stage, score, heat and who has her; why the score is what it is."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="state",
    title=Words(zh="状态与评分", en="State and score"),
    priority=20,
)
