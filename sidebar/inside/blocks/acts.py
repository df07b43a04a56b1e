"""Everything else a rep can do."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="acts",
    title=Words(zh="更多操作", en="More to do"),
    priority=120,
)
