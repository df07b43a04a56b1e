"""Answer the customer."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="reply",
    title=Words(zh="回复客户", en="Reply"),
    priority=90,
)
