"""What may go wrong; only while it may."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="risk",
    title=Words(zh="风险", en="Risk"),
    priority=30,
    shows=lambda card: card.risk is not None,
    stays=True,
)
