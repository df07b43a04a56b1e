"""The pages reps see: the conversation page and its lists, inside WeCom and as a tab in Teams.

One card, one set of templates, two ways of proving who looks. Everything works as plain HTML; scripts only ask the
client around the page what it knows.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from sidebar.inside.desk import PageDesk
from sidebar.inside.door import Door
from sidebar.inside.media import MediaPages
from sidebar.inside.page import statics
from sidebar.inside.parts import Inside, PageHub, TabTokens
from sidebar.inside.settings import SidebarSettings
from sidebar.inside.tab import TabPages
from sidebar.inside.talk import TalkPages
from sidebar.inside.wecom import WeComPages

__all__ = ["Inside", "PageHub", "SidebarSettings", "TabTokens", "routes"]


def routes(parts: Inside) -> Sequence[web.RouteDef]:
    """/sidebar/wecom..., /sidebar/c/{conversation_id}..., /sidebar/layout, /sidebar/tab... and our scripts."""
    desk = PageDesk(parts)
    door = Door(parts, desk)
    wecom = [*WeComPages(parts, desk, door).routes(), *TalkPages(parts, desk, door).routes()]
    wecom += MediaPages(parts, desk, door).routes()
    return [*wecom, *TabPages(parts, desk).routes(), *statics()]
