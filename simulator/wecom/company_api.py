"""Small questions to the platform: its callback addresses and who an employee is (WeCom docs 92520, 90196)."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.wecom.answers import Answer, Refusal
from simulator.wecom.call import Call, Handler
from simulator.world import World


class CompanyApi:
    """Handlers of calls about the company itself."""

    def __init__(self, world: World) -> None:
        self._world = world

    def paths(self) -> Mapping[str, Handler]:
        """Path below /cgi-bin -> handler."""
        return {"/getcallbackip": self.addresses, "/user/get": self.user, "/agent/get": self.agent}

    async def addresses(self, _: Call) -> Answer:
        """Where callbacks come from."""
        return {"ip_list": ["127.0.0.1"]}

    async def user(self, call: Call) -> Answer:
        """One employee."""
        wanted = call.query.get("userid", "").lower()
        for employee in self._world.settings.employees:
            if employee.userid.lower() == wanted:
                return {"userid": employee.userid, "name": employee.name, "department": [1], "status": 1}
        raise Refusal(60111, "unknown userid")

    async def agent(self, call: Call) -> Answer:
        """The app itself and who may see it."""
        if call.query.get("agentid") != str(self._world.settings.agent_id):
            raise Refusal(301002, "agentid is not this token's app")
        users = [{"userid": employee.userid} for employee in self._world.settings.employees]
        return {
            "agentid": self._world.settings.agent_id,
            "name": "Tower",
            "allow_userinfos": {"user": users},
            "redirect_domain": self._world.settings.hub_url.partition("://")[2],
        }
