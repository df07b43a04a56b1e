"""The banner while a manager has paused every automatic send."""

from __future__ import annotations

from rules.model import Words
from sidebar.inside.block import Block

BLOCK = Block(
    id="paused",
    title=Words(zh="自动发送已暂停", en="Automatic sends are paused"),
    priority=5,
    shows=lambda card: card.paused,
    stays=True,
    html='<p class="paused" role="status"><strong>{{ say("paused_all") }}</strong></p>\n',
)
