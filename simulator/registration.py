"""The registration of the hub's app in the tenant: when its secret ends and what was granted to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.wire import Json
from simulator.world import World

ROLES = ("Application.Read.All", "Mail.Send")
CONSENTS = (
    "ChannelMessage.Read.Group",
    "ChannelSettings.Read.Group",
    "Channel.Create.Group",
    "TeamMember.Read.Group",
    "TeamsAppInstallation.Read.Group",
)
"""What the app package of the hub asks a team's owner for."""


@dataclass(kw_only=True)
class Registration:
    """The registration of the hub's app."""

    secret_days: float = 180.0
    roles: set[str] = field(default_factory=lambda: set(ROLES))
    consents: set[str] = field(default_factory=lambda: set(CONSENTS))

    def as_json(self) -> Json:
        """The switches as they stand."""
        return {"secret_days": self.secret_days, "roles": sorted(self.roles), "consents": sorted(self.consents)}


def registration(world: World) -> Registration:
    """The one registration of this world."""
    room = world.rooms.setdefault("graph.registration", Registration())
    if not isinstance(room, Registration):
        raise TypeError("the place of the registration holds something else")
    return room
