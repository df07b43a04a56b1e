"""The app's own menu in WeCom, made by API: each entry is a command, as if she had typed it (WeCom docs 90231, 90232).

A menu that somebody else made stays as it is: we touch only what is not there, or what is ours.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from connectors.wecom.client import Body, Client
from connectors.wecom.errors import CallFailed, Refusal
from connectors.wecom.settings import Settings
from rules.errors import StorageError
from rules.model import Words

_log = structlog.get_logger()
NO_MENU = 46003
"""errcode: the app has no menu. Doubtful: the page of global codes names it for another product of the house; any
other refusal leaves the menu alone too."""
LONGEST_NAME, LONGEST_ENTRY, LONGEST_KEY = 16, 40, 128
"""Bytes: of a name in the bar, of an entry below it, of a key."""


def _w(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)


MENU: tuple[tuple[Words, tuple[tuple[Words, str], ...]], ...] = (
    (
        _w("客户", "Customers"),
        (
            (_w("我的客户", "My customers"), "me"),
            (_w("待认领", "Waiting, unclaimed"), "queue"),
            (_w("结果待核实", "Unknown ends"), "unknown"),
        ),
    ),
    (
        _w("设置", "Settings"),
        (
            (_w("我的设置", "My settings"), "settings"),
            (_w("打开摘要", "Digest on"), "settings digest on"),
            (_w("关闭摘要", "Digest off"), "settings digest off"),
            (_w("21 点到 8 点安静", "Quiet from 21 to 8"), "settings quiet 21-8"),
            (_w("不设安静时段", "No quiet hours"), "settings quiet off"),
        ),
    ),
    (_w("帮助", "Help"), ((_w("帮助", "Help"), "help"),)),
)
"""The bar, and below each name its entries with the command they stand for; a single entry is the name itself."""


def wanted(language: str) -> Body:
    """The menu as the platform takes it."""
    bar: list[Body] = []
    for name, entries in MENU:
        below = [{"type": "click", "name": said.in_(language), "key": key} for said, key in entries]
        bar.append(below[0] if len(below) == 1 else {"name": name.in_(language), "sub_button": below})
    return {"button": bar}


def keys_of(menu: Body) -> list[str]:
    """The keys of all entries of a menu, empty for entries that have none."""
    found: list[str] = []
    for button in _buttons(menu, "button"):
        entries = _buttons(button, "sub_button") or [button]
        found += [str(e.get("key", "")) for e in entries]
    return found


def _buttons(part: Body, name: str) -> list[Mapping[str, object]]:
    value = part.get(name)
    return [b for b in value if isinstance(b, dict)] if isinstance(value, list) else []


class Menu:
    """Puts the menu where reps find it."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._settings, self._client = settings, client

    async def put(self) -> str:
        """Make the menu what it should be; `made`, `kept` (it is so, or somebody else's) or `failed`. Never raises."""
        app = self._settings.staff
        agent = {"agentid": str(self._settings.apps[app].agent_id)}
        menu = wanted(self._settings.language)
        ours = set(keys_of(menu))
        try:
            standing = keys_of(await self._standing(app, agent))
            if standing == keys_of(menu) or not set(standing) <= ours:
                return "kept"
            await self._client.call(app, "/cgi-bin/menu/create", menu, agent)
        except (CallFailed, StorageError) as failed:
            reason = str(failed) if isinstance(failed, CallFailed) else type(failed).__name__
            _log.warning("menu_not_set", connector="wecom", reason=reason)
            return "failed"
        return "made"

    async def _standing(self, app: str, agent: Mapping[str, str]) -> Body:
        try:
            return await self._client.call(app, "/cgi-bin/menu/get", None, agent)
        except Refusal as refusal:
            if refusal.errcode == NO_MENU:
                return {}
            raise
