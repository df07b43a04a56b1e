"""Takes in what needs no answer: verified activities become events, and are stored before anybody is told 2xx."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from connectors.contract import Hub, Inbound
from connectors.teams import places, translate
from connectors.teams.heard import Heard, unknown
from rules.events import BotInstalled

KNOWN_PLACES = 4_096


class Desk:
    """Translates and stores."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._places: OrderedDict[str, None] = OrderedDict()
        """Ids of references stored a while ago; only saves storing them again, the database knows duplicates too."""

    async def message(self, heard: Heard) -> None:
        """Somebody wrote."""
        await self._accept(translate.message(heard))

    async def installation(self, heard: Heard) -> None:
        """The app was installed or removed."""
        await self._accept(places.installation(heard))

    async def conversation_update(self, heard: Heard) -> None:
        """Somebody or something came, went or changed its name."""
        await self._accept(places.conversation_update(heard))

    async def other(self, heard: Heard, what: str) -> None:
        """Something authentic that we do not understand."""
        await self._accept([unknown(heard, what)])

    async def _accept(self, inbound: Sequence[Inbound]) -> None:
        fresh = [item for item in inbound if item.event.id not in self._places]
        if not fresh:
            return
        await self._hub.accept(fresh)
        for item in fresh:
            if isinstance(item.event, BotInstalled) and not item.raw:
                self._places[item.event.id] = None
        while len(self._places) > KNOWN_PLACES:
            self._places.popitem(last=False)
