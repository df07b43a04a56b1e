"""The pages managers see: where customers wait, how they were routed, who went quiet, what the hub did and why.

Plain HTML and forms; no script runs here. Every act goes the way of every other act, so that the same rules decide.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from sidebar.manage.pages import ManagePages
from sidebar.manage.parts import Manage
from sidebar.manage.settings import ManageSettings

__all__ = ["Manage", "ManageSettings", "routes"]


def routes(parts: Manage) -> Sequence[web.RouteDef]:
    """/manage and below."""
    return ManagePages(parts).routes()
