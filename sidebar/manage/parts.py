"""What the manager's pages are put together from."""

from __future__ import annotations

from dataclasses import dataclass

from bots.publishing import Publishing
from connectors.contract import Directory, Previews
from rules.book import Playbook
from sidebar.inside.parts import Inside
from sidebar.manage.settings import ManageSettings
from storage.database import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class Manage:
    """Everything the manager's pages need, beside what the reps' pages need."""

    inside: Inside
    """Hub, clock, key, public address: as for the pages for reps."""
    db: Database
    publishing: Publishing
    """Which playbook holds, and how another one is brought into force."""
    settings: ManageSettings
    directory: Directory | None = None
    """Where managers sign in with Microsoft; None = not there."""
    previews: Previews | None = None
    """Who shows a mail before it goes; None = mail is not connected."""

    @property
    def playbook(self) -> Playbook:
        """The playbook that holds."""
        return self.publishing.book
