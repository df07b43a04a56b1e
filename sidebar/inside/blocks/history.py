"""The last messages; all of them on a page of their own."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="history",
    title=Words(zh="最近往来", en="Last messages"),
    priority=110,
)
