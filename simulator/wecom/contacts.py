"""Customer contact (客户联系): who follows whom, tags of each follow relation, live QR codes, welcomes.

Only what people do in their clients is told to the hub; a change by API never is, and neither is a second scan by
somebody who is already a contact (WeCom doc 92130). Log entries: `contact_added`, `contact_removed`, `shown` (a
welcome reached her).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator.wecom.answers import Refusal
from simulator.wecom.callbacks import Callbacks
from simulator.wecom.codes import OneTimeCodes
from simulator.wecom.limits import Limits
from simulator.wecom.xmlwords import Fields
from simulator.world import Employee, Person, World


@dataclass(kw_only=True)
class Relation:
    """One employee and one customer who added each other."""

    userid: str
    person: Person
    at: datetime
    state: str
    """Of the code she scanned first; a later scan changes nothing."""
    remark: str = ""
    description: str = ""
    remark_company: str = ""
    mobiles: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    """Welcomes she got from this employee."""


@dataclass(kw_only=True)
class TagGroup:
    """A group of corp tags: tag id to name."""

    id: str
    name: str
    at: datetime
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Contacts:
    """All relations, corp tags and contact ways of the company."""

    world: World
    limits: Limits
    callbacks: Callbacks
    relations: dict[tuple[str, str], Relation] = field(default_factory=dict)
    groups: list[TagGroup] = field(default_factory=list)
    ways: dict[str, dict[str, object]] = field(default_factory=dict)
    """config_id -> a contact way as it was asked for."""

    def __post_init__(self) -> None:
        self.codes: OneTimeCodes[Relation] = OneTimeCodes(self.world.clock.now, unknown=41050, used=41051)

    async def add(self, person: Person, employee: Employee, state: str) -> bool:
        """She scans an employee's code. False when they know each other: then nothing happens at all."""
        key = (employee.userid, person.external_userid)
        if key in self.relations:
            return False
        relation = Relation(
            userid=employee.userid, person=person, at=self.world.clock.now(), state=state, remark=person.name
        )  # fmt: skip
        self.relations[key] = relation
        await self.world.log.add(
            "wecom", "contact_added", person=person.name, userid=employee.userid, state=state
        )  # fmt: skip
        told = {"State": state} if state else {}
        if not self.limits.admin_welcome:
            life = timedelta(seconds=self.limits.welcome_seconds)
            told["WelcomeCode"] = self.codes.issue(relation, life)
        self._tell(relation, "add_external_contact", told)
        return True

    async def remove(self, relation: Relation, *, by_customer: bool) -> None:
        """One of the two deletes the other."""
        del self.relations[relation.userid, relation.person.external_userid]
        await self.world.log.add(
            "wecom", "contact_removed", person=relation.person.name, userid=relation.userid, by_customer=by_customer
        )  # fmt: skip
        self._tell(relation, "del_follow_user" if by_customer else "del_external_contact", {})

    def edited(self, relation: Relation) -> None:
        """The employee changed remark or tags in the client."""
        self._tell(relation, "edit_external_contact", {"State": relation.state} if relation.state else {})

    async def welcome(self, code: str, text: str) -> None:
        """Send the one welcome a WelcomeCode is good for. Raises Refusal (41050, 41051, 41096)."""
        relation = self.codes.look(code)
        if self.limits.racing_welcomes > 0:
            self.limits.racing_welcomes -= 1
            raise Refusal(41096, "another app is sending the welcome")
        self.codes.spend(code)
        relation.lines.append(text)
        await self.world.log.add(
            "wecom", "shown", text=text, toward="customer", where="wecom.contact",
            by=relation.userid, to=relation.person.name,
        )  # fmt: skip

    def relation(self, userid: str, external_userid: str) -> Relation:
        """The relation of these two. Raises Refusal (84061)."""
        for (whose, whom), relation in self.relations.items():
            if whose.lower() == userid.lower() and whom == external_userid:
                return relation
        raise Refusal(84061, "these two are no contacts")

    def followers(self, external_userid: str) -> list[Relation]:
        """Everybody who follows her, oldest first."""
        return [r for r in self.relations.values() if r.person.external_userid == external_userid]

    def tag(self, tag_id: str) -> tuple[TagGroup, str]:
        """Group and name of a corp tag. Raises Refusal (40068)."""
        for group in self.groups:
            if tag_id in group.tags:
                return group, group.tags[tag_id]
        raise Refusal(40068, "unknown tag")

    def tag_named(self, name: str) -> str:
        """The id of the corp tag of this name. Raises KeyError."""
        for group in self.groups:
            for tag_id, known in group.tags.items():
                if known == name:
                    return tag_id
        raise KeyError(name)

    def new_id(self, prefix: str) -> str:
        """An id in the platform's manner, `et...` for tags and groups."""
        return prefix + secrets.token_hex(12)

    def _tell(self, relation: Relation, change: str, more: Fields) -> None:
        self.callbacks.post(
            {
                "ToUserName": self.world.settings.corp_id, "FromUserName": "sys",
                "CreateTime": int(self.world.clock.now().timestamp()), "MsgType": "event",
                "Event": "change_external_contact", "ChangeType": change, "UserID": relation.userid,
                "ExternalUserID": relation.person.external_userid, **more,
            }
        )  # fmt: skip
