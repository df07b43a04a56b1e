"""What customers and servicers do with the kf account in their own clients, played by the control API."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import Base64Bytes, Field

from simulator.wecom.answers import Refusal
from simulator.wecom.control import ImpossibleError, Wish, get, post
from simulator.wecom.kf import Kf
from simulator.wecom.kf_session import Session
from simulator.wecom.media import MediaStore


class _Enter(Wish):
    person: str
    scene: str = ""
    scene_param: str = ""


class _Say(Wish):
    person: str
    text: str = Field(min_length=1)


class _SendMedia(Wish):
    person: str
    kind: Literal["image", "voice", "video", "file"]
    name: str
    base64: Base64Bytes


class _Menu(Wish):
    person: str
    id: str


class _Person(Wish):
    person: str


class _Recall(Wish):
    person: str
    msgid: str


class _Reject(Wish):
    person: str
    fail_type: int | None = 10
    """10 = she refuses messages (doc 94670); null ends it."""


class _Take(Wish):
    person: str
    userid: str


class _ServicerSays(Wish):
    person: str
    userid: str
    text: str


class _Receiving(Wish):
    userid: str
    receiving: bool


class KfControl:
    """Handlers of the control calls around kf."""

    def __init__(self, kf: Kf, media: MediaStore) -> None:
        self._kf = kf
        self._media = media
        self._world = kf.world

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            post("/enter", _Enter, self.enter),
            post("/say", _Say, self.say),
            post("/send_media", _SendMedia, self.send_media),
            post("/menu", _Menu, self.menu),
            post("/recall", _Recall, self.recall),
            post("/reject", _Reject, self.reject),
            post("/take", _Take, self.take),
            post("/servicer_say", _ServicerSays, self.servicer_say),
            post("/servicer", _Receiving, self.servicer),
            post("/close", _Person, self.close),
            get("/chat", _Person, self.chat),
        ]

    async def enter(self, wish: _Enter) -> object:
        """She opens the account, e.g. by scanning the code of a fair (scene, scene_param)."""
        code = await self._kf.enter(self._world.person(wish.person), wish.scene, wish.scene_param)
        return {"welcome_code": bool(code)}

    async def say(self, wish: _Say) -> object:
        """She writes."""
        return {"msgid": await self._kf.hear(self._world.person(wish.person), wish.text)}

    async def send_media(self, wish: _SendMedia) -> object:
        """She sends a picture, voice, video or file from her phone."""
        person = self._world.person(wish.person)
        try:
            media_id = self._media.keep(wish.kind, wish.name, wish.base64)
        except Refusal as refusal:
            raise ImpossibleError(refusal.rule) from refusal
        return {"msgid": await self._kf.hear_media(person, wish.kind, media_id, wish.name)}

    async def menu(self, wish: _Menu) -> object:
        """She taps an item of a menu message: its words are sent with its id."""
        session = self._session(wish.person)
        if wish.id not in session.menu:
            raise ImpossibleError(f"no menu on her phone has an item {wish.id!r}; there are {sorted(session.menu)}")
        return {"msgid": await self._kf.hear(session.person, session.menu[wish.id], wish.id)}

    async def recall(self, wish: _Recall) -> object:
        """She takes a message back."""
        session = self._session(wish.person)
        if all(line.msgid != wish.msgid or line.by != "customer" for line in session.lines):
            raise KeyError(wish.msgid)
        session.lines = [line for line in session.lines if line.msgid != wish.msgid]
        await self._kf.happen(session, {"event_type": "user_recall_msg", "recall_msgid": wish.msgid})
        return {}

    async def reject(self, wish: _Reject) -> object:
        """From now on messages to her are accepted and then fail, until fail_type is null again."""
        self._session(wish.person).refuses = wish.fail_type
        return {}

    async def take(self, wish: _Take) -> object:
        """A servicer takes her from the pool, is handed the session, or writes into an ended one, in the client."""
        session, userid = self._session(wish.person), self._world.employee(wish.userid).userid
        changes = {2: 1, 3: 2, 4: 4}
        if session.state not in changes:
            raise ImpossibleError(f"a session in state {session.state} is the API's; put it into the pool first")
        change, old = changes[session.state], session.servicer
        session.state, session.servicer = 3, userid
        await self._change(session, change, old, userid)
        return {}

    async def servicer_say(self, wish: _ServicerSays) -> object:
        """The servicer of a session writes in the client; the hub only hears of it by a pull (origin 5)."""
        session = self._session(wish.person)
        if session.state != 3 or session.servicer != self._world.employee(wish.userid).userid:
            raise ImpossibleError("she does not serve this session")
        return {"msgid": await self._kf.serve(session, wish.text)}

    async def servicer(self, wish: _Receiving) -> object:
        """A servicer starts or stops receiving sessions."""
        userid = self._world.employee(wish.userid).userid
        await self._kf.status_change(userid, 1 if wish.receiving else 2)
        return {}

    async def close(self, wish: _Person) -> object:
        """The servicer ends the session in the client."""
        session = self._session(wish.person)
        if session.state != 3:
            raise ImpossibleError(f"only a session in state 3 ends in the client; this one is in {session.state}")
        old = session.servicer
        session.state, session.servicer = 4, ""
        await self._change(session, 3, old, "")
        return {}

    async def chat(self, wish: _Person) -> object:
        """Her phone: every bubble, and the state of the session behind it."""
        session = self._kf.session(self._world.person(wish.person))
        return {
            "person": session.person.name, "state": session.state, "servicer": session.servicer,
            "sent": session.sent, "menu": session.menu, "lines": [line.as_json() for line in session.lines],
        }  # fmt: skip

    async def _change(self, session: Session, change: int, old: str, new: str) -> None:
        await self._kf.happen(
            session,
            {
                "event_type": "session_status_change", "change_type": change, "old_servicer_userid": old,
                "new_servicer_userid": new, "msg_code": self._kf.code_for_move(session),
            },
        )  # fmt: skip

    def _session(self, person: str) -> Session:
        return self._kf.session(self._world.person(person))
