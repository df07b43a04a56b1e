"""Tags, who set each and why; add and remove."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="tags",
    title=Words(zh="标签", en="Tags"),
    priority=70,
)
