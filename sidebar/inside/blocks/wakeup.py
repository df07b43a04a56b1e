"""The wake-up mail that waits for her owner, or is on its way."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="wakeup",
    title=Words(zh="唤醒邮件", en="Wake-up mail"),
    priority=60,
    shows=lambda card: card.wakeup is not None,
)
