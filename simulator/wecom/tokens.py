"""Access tokens of the one self-built app (WeCom doc 91039): cached by the platform, mortal before their time.

Log entry: `token_issued` with the number of calls so far. Tokens live in wall time.
"""

from __future__ import annotations

import hmac
import secrets
import time
from datetime import timedelta

from simulator.wecom.answers import Answer, Refusal
from simulator.wecom.call import Call
from simulator.wecom.limits import Limits, Window
from simulator.world import World


class Tokens:
    """Who holds a valid token. Asking again within its life gives the same one, as the real platform does."""

    def __init__(self, world: World, limits: Limits) -> None:
        self._world = world
        self._limits = limits
        self._window = Window(world.clock.now, timedelta(hours=1))
        self._current = ""
        self._born = 0.0
        self._dead: dict[str, int] = {}
        self.calls = 0

    async def gettoken(self, call: Call) -> Answer:
        """GET /cgi-bin/gettoken: 40001 means a wrong secret here, never a stale token."""
        self.calls += 1
        self._check_secret(call)
        if not self._window.hit(self._limits.gettoken_per_hour):
            raise Refusal(45009, "gettoken called too often")
        if not self._current or self._age() >= self._limits.token_seconds:
            self._bury(42001)
            self._current, self._born = secrets.token_urlsafe(96), time.monotonic()
        await self._world.log.add("wecom", "token_issued", calls=self.calls)
        return {"access_token": self._current, "expires_in": int(self._limits.token_seconds - self._age())}

    def check(self, token: str | None) -> None:
        """Raise Refusal unless `token` is the living one."""
        if not token:
            raise Refusal(41001, "no access_token")
        if token in self._dead:
            raise Refusal(self._dead[token], "access_token is dead")
        if not hmac.compare_digest(token.encode(), self._current.encode()):
            raise Refusal(40014, "access_token never issued")
        if self._age() >= self._limits.token_seconds:
            raise Refusal(42001, "access_token is too old")

    def revoke(self) -> None:
        """Void the current token early, as the platform may at any time: 40014 from now on."""
        self._bury(40014)

    def expire(self) -> None:
        """Let the current token run out now: 42001 from now on."""
        self._bury(42001)

    def _bury(self, errcode: int) -> None:
        if self._current:
            self._dead[self._current] = errcode
            self._current = ""

    def _age(self) -> float:
        return time.monotonic() - self._born

    def _check_secret(self, call: Call) -> None:
        settings = self._world.settings
        for name, errcode in (("corpid", 41002), ("corpsecret", 41004)):
            if not call.query.get(name):
                raise Refusal(errcode, f"{name} missing")
        if call.query["corpid"] != settings.corp_id:
            raise Refusal(40013, "unknown corpid")
        if not hmac.compare_digest(call.query["corpsecret"].encode(), settings.agent_secret.encode()):
            raise Refusal(40001, "wrong secret")
