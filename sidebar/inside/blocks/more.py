"""Facts, source and names, closed at first."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="more",
    title=Words(zh="更多资料", en="More about the customer"),
    priority=140,
)
