"""What may be said by API in a kf session: checked, and put into the words the customer sees (WeCom doc 94677)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.wecom.answers import Refusal
from simulator.wecom.call import Call

_TEXT_BYTES = 2048
_MENU_ITEMS = 10
_MSGID = re.compile(r"[0-9A-Za-z_-]{1,32}\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """A message on its way to the customer."""

    msgtype: str
    text: str
    """All its words, as she reads them."""
    raw: Mapping[str, object]
    media_id: str = ""
    menu: Mapping[str, str] = field(default_factory=dict)
    """Id to words of each clickable menu item."""


def wish(call: Call) -> str:
    """The caller's own msgid, empty when she left it to the platform. Raises Refusal."""
    msgid = call.maybe_text("msgid")
    if msgid and not _MSGID.match(msgid):
        raise Refusal(40058, "msgid: at most 32 of 0-9 A-Z a-z _ -")
    return msgid


def content(call: Call, *allowed: str) -> Content:
    """The message in a send call, of one of the `allowed` types. Raises Refusal."""
    msgtype = call.text("msgtype", missing=40008)
    if msgtype not in allowed:
        raise Refusal(40008, f"msgtype {msgtype} is not taken here")
    raw = call.table(msgtype)
    if msgtype == "text":
        return Content(msgtype=msgtype, text=_text(raw), raw=raw)
    if msgtype == "msgmenu":
        return _menu(raw)
    if msgtype == "link":
        return _link(raw)
    return _media(msgtype, raw)


def _text(raw: Mapping[str, object]) -> str:
    words = raw.get("content")
    if not isinstance(words, str) or not words:
        raise Refusal(44004, "text without content")
    if len(words.encode()) > _TEXT_BYTES:
        raise Refusal(45002, "text above 2048 bytes")
    return words


def _menu(raw: Mapping[str, object]) -> Content:
    items = raw.get("list", [])
    if not isinstance(items, list) or len(items) > _MENU_ITEMS:
        raise Refusal(95008, "menu with more than 10 items")
    words, clicks = [_words(raw, "head_content")], {}
    for item in items:
        kind, label = _item(item)
        words.append(label)
        if kind == "click":
            clicks[str(item["click"].get("id") or label)] = label
    words.append(_words(raw, "tail_content"))
    return Content(msgtype="msgmenu", text="\n".join(w for w in words if w), raw=raw, menu=clicks)


def _item(item: object) -> tuple[str, str]:
    kind = item.get("type") if isinstance(item, dict) else None
    if not isinstance(item, dict) or kind not in ("click", "view", "miniprogram", "text"):
        raise Refusal(95009, "menu item of an unknown type")
    part = item.get(kind)
    label = part.get("content") if isinstance(part, dict) else None
    if not isinstance(label, str) or not label:
        raise Refusal(40058, "menu item without content")
    if kind == "view" and not (isinstance(part, dict) and part.get("url")):
        raise Refusal(40058, "menu item without url")
    return str(kind), label


def _link(raw: Mapping[str, object]) -> Content:
    words = [_words(raw, name) for name in ("title", "desc", "url")]
    thumb = _words(raw, "thumb_media_id")
    if not words[0] or not words[2] or not thumb:
        raise Refusal(40058, "link needs title, url and thumb_media_id")
    return Content(msgtype="link", text="\n".join(w for w in words if w), raw=raw, media_id=thumb)


def _media(msgtype: str, raw: Mapping[str, object]) -> Content:
    if not (media_id := _words(raw, "media_id")):
        raise Refusal(40007, "no media_id")
    return Content(msgtype=msgtype, text="", raw=raw, media_id=media_id)


def _words(raw: Mapping[str, object], name: str) -> str:
    value = raw.get(name, "")
    if not isinstance(value, str):
        raise Refusal(40058, f"{name} is no text")
    return value
