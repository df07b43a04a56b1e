"""Where her conversation stands, and the way to another channel."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="channel",
    title=Words(zh="频道", en="Channel"),
    priority=130,
)
