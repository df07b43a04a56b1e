"""What a kf pull brings, put into our words: pure, one item of `msg_list` in, one event out (WeCom doc 94670)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from connectors.contract import Inbound
from connectors.wecom.kf_media import attachments, words
from connectors.wecom.members import Members as Item
from connectors.wecom.members import maybe, number, table, text
from connectors.wecom.translate import NAME, customer, kf_account, moment
from rules.errors import BadRequest
from rules.events import (
    ColleagueWrote,
    Event,
    MessageFailed,
    MessageReceived,
    SessionChanged,
    SessionEntered,
    UnknownPayload,
)
from rules.model import Address, RepHandle

LONGEST_ID = 64
_CUSTOMER, _SYSTEM, _COLLEAGUE = 3, 4, 5
_FAILURES: Mapping[int, str] = {
    1: "account_unknown",
    2: "not_allowed",
    4: "window_closed",
    5: "session_ended",
    6: "window_spent",
    7: "not_allowed",
    8: "not_allowed",
    10: "blocked",
}
"""fail_type of msg_send_fail; all others are `refused`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The kf account that was pulled, and how its items are to be taken."""

    corp_id: str
    open_kfid: str
    welcome: timedelta
    cutoff: datetime
    """Items older than this were there before us: recorded as seen, not answered."""
    now: datetime
    """For items that do not tell when they happened."""

    def chat(self, external_userid: str) -> Address:
        """Her conversation with this account."""
        return Address(connector=NAME, account=self.open_kfid, wire_id=external_userid)


def inbound(item: object, account: Account) -> Inbound:
    """The event of one item. An item that cannot be understood becomes UnknownPayload: nothing is lost."""
    raw = orjson.dumps(item)
    if not isinstance(item, dict):
        return _unknown({}, account, raw, "not_understood")
    try:
        event, order, deadline = _event(item, account)
    except BadRequest:
        return _unknown(item, account, raw, "not_understood")
    if event.at < account.cutoff:
        return _unknown(item, account, raw, "before_start")
    return Inbound(event=event, order=order, raw=raw, deadline=deadline)


def _event(item: Item, account: Account) -> tuple[Event, Address, datetime | None]:
    origin = item.get("origin")
    if item.get("msgtype") == "event":
        return _happened(item, account)
    chat = account.chat(text(item, "external_userid"))
    if origin == _CUSTOMER:
        return _message(item, chat), chat, None
    if origin == _COLLEAGUE:
        return _colleague(item, chat), chat, None
    raise BadRequest("an origin we do not know")


def _message(item: Item, chat: Address) -> MessageReceived:
    return MessageReceived(
        id=_id(item),
        at=_at(item),
        address=chat,
        identity=customer(chat.wire_id),
        text=words(item),
        attachments=attachments(item),
        menu_id=maybe(table(item, "text"), "menu_id") if item.get("msgtype") == "text" else "",
    )


def _colleague(item: Item, chat: Address) -> ColleagueWrote:
    return ColleagueWrote(
        id=_id(item),
        at=_at(item),
        address=chat,
        identity=customer(chat.wire_id),
        rep=RepHandle(platform="wecom", value=text(item, "servicer_userid")),
        text=words(item) or f"[{item.get('msgtype')}]",
    )


def _happened(item: Item, account: Account) -> tuple[Event, Address, datetime | None]:
    event = table(item, "event")
    make = _HAPPENED.get(maybe(event, "event_type"))
    if make is None:
        raise BadRequest("an event we do not know")
    chat = account.chat(maybe(event, "external_userid") or text(item, "external_userid"))
    return make(item, event, chat, account.welcome)


_Made = tuple[Event, Address, datetime | None]


def _entered(item: Item, event: Item, chat: Address, welcome: timedelta) -> _Made:
    code = maybe(event, "welcome_code")
    deadline = _at(item) + welcome if code else None
    made = SessionEntered(
        id=_id(item),
        at=_at(item),
        address=chat,
        identity=customer(chat.wire_id),
        scene=maybe(event, "scene"),
        scene_param=maybe(event, "scene_param"),
        welcome_code=code,
        deadline=deadline,
    )
    return made, chat, deadline


def _failed(item: Item, event: Item, chat: Address, _: timedelta) -> _Made:
    kind = event.get("fail_type")
    reason = _FAILURES.get(kind, "refused") if isinstance(kind, int) else "refused"
    made = MessageFailed(id=_id(item), at=_at(item), address=chat, wire_id=text(event, "fail_msgid"), reason=reason)
    return made, chat, None


def _state(item: Item, event: Item, chat: Address, _: timedelta) -> _Made:
    """1 taken from the pool, 2 passed on, 3 ended, 4 opened again: always by a colleague in the client."""
    change = event.get("change_type")
    if change not in (1, 2, 3, 4):
        raise BadRequest("a change we do not know")
    ended = change == 3
    who = maybe(event, "old_servicer_userid" if ended else "new_servicer_userid")
    made = SessionChanged(
        id=_id(item),
        at=_at(item),
        address=chat,
        identity=customer(chat.wire_id),
        state="ended" if ended else "human",
        rep=RepHandle(platform="wecom", value=who) if who else None,
    )
    return made, chat, None


_HAPPENED: Mapping[str, Callable[[Item, Item, Address, timedelta], _Made]] = {
    "enter_session": _entered,
    "msg_send_fail": _failed,
    "session_status_change": _state,
}


def _unknown(item: Item, account: Account, raw: bytes, why: str) -> Inbound:
    order = kf_account(account.corp_id, account.open_kfid)
    try:
        event_id = _id(item)
    except BadRequest:
        event_id = f"{NAME}/kf/{hashlib.sha256(raw).hexdigest()[:32]}"
    event = item.get("event")
    kind = maybe(event, "event_type") if isinstance(event, dict) else maybe(item, "msgtype")
    try:
        at = _at(item)
    except BadRequest:
        at = account.now
    made = UnknownPayload(id=event_id, at=at, address=order, what=f"kf:{why}:{kind[:40]}")
    return Inbound(event=made, order=order, raw=raw)


def _id(item: Item) -> str:
    """By its msgid. An absurd one is digested: one item that could not be stored would stop its account for ever."""
    msgid = text(item, "msgid")
    if len(msgid) > LONGEST_ID or not msgid.isprintable():
        msgid = hashlib.sha256(msgid.encode()).hexdigest()
    return f"{NAME}/kf/{msgid}"


def _at(item: Item) -> datetime:
    return moment(number(item, "send_time"))
