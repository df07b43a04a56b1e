"""Something to do about her."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="task",
    title=Words(zh="记待办", en="Add a task"),
    priority=116,
)
