"""The two JS-SDK tickets and the check that a page's signature was made with the right one (WeCom docs 90506, 94325).

The corp's ticket is for wx.config, the app's for agentConfig; mixing them is the classic mistake. Tickets live in wall
time, the hourly counts in virtual time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from aiohttp import web

from simulator.wecom.answers import Answer, Refusal
from simulator.wecom.call import Call, Handler
from simulator.wecom.control import Wish, post
from simulator.wecom.limits import Limits, Window
from simulator.world import World


class _Signature(Wish):
    kind: Literal["config", "agent_config"]
    url: str
    noncestr: str
    timestamp: int
    signature: str


class Tickets:
    """Both tickets: the same one is handed out until it is two hours old."""

    def __init__(self, world: World, limits: Limits) -> None:
        self._limits = limits
        self._live: dict[str, tuple[str, float]] = {}
        hour = timedelta(hours=1)
        self._windows = {kind: Window(world.clock.now, hour) for kind in ("config", "agent_config")}

    def paths(self) -> Mapping[str, Handler]:
        """Path below /cgi-bin -> handler."""
        return {"/get_jsapi_ticket": self.corp, "/ticket/get": self.agent}

    def routes(self) -> list[web.RouteDef]:
        """The control call that plays the client checking a page's signature."""
        return [post("/signature", _Signature, self.check)]

    async def corp(self, _: Call) -> Answer:
        """The ticket for wx.config."""
        return self._ticket("config", self._limits.corp_tickets_per_hour)

    async def agent(self, call: Call) -> Answer:
        """The ticket for agentConfig."""
        if call.query.get("type") != "agent_config":
            raise Refusal(40058, "type must be agent_config")
        return self._ticket("agent_config", self._limits.agent_tickets_per_hour)

    async def check(self, wish: _Signature) -> object:
        """Whether the client would accept the signature for the page at `url`, and if not, why."""
        if self._fits(wish.kind, wish):
            return {"ok": True}
        other = "agent_config" if wish.kind == "config" else "config"
        reason = "signed with the other ticket" if self._fits(other, wish) else "invalid signature"
        return {"ok": False, "reason": reason}

    def _fits(self, kind: str, wish: _Signature) -> bool:
        ticket, born = self._live.get(kind, ("", 0.0))
        page = wish.url.partition("#")[0]
        text = f"jsapi_ticket={ticket}&noncestr={wish.noncestr}&timestamp={wish.timestamp}&url={page}"
        right = hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 - the platform's own algorithm
        fresh = time.monotonic() - born < self._limits.ticket_seconds
        return bool(ticket) and fresh and hmac.compare_digest(right, wish.signature)

    def _ticket(self, kind: str, limit: int) -> Answer:
        if not self._windows[kind].hit(limit):
            raise Refusal(45009, f"{kind} ticket fetched too often")
        ticket, born = self._live.get(kind, ("", 0.0))
        if not ticket or time.monotonic() - born >= self._limits.ticket_seconds:
            ticket, born = secrets.token_urlsafe(64), time.monotonic()
            self._live[kind] = (ticket, born)
        return {"ticket": ticket, "expires_in": int(self._limits.ticket_seconds - (time.monotonic() - born))}
