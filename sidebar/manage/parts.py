"""What the manager's pages are put together from."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.contract import Directory
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
    playbook: Playbook
    settings: ManageSettings
    directory: Directory | None = None
    """Where managers sign in; None = nowhere, and the pages say so."""
