"""Messages of the app to employees (WeCom doc 90236): they reach staff only, never a customer.

Log entries: `wecom_notice` (it arrived at a rep), `notice_dropped` (30 a minute or 1000 an hour were passed: no error
tells the caller), `card_updated`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from simulator.wecom import app_content, card_rules
from simulator.wecom.answers import Answer, Refusal
from simulator.wecom.call import Call, Handler
from simulator.wecom.codes import OneTimeCodes
from simulator.wecom.limits import Limits, Window
from simulator.world import World

_MEMBERS = 1000
_DUPLICATE_DEFAULT, _DUPLICATE_MOST = 1800, 4 * 3600


@dataclass(kw_only=True)
class Notice:
    """One message as it lies in one employee's app chat."""

    msgid: str
    userid: str
    msgtype: str
    text: str
    at: datetime
    content: Mapping[str, object]
    """The wire content; for template cards the card as it looks now."""
    replaced: str = ""
    """What stands instead of the buttons after an update of them; they cannot be pressed any more."""

    def as_json(self) -> dict[str, object]:
        """The message as JSON-ready values."""
        return {
            "msgid": self.msgid, "userid": self.userid, "msgtype": self.msgtype, "text": self.text,
            "at": self.at.isoformat(), "content": dict(self.content), "replaced": self.replaced,
        }  # fmt: skip


@dataclass(kw_only=True)
class Notices:
    """The app chats of all employees."""

    world: World
    limits: Limits
    chats: list[Notice] = field(default_factory=list)
    task_ids: set[str] = field(default_factory=set)
    _same: dict[bytes, datetime] = field(default_factory=dict)
    _minutes: dict[str, Window] = field(default_factory=dict)
    _hours: dict[str, Window] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.codes: OneTimeCodes[str] = OneTimeCodes(self.world.clock.now, unknown=60140, used=42022)

    def paths(self) -> Mapping[str, Handler]:
        """Path below /cgi-bin -> handler."""
        return {"/message/send": self.send, "/message/update_template_card": self.update}

    async def send(self, call: Call) -> Answer:
        """One message to some employees; unknown ones are named, lower-cased, with errcode 0."""
        agent(self.world, call)
        members, invalid = self._members(call)
        msgtype, text, content = app_content.read(call, "text", "markdown", "textcard", "template_card")
        if not members:
            raise Refusal(81013, "nobody of them exists", **invalid)
        if self._repeated(call):
            return {"msgid": secrets.token_urlsafe(16), **invalid}
        msgid, answer = secrets.token_urlsafe(16), dict(invalid)
        if msgtype == "template_card" and card_rules.answers_back(content):
            self._claim_task(str(content["task_id"]))
            answer["response_code"] = self.code(msgid)
        for userid in members:
            await self.deliver(
                Notice(
                    msgid=msgid, userid=userid, msgtype=msgtype, text=text, at=self.world.clock.now(), content=content
                )
            )  # fmt: skip
        return {"msgid": msgid, **answer}

    async def update(self, call: Call) -> Answer:
        """Change a card by a response_code: once, within 72 h (doc 94888)."""
        agent(self.world, call)
        code = call.text("response_code", missing=60140)
        msgid = self.codes.look(code)
        replace, card = _update(call)
        cards = [notice for notice in self.chats if notice.msgid == msgid]
        asked = {userid.lower() for userid in call.texts("userids", at_most=_MEMBERS)}
        hit = [n for n in cards if call.number("atall", 0) == 1 or n.userid.lower() in asked]
        if not hit:
            raise Refusal(81013, "none of them has this card")
        self.codes.spend(code)
        for notice in hit:
            await self.repaint(notice, replace, card)
        return {"invaliduser": sorted(asked - {n.userid.lower() for n in cards})}

    async def deliver(self, notice: Notice) -> None:
        """Put a message into a chat, unless the member had too many: then it vanishes without a word."""
        minute = self._minutes.setdefault(notice.userid, Window(self.world.clock.now, timedelta(minutes=1)))
        hour = self._hours.setdefault(notice.userid, Window(self.world.clock.now, timedelta(hours=1)))
        if not minute.hit(self.limits.member_per_minute) or not hour.hit(self.limits.member_per_hour):
            await self.world.log.add("wecom", "notice_dropped", userid=notice.userid, msgid=notice.msgid)
            return
        self.chats.append(notice)
        await self.world.log.add("wecom", "wecom_notice", **{**notice.as_json(), "at": str(notice.at)})

    async def repaint(self, notice: Notice, replace: str, card: Mapping[str, object] | None) -> None:
        """Show other words instead of the buttons, or another card."""
        if card is not None:
            notice.content, notice.text, notice.replaced = card, card_rules.words(card), ""
        else:
            notice.replaced = replace
        await self.world.log.add(
            "wecom", "card_updated", userid=notice.userid, msgid=notice.msgid, text=notice.text,
            content=dict(notice.content), replaced=notice.replaced,
        )  # fmt: skip

    def code(self, msgid: str) -> str:
        """A response_code for the cards of one message."""
        return self.codes.issue(msgid, timedelta(hours=self.limits.response_code_hours))

    def _members(self, call: Call) -> tuple[list[str], dict[str, object]]:
        staff = {e.userid.lower(): e.userid for e in self.world.settings.employees}
        asked = [userid for userid in call.maybe_text("touser").split("|") if userid]
        if len(asked) > _MEMBERS:
            raise Refusal(40058, "more than 1000 members")
        if asked == ["@all"]:
            return list(staff.values()), {}
        unknown = [userid.lower() for userid in asked if userid.lower() not in staff]
        invalid: dict[str, object] = {"invaliduser": "|".join(unknown)} if unknown else {}
        for name, told in (("toparty", "invalidparty"), ("totag", "invalidtag")):
            if groups := call.maybe_text(name):
                invalid[told] = groups  # this company has no departments and no member tags
        found = (staff[userid.lower()] for userid in asked if userid.lower() in staff)
        return list(dict.fromkeys(found)), invalid

    def _claim_task(self, task_id: str) -> None:
        if task_id in self.task_ids:
            raise Refusal(42014, "task_id was used before by this app")  # the errcode is doubtful
        self.task_ids.add(task_id)

    def _repeated(self, call: Call) -> bool:
        """Whether the very same request came within the interval it names itself."""
        if call.number("enable_duplicate_check", 0) != 1:
            return False
        seconds = min(call.number("duplicate_check_interval", _DUPLICATE_DEFAULT), _DUPLICATE_MOST)
        now, key = self.world.clock.now(), orjson.dumps(call.body, option=orjson.OPT_SORT_KEYS)
        before = self._same.get(key)
        if before is not None and now - before < timedelta(seconds=seconds):
            return True
        self._same[key] = now
        return False


def agent(world: World, call: Call) -> None:
    """Raise Refusal unless the call names the app whose token it carries."""
    if call.number("agentid", 0) != world.settings.agent_id:
        raise Refusal(301002, "agentid is not this token's app")


def _update(call: Call) -> tuple[str, Mapping[str, object] | None]:
    if "template_card" in call.body:
        card = call.table("template_card")
        card_rules.check(card)
        return "", card
    replace = call.table("button").get("replace_name")
    if not isinstance(replace, str) or not replace:
        raise Refusal(40058, "button.replace_name is missing")
    return replace, None
