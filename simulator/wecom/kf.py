"""The kf account (微信客服): its sessions, its event log that the hub pulls, and the announcements that say so.

Nothing is pushed but the announcement `kf_msg_or_event`; messages sent by API never come back by a pull (doc 94670).
Log entries: `said` (a customer wrote), `shown` (an API message reached her), `kf_event`, `servicer_said`,
`media_sent`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator.wecom.answers import Refusal
from simulator.wecom.callbacks import Callbacks
from simulator.wecom.codes import OneTimeCodes
from simulator.wecom.kf_content import Content
from simulator.wecom.kf_session import Line, Session
from simulator.wecom.limits import Limits
from simulator.world import Person, World

CUSTOMER, SYSTEM, SERVICER = 3, 4, 5
"""Who an item of the log comes from, its `origin`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One entry of the log that `sync_msg` reads."""

    seq: int
    at: datetime
    json: Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """What a one-time code of `send_msg_on_event` was given for."""

    session: Session
    name: str
    """`welcome`, `pool`, `taken` or `end`."""
    msgtypes: tuple[str, ...]


@dataclass(kw_only=True)
class Kf:
    """The one kf account of the world."""

    world: World
    limits: Limits
    callbacks: Callbacks
    sessions: dict[str, Session] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    sent: dict[str, str] = field(default_factory=dict)
    """msgid of every accepted API message -> whom it went to."""
    servicers: dict[str, int] = field(default_factory=dict)
    """userid -> 0 receiving, 1 stopped."""
    pull_tokens: dict[str, datetime] = field(default_factory=dict)
    """Token of each announcement -> until when it is good."""

    def __post_init__(self) -> None:
        self.codes: OneTimeCodes[Occasion] = OneTimeCodes(self.world.clock.now, unknown=41050, used=41051)
        self.servicers = {e.userid: 0 for e in self.world.settings.employees}

    @property
    def account(self) -> str:
        """The open_kfid."""
        return self.world.settings.open_kfid

    def session(self, person: Person) -> Session:
        """Her session, made at first contact and brought up to date."""
        found = self.sessions.setdefault(
            person.external_userid, Session(person=person, limits=self.limits)
        )  # fmt: skip
        found.settle(self.world.clock.now())
        return found

    def known(self, external_userid: str) -> Session:
        """The session of somebody who came before. Raises Refusal (40096)."""
        if external_userid not in self.sessions:
            raise Refusal(40096, "nobody of that external_userid ever came to this account")
        return self.session(self.sessions[external_userid].person)

    async def enter(self, person: Person, scene: str, scene_param: str) -> str:
        """She opens the account: an event, with a welcome code when she is due one. Gives the code or nothing."""
        session = self.session(person)
        session.scene, session.scene_param = scene, scene_param
        event: dict[str, object] = {"event_type": "enter_session", "scene": scene, "scene_param": scene_param}
        code = ""
        if session.may_welcome(self.world.clock.now()):
            code = self._code(session, "welcome", timedelta(seconds=self.limits.welcome_seconds))
            event["welcome_code"] = code
        await self.happen(session, event)
        return code

    async def hear(self, person: Person, text: str, menu_id: str = "") -> str:
        """She writes. Gives the msgid."""
        session, now = self.session(person), self.world.clock.now()
        session.hear(now)
        words: dict[str, object] = {"content": text, **({"menu_id": menu_id} if menu_id else {})}
        msgid = self._append(CUSTOMER, "text", {**self._from(session), "text": words})
        session.lines.append(Line(by="customer", text=text, at=now, msgid=msgid))
        await self.world.log.add(
            "wecom", "said", text=text, toward="team", by=person.name, where="wecom.kf", msgid=msgid
        )
        return msgid

    async def hear_media(self, person: Person, kind: str, media_id: str, name: str) -> str:
        """She sends a picture, voice, video or file. Gives the msgid."""
        session, now = self.session(person), self.world.clock.now()
        session.hear(now)
        part = {"media_id": media_id, **({"filename": name} if kind == "file" else {})}
        msgid = self._append(CUSTOMER, kind, {**self._from(session), kind: part})
        session.lines.append(Line(by="customer", text="", at=now, msgid=msgid, msgtype=kind, content=part))
        await self.world.log.add("wecom", "media_sent", by=person.name, media=kind, name=name, msgid=msgid)
        return msgid

    async def show(self, session: Session, content: Content, msgid: str) -> None:
        """An API message appears on her phone."""
        session.menu.update(content.menu)
        session.lines.append(
            Line(
                by="hub", text=content.text, at=self.world.clock.now(), msgid=msgid,
                msgtype=content.msgtype, content=content.raw,
            )
        )  # fmt: skip
        await self.world.log.add(
            "wecom", "shown", text=content.text, toward="customer", where="wecom.kf",
            by=self.account, to=session.person.name, msgid=msgid,
        )  # fmt: skip

    async def happen(self, session: Session, event: Mapping[str, object]) -> None:
        """Put a system event into the log of the account."""
        self._append(SYSTEM, "event", {"event": {**self._from(session), **event}})
        await self.world.log.add(
            "wecom", "kf_event", event=event["event_type"], person=session.person.name
        )  # fmt: skip

    async def status_change(self, userid: str, status: int) -> None:
        """A servicer starts (1) or stops (2) receiving in the client."""
        self.servicers[userid] = 0 if status == 1 else 1
        event = {
            "event_type": "servicer_status_change", "servicer_userid": userid,
            "status": status, "open_kfid": self.account,
        }  # fmt: skip
        self._append(SYSTEM, "event", {"event": event})
        await self.world.log.add("wecom", "kf_event", event="servicer_status_change", userid=userid)

    async def serve(self, session: Session, text: str) -> str:
        """The servicer of a session writes to her in the WeCom client. Gives the msgid."""
        who = {**self._from(session), "servicer_userid": session.servicer}
        msgid = self._append(SERVICER, "text", {**who, "text": {"content": text}})
        session.lines.append(Line(by="servicer", text=text, at=self.world.clock.now(), msgid=msgid))
        await self.world.log.add("wecom", "servicer_said", text=text, by=session.servicer, msgid=msgid)
        return msgid

    def _from(self, session: Session) -> dict[str, object]:
        return {"open_kfid": self.account, "external_userid": session.person.external_userid}

    def _append(self, origin: int, msgtype: str, payload: Mapping[str, object]) -> str:
        """Write an item and announce it. Events name account and customer inside, messages outside (doc 94670)."""
        msgid, now = secrets.token_urlsafe(16), self.world.clock.now()
        item = {"msgid": msgid, "send_time": int(now.timestamp()), "origin": origin, "msgtype": msgtype, **payload}
        self.items.append(Item(seq=len(self.items) + 1, at=now, json=item))
        self._announce()
        return msgid

    def code_for_move(self, session: Session) -> str:
        """The msg_code that comes with a change of state: for the pool, a servicer or the end (doc 95122)."""
        if session.state == 4:
            return self._code(session, "end", timedelta(seconds=self.limits.welcome_seconds))
        return self._code(session, "pool" if session.state == 2 else "taken", session.window())

    def _code(self, session: Session, name: str, life: timedelta) -> str:
        msgtypes = ("text", "msgmenu") if name in ("welcome", "end") else ("text",)
        return self.codes.issue(Occasion(session=session, name=name, msgtypes=msgtypes), life)

    def _announce(self) -> None:
        token, now = secrets.token_urlsafe(18), self.world.clock.now()
        self.pull_tokens[token] = now + timedelta(minutes=self.limits.kf_token_minutes)
        self.callbacks.post(
            {
                "ToUserName": self.world.settings.corp_id, "CreateTime": int(now.timestamp()),
                "MsgType": "event", "Event": "kf_msg_or_event", "Token": token, "OpenKfId": self.account,
            }
        )  # fmt: skip
