"""What employees do with the app in their WeCom client: write to it, enter it, press buttons, play by the control API.

Log entries: `said` when a rep's words are meant for a customer (`回复 ...` or `reply ...`, the prefix stripped),
`noted` for everything else she writes, `pressed` for a button.
"""

from __future__ import annotations

import re
import secrets
import xml.etree.ElementTree as ET
from collections.abc import Mapping

from aiohttp import web
from pydantic import Field

from simulator.wecom import card_rules
from simulator.wecom.answers import Refusal
from simulator.wecom.callbacks import Callbacks, Reader
from simulator.wecom.control import ImpossibleError, Wish, get, post
from simulator.wecom.notices import Notice, Notices
from simulator.wecom.xmlwords import Fields, Value, card, words
from simulator.world import Employee, World

_TO_CUSTOMER = re.compile(r"(?:回复|reply)\s+(?P<words>.+)", re.IGNORECASE | re.DOTALL)


class _Message(Wish):
    userid: str
    text: str
    says: str | None = None
    """The part meant for the customer, when the words after `回复` are not all of it."""


class _Click(Wish):
    userid: str
    task_id: str
    key: str
    selected: dict[str, list[str]] = Field(default_factory=dict)
    """question_key -> ids of the chosen options."""


class _Key(Wish):
    userid: str
    key: str


class _Userid(Wish):
    userid: str


class RepControl:
    """Handlers of the control calls around the app chat."""

    def __init__(self, world: World, notices: Notices, callbacks: Callbacks) -> None:
        self._world = world
        self._notices = notices
        self._callbacks = callbacks

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            post("/message", _Message, self.message),
            post("/click", _Click, self.click),
            post("/enter_agent", _Userid, self.enter_agent),
            post("/app_menu", _Key, self.app_menu),
            get("/notices", _Userid, self.notices),
        ]

    async def message(self, wish: _Message) -> object:
        """She writes to the app."""
        employee = self._world.employee(wish.userid)
        spoken = _TO_CUSTOMER.match(wish.text.strip())
        says = wish.says if wish.says is not None else spoken.group("words") if spoken else ""
        if says:
            await self._world.log.add(
                "wecom", "said", text=says, toward="customer", by=employee.name, where="wecom.app"
            )
        else:
            await self._world.log.add("wecom", "noted", text=wish.text, by=employee.name, where="wecom.app")
        msgid = str(secrets.randbelow(2**63))
        self._post(employee, {"MsgType": "text", "Content": wish.text, "MsgId": msgid}, self._reply_to(employee))
        return {"msgid": msgid}

    async def click(self, wish: _Click) -> object:
        """She presses a button, submits a choice or uses the card's menu."""
        employee = self._world.employee(wish.userid)
        notice = self._card(employee, wish.task_id)
        menu = card_rules.menu_keys(notice.content)
        if wish.key in menu:
            event = "template_card_menu_event"
        elif notice.replaced or wish.key not in card_rules.keys(notice.content):
            there = sorted(menu if notice.replaced else menu | card_rules.keys(notice.content))
            raise ImpossibleError(f"the card has no live button {wish.key!r}; there are {there}")
        else:
            event = "template_card_event"
        await self._world.log.add("wecom", "pressed", by=employee.name, task_id=wish.task_id, key=wish.key)
        self._post(employee, self._pressed(wish, notice, event), self._repaint_by(notice))
        return {}

    async def enter_agent(self, wish: _Userid) -> object:
        """She opens the app."""
        self._post(self._world.employee(wish.userid), {"MsgType": "event", "Event": "enter_agent", "EventKey": ""})
        return {}

    async def app_menu(self, wish: _Key) -> object:
        """She taps an entry of the app's own menu (as set up by the admin: any key)."""
        employee = self._world.employee(wish.userid)
        self._post(employee, {"MsgType": "event", "Event": "click", "EventKey": wish.key}, self._reply_to(employee))
        return {}

    async def notices(self, wish: _Userid) -> object:
        """Her app chat, cards as they look now."""
        userid = self._world.employee(wish.userid).userid
        return {"notices": [n.as_json() for n in self._notices.chats if n.userid == userid]}

    def _pressed(self, wish: _Click, notice: Notice, event: str) -> Fields:
        told: dict[str, Value] = {
            "MsgType": "event", "Event": event, "EventKey": wish.key, "TaskId": wish.task_id,
            "CardType": str(notice.content["card_type"]), "ResponseCode": self._notices.code(notice.msgid),
        }  # fmt: skip
        if wish.selected:
            told["SelectedItems"] = {"SelectedItem": [_chosen(*pair) for pair in wish.selected.items()]}
        return told

    def _post(self, employee: Employee, fields: Fields, read_reply: Reader | None = None) -> None:
        head: Fields = {
            "ToUserName": self._world.settings.corp_id, "FromUserName": employee.userid,
            "CreateTime": int(self._world.clock.now().timestamp()),
        }  # fmt: skip
        self._callbacks.post({**head, **fields, "AgentID": self._world.settings.agent_id}, read_reply)

    def _card(self, employee: Employee, task_id: str) -> Notice:
        for notice in reversed(self._notices.chats):
            if notice.userid == employee.userid and notice.content.get("task_id") == task_id:
                return notice
        raise KeyError(task_id)

    def _reply_to(self, employee: Employee) -> Reader:
        """A passive text reply appears in her chat (doc 90241)."""

        async def read(reply: ET.Element) -> None:
            if words(reply, "MsgType") == "text":
                text = words(reply, "Content")
                await self._notices.deliver(
                    Notice(
                        msgid=secrets.token_urlsafe(16), userid=employee.userid, msgtype="text", text=text,
                        at=self._world.clock.now(), content={"content": text},
                    )
                )  # fmt: skip

        return read

    def _repaint_by(self, notice: Notice) -> Reader:
        """A passive reply to a click may change the words on the button or the whole card (doc 90241)."""

        async def read(reply: ET.Element) -> None:
            kind, fresh = words(reply, "MsgType"), reply.find("TemplateCard")
            if kind == "update_button":
                await self._notices.repaint(notice, words(reply, "Button/ReplaceName"), None)
            elif kind == "update_template_card" and fresh is not None:
                await self._replace(notice, {"task_id": notice.content["task_id"], **card(fresh)})

        return read

    async def _replace(self, notice: Notice, fresh: Mapping[str, object]) -> None:
        try:
            card_rules.check(fresh)
        except Refusal as refusal:
            await self._world.log.add("wecom", "refused", rule=refusal.rule, status=refusal.errcode)
            return
        await self._notices.repaint(notice, "", fresh)


def _chosen(question: str, options: list[str]) -> Fields:
    return {"QuestionKey": question, "OptionIds": {"OptionId": options}}
