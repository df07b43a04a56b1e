"""WeCom's callbacks put into our words: pure, one decrypted payload in, at most one event out.

The same thing told twice gets the same id: by MsgId where there is one, else by a digest of everything that was said.
Sender and second alone would make one of two different things.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors.contract import Inbound
from connectors.wecom import buttons
from connectors.wecom.wire import Fields
from rules.errors import BadRequest
from rules.events import ContactAdded, ContactRemoved, Event, PullAnnounced, RepActed, RepSpoke, UnknownPayload
from rules.model import Address, Identity, RepHandle

NAME = "wecom"
_LAST_SECOND = 4102444800
"""The year 2100: later times are no times."""
_MEANINGLESS = frozenset({"enter_agent", "LOCATION", "view"})
"""A rep opens the app, or her phone tells where she is: known, and nothing to keep."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Callback:
    """One decrypted callback and what is needed to read it."""

    corp_id: str
    fields: Fields
    raw: bytes = field(repr=False)
    encrypted: str = field(repr=False)
    welcome: timedelta

    @property
    def id(self) -> str:
        """The event's id."""
        if msgid := self.fields.get("MsgId"):
            return f"{NAME}/msg/{self.fields.get('AgentID')}/{msgid}"
        return f"{NAME}/cb/{self.fields.digest}"

    @property
    def at(self) -> datetime:
        """CreateTime. Raises BadRequest."""
        return moment(self.fields.number("CreateTime"))

    @property
    def rep(self) -> RepHandle:
        """The employee who did it. Raises BadRequest."""
        return RepHandle(platform="wecom", value=self.fields.need("FromUserName"))

    @property
    def app_chat(self) -> Address:
        """The employee's chat with the app."""
        return Address(connector=NAME, account=self.corp_id, wire_id=f"app:{self.rep.value}")


def moment(seconds: int) -> datetime:
    """A time on the wire. Raises BadRequest when it is none."""
    if not 0 < seconds < _LAST_SECOND:
        raise BadRequest("a time out of range")
    return datetime.fromtimestamp(seconds, UTC)


def kf_account(corp_id: str, open_kfid: str) -> Address:
    """A kf account as a whole: the order key of its pulls."""
    return Address(connector=NAME, account=corp_id, wire_id=f"kf:{open_kfid}")


def customer(external_userid: str) -> Identity:
    """A customer as WeCom names her within our corp."""
    return Identity(platform=NAME, kind="external_userid", value=external_userid)


def contact_chat(corp_id: str, userid: str, external_userid: str) -> Address:
    """The chat of a colleague with a customer (客户联系); we cannot write there but for the welcome."""
    return Address(connector=NAME, account=corp_id, wire_id=f"contact:{userid}:{external_userid}")


def inbound(callback: Callback) -> Inbound | None:
    """The event a callback tells of; None for what is known to mean nothing. Raises BadRequest."""
    fields = callback.fields
    if fields.need("MsgType") == "event":
        what = fields.need("Event")
        if what in _MEANINGLESS:
            return None
        return _EVENTS.get(what, _unknown)(callback)
    return _spoken(callback) if fields.get("MsgType") == "text" else _unknown(callback)


def _put(callback: Callback, event: Event, order: Address, *keys: str, deadline: datetime | None = None) -> Inbound:
    envelope = hashlib.sha256(callback.encrypted.encode()).hexdigest()[:32]
    return Inbound(
        event=event, order=order, keys=(f"{NAME}/env/{envelope}", *keys), raw=callback.raw, deadline=deadline
    )


def _announced(callback: Callback) -> Inbound:
    order = kf_account(callback.corp_id, callback.fields.need("OpenKfId"))
    event = PullAnnounced(id=callback.id, at=callback.at, address=order, token=callback.fields.get("Token"))
    # Behind an announcement there may be a welcome that is good for seconds: it goes before an older backlog.
    return _put(callback, event, order, deadline=callback.at + callback.welcome)


def _contact(callback: Callback) -> Inbound:
    change = callback.fields.need("ChangeType")
    if change in ("add_external_contact", "add_half_external_contact"):
        return _added(callback)
    if change in ("del_external_contact", "del_follow_user"):
        return _removed(callback, change)
    return _unknown(callback)


def _added(callback: Callback) -> Inbound:
    fields = callback.fields
    userid, external = fields.need("UserID"), fields.need("ExternalUserID")
    code = fields.get("WelcomeCode")
    deadline = callback.at + callback.welcome if code else None
    order = contact_chat(callback.corp_id, userid, external)
    event = ContactAdded(
        id=callback.id,
        at=callback.at,
        address=order,
        identity=customer(external),
        rep=RepHandle(platform="wecom", value=userid),
        state=fields.get("State"),
        welcome_code=code,
        deadline=deadline,
    )
    return _put(callback, event, order, deadline=deadline)


def _removed(callback: Callback, change: str) -> Inbound:
    """`del_follow_user`: the customer removed the colleague; `del_external_contact`: the other way (doc 92277)."""
    userid, external = callback.fields.need("UserID"), callback.fields.need("ExternalUserID")
    order = contact_chat(callback.corp_id, userid, external)
    event = ContactRemoved(
        id=callback.id,
        at=callback.at,
        address=order,
        identity=customer(external),
        rep=RepHandle(platform="wecom", value=userid),
        by="customer" if change == "del_follow_user" else "rep",
    )
    return _put(callback, event, order)


def _clicked(callback: Callback) -> Inbound:
    """A button of a template card. Pressing it again, with another ResponseCode, is the same act."""
    fields = callback.fields
    key, task = fields.need("EventKey"), fields.need("TaskId")
    button = buttons.read(key)
    if button is None:
        return _unknown(callback)
    event = RepActed(
        id=callback.id,
        at=callback.at,
        by=callback.rep,
        verb=button.verb,
        inputs={"language": button.language, **({"about": button.about} if button.about else {})},
        conversation_id=button.conversation_id,
        card_version=button.card_version,
        activity_id=task,
        response_code=fields.get("ResponseCode"),
    )
    act = hashlib.sha256(f"{task}\n{key}\n{callback.rep.value}".encode()).hexdigest()[:32]
    return _put(callback, event, callback.app_chat, f"{NAME}/click/{act}")


def _spoken(callback: Callback) -> Inbound:
    return _words(callback, callback.fields.need("Content"))


def _menu(callback: Callback) -> Inbound:
    """An item of the app's menu: its key is the command, as if she had written it."""
    return _words(callback, callback.fields.need("EventKey"))


def _words(callback: Callback, text: str) -> Inbound:
    event = RepSpoke(
        id=callback.id,
        at=callback.at,
        by=callback.rep,
        thread=callback.app_chat,
        text=text,
        mentioned=True,
        personal=True,
        answered=True,
    )
    return _put(callback, event, callback.app_chat)


def _unknown(callback: Callback) -> Inbound:
    fields = callback.fields
    parts = [fields.get(name) for name in ("MsgType", "Event", "ChangeType")]
    order = Address(connector=NAME, account=callback.corp_id, wire_id="unknown")
    what = ":".join(part[:40] for part in parts if part)
    return _put(callback, UnknownPayload(id=callback.id, at=callback.at, address=order, what=what), order)


_EVENTS: Mapping[str, Callable[[Callback], Inbound]] = {
    "kf_msg_or_event": _announced,
    "change_external_contact": _contact,
    "template_card_event": _clicked,
    "click": _menu,
}
