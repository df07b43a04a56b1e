"""The pages reps see: the conversation page and its lists, inside WeCom and as a tab in Teams.

One card, one set of templates, two ways of proving who looks. Everything works as plain HTML; scripts only ask the
client around the page what it knows.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from sidebar.inside.desk import PageDesk
from sidebar.inside.page import statics
from sidebar.inside.parts import Inside, PageHub, TabTokens
from sidebar.inside.settings import SidebarSettings
from sidebar.inside.tab import TabPages
from sidebar.inside.wecom import WeComPages

__all__ = ["Inside", "PageHub", "SidebarSettings", "TabTokens", "routes"]


def routes(parts: Inside) -> Sequence[web.RouteDef]:
    """/sidebar/wecom..., /sidebar/c/{conversation_id}, /sidebar/tab... and /sidebar/static/{name}."""
    desk = PageDesk(parts)
    return [*WeComPages(parts, desk).routes(), *TabPages(parts, desk).routes(), *statics()]
