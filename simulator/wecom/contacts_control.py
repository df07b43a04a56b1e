"""What customers and employees do as contacts in their own clients, played by the control API."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import Field

from simulator.wecom.contacts import Contacts, Relation
from simulator.wecom.control import Wish, get, post


class _Add(Wish):
    person: str
    userid: str
    state: str = Field(default="", max_length=30)


class _Remove(Wish):
    person: str
    userid: str
    by: Literal["customer", "rep"] = "customer"


class _Tag(Wish):
    person: str
    userid: str
    add: list[str] = Field(default_factory=list)
    remove: list[str] = Field(default_factory=list)


class _Userid(Wish):
    userid: str


class ContactsControl:
    """Handlers of the control calls around contacts."""

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts
        self._world = contacts.world

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            post("/add", _Add, self.add),
            post("/remove", _Remove, self.remove),
            post("/tag", _Tag, self.tag),
            get("/contacts", _Userid, self.listed),
        ]

    async def add(self, wish: _Add) -> object:
        """She scans an employee's code; nothing happens when they know each other already."""
        person, employee = self._world.person(wish.person), self._world.employee(wish.userid)
        return {"added": await self._contacts.add(person, employee, wish.state)}

    async def remove(self, wish: _Remove) -> object:
        """One of the two deletes the other."""
        await self._contacts.remove(self._relation(wish.userid, wish.person), by_customer=wish.by == "customer")
        return {}

    async def tag(self, wish: _Tag) -> object:
        """The employee changes her tags by name in the client."""
        relation = self._relation(wish.userid, wish.person)
        plus = {self._contacts.tag_named(name) for name in wish.add}
        minus = {self._contacts.tag_named(name) for name in wish.remove}
        relation.tags = (relation.tags | plus) - minus
        self._contacts.edited(relation)
        return {}

    async def listed(self, wish: _Userid) -> object:
        """An employee's contacts as her client shows them."""
        userid = self._world.employee(wish.userid).userid
        return {"contacts": [self._shown(r) for r in self._contacts.relations.values() if r.userid == userid]}

    def _shown(self, relation: Relation) -> dict[str, object]:
        return {
            "person": relation.person.name, "external_userid": relation.person.external_userid,
            "remark": relation.remark, "state": relation.state, "at": relation.at.isoformat(),
            "tags": [self._contacts.tag(tag)[1] for tag in sorted(relation.tags)], "lines": relation.lines,
        }  # fmt: skip

    def _relation(self, userid: str, person: str) -> Relation:
        key = (self._world.employee(userid).userid, self._world.person(person).external_userid)
        return self._contacts.relations[key]
