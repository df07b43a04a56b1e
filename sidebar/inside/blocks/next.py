"""The one thing to do now, and what is still possible: window, mail, tasks."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="next",
    title=Words(zh="下一步", en="Next step"),
    priority=50,
)
