"""What an app may say to employees, alone or in a group: checked and cut as WeCom does it (docs 90236, 90248)."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.wecom import card_rules
from simulator.wecom.answers import Refusal
from simulator.wecom.call import Call

_TEXT_BYTES = 2048


def read(call: Call, *allowed: str) -> tuple[str, str, Mapping[str, object]]:
    """Type, all its words, and the content as it arrives, of one of the `allowed` types. Raises Refusal."""
    msgtype = call.text("msgtype", missing=40008)
    if msgtype not in allowed:
        raise Refusal(40008, f"msgtype {msgtype} is not taken here")
    if msgtype == "template_card":
        card = call.table("template_card", missing=42031)
        card_rules.check(card)
        return msgtype, card_rules.words(card), card
    if msgtype in ("text", "markdown"):
        return _plain(msgtype, call.table(msgtype))
    return _textcard(call.table("textcard"))


def _plain(msgtype: str, raw: Mapping[str, object]) -> tuple[str, str, Mapping[str, object]]:
    text = raw.get("content")
    if not isinstance(text, str) or not text:
        raise Refusal(44004, f"{msgtype} without content")
    if msgtype == "markdown" and len(text.encode()) > _TEXT_BYTES:
        raise Refusal(45002, "markdown above 2048 bytes")
    text = text.encode()[:_TEXT_BYTES].decode(errors="ignore")
    return msgtype, text, {"content": text}


def _textcard(raw: Mapping[str, object]) -> tuple[str, str, Mapping[str, object]]:
    parts = [raw.get(name) for name in ("title", "description", "url")]
    if not all(isinstance(part, str) and part for part in parts):
        raise Refusal(40058, "textcard needs title, description and url")
    title, description = str(parts[0])[:128], str(parts[1])[:512]
    return "textcard", f"{title}\n{description}", {**raw, "title": title, "description": description}
