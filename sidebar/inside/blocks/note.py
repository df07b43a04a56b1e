"""A note for colleagues."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="note",
    title=Words(zh="记跟进", en="Log a note"),
    priority=114,
)
