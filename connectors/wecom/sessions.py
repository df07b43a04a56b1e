"""The state of her kf session at the platform: asked, told to the hub, moved (WeCom doc 94669).

States on the wire: 0 new, 1 the API's, 2 waiting pool, 3 a colleague's in the WeCom client, 4 ended or not started.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from connectors.contract import Clock, Delivered, Inbound, Outcome, Question, SessionMove, Undeliverable
from connectors.wecom.client import Body, Client
from connectors.wecom.errors import CallFailed, Refusal, Unclear, outcome
from connectors.wecom.members import maybe
from connectors.wecom.settings import Settings
from connectors.wecom.translate import NAME, customer
from rules.events import SessionChanged
from rules.model import Address, RepHandle

Name = Literal["new", "hub", "pool", "human", "ended"]
_NAMES: Mapping[object, Name] = {0: "new", 1: "hub", 2: "pool", 3: "human", 4: "ended"}
_HUB, _HUMAN, _ENDED = 1, 3, 4
_NO_WAY = 95016


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """Where a session is, and with whom."""

    name: Name
    userid: str = ""


class Sessions:
    """Asks for and moves session states."""

    def __init__(self, settings: Settings, clock: Clock, client: Client) -> None:
        self._settings = settings
        self._clock = clock
        self._client = client

    async def look(self, address: Address) -> State:
        """The state now. Raises CallFailed."""
        answer = await self._call("get", address)
        name = _NAMES.get(answer.get("service_state"))
        if name is None:
            raise Unclear("a session state we do not know")
        return State(name=name, userid=maybe(answer, "servicer_userid"))

    async def take(self, address: Address) -> None:
        """Make a new session the API's, so that no colleague is rung while reps answer from the hub."""
        await self._call("trans", address, service_state=_HUB)

    def fact(self, row_id: str, address: Address, state: State) -> Inbound:
        """What was learned about a session while doing the job `row_id`."""
        event = SessionChanged(
            id=f"{NAME}/session/{row_id}/{state.name}",
            at=self._clock(),
            address=address,
            identity=customer(address.wire_id),
            state=state.name,
            rep=RepHandle(platform="wecom", value=state.userid) if state.userid else None,
        )
        return Inbound(event=event, order=address)

    async def answer(self, job: Question) -> Outcome:
        """Answer a question about the session."""
        if job.address.account not in self._settings.kf:
            return Undeliverable(reason="not_allowed")
        try:
            state = await self.look(job.address)
        except CallFailed as failure:
            return outcome(failure)
        return Delivered(facts=(self.fact(job.row_id, job.address, state),))

    async def move(self, job: SessionMove) -> Outcome:
        """Move the session; where it already is, there is nothing to do."""
        if job.address.account not in self._settings.kf:
            return Undeliverable(reason="not_allowed")
        try:
            state = await self.look(job.address)
            new = await (self._to_human(job, state) if job.to == "human" else self._to_hub(job, state))
        except Refusal as refusal:
            if refusal.errcode == _NO_WAY:
                return Undeliverable(reason="session_state", detail="WeCom allows no such move now")
            return outcome(refusal)
        except CallFailed as failure:
            return outcome(failure)
        return Delivered(facts=(self.fact(job.row_id, job.address, new),))

    async def _to_human(self, job: SessionMove, state: State) -> State:
        if state.name != "human" or state.userid.lower() != job.userid.lower():
            await self._call("trans", job.address, service_state=_HUMAN, servicer_userid=job.userid)
        return State(name="human", userid=job.userid)

    async def _to_hub(self, job: SessionMove, state: State) -> State:
        """A colleague's session cannot become the API's: it can only be ended; her next message begins a new one."""
        if state.name == "new":
            await self.take(job.address)
            return State(name="hub")
        if state.name in ("pool", "human"):
            await self._call("trans", job.address, service_state=_ENDED)
            return State(name="ended")
        return state

    async def _call(self, what: Literal["get", "trans"], address: Address, **more: object) -> Body:
        body = {"open_kfid": address.account, "external_userid": address.wire_id, **more}
        return await self._client.call(self._settings.kf[address.account], f"/cgi-bin/kf/service_state/{what}", body)
