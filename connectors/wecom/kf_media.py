"""Words and attachments of a kf message of any type; a type we do not know still says that something came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from connectors.wecom.members import Members as Item
from connectors.wecom.members import maybe
from rules.events import Attachment

_BY_ID: Mapping[str, Literal["image", "voice", "video", "file"]] = {
    "image": "image",
    "voice": "voice",
    "video": "video",
    "file": "file",
}


def words(item: Item) -> str:
    """What she wrote; empty for media."""
    match item.get("msgtype"):
        case "text":
            return maybe(_part(item, "text"), "content")
        case "link":
            part = _part(item, "link")
            return "\n".join(w for w in (maybe(part, "title"), maybe(part, "url")) if w)
        case "location":
            part = _part(item, "location")
            return " ".join(w for w in (maybe(part, "name"), maybe(part, "address")) if w)
        case _:
            return ""


def attachments(item: Item) -> tuple[Attachment, ...]:
    """What came with it. Media are fetched later by their id, which lives three days."""
    kind = item.get("msgtype")
    if not isinstance(kind, str) or kind == "text":
        return ()
    part = _part(item, kind)
    if kind in _BY_ID:
        return (Attachment(media=_BY_ID[kind], wire_id=maybe(part, "media_id"), name=maybe(part, "filename")),)
    if kind == "link":
        return (Attachment(media="link", name=maybe(part, "title"), url=maybe(part, "url")),)
    if kind == "location":
        return (Attachment(media="location", name=maybe(part, "name")),)
    return (Attachment(media="other", name=maybe(part, "title") or kind[:40]),)


def _part(item: Item, name: str) -> Item:
    value = item.get(name)
    return value if isinstance(value, dict) else {}
