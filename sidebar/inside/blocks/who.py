"""Who she is: the heading of the page."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="who",
    title=Words(zh="客户", en="Customer"),
    priority=10,
    stays=True,
)
