"""What connectors get in place of the hub when they are only looked at: it stores nothing and knows nothing.

Tokens are fetched anew and kept in memory, so that a check sees what the platform says today and not what a running hub
was told an hour ago.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import Inbound
from rules.card import CardView
from rules.decision import Answer
from rules.errors import Unavailable
from rules.model import Rep, RepHandle


class Visitor:
    """A hub at which nothing can be left."""

    def __init__(self) -> None:
        self._notes: dict[str, tuple[str, float]] = {}

    async def accept(self, inbound: Sequence[Inbound]) -> None:
        """Raises Unavailable: nothing is stored."""
        raise Unavailable("only looking")

    async def accept_page(self, inbound: Sequence[Inbound], *, account: str, before: str, after: str) -> None:
        """Raises Unavailable: nothing is stored."""
        raise Unavailable("only looking")

    async def cursor(self, account: str) -> str:
        """Raises Unavailable: a pull from the very beginning must not begin here."""
        raise Unavailable("only looking")

    async def act(self, inbound: Inbound, *, limit: float) -> Answer | None:
        """Raises Unavailable: nothing is stored."""
        raise Unavailable("only looking")

    async def card(self, conversation_id: str, by: RepHandle) -> CardView | None:
        """None: no customer is shown."""
        return None

    async def cards(self, query: str, by: RepHandle, *, limit: int = 10) -> Sequence[CardView]:
        """None: no customer is shown."""
        return ()

    async def rep(self, by: RepHandle) -> Rep | None:
        """None: nobody is known."""
        return None

    async def note(self, key: str) -> tuple[str, float] | None:
        """What was kept in this process."""
        return self._notes.get(key)

    async def keep_note(self, key: str, value: str, expires: float) -> None:
        """Keep it in this process."""
        self._notes[key] = (value, expires)
