"""Words ready to be sent: into the chat by the client's script, or into the reply box."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="scripts",
    title=Words(zh="话术", en="Replies"),
    priority=85,
    shows=lambda card: bool(card.scripts),
)
