"""Corp tags and who wears them (WeCom docs 92117, 92118); tags hang on the relation of employee and customer."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.wecom.answers import Answer, Refusal
from simulator.wecom.call import Call, Handler
from simulator.wecom.contacts import Contacts, TagGroup

_NAME_LETTERS = 30


class TagsApi:
    """Handlers of the tag calls below /cgi-bin/externalcontact/."""

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts

    def paths(self) -> Mapping[str, Handler]:
        """Path below /cgi-bin -> handler."""
        return {
            "/externalcontact/get_corp_tag_list": self.listed,
            "/externalcontact/add_corp_tag": self.add,
            "/externalcontact/edit_corp_tag": self.edit,
            "/externalcontact/del_corp_tag": self.delete,
            "/externalcontact/mark_tag": self.mark,
        }

    async def listed(self, call: Call) -> Answer:
        """Tag groups, all or those asked for."""
        tags, groups = call.texts("tag_id", at_most=1000), call.texts("group_id", at_most=1000)
        found = [
            group
            for group in self._contacts.groups
            if (not tags and not groups) or group.id in groups or set(tags) & set(group.tags)
        ]
        return {"tag_group": [_group(group) for group in found]}

    async def add(self, call: Call) -> Answer:
        """New tags in a new or known group."""
        raw = call.body.get("tag", [])
        names = [tag.get("name") if isinstance(tag, dict) else None for tag in raw] if isinstance(raw, list) else []
        checked = [_name(name) for name in names]
        if not checked:
            raise Refusal(40068, "no tags named")
        group = self._group(call)
        if set(checked) & set(group.tags.values()):
            raise Refusal(40071, "a tag of that name is there already")
        fresh = {self._contacts.new_id("et"): name for name in checked}
        group.tags.update(fresh)
        if group not in self._contacts.groups:
            self._contacts.groups.append(group)
        return {"tag_group": {**_group(group), "tag": [{"id": i, "name": n} for i, n in fresh.items()]}}

    async def edit(self, call: Call) -> Answer:
        """Another name for a tag or a group."""
        wanted, name = call.text("id", missing=40068), _name(call.body.get("name"))
        for group in self._contacts.groups:
            if group.id == wanted:
                group.name = name
                return {}
        group, _ = self._contacts.tag(wanted)
        group.tags[wanted] = name
        return {}

    async def delete(self, call: Call) -> Answer:
        """Delete tags or whole groups; nobody wears them any more."""
        groups = set(call.texts("group_id", at_most=1000))
        gone = set(call.texts("tag_id", at_most=1000))
        gone |= {tag for group in self._contacts.groups if group.id in groups for tag in group.tags}
        if not gone and not groups:
            raise Refusal(40068, "neither tag_id nor group_id")
        for group in self._contacts.groups:
            group.tags = {tag: name for tag, name in group.tags.items() if tag not in gone}
        self._contacts.groups = [group for group in self._contacts.groups if group.tags]
        for relation in self._contacts.relations.values():
            relation.tags -= gone
        return {}

    async def mark(self, call: Call) -> Answer:
        """Put tags on a relation and take some off; nobody is told."""
        relation = self._contacts.relation(
            call.text("userid", missing=40003), call.text("external_userid", missing=40096)
        )
        plus, minus = call.texts("add_tag", at_most=3000), call.texts("remove_tag", at_most=3000)
        if not plus and not minus:
            raise Refusal(40068, "neither add_tag nor remove_tag")
        for tag in (*plus, *minus):
            self._contacts.tag(tag)
        relation.tags = (relation.tags | set(plus)) - set(minus)
        return {}

    def _group(self, call: Call) -> TagGroup:
        wanted, name = call.maybe_text("group_id"), call.maybe_text("group_name")
        for group in self._contacts.groups:
            if (wanted and group.id == wanted) or (not wanted and group.name == name):
                return group
        if wanted:
            raise Refusal(40068, "unknown group_id")
        return TagGroup(id=self._contacts.new_id("et"), name=_name(name), at=self._contacts.world.clock.now())


def _name(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= _NAME_LETTERS:
        raise Refusal(40072, "a name has 1 to 30 letters")
    return value


def _group(group: TagGroup) -> dict[str, object]:
    return {
        "group_id": group.id,
        "group_name": group.name,
        "create_time": int(group.at.timestamp()),
        "tag": [{"id": tag_id, "name": name} for tag_id, name in group.tags.items()],
    }
