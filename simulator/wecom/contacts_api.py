"""The customer-contact part of the API: relations, remarks, welcomes, live codes (WeCom docs 92114, 92137, 92572)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from simulator.wecom.answers import Answer, Refusal
from simulator.wecom.call import Call, Handler
from simulator.wecom.contacts import Contacts, Relation

_STATE_LETTERS = 30
_WELCOME_BYTES = 4000


class ContactsApi:
    """Handlers of /cgi-bin/externalcontact/..., corp tags apart."""

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts
        self._world = contacts.world

    def paths(self) -> Mapping[str, Handler]:
        """Path below /cgi-bin -> handler."""
        return {
            "/externalcontact/get_follow_user_list": self.follow_users,
            "/externalcontact/list": self.listed,
            "/externalcontact/get": self.get,
            "/externalcontact/batch/get_by_user": self.by_user,
            "/externalcontact/remark": self.remark,
            "/externalcontact/send_welcome_msg": self.welcome,
            "/externalcontact/add_contact_way": self.add_way,
            "/externalcontact/get_contact_way": self.get_way,
            "/externalcontact/update_contact_way": self.update_way,
            "/externalcontact/del_contact_way": self.del_way,
        }

    async def follow_users(self, _: Call) -> Answer:
        """Employees who may have contacts: all of them."""
        return {"follow_user": [e.userid for e in self._world.settings.employees]}

    async def listed(self, call: Call) -> Answer:
        """External ids of one employee's contacts; 84061 when she has none."""
        userid = self._userid(_asked(call, "userid"))
        found = [who for whose, who in self._contacts.relations if whose == userid]
        if not found:
            raise Refusal(84061, "no contacts")
        return {"external_userid": found}

    async def get(self, call: Call) -> Answer:
        """One customer and everybody who follows her, paged by a cursor."""
        followers = self._contacts.followers(_asked(call, "external_userid"))
        if not followers:
            raise Refusal(84061, "nobody follows her")
        start, size = _offset(call.query.get("cursor", "")), self._contacts.limits.follow_page
        page, more = followers[start : start + size], start + size < len(followers)
        cursor = {"next_cursor": f"f{start + size}"} if more else {}
        return {
            "external_contact": _contact(followers[0]),
            "follow_user": [self._follow(relation) for relation in page],
            **cursor,
        }

    async def by_user(self, call: Call) -> Answer:
        """The contacts of up to 100 employees."""
        asked = {self._userid(userid) for userid in call.texts("userid_list", at_most=100)}
        limit = call.number("limit", 50)
        if not asked or not 1 <= limit <= 100:
            raise Refusal(40058, "userid_list of 1 to 100, limit of 1 to 100")
        found = [r for r in self._contacts.relations.values() if r.userid in asked]
        start = _offset(call.maybe_text("cursor"))
        page, more = found[start : start + limit], start + limit < len(found)
        rows = [{"external_contact": _contact(r), "follow_info": self._follow_info(r)} for r in page]
        return {"external_contact_list": rows, "next_cursor": f"f{start + limit}" if more else ""}

    async def remark(self, call: Call) -> Answer:
        """Change an employee's notes on a customer; nobody is told."""
        relation = self._contacts.relation(call.text("userid", missing=40003), _external(call))
        relation.remark = call.maybe_text("remark") or relation.remark
        relation.description = call.maybe_text("description") or relation.description
        relation.remark_company = call.maybe_text("remark_company") or relation.remark_company
        relation.mobiles = call.texts("remark_mobiles", at_most=5) or relation.mobiles
        return {}

    async def welcome(self, call: Call) -> Answer:
        """The welcome of a new contact: within 20 s, once."""
        code = call.text("welcome_code", missing=41050)
        text = call.table("text").get("content") if "text" in call.body else ""
        if not isinstance(text, str) or len(text.encode()) > _WELCOME_BYTES:
            raise Refusal(45002, "text above 4000 bytes")
        attachments = call.body.get("attachments", [])
        if not isinstance(attachments, list) or len(attachments) > 9:
            raise Refusal(40058, "more than 9 attachments")
        if not text and not attachments:
            raise Refusal(40058, "neither text nor attachments")
        await self._contacts.welcome(code, text)
        return {}

    async def add_way(self, call: Call) -> Answer:
        """A live code (联系我); its state marks those who come by it first."""
        way = self._way(call)
        if call.number("type", 0) not in (1, 2) or call.number("scene", 0) not in (1, 2):
            raise Refusal(40058, "type and scene must be 1 or 2")
        config_id = secrets.token_hex(16)
        self._contacts.ways[config_id] = {**way, "config_id": config_id, "qr_code": self._qr(config_id)}
        return {"config_id": config_id, "qr_code": self._qr(config_id)}

    async def get_way(self, call: Call) -> Answer:
        """A live code as it was made."""
        return {"contact_way": self._known_way(call)}

    async def update_way(self, call: Call) -> Answer:
        """Change a live code."""
        self._known_way(call).update(self._way(call))
        return {}

    async def del_way(self, call: Call) -> Answer:
        """Delete a live code."""
        del self._contacts.ways[str(self._known_way(call)["config_id"])]
        return {}

    def _way(self, call: Call) -> dict[str, object]:
        if len(call.maybe_text("state")) > _STATE_LETTERS:
            raise Refusal(40058, "state above 30 letters")
        for userid in call.texts("user", at_most=100):
            self._userid(userid)
        return {name: value for name, value in call.body.items() if name != "config_id"}

    def _known_way(self, call: Call) -> dict[str, object]:
        way = self._contacts.ways.get(call.text("config_id", missing=41044))
        if way is None:
            raise Refusal(41044, "unknown config_id")
        return way

    def _qr(self, config_id: str) -> str:
        return f"{self._world.base_url}/wecom-open/contact/{config_id}"

    def _userid(self, userid: str) -> str:
        for employee in self._world.settings.employees:
            if employee.userid.lower() == userid.lower():
                return employee.userid
        raise Refusal(40003, "unknown userid")

    def _follow_info(self, relation: Relation) -> dict[str, object]:
        told: dict[str, object] = {
            "userid": relation.userid, "remark": relation.remark, "description": relation.description,
            "createtime": int(relation.at.timestamp()), "remark_corp_name": relation.remark_company,
            "remark_mobiles": relation.mobiles, "tag_id": sorted(relation.tags), "add_way": 1,
            "oper_userid": relation.person.external_userid,
        }  # fmt: skip
        return {**told, "state": relation.state} if relation.state else told

    def _follow(self, relation: Relation) -> dict[str, object]:
        told = self._follow_info(relation)
        del told["tag_id"]
        named = [(tag_id, *self._contacts.tag(tag_id)) for tag_id in sorted(relation.tags)]
        tags = [{"group_name": g.name, "tag_name": name, "tag_id": i, "type": 1} for i, g, name in named]
        return {**told, "tags": tags}


def _contact(relation: Relation) -> dict[str, object]:
    person = relation.person
    return {
        "external_userid": person.external_userid, "name": person.name, "type": 1, "avatar": "", "gender": 0,
        "unionid": person.unionid,
    }  # fmt: skip


def _asked(call: Call, name: str) -> str:
    """A parameter of a GET call."""
    if not (value := call.query.get(name, "")):
        raise Refusal(40058, f"{name} is missing")
    return value


def _external(call: Call) -> str:
    return call.text("external_userid", missing=40096)


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    if not re.fullmatch("f[0-9]{1,9}", cursor):
        raise Refusal(40058, "unknown cursor")
    return int(cursor[1:])
