"""Small questions to the platform: its callback addresses, who an employee is, what the app is (WeCom docs 92520,
90196, 90227), and the admin's two switches: whom the app sees (可见范围) and its trusted domain (可信域名).
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from simulator.wecom.answers import Answer, Refusal
from simulator.wecom.call import Call, Handler
from simulator.wecom.control import Wish, post
from simulator.world import World


class _App(Wish):
    hidden: list[str] | None = None
    """Employees outside of what the app sees, by name or userid."""
    domain: str | None = None
    """The trusted domain; empty = none."""


class CompanyApi:
    """Handlers of calls about the company itself."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._hidden: set[str] = set()
        self._domain = world.settings.hub_url.partition("://")[2]

    def routes(self) -> list[web.RouteDef]:
        """The admin's switches of the app."""
        return [post("/app", _App, self.set_up)]

    async def set_up(self, wish: _App) -> object:
        """Change what the admin console holds of the app. Raises KeyError for an unknown employee."""
        if wish.hidden is not None:
            self._hidden = {self._world.employee(key).userid.lower() for key in wish.hidden}
        self._domain = self._domain if wish.domain is None else wish.domain
        return {"hidden": sorted(self._hidden), "domain": self._domain}

    def paths(self) -> Mapping[str, Handler]:
        """Path below /cgi-bin -> handler."""
        return {"/getcallbackip": self.addresses, "/user/get": self.user, "/agent/get": self.agent}

    async def addresses(self, _: Call) -> Answer:
        """Where callbacks come from."""
        return {"ip_list": ["127.0.0.1"]}

    async def user(self, call: Call) -> Answer:
        """One employee."""
        wanted = call.query.get("userid", "").lower()
        if wanted in self._hidden:
            raise Refusal(60011, "the member is outside of the app's view")
        for employee in self._world.settings.employees:
            if employee.userid.lower() == wanted:
                return {"userid": employee.userid, "name": employee.name, "department": [1], "status": 1}
        raise Refusal(60111, "unknown userid")

    async def agent(self, call: Call) -> Answer:
        """The app itself and who may see it."""
        if call.query.get("agentid") != str(self._world.settings.agent_id):
            raise Refusal(301002, "agentid is not this token's app")
        seen = [e for e in self._world.settings.employees if e.userid.lower() not in self._hidden]
        users = [{"userid": employee.userid} for employee in seen]
        return {
            "agentid": self._world.settings.agent_id,
            "name": "Tower",
            "allow_userinfos": {"user": users},
            "redirect_domain": self._domain,
        }
