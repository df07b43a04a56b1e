"""Who a customer is, asked of the platform: nickname and unionid (WeCom docs 95159 and 92114)."""

from __future__ import annotations

from connectors.contract import Clock, Delivered, Inbound, Outcome, Question, Undeliverable
from connectors.wecom.client import Client
from connectors.wecom.errors import CallFailed, outcome
from connectors.wecom.members import Members, maybe, tables
from connectors.wecom.settings import Settings
from connectors.wecom.translate import NAME
from rules.events import ProfileLearned
from rules.model import Identity


class Profiles:
    """Answers Question jobs about `profile`."""

    def __init__(self, settings: Settings, clock: Clock, client: Client) -> None:
        self._settings = settings
        self._clock = clock
        self._client = client

    async def answer(self, job: Question) -> Outcome:
        """What the platform tells about her; nothing at all is told as such."""
        try:
            found = await self._ask(job)
        except CallFailed as failure:
            return outcome(failure)
        if found is None:
            return Undeliverable(reason="no_address")
        return Delivered(facts=(self._fact(job, found),))

    async def _ask(self, job: Question) -> Members | None:
        app = self._settings.kf.get(job.address.account)
        who = job.identity.value
        if app is None:
            answer = await self._client.call(
                self._settings.contact, "/cgi-bin/externalcontact/get", query={"external_userid": who}
            )
            contact = answer.get("external_contact")
            return contact if isinstance(contact, dict) else None
        body = {"external_userid_list": [who], "need_enter_session_context": 0}
        answer = await self._client.call(app, "/cgi-bin/kf/customer/batchget", body)
        return next((c for c in tables(answer, "customer_list") if maybe(c, "external_userid") == who), None)

    def _fact(self, job: Question, found: Members) -> Inbound:
        """The unionid joins what she is at WeCom with what she is elsewhere on WeChat; the platform vouches for it."""
        unionid = maybe(found, "unionid")
        event = ProfileLearned(
            id=f"{NAME}/profile/{job.row_id}",
            at=self._clock(),
            address=job.address,
            identity=job.identity,
            name=maybe(found, "nickname") or maybe(found, "name"),
            also=(Identity(platform=NAME, kind="unionid", value=unionid),) if unionid else (),
        )
        return Inbound(event=event, order=job.address)
