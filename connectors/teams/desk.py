"""Takes in what needs no answer: verified activities become events, and are stored before anybody is told 2xx."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

import structlog

from connectors.contract import Hub, Inbound
from connectors.teams import places, translate
from connectors.teams.heard import Heard, unknown
from rules.errors import HubError
from rules.events import BotInstalled, RepSpoke

_log = structlog.get_logger()

KNOWN_PLACES = 4_096


PATIENCE = 1.0
"""Wall seconds after which somebody who typed a command sees that it is being worked on; Teams asks for two."""
WATCHED = 50
"""So many commands are watched at once; under more, the answer alone must do."""
Typing = Callable[[Heard], Awaitable[None]]


class Desk:
    """Translates and stores. Who waits long for the answer to a command sees that it is being worked on."""

    def __init__(self, hub: Hub, typing: Typing) -> None:
        self._hub, self._typing = hub, typing
        self._watching: set[asyncio.Task[None]] = set()
        self._places: OrderedDict[str, None] = OrderedDict()
        """Ids of references stored a while ago; only saves storing them again, the database knows duplicates too."""

    async def message(self, heard: Heard) -> None:
        """Somebody wrote. A command's answer comes by the outbox, as everything does that is said."""
        inbound = translate.message(heard)
        await self._accept(inbound)
        asked = [i for i in inbound if isinstance(i.event, RepSpoke) and (i.event.mentioned or i.event.personal)]
        if asked and len(self._watching) < WATCHED:
            task = asyncio.create_task(self._watch(asked[0], heard))
            self._watching.add(task)
            task.add_done_callback(self._watching.discard)

    async def stop(self) -> None:
        """Watch no more."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)

    async def _watch(self, asked: Inbound, heard: Heard) -> None:
        """The event is stored already: asking again only waits for its turn."""
        begun = asyncio.get_running_loop().time()
        try:
            answer = await self._hub.act(asked, limit=PATIENCE)
            if answer is None and asyncio.get_running_loop().time() - begun >= PATIENCE:
                await self._typing(heard)
        except HubError as problem:
            _log.info("typing_not_shown", connector="teams", reason=type(problem).__name__)

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
