"""Sendings nobody knows the end of: a person says how they ended."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="unknown",
    title=Words(zh="结果未知的发送", en="Sendings with an unknown end"),
    priority=40,
    shows=lambda card: card.unknown > 0,
    stays=True,
)
