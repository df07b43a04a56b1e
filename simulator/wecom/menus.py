"""The menu of an app, with the platform's own limits (WeCom docs 90231, 90232); a rep taps what stands there."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.wecom.answers import Answer, Refusal
from simulator.wecom.call import Call, Handler
from simulator.world import World

_TYPES = ("click", "view", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "location_select", "view_miniprogram")
_BAR, _BELOW = 3, 5
_NO_MENU = 46003
_NAME, _ENTRY, _KEY = 16, 40, 128


class Menus:
    """The menu of the one app."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.bar: list[Mapping[str, object]] = []

    def paths(self) -> Mapping[str, Handler]:
        """Path below /cgi-bin -> handler."""
        return {"/menu/create": self.create, "/menu/get": self.get, "/menu/delete": self.delete}

    def keys(self) -> list[str]:
        """What can be tapped."""
        entries = [e for b in self.bar for e in (_list(b, "sub_button") or [b])]
        return [str(e["key"]) for e in entries if e.get("type") == "click"]

    async def create(self, call: Call) -> Answer:
        """Replace the menu by this one."""
        self._agent(call)
        bar = _list(call.body, "button")
        if not 1 <= len(bar) <= _BAR:
            raise Refusal(40016, "one to three buttons in the bar")
        for button in bar:
            below = _list(button, "sub_button")
            if len(below) > _BELOW:
                raise Refusal(40023, "at most five entries below a button")
            _check_name(button, _NAME)
            for entry in below or [button]:
                _check_entry(entry, _ENTRY if below else _NAME)
        self.bar = bar
        await self._world.log.add("wecom", "menu_set", keys=self.keys())
        return {}

    async def get(self, call: Call) -> Answer:
        """The menu; errcode 46003 when there is none, which is an answer and no breach of a rule."""
        self._agent(call)
        return {"button": self.bar} if self.bar else {"errcode": _NO_MENU, "errmsg": "no menu"}

    async def delete(self, call: Call) -> Answer:
        """No menu any more."""
        self._agent(call)
        self.bar = []
        return {}

    def _agent(self, call: Call) -> None:
        if call.query.get("agentid") != str(self._world.settings.agent_id):
            raise Refusal(40056, "not this app's agentid")


def _list(part: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    value = part.get(name)
    return [b for b in value if isinstance(b, dict)] if isinstance(value, list) else []


def _check_name(button: Mapping[str, object], longest: int) -> None:
    name = button.get("name")
    if not isinstance(name, str) or not 0 < len(name.encode()) <= longest:
        raise Refusal(40018, f"a name of 1 to {longest} bytes")


def _check_entry(entry: Mapping[str, object], longest: int) -> None:
    _check_name(entry, longest)
    if entry.get("type") not in _TYPES:
        raise Refusal(40017, "a type of entry that is known")
    key = entry.get("key")
    if entry.get("type") == "click" and (not isinstance(key, str) or not 0 < len(key.encode()) <= _KEY):
        raise Refusal(40019, "a key of 1 to 128 bytes")
